"""Interrupts a busy agent at random moments; run as a program of its own, see ctrl_c.py."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from .conftest import Wrapper
from .ctrl_c import ctrl_c_after
from .noise import OPERATIONS, is_honest, small
from .real import Real

OTHERS = [name for name in OPERATIONS if name != "bulk"]


def by_ctrl_c(real: Real, work: Callable[[], None], seconds: float) -> None:
    """The user presses it on the host."""
    with ctrl_c_after(seconds):
        work()


def by_time_out(real: Real, work: Callable[[], None], seconds: float) -> None:
    """The call takes too long."""
    terms, real.terms = real.terms, replace(real.terms, timeout=seconds / 10)
    try:
        work()
    finally:
        real.terms = terms


def by_a_byte(real: Real, work: Callable[[], None], seconds: float) -> None:
    """Somebody else sends an 0x03."""
    timer = threading.Timer(seconds, lambda: real.line.inner.write(b"\x03"))
    timer.start()
    try:
        work()
    finally:
        timer.join()
        try:
            # It may still be on its way, and then hits the next call.
            small(real, -1)
        except Exception as error:
            if not is_honest(error):
                raise


def main(rounds: int, seed: int) -> None:
    """Do so, then say how often it hit."""
    chance = random.Random(seed)
    real = Real(Wrapper)
    hit = 0
    for at in range(rounds):
        name = chance.choice([*OTHERS, "bulk"])
        tags = iter(range(1000 * at, 1000 * at + 999))

        def work(name: str = name, tags: Iterator[int] = tags) -> None:
            for _ in range(60):
                OPERATIONS[name](real, next(tags))

        how = chance.choice([by_ctrl_c, by_time_out, by_a_byte])
        try:
            how(real, work, chance.uniform(0, 0.02))
        except KeyboardInterrupt:
            hit += 1
        except Exception as error:
            if not is_honest(error):
                error.add_note(f"round {at}: {name} {how.__name__}")
                raise
            hit += 1
        try:
            real.is_right(1000 * at + 999)
        except BaseException as error:
            error.add_note(f"after round {at}: {name} {how.__name__}")
            raise
        runs = real.runs
        assert max(runs.values()) == 1, (name, how.__name__, runs)
        assert runs[1000 * at + 999] == 1
        real.forget_runs()
    real.device.close()
    print(f"\n{hit}")  # noqa: T201 - for the test that started this program


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
