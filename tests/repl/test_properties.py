"""Whatever comes, the machine understands it or leaves it alone; whatever a program prints is output."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from belay.repl import Candidate, Event, Finished, Frame, NeedData, Output, RawRepl, State, program, raw
from belay.repl.ending import failed_answers
from belay.repl.program import MAX_HELD

from .conversations import ANY_KEY, BANNER, CIRCUIT_BANNER, EOTS, FRAME, MARK, ZERO
from .model import Board
from .test_raw import drain, entered, running

TOKENS = [
    b"\x04",
    b">",
    b"\x04\x04>",
    b"\x04>",
    b"OK",
    b"O",
    b">>> ",
    b"\r\n",
    b"\n",
    b"\x00",
    b"\xff",
    b"\x1b]0;x\x1b\\",
    MARK[:1],
    MARK[:5],
    MARK[:-1],
    MARK[1:],
    BANNER,
    BANNER[:30],
    BANNER[-30:],
    CIRCUIT_BANNER,
    ANY_KEY + b"\r\n",
    b"MicroPython ",
    b"raw REPL; CTRL-B to exit\r\n>",
    b"MPY: soft reboot\r\n",
    b"MPY: sync filesystems\r\n",
    b"\x04\x04MPY: soft reboot\r\n",
    b"\x04" + ZERO,
    b"\x04" + ZERO + b"\x04>",
    b"\x04MemoryError: \r\n\x04>",
    b"R\x01\x80\x00\x01",
    b"R\x00",
    b"\x01",
    b"text ",
    b"11aa22bb",
]

nasty = st.lists(st.sampled_from(TOKENS) | st.binary(max_size=8), max_size=12).map(b"".join)
chunks = st.integers(1, 40)


def listen(repl: RawRepl, board: Board, size: int) -> list[Event]:
    """Play the host: ask when the machine says so, or when all is quiet."""
    events: list[Event] = []
    asked = 0
    while True:
        while not isinstance(event := repl.next_event(), NeedData):
            events.append(event)
            if isinstance(event, Candidate):
                board.type(repl.challenge(secrets.token_hex(4)))
        if any(isinstance(event, Finished) for event in events):
            return events
        piece = board.print(size)
        if piece:
            repl.receive(piece)
            continue
        assert repl.doubtful
        board.type(repl.challenge(secrets.token_hex(4)))
        asked += 1
        assert asked < 5


@settings(max_examples=120, deadline=None)
@given(
    output=nasty,
    error=st.sampled_from([b"", ZERO, EOTS, b"MemoryError: \r\n"]),
    size=chunks,
    reads=st.integers(-1, 100),
)
def test_output_and_error_are_exactly_right(output: bytes, error: bytes, size: int, reads: int) -> None:
    # The one thing that cannot be told apart: what a prompt says that cannot even run a challenge.
    assume(MARK not in output)
    assume(not failed_answers(output + b"\x04" + error + b"\x04>"))
    repl = entered()
    repl.execute(b"...")
    events = listen(repl, Board(output, error, reads), size)
    printed = b"".join(event.data for event in events if isinstance(event, Output))
    assert printed == output
    assert [event for event in events if isinstance(event, Finished)] == [Finished(error)]
    assert not any(isinstance(event, Frame) for event in events)
    assert repl.state is State.IDLE


@settings(max_examples=120, deadline=None)
@given(before=nasty, after=nasty, body=nasty, size=chunks, reads=st.integers(-1, 100))
def test_a_frame_is_found_among_anything(
    before: bytes, after: bytes, body: bytes, size: int, reads: int
) -> None:
    # Directly behind a frame an end is certain; the code that sends frames prints nothing there itself.
    after = after and b"-" + after
    frame = MARK + b"r" + body + MARK + b"."
    assume((before + frame + after).count(MARK) == 2)
    assume(not failed_answers(before + frame + after + b"\x04\x04>"))
    repl = entered()
    repl.execute(b"...")
    events = listen(repl, Board(before + frame + after, b"", reads), size)
    printed = b"".join(event.data for event in events if isinstance(event, Output))
    assert printed == before + after
    assert [event.body for event in events if isinstance(event, Frame)] == [b"r" + body]
    assert [event for event in events if isinstance(event, Finished)] == [Finished()]
    assert repl.state is State.IDLE


def _asked() -> RawRepl:
    repl = entered()
    repl.ask_paste()
    return repl


def _pasting() -> RawRepl:
    repl = _asked()
    repl.receive(b"R\x01\x80\x00\x01")
    list(drain(repl))
    return repl


def _pasted() -> RawRepl:
    repl = _pasting()
    repl.paste_end()
    return repl


def _after(method: str, *arguments: Any) -> Callable[[], RawRepl]:
    def build() -> RawRepl:
        repl = entered()
        getattr(repl, method)(*arguments)
        return repl

    return build


def _booting() -> RawRepl:
    repl = _after("soft_reset")()
    repl.receive(b"soft reboot\r\n")
    list(drain(repl))
    return repl


def _challenged() -> RawRepl:
    repl = running()
    repl.challenge("11aa22bb")
    return repl


STATES: dict[State, Callable[[], RawRepl]] = {
    State.UNKNOWN: lambda: RawRepl(MARK),
    State.IDLE: entered,
    State.SENT: _after("execute", b"1"),
    State.ASKED: _asked,
    State.PASTING: _pasting,
    State.PASTED: _pasted,
    State.RUNNING: running,
    State.CHALLENGED: _challenged,
    State.RESETTING: _after("soft_reset"),
    State.BOOTING: _booting,
    State.REBOOTING: _after("reboot"),
}


def test_all_states_are_there() -> None:
    assert {state: build().state for state, build in STATES.items()} == {state: state for state in State}


@settings(max_examples=150, deadline=None)
@given(
    state=st.sampled_from(State),
    pieces=st.lists(
        st.sampled_from([*TOKENS, MARK, FRAME, b"release", b"challenge"]) | st.binary(max_size=50),
        max_size=30,
    ),
)
def test_noise_never_raises(state: State, pieces: list[bytes]) -> None:
    repl = STATES[state]()
    for piece in pieces:
        if piece == b"release":
            repl.release()
        elif piece == b"challenge":
            repl.challenge("11aa22bb")
        repl.receive(piece)
        assert sum(1 for _ in drain(repl)) <= 3 * len(piece) + 1000


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    "noise", [b"x", b"\x04", b"\x04\x04>", b"\x04E: \r\n", BANNER, b"\x04\x04MPY: soft reboot\r\n"]
)
def test_memory_is_bounded(state: State, noise: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_HELD == 64 * 1024
    most = MAX_HELD // 8  # what holds for that holds for eight times as much, and comes sooner
    for module in (raw, program):
        monkeypatch.setattr(module, "MAX_HELD", most)
    repl = STATES[state]()
    piece = noise * (2_500 // len(noise))
    for _ in range(5):
        repl.receive(piece)
        for _ in drain(repl):
            pass
        if repl.state is not state and state not in (State.SENT, State.BOOTING, State.PASTED):
            break
        assert len(repl._buffer) <= most + len(piece)
        assert len(repl._program._shown) <= 3 * most


class Counted(bytearray):
    """Counts the bytes that are looked at or copied."""

    work = 0

    def find(self, what: Any, start: Any = 0, end: Any = None) -> int:  # type: ignore[override]
        at = super().find(what, start)
        self.work += (at if at >= 0 else len(self)) - start
        return at

    def __getitem__(self, index: Any) -> Any:
        result = super().__getitem__(index)
        self.work += len(result) if isinstance(index, slice) else 1
        return result


@pytest.mark.parametrize("piece", [1, 64])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(MARK + b"r" + b"0123456789abcdef" * 500 + MARK + b".\x04\x04>", id="frame"),
        pytest.param(b"0123456789abcde\n" * 500, id="output"),
        pytest.param(b"\x04" * 8_000, id="EOTs"),
        pytest.param(MARK[:4] * 2_000, id="partial marks"),
    ],
)
def test_work_is_linear(data: bytes, piece: int) -> None:
    repl = running()
    counted = Counted()
    repl._buffer.data = counted
    for at in range(0, len(data), piece):
        repl.receive(data[at : at + piece])
        for event in drain(repl):
            if isinstance(event, Candidate):
                repl.challenge("99ff88ee")
    # A few hundred bytes a step, to see whether the end looks like a prompt; not the square of 8 kB.
    assert counted.work < 1200 * (len(data) // piece + 1) + 150 * len(data)
