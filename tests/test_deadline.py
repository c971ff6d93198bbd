from __future__ import annotations

import time

import pytest

from belay.deadline import Deadline


def test_no_limit() -> None:
    deadline = Deadline(None)
    assert deadline.remaining is None
    assert not deadline.expired
    assert deadline.limit_to(None, None) is deadline


def test_it_ends() -> None:
    deadline = Deadline(0.01)
    assert not deadline.expired
    remaining = deadline.remaining
    assert remaining is not None
    assert 0 < remaining <= 0.01
    time.sleep(remaining)
    assert deadline.expired
    assert deadline.remaining == 0


@pytest.mark.parametrize("seconds", [0, -1])
def test_over_at_once(seconds: float) -> None:
    assert Deadline(seconds).expired
    assert Deadline(seconds).remaining == 0


def test_limit() -> None:
    assert Deadline(None).limit(5).seconds == 5
    assert Deadline(100).limit(5).seconds == 5
    shorter = Deadline(5).limit(100).seconds
    assert shorter is not None
    assert shorter <= 5


def test_limit_to_moments() -> None:
    now = time.monotonic()
    near = Deadline(None).limit_to(now + 100, None, now + 3).seconds
    assert near is not None
    assert 2 < near <= 3
    assert Deadline(None).limit_to(now - 5).expired
    assert Deadline(0).limit_to(now + 5).expired
