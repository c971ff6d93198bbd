from __future__ import annotations

import pytest

from belay.deadline import Deadline
from belay.link.wire import LAST_SEEN, Late, Wire
from belay.repl import INTERRUPT, NEED_DATA

from .conftest import Script, Scripted, Uart


def test_last_seen_is_short() -> None:
    script = Script(b"x" * 1000 + b"end")
    wire = Wire(script)
    wire.write(INTERRUPT)
    assert wire.receive(1)
    assert len(wire.last_seen) == LAST_SEEN
    assert wire.last_seen.endswith(b"xend")


def test_a_board_without_room_is_late() -> None:
    wire = Wire(Scripted(room=5))
    with pytest.raises(Late):
        wire.write(b"0123456789", Deadline(0.05))


def test_nothing_to_write() -> None:
    script = Script()
    wire = Wire(script)
    wire.write(b"")
    assert script.written == []


@pytest.mark.parametrize("size", [1, 256, 257, 1000])
def test_pieces(size: int) -> None:
    script = Script()
    uart = Uart(script)
    Wire(uart).write(bytes(size))
    assert uart.lost == 0
    assert b"".join(script.written) == bytes(size)
    assert max(map(len, script.written)) <= 256


def test_no_pieces_where_the_board_can_wait() -> None:
    script = Script()
    Wire(script).write(bytes(1000))
    assert script.written == [bytes(1000)]


def test_a_chatty_board_does_not_stretch_a_wait() -> None:
    wire = Wire(Scripted(b"noise"))
    deadline = Deadline(0.05)
    with pytest.raises(Late):
        wire.event(deadline)
    assert deadline.expired


def test_poll_does_not_wait() -> None:
    assert Wire(Scripted()).poll() is NEED_DATA


def test_idle_output_is_thrown_away_unless_somebody_wants_it() -> None:
    Wire(Scripted()).on_idle_output(b"x")


def test_marks_are_random() -> None:
    assert Wire(Scripted()).repl.mark != Wire(Scripted()).repl.mark
