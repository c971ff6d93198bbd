from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

import pytest

from belay import Device
from belay.exceptions import FeatureUnavailableError, NotBelayResponseError
from belay.remote import rtc


@pytest.fixture(scope="module")
def board() -> Iterator[Device]:
    with Device("virtual:") as device:
        yield device


def test_a_device_reads_and_sets_it(board: Device) -> None:
    east = timezone(timedelta(hours=5))
    board.set_rtc(datetime(2031, 2, 3, 4, 5, 6, tzinfo=east))
    assert datetime(2031, 2, 3, 4, 5, 6) <= board.read_rtc() < datetime(2031, 2, 3, 4, 9)
    before = datetime.now()
    board.set_rtc()
    assert before - timedelta(seconds=2) < board.read_rtc() < datetime.now() + timedelta(seconds=2)
    for wrong in ("2020", "", 0, date(2031, 2, 3)):
        with pytest.raises(TypeError, match="a clock is set to a datetime, not to "):
            board.set_rtc(wrong)  # type: ignore[arg-type]


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


def test_the_clock_of_circuitpython(board: Device) -> None:
    board(FAKE)
    assert rtc.read(board, "circuitpython") == datetime(2030, 1, 2, 3, 4, 5)
    rtc.write(board, "circuitpython", datetime(2031, 12, 31, 23, 59, 58))
    assert rtc.read(board, "circuitpython") == datetime(2031, 12, 31, 23, 59, 58)
    assert board("tuple(RTC.now)[6:]") == (2, 365, -1)
    board("import sys; del sys.modules['time']")


def test_boards_without_one(board: Device) -> None:
    board("import machine; kept = machine.RTC; del machine.RTC")
    with pytest.raises(FeatureUnavailableError):
        board.read_rtc()
    with pytest.raises(FeatureUnavailableError):
        board.set_rtc()
    board("class RTC:\n def datetime(self): return (0,) * 8\nmachine.RTC = RTC")
    with pytest.raises(NotBelayResponseError, match="no time"):
        board.read_rtc()
    board("class RTC:\n def datetime(self): raise ValueError('broken')\nmachine.RTC = RTC")
    with pytest.raises(ValueError, match="broken"):
        board.read_rtc()
    board("machine.RTC = kept")
