from __future__ import annotations

import threading

import pytest

from belay.exceptions import AuthenticationError, BoardTimeoutError, ConnectionFailedError, ConnectionLost
from belay.session import returning
from belay.session.returning import await_return

CAUSE = BoardTimeoutError("the soft reset", 5.0)


def test_it_is_tried_until_the_board_is_there() -> None:
    results = [ConnectionFailedError("refused"), ConnectionLost("closed"), None]

    def attempt() -> None:
        if error := results.pop(0):
            raise error

    await_return(attempt, threading.Event(), "ws://board", CAUSE)
    assert not results


def refused() -> None:
    raise ConnectionFailedError("refused")


def test_a_board_that_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning, "RETURN_SECONDS", 0.01)
    with pytest.raises(ConnectionLost, match=r"ws://board did not come back.*refused") as caught:
        await_return(refused, threading.Event(), "ws://board", CAUSE)
    assert "boot.py" in str(caught.value.hint)


def test_who_gives_up_does_not_wait() -> None:
    over = threading.Event()
    over.set()
    with pytest.raises(ConnectionLost):
        await_return(refused, over, "ws://board", CAUSE)


def test_a_login_that_is_refused_ends_it() -> None:
    def attempt() -> None:
        raise AuthenticationError("the password is wrong")

    with pytest.raises(AuthenticationError):
        await_return(attempt, threading.Event(), "ws://board", CAUSE)
