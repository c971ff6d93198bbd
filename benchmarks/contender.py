"""One contender at work: run by `contest.py` with each contender's own Python, so it imports nothing of ours.

What it measures it tells on standard output, as JSON, a line each:

    {"begin": "call"}                                      and waits for a line: the wire is being watched now
    {"end": "call", "units": 500, "seconds": [...]}        and waits for a line: JSON with what passed

`import belay` is whichever belay this Python has: the two have the same interface, as far as it is used here.
"""

from __future__ import annotations

import argparse
import binascii
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import belay

BULK = 65536
SIZES = [4**power for power in range(9)]
"""Bytes, 1 to 64 KiB."""

# Runs on the board: so often the text of a command, as the REPL would. A print of one text has nothing to
# format, so len is the cheapest that can stand for it without writing anywhere.
REPEATED_COMMAND = """
def _bench(text, times):
    import gc, time
    names = globals()
    names["print"] = len
    gc.collect()
    start = time.ticks_us()
    for _ in range(times):
        exec(text, names)
    taken = time.ticks_diff(time.ticks_us(), start)
    del names["print"]
    return taken
"""

BOARD_CALLS = 20000
"""So many that the garbage they leave is collected many times: that is a part of what they cost."""

Work = Callable[[], Any]


def tell(**facts: Any) -> Any:
    """Tell the parent, and return what it answers."""
    print(json.dumps(facts), file=OUT, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        sys.exit("nobody listens any more")
    return json.loads(answer)


class Contender:
    """A device and what it is put through."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.address: str = given.address
        self.options: dict[str, Any] = json.loads(given.options)
        self.quick: bool = given.quick
        self.measure("connect", self.connect)
        device = self.device

        @device.task
        def f(a):  # type: ignore[no-untyped-def]
            return a * 2

        @device.task
        def add(a, b):  # type: ignore[no-untyped-def]
            return a + b

        @device.task
        def echo(data):  # type: ignore[no-untyped-def]
            return data

        @device.task
        def count(n):  # type: ignore[no-untyped-def]
            for i in range(n):  # noqa: UP028 - MicroPython before 1.12 cannot do it otherwise
                yield i

        @device.task
        def checked(data):  # type: ignore[no-untyped-def]
            return binascii.crc32(data)

        @device.task
        def stored():  # type: ignore[no-untyped-def]
            return stuff  # type: ignore[name-defined]  # noqa: F821 - a name of the board's

        device("import binascii")
        self.f, self.add, self.echo, self.count = f, add, echo, count
        self.checked, self.stored = checked, stored

    def connect(self) -> None:
        self.device = belay.Device(self.address, **self.options)

    def measure(self, work: str, call: Work, *, units: int = 1, rounds: int = 1) -> Any:
        """Run ``call`` so many rounds, each ``units`` of the work. What fails is told, and is a result."""
        tell(begin=work)
        seconds, error = [], None
        try:
            for _ in range(rounds):
                start = time.perf_counter()
                call()
                seconds.append(time.perf_counter() - start)
        except Exception as problem:  # noqa: BLE001 - that a contender cannot do it is a result
            lines = str(problem).strip().splitlines() or [""]
            error = f"{type(problem).__name__}: {lines[-1]}"
        return tell(end=work, units=units, seconds=seconds, error=error)

    # --- the works ------------------------------------------------------------------------------

    def calls(self, times: int) -> None:
        f = self.f
        for _ in range(times):
            assert f(5) == 10

    def different(self, times: int) -> None:
        """As many calls, each another: functions and types of arguments change."""
        wanted = [(self.f, (i,)) if i % 2 else (self.add, (f"item {i}", "!")) for i in range(times)]
        if hasattr(self.device, "batch"):
            with self.device.batch():
                futures = [function(*arguments) for function, arguments in wanted]
            results = [future.result() for future in futures]
        else:
            results = [function(*arguments) for function, arguments in wanted]
        assert results == [2 * i if i % 2 else f"item {i}!" for i in range(times)]

    def map(self, times: int) -> None:
        f = self.f
        results = list(f.map(range(times))) if hasattr(f, "map") else [f(i) for i in range(times)]
        assert results == [2 * i for i in range(times)]

    def items(self, times: int) -> None:
        assert list(self.count(times)) == list(range(times))

    def to_board(self, data: bytes) -> None:
        assert self.checked(data) == binascii.crc32(data)

    def to_host(self, check: int) -> None:
        assert binascii.crc32(self.stored()) == check

    def bulk_to_board(self, kind: str, rounds: int) -> None:
        data = os.urandom(BULK) if kind == "random bytes" else b"\3" * BULK
        self.measure(f"{kind} to the board", lambda: self.to_board(data), rounds=rounds)

    def bulk_to_host(self, kind: str, rounds: int) -> None:
        made = f"__import__('os').urandom({BULK})" if kind == "random bytes" else rf"b'\x03'*{BULK}"
        try:
            self.device(f"stuff = {made}")
            check = self.device("binascii.crc32(stuff)")
        except Exception as problem:  # noqa: BLE001 - told below: without it the check fails
            print(problem, file=sys.stderr)
            check = -1
        self.measure(f"{kind} to the host", lambda: self.to_host(check), rounds=rounds)

    def latency(self, size: int, times: int) -> None:
        """Calls with ``size`` bytes there and back, each timed: a round of its own."""
        data = os.urandom(size)
        assert self.echo(data) == data
        self.measure(f"echo {size}", lambda: self.echo(data), rounds=times)

    def board_time(self, times: int) -> None:
        """The board's time for ``f(5)`` where calls are commands: that text, run there again and again."""
        answer = self.measure("captured call", lambda: self.f(5))
        command = answer["sent"].removeprefix("\5A\1").removesuffix("\4")
        self.device(REPEATED_COMMAND)
        taken = min(self.device(f"_bench({command!r}, {times})") for _ in range(3))
        tell(end="board time", units=times, seconds=[taken / 1e6], error=None)

    def run(self, part: str) -> None:
        calls, many, rounds = (20, 50, 1) if self.quick else (500, 1000, 3)
        if part == "calls":
            self.calls(10)
            self.measure("call", lambda: self.calls(calls), units=calls, rounds=rounds)
            self.measure(
                "exec", lambda: [self.device("x=1") for _ in range(calls)], units=calls, rounds=rounds
            )
            # Always so many: where a generator begins and ends costs turns too.
            self.measure("generator item", lambda: self.items(1000), units=1000, rounds=rounds)
            self.measure("different call", lambda: self.different(many), units=many, rounds=rounds)
            self.measure("mapped call", lambda: self.map(many), units=many, rounds=rounds)
        elif part == "board time":
            self.board_time(1000 if self.quick else BOARD_CALLS)
        elif part == "latency":
            for size in SIZES:
                self.latency(size, 3 if self.quick else max(10, min(100, 2 * BULK // size)))
        elif part.endswith("to the board"):
            self.bulk_to_board(part.removesuffix(" to the board"), rounds)
        elif part.endswith("to the host"):
            self.bulk_to_host(part.removesuffix(" to the host"), rounds)
        elif part != "connect":
            sys.exit(f"{part!r} is no part of the benchmark")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument(
        "part", help="what to do: connect, calls, board time, latency, random bytes to the host ..."
    )
    parser.add_argument("--options", default="{}", help="keywords of the device, as JSON")
    parser.add_argument("--quick", action="store_true")
    # What boards and libraries print must not stand between our lines.
    OUT, sys.stdout = sys.stdout, sys.stderr
    arguments = parser.parse_args()
    contender = Contender(arguments)
    contender.run(arguments.part)
    contender.device.close()
