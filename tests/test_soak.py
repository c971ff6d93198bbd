# ruff: noqa: F821, PLW0603, T201, UP031 - functions that run on the board
"""Calls, prints, threads, bulk, generators, errors and time-outs at once: nothing is lost or leaked."""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from belay import BoardTimeoutError, Device

WARM_UP = 5.0
"""Seconds in which all parts are loaded and all buffers grow to their size."""

BULK = 20_000
"""The most bytes that one call carries."""

BOARD_LEAK = 4096 + BULK
"""Bytes that the board's heap may hold more at the end than after warming up: it is not compacted, and a word
on the stack that looks like a pointer may keep the bulk of one call. Thousands of calls are made."""

HOST_LEAK = 8 * 1024 * 1024
"""The same for the host, whose allocator keeps what it once had."""

SEED = 20


def resident() -> int:
    """Bytes of memory that this process has; 0 where nobody knows."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0


class Load:
    """One kind of work, done again and again by a thread of its own until it is told to stop."""

    def __init__(self, work: Callable[[random.Random], None], seed: int) -> None:
        self.rounds = 0
        self.problem: BaseException | None = None
        self._work = work
        self._random = random.Random(seed)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._work(self._random)
                self.rounds += 1
        except BaseException as problem:  # noqa: BLE001 - it is raised in the test
            self.problem = problem


class Lines:
    """Takes what is printed, and gives the lines that begin with a letter."""

    def __init__(self) -> None:
        self._text: list[str] = []

    def write(self, text: str) -> int:
        self._text.append(text)
        return len(text)

    def flush(self) -> None:
        pass

    def numbers(self, letter: str) -> list[int]:
        lines = "".join(self._text).split("\n")
        return [int(line[1:]) for line in lines if line.startswith(letter) and line[1:].isdigit()]


def soak(seconds: float, **options: Any) -> dict[str, int]:
    """Do everything at once for some time.

    Returns:
        How often each kind of work was done.
    """
    printed = Lines()
    with Device("virtual:?heap=262144", **options) as device:
        device("counted = printed = ticks = 0\nimport gc, time\ngoing = True")

        @device.task
        def count(expected):
            global counted
            counted += 1
            return counted, expected

        @device.task
        def echo(data):
            return data

        @device.task
        def items(n):
            for i in range(n):
                yield i, [i] * 3

        @device.task
        def fail(text):
            raise ValueError(text)

        @device.task
        def forever():
            while True:
                time.sleep(0.01)

        @device.thread
        def tick():
            global ticks
            while going:
                ticks += 1
                print("T%d" % ticks)
                time.sleep(0.02)

        def say(_: random.Random) -> None:
            device("printed += 1\nprint('P%d' % printed)", stream_out=printed, record=False)

        calls = 0

        def counting(chance: random.Random) -> None:
            nonlocal calls
            calls += 1
            argument = chance.choice([calls, str(calls), [calls, 1.5], None])
            assert count(argument) == (calls, argument)

        def bulk(chance: random.Random) -> None:
            data = chance.randbytes(chance.choice([0, 3, 100, 5000, BULK]))
            assert echo(data) == data

        def generating(chance: random.Random) -> None:
            n = chance.randrange(20)
            assert list(items(n)) == [(i, [i] * 3) for i in range(n)]

        def failing(chance: random.Random) -> None:
            text = "x" * chance.randrange(200)
            with pytest.raises(ValueError, match=f"^{text}$"):
                fail(text)

        def late(chance: random.Random) -> None:
            with pytest.raises(BoardTimeoutError):
                device("forever()", timeout=chance.random() / 5)
            time.sleep(1)

        tick()
        loads = {
            work.__name__: Load(work, SEED + at)
            for at, work in enumerate([say, counting, bulk, generating, failing, late])
        }
        free = "(gc.collect(), gc.collect(), gc.mem_free())[2]"

        def free_on_board() -> int:
            # What else is called in between leaves other words on the stack.
            return max([device(free, record=False) + len(echo(b"")) for _ in range(5)])

        with (
            loads["say"],
            loads["counting"],
            loads["bulk"],
            loads["generating"],
            loads["failing"],
            loads["late"],
        ):
            time.sleep(min(WARM_UP, seconds / 4))
            gc.collect()
            before, host_before = free_on_board(), resident()
            end = time.monotonic() + seconds
            while time.monotonic() < end and not any(load.problem for load in loads.values()):
                time.sleep(0.2)
        for load in loads.values():
            if load.problem:
                raise load.problem
        device("going = False", record=False)
        assert device("counted", record=False) == calls
        # A print may be torn together with a frame; the frame is not.
        said = printed.numbers("P")
        assert said == sorted(set(said))
        assert len(said) >= 0.99 * device("printed", record=False)
        gc.collect()
        assert free_on_board() > before - BOARD_LEAK
        assert resident() < host_before + HOST_LEAK
        return {name: load.rounds for name, load in loads.items()}


def test_some_seconds_of_everything_at_once() -> None:
    rounds = soak(10)
    assert min(rounds.values()) > 2, rounds


@pytest.mark.long
def test_a_minute_of_everything_at_once() -> None:
    rounds = soak(60)
    assert min(rounds.values()) > 10, rounds


@pytest.mark.long
def test_an_hour_of_everything_at_once() -> None:
    rounds = soak(3600)
    assert min(rounds.values()) > 600, rounds
