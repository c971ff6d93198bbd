"""Noise and interrupts between the host and a real MicroPython."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from belay.exceptions import ProtocolError
from belay.transports.base import READ_SIZE

from .conftest import Wrapper
from .noise import CUT, KINDS, OPERATIONS, Direction, Fault, Noise
from .real import Real


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of the link, for a line that is quicker than any."""
    monkeypatch.setattr("belay.link.exchange.SILENCE", 0.15)
    monkeypatch.setattr("belay.link.exchange.STALLED", 0.15)
    monkeypatch.setattr("belay.link.exchange.REPAIR", 0.03)
    monkeypatch.setattr("belay.link.recovery.STOP_TIMEOUT", 3.0)


@pytest.fixture
def noisy(quick: None) -> Iterator[Real]:
    real = Real(Noise)
    yield real
    real.device.close()


def lengths(real: Real, name: str) -> dict[Direction, int]:
    """How many bytes an operation sends, and gets."""
    real.line.arm()
    OPERATIONS[name](real, 1)
    known = dict(real.line.passed)
    real.forget_runs()
    return known


def suffer_often(real: Real, cases: int, seed: int) -> Counter[str]:
    """One byte of an operation is spoiled, any of them in any way; now and then the line is cut."""
    chance = random.Random(seed)
    known = {name: lengths(real, name) for name in OPERATIONS}
    ended: Counter[str] = Counter()
    for _ in range(cases):
        name = chance.choice(list(OPERATIONS))
        direction: Direction = chance.choice(("out", "in"))
        kind = CUT if chance.random() < 0.01 else chance.choice(KINDS[1:])
        case = Fault(direction, chance.randrange(known[name][direction]), kind)
        try:
            ended[real.suffer(name, 10, case)] += 1
        except BaseException as error:
            error.add_note(f"{name}: {case}")
            raise
    return ended


def test_noise(noisy: Real) -> None:
    ended = suffer_often(noisy, 25, 1)
    assert ended["right"] > 12


@pytest.mark.long
@pytest.mark.parametrize("seed", range(50))
def test_much_noise(noisy: Real, seed: int) -> None:
    suffer_often(noisy, 100, 1000 + seed)


def interrupts(rounds: int, seed: int) -> int:
    """Interrupt a busy agent at random moments in three ways; how often that hit."""
    program = Path(__file__).with_name("interrupts.py")
    command = [sys.executable, "-m", "tests.link.interrupts", str(rounds), str(seed)]
    # Not traced: a tracer has locks of its own, which a Ctrl-C at the wrong moment leaves locked.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        command,
        cwd=program.parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def test_interrupts_of_a_busy_agent() -> None:
    assert interrupts(20, 1) > 3


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_many_interrupts_of_a_busy_agent(seed: int) -> None:
    """500 in all."""
    assert interrupts(50, 100 + seed) > 10


CHATTER = (
    "import _thread, time\n"
    "talk = True\n"
    "def chatter(pause):\n"
    " while talk:\n"
    "  print('thread', end=' ')\n"
    "  time.sleep_us(pause)\n"
    "_thread.start_new_thread(chatter, ({pause},))"
)


@pytest.mark.parametrize("pause", [100, 1000, 20000])
def test_a_thread_that_prints_into_frames(pause: int) -> None:
    """The line loses nothing, so that nobody asks without a reason."""
    real = Real(Wrapper)
    real.device(CHATTER.format(pause=pause), stream_out=None)
    torn = 0
    for tag in range(1, 60):
        name = ("small", "nested", "generator", "exception", "asking", "bulk")[tag % 6]
        try:
            OPERATIONS[name](real, tag)
        except ProtocolError:
            # Each attempt was torn, and it says so.
            torn += 1
    real.device("talk = False", stream_out=None)
    assert max(real.runs.values()) == 1
    assert torn < 10
    real.is_right(1000)
    real.device.close()


@pytest.mark.parametrize("at", range(1, 9))
def test_something_is_printed_into_the_mark(at: int, quick: None) -> None:
    """So that no frame is seen; the line has flow control, and nothing else wakes the host."""

    class Printing(Wrapper):
        armed = False

        def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
            data = self.inner.read(max_bytes, timeout)
            place = data.find(b"\x1e")
            if self.armed and place >= 0:
                self.armed = False
                return data[: place + at] + b"irq" + data[place + at :]
            return data

    real = Real(Printing)
    real.terms = replace(real.terms, timeout=None)
    for tag, name in enumerate(OPERATIONS, 1):
        real.line.armed = True
        OPERATIONS[name](real, tag)
    assert max(real.runs.values()) == 1
    real.device.close()
