from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from belay.cli import exits, rtc

from .conftest import Belay


def test_reads(belay: Belay) -> None:
    result = belay("rtc", "virtual:")
    assert result.code == 0
    assert abs(
        datetime.fromisoformat(result.out.strip()) - datetime.now(UTC).replace(tzinfo=None)
    ) < timedelta(1)


def test_sets(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def now(*, utc: bool) -> datetime:
        asked.append(utc)
        return datetime(2031, 2, 3, 4, 5, 6)

    monkeypatch.setattr(rtc, "now", now)
    result = belay("rtc", "--set", "--utc", "--json", "virtual:")
    # Setting and reading may take a second or two.
    assert json.loads(result.out)["datetime"].startswith("2031-02-03T04:05:")
    assert asked == [True]


def test_local_time_and_that_of_utc() -> None:
    here, there = rtc.now(utc=False), rtc.now(utc=True)
    offset = datetime.now().astimezone().utcoffset() or timedelta()
    assert abs(here - there - offset) < timedelta(seconds=60)
    assert here.tzinfo is there.tzinfo is None


def test_what_makes_no_sense(belay: Belay) -> None:
    result = belay("rtc", "--utc", "virtual:")
    assert (result.code, result.out) == (exits.USAGE, "")
