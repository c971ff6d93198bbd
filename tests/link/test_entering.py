"""Reaching the prompt, whatever the board is doing."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from belay.exceptions import ConnectionLost, ReplEntryError
from belay.link import Link
from belay.transports import open_transport
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport
from belay.transports.virtual import VirtualTransport

from .conftest import Noisy, OneByte, Scripted, Slow, run, works


def read_until(transport: Transport, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += transport.read(timeout=10)
    return data


def start(transport: Transport, program: str) -> None:
    """Run a program by hand, through the raw REPL."""
    read_until(transport, b">>> ")
    transport.write(b"\x01" + program.encode() + b"\x04")
    read_until(transport, b"OK")


CATCHES = """
n = 0
while n < {times}:
    try:
        while True:
            pass
    except KeyboardInterrupt:
        n += 1
"""

STATES = {
    "booting": b"",
    "friendly": b"\r\n",
    "half a line": b"print('half",
    "half a block": b"for i in range(3):\r    print(i)\r",
    "half a string": b"x = '''abc\r",
    "paste mode": b"\x05",
    "half a paste": b"\x05def f():\r    return 1\r",
    "raw": b"\x01",
    "raw, half a command": b"\x01print('half",
    "raw, running": b"\x01while True: pass\x04",
    "friendly, running": b"while True: pass\r\r",
    "sleeping": b"import time; time.sleep(60)\r",
    "allocating": b"\x01while True: a = [bytearray(999) for i in range(9)]\x04",
    "reading": b"import sys; sys.stdin.read(1)\r",
    "input": b"input('? ')\r",
    "raw paste asked for": b"\x01\x05A\x01",
    "in the middle of a raw paste": b"\x01\x05A\x01def f():\n    retu",
    "raw paste given up": b"\x01\x05A\x01def f(:\n  x\n  y\n",
    "catches KeyboardInterrupt once": b"\x01" + CATCHES.format(times=1).encode() + b"\x04",
    "catches KeyboardInterrupt three times": b"\x01" + CATCHES.format(times=3).encode() + b"\x04",
    "printing": b"while True: print('x' * 50)\r\r",
    "printing ends": b"\x01while True: print('\\x04\\x04>', end='')\x04",
    "a thread prints": b"\x01import _thread, time\ndef f():\n  while True: print('bg'); time.sleep(0.001)\n"
    b"_thread.start_new_thread(f, ())\x04",
}


@pytest.mark.parametrize("state", STATES)
def test_from_any_state(transport: VirtualTransport, state: str) -> None:
    if state != "booting":
        read_until(transport, b">>> ")
    transport.write(STATES[state])
    link = Link(transport)
    link.enter()
    if state == "a thread prints":
        # Nobody can tell the thread's output from the program's.
        assert b"7741" in run(link, "print(7741)") + run(link, "pass")
    else:
        works(link)


IN_THE_MIDDLE = (
    "half a line",
    "half a paste",
    "raw, half a command",
    "in the middle of a raw paste",
    "printing",
)


@pytest.mark.parametrize(
    "state",
    [state if state in IN_THE_MIDDLE else pytest.param(state, marks=pytest.mark.long) for state in STATES],
)
def test_from_any_state_reached(transport: VirtualTransport, state: str) -> None:
    """As before, but the board has understood everything already."""
    read_until(transport, b">>> ")
    transport.write(STATES[state])
    # The answer to what was typed; some of it never ends.
    end = time.monotonic() + 0.1
    while (left := end - time.monotonic()) > 0:
        try:
            transport.read(timeout=left)
        except TimeoutError:
            break
    link = Link(transport)
    link.enter()
    if state != "a thread prints":
        works(link)


@pytest.mark.long
def test_a_thread_that_prints_without_a_pause(transport: VirtualTransport) -> None:
    start(
        transport,
        "import _thread\ndef f():\n  while True: print('bg')\n_thread.start_new_thread(f, ())",
    )
    link = Link(transport)
    link.enter()
    for _ in range(10):
        link.run("pass", timeout=20)


@pytest.mark.parametrize(
    "main", ["while True: print('main')", "import time\ntime.sleep(60)", "1/0", "input()"]
)
def test_main_py_runs(tmp_path: Path, main: str) -> None:
    (tmp_path / "main.py").write_text(main)
    with_files = open_transport(f"virtual:{tmp_path}")
    link = Link(with_files)
    try:
        link.enter()
        works(link)
    finally:
        link.close()


@pytest.mark.parametrize("wrap", [OneByte, Slow])
def test_over_another_transport(transport: VirtualTransport, wrap: type[OneByte] | type[Slow]) -> None:
    link = Link(wrap(transport))
    link.enter()
    works(link)


@pytest.mark.parametrize("seed", range(5))
def test_noise_first(transport: VirtualTransport, seed: int) -> None:
    link = Link(Noisy(transport, random.Random(seed).randbytes(5000)))
    link.enter()
    works(link)


def test_an_idle_board_costs_one_turn(transport: VirtualTransport) -> None:
    counting = CountingTransport(transport)
    link = Link(counting)
    link.enter()
    counting.reset()
    link.enter()
    assert counting.writes == 2
    assert counting.bytes_out < 30
    counting.reset()
    link.soft_reset()
    assert (counting.writes, counting.bytes_out) == (1, 1)


def test_nothing_there() -> None:
    link = Link(Scripted())
    start = time.monotonic()
    with pytest.raises(ReplEntryError) as caught:
        link.enter(0.5)
    assert time.monotonic() - start < 8
    assert caught.value.last_seen == b""
    assert "interrupting what runs" in caught.value.stage
    assert "nothing was received" in str(caught.value)
    assert "baud rate" in (caught.value.hint or "")


def test_the_last_stage_is_named() -> None:
    link = Link(Scripted(b""))
    with pytest.raises(
        ReplEntryError, match=r"(interrupting what runs, slowly|looking for the friendly prompt);"
    ):
        link.enter(1.2)


@pytest.mark.parametrize("chatter", [b"U" * 100, b"\x04", b">>> ", b"\x04\x04>OK", b"\xff\x00" * 3000])
def test_something_that_talks_but_is_no_board(chatter: bytes) -> None:
    link = Link(Scripted(chatter))
    start = time.monotonic()
    with pytest.raises(ReplEntryError) as caught:
        link.enter(0.5)
    assert time.monotonic() - start < 8
    assert caught.value.last_seen
    assert caught.value.last_seen in chatter * 300


def test_something_that_does_not_read() -> None:
    link = Link(Scripted(room=20))
    start = time.monotonic()
    with pytest.raises(ReplEntryError):
        link.enter(0.5)
    assert time.monotonic() - start < 8


def test_it_echoes_everything() -> None:
    """A loopback plug, a terminal server: what comes back is what was sent."""

    class Echo(Scripted):
        def read(self, max_bytes: int = 0, timeout: float | None = None) -> bytes:
            if not self.written:
                return super().read(max_bytes, timeout)
            data, self.written = self.written, b""
            return data

    with pytest.raises(ReplEntryError) as caught:
        Link(Echo()).enter(0.5)
    assert b"print(" in caught.value.last_seen


def test_the_line_goes_dead(transport: VirtualTransport) -> None:
    link = Link(transport)
    transport.board.close()
    with pytest.raises(ConnectionLost):
        link.enter()
