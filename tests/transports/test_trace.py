from __future__ import annotations

import errno
import re
from io import StringIO

import pytest

from belay.exceptions import ConnectionLost
from belay.transports import open_transport
from belay.transports.trace import CountingTransport, TracedTransport


class FullDisk(StringIO):
    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, text: str, /) -> int:
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_line_for_each_read_and_write() -> None:
    sink = StringIO()
    seconds = iter([0.0, 0.0, 0.5, 1.25, 2.0, 61.0])
    traced = TracedTransport(open_transport("loop://"), sink, clock=lambda: next(seconds))
    traced.write(b"\x03\r")
    assert traced.read(1, timeout=20) == b"\x03"
    assert traced.read(timeout=20) == b"\r"
    traced.close()
    assert sink.getvalue().splitlines() == [
        "   0.000000 - loop:// flow_control=True",
        r"   0.500000 > b'\x03\r'",
        r"   1.250000 < b'\x03'",
        r"   2.000000 < b'\r'",
        "  61.000000 - close",
    ]


def test_errors_are_written_down() -> None:
    sink = StringIO()
    traced = TracedTransport(open_transport("loop://"), sink)
    with pytest.raises(TimeoutError):
        traced.read(timeout=0)
    traced.close()
    with pytest.raises(ConnectionLost):
        traced.write(b"x")
    lines = sink.getvalue().splitlines()
    assert re.search(r"! read TimeoutError: loop://: nothing came within 0 s$", lines[1])
    assert re.search(r"> b'x'$", lines[3])
    assert re.search(r"! write ConnectionLost: loop:// was closed$", lines[4])


@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_full_disk_ends_the_trace_and_nothing_else(room: int) -> None:
    sink = FullDisk(room)
    traced = TracedTransport(open_transport("loop://"), sink)
    traced.write(b"x")
    assert traced.read(timeout=20) == b"x"
    traced.close()
    assert len(sink.getvalue().splitlines()) == room


def test_it_says_what_the_inner_one_says() -> None:
    inner = open_transport("loop://")
    for outer in (TracedTransport(inner, StringIO()), CountingTransport(inner)):
        assert (outer.name, outer.flow_control, outer.inner) == ("loop://", True, inner)
    inner.close()


def test_counts() -> None:
    counted = CountingTransport(open_transport("loop://"))
    counted.write(b"ab")
    counted.write(b"c")
    for _ in range(3):
        counted.read(1, timeout=20)
    with pytest.raises(TimeoutError):
        counted.read(timeout=0)
    counted.write(b"d")
    counted.read(1, timeout=20)
    assert (counted.writes, counted.bytes_out, counted.bytes_in, counted.turns) == (3, 4, 4, 2)
    counted.reset()
    assert (counted.writes, counted.bytes_out, counted.bytes_in, counted.turns) == (0, 0, 0, 0)
    counted.close()
