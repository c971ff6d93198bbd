from __future__ import annotations

import io
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay import Device
from belay.link import Dispatcher
from belay.remote.output import IdleOutput, TextOutput


class Falsy(io.StringIO):
    """As a list that is still empty."""

    def __len__(self) -> int:
        return 0


@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", "é€😀".encode(), b"\xff", b"\xe2\x82"])), st.data()
)
def test_pieces_make_no_difference(parts: list[bytes], data: st.DataObject) -> None:
    sent = b"".join(parts)
    stream = Falsy()
    output = TextOutput(stream)
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        output(sent[:size])
        sent = sent[size:]
    output.finish()
    assert stream.getvalue() == b"".join(parts).decode(errors="replace").replace("\r\n", "\n")


def test_text_is_shown_as_soon_as_it_is_certain() -> None:
    stream = io.StringIO()
    output = TextOutput(stream)
    output(b"half\xe2\x82")
    assert stream.getvalue() == "half"
    output(b"\xac\r")
    assert stream.getvalue() == "half€"
    output(b"x\r")
    assert stream.getvalue() == "half€\rx"
    output.finish()
    assert stream.getvalue() == "half€\rx\r"


def test_standard_output_is_the_one_of_the_moment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = TextOutput()
    output(b"one")
    assert capsys.readouterr().out == "one"
    monkeypatch.setattr(sys, "stdout", None)
    output(b"two")


def test_a_failing_stream_stops_the_board_and_is_told(device: Device) -> None:
    class Full(io.StringIO):
        def write(self, text: str, /) -> int:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        device("while True: print('more')", stream_out=Full())
    assert device("1 + 1") == 2


def test_output_goes_where_it_is_wanted(device: Device, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    device("print('héllo', end='')", stream_out=stream)
    device("print('dropped')", stream_out=None)
    device("print('out')")
    assert (stream.getvalue(), capsys.readouterr().out) == ("héllo", "out\n")


def test_output_arrives_while_the_call_runs(device: Device) -> None:
    class Impatient(io.StringIO):
        def write(self, text: str, /) -> int:
            super().write(text)
            if "go" in self.getvalue():
                raise KeyboardInterrupt
            return len(text)

    stream = Impatient()
    with pytest.raises(KeyboardInterrupt):
        device("print('go', end='')\nwhile True: pass", stream_out=stream)
    assert stream.getvalue() == "go"
    assert device("1 + 1") == 2


class Gate(io.StringIO):
    """Writes when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.open = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.open.wait(20)
        return super().write(text)


def test_something_comes_before_what_is_written() -> None:
    stream = io.StringIO()
    output = TextOutput(stream, before=lambda: stream.write("<"))
    output(b"a")
    output(b"b")
    output.finish()
    assert stream.getvalue() == "<a<b"


def test_idle_output_is_written_at_once_where_there_is_no_other_thread() -> None:
    stream = io.StringIO()
    idle = IdleOutput(Dispatcher(), stream)
    idle(b"a\r\n")
    assert stream.getvalue() == "a\n"
    assert not idle.waiting


def test_idle_output_never_waits_for_its_stream() -> None:
    dispatcher, stream = Dispatcher(), Gate()
    dispatcher.start()
    idle = IdleOutput(dispatcher, stream)
    for _ in range(3):
        idle(b"a")
    assert stream.reached.wait(10)
    assert stream.getvalue() == ""
    stream.open.set()
    dispatcher.close()
    assert stream.getvalue() == "aaa"


def test_what_came_first_is_shown_first() -> None:
    """A call's own output waits for what another thread is writing, and writes what that has not begun."""
    dispatcher, stream = Dispatcher(), Gate()
    dispatcher.start()
    idle = IdleOutput(dispatcher, stream)
    idle(b"1")
    assert stream.reached.wait(10)
    idle(b"2")
    call = TextOutput(stream, before=idle.flush)
    threading.Timer(0.05, stream.open.set).start()
    call(b"3")
    dispatcher.close()
    assert stream.getvalue() == "123"


def test_a_stream_that_blocks_keeps_no_call_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.remote.output.PATIENCE", 0.02)
    dispatcher, stream = Dispatcher(), Gate()
    dispatcher.start()
    idle = IdleOutput(dispatcher, stream)
    idle(b"1")
    assert stream.reached.wait(10)
    idle.flush()
    stream.open.set()
    dispatcher.close()
    assert stream.getvalue() == "1"
