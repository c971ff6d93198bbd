from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from belay import Device
from belay.cli import exits, rtc
from belay.exceptions import FeatureUnavailableError, NotBelayResponseError

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


FAKE = """
import sys
sys.modules['time'] = type('time', (), {'struct_time': tuple})
class RTC:
    now = tuple((2030, 1, 2, 3, 4, 5, 2, 2, -1))
    @property
    def datetime(self): return RTC.now
    @datetime.setter
    def datetime(self, to): RTC.now = to
sys.modules['rtc'] = type('rtc', (), {'RTC': RTC})
"""


def test_the_clock_of_circuitpython(monkeypatch: pytest.MonkeyPatch) -> None:
    with Device("virtual:") as device:
        device(FAKE)
        read, to = rtc._READ["circuitpython"], rtc._SET["circuitpython"]
        monkeypatch.setattr(rtc, "_READ", {"": read})
        monkeypatch.setattr(rtc, "_SET", {"": to})
        assert rtc._read(device) == datetime(2030, 1, 2, 3, 4, 5)
        rtc._set(device, datetime(2031, 12, 31, 23, 59, 58))
        assert rtc._read(device) == datetime(2031, 12, 31, 23, 59, 58)
        assert device("tuple(RTC.now)[6:]") == (2, 365, -1)


def test_boards_without_one() -> None:
    with Device("virtual:") as device:
        device("import machine; kept = machine.RTC; del machine.RTC")
        with pytest.raises(FeatureUnavailableError):
            rtc._read(device)
        device("class RTC:\n def datetime(self): return (0,) * 8\nmachine.RTC = RTC")
        with pytest.raises(NotBelayResponseError, match="no time"):
            rtc._read(device)
        device("class RTC:\n def datetime(self): raise ValueError('broken')\nmachine.RTC = RTC")
        with pytest.raises(ValueError, match="broken"):
            rtc._read(device)
