"""Noise and interrupts between the host and a real MicroPython."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    ended = suffer_often(noisy, 40, 1)
    assert ended["right"] > 20


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
    assert interrupts(30, 1) > 5


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_many_interrupts_of_a_busy_agent(seed: int) -> None:
    """500 in all."""
    assert interrupts(50, 100 + seed) > 10
