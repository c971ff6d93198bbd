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
from collections.abc import Callable, Iterable, Iterator
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
    # The interpreter's processor time: what else the machine does is left out.
    start = time.clock()
    for _ in range(times):
        exec(text, names)
    taken = time.clock() - start
    del names["print"]
    return taken
"""

BOARD_CALLS = 20000
"""So many that the garbage they leave is collected many times: that is a part of what they cost."""

ROUND = 200
"""So many calls are timed together: enough for what a contender does at times only, such as sleeping."""
END = object()


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
        self.rounds = 3 if self.quick else 10
        self.measure("connect", self.connect())
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
        can = {"different call": hasattr(device, "batch"), "mapped call": hasattr(f, "map")}
        self.at_once = {work for work, able in can.items() if able}

    def connect(self) -> Iterator[None]:
        self.device = belay.Device(self.address, **self.options)
        yield

    def measure(self, work: str, rounds: Iterable[Any], *, units: int = 1) -> Any:
        """Time each step of ``rounds``, which does ``units`` of the work. That it fails is a result, too.

        The fastest round counts, so that a machine that does other things as well matters little: rounds
        are short, and many.
        """
        tell(begin=work)
        seconds, error = [], None
        steps = iter(rounds)
        try:
            while True:
                start = time.perf_counter()
                if next(steps, END) is END:
                    break
                seconds.append(time.perf_counter() - start)
        except Exception as problem:  # noqa: BLE001 - that a contender cannot do it is a result
            lines = str(problem).strip().splitlines() or [""]
            error = f"{type(problem).__name__}: {lines[-1]}"
        return tell(end=work, units=units, seconds=seconds, error=error)

    def measure_many(self, work: str, doing: Callable[[int], Iterator[None]], times: int) -> None:
        """Measure calls: in rounds of `ROUND`, or all at once where the contender can do that."""
        whole = work in self.at_once
        self.measure(work, doing(times), units=times if whole else min(ROUND, times))

    # --- the works ------------------------------------------------------------------------------

    def calls(self, times: int) -> Iterator[None]:
        f = self.f
        for part in parts(range(times)):
            for _ in part:
                assert f(5) == 10
            yield

    def statements(self, times: int) -> Iterator[None]:
        for part in parts(range(times)):
            for _ in part:
                self.device("x=1")
            yield

    def different(self, times: int) -> Iterator[None]:
        """As many calls, each another: functions and types of arguments change."""
        wanted = [(self.f, (i,)) if i % 2 else (self.add, (f"item {i}", "!")) for i in range(times)]
        right = [2 * i if i % 2 else f"item {i}!" for i in range(times)]
        if "different call" in self.at_once:
            for _ in range(self.rounds):
                with self.device.batch():
                    futures = [function(*arguments) for function, arguments in wanted]
                assert [future.result() for future in futures] == right
                yield
            return
        for part in parts(range(times)):
            assert [wanted[i][0](*wanted[i][1]) for i in part] == [right[i] for i in part]
            yield

    def mapped(self, times: int) -> Iterator[None]:
        f: Any = self.f
        if "mapped call" in self.at_once:
            for _ in range(self.rounds):
                assert list(f.map(range(times))) == list(range(0, 2 * times, 2))
                yield
            return
        for part in parts(range(times)):
            assert [f(i) for i in part] == [2 * i for i in part]
            yield

    def items(self, times: int) -> Iterator[None]:
        generator = iter(self.count(times))
        for part in parts(range(times)):
            assert [next(generator) for _ in part] == list(part)
            yield
        assert next(generator, END) is END

    def to_board(self, data: bytes) -> Iterator[None]:
        for _ in range(self.rounds):
            assert self.checked(data) == binascii.crc32(data)
            yield

    def to_host(self, check: int) -> Iterator[None]:
        for _ in range(self.rounds):
            assert binascii.crc32(self.stored()) == check
            yield

    def bulk_to_board(self, kind: str) -> None:
        data = os.urandom(BULK) if kind == "random bytes" else b"\3" * BULK
        self.measure(f"{kind} to the board", self.to_board(data))

    def bulk_to_host(self, kind: str) -> None:
        made = f"__import__('os').urandom({BULK})" if kind == "random bytes" else rf"b'\x03'*{BULK}"
        try:
            self.device(f"stuff = {made}")
            check = self.device("binascii.crc32(stuff)")
        except Exception as problem:  # noqa: BLE001 - told below: without it the check fails
            print(problem, file=sys.stderr)
            check = -1
        self.measure(f"{kind} to the host", self.to_host(check))

    def latency(self, size: int) -> None:
        """Calls with ``size`` bytes there and back."""
        data = os.urandom(size)
        each = max(2, min(100, 20 * 1024 // size))

        def echoes() -> Iterator[None]:
            for _ in range(self.rounds):
                for _ in range(each):
                    assert self.echo(data) == data
                yield

        self.measure(f"echo {size}", echoes(), units=each)

    def board_time(self, times: int) -> None:
        """The board's time for ``f(5)`` where calls are commands: that text, run there again and again."""
        answer = self.measure("captured call", (self.f(5) for _ in range(1)))
        command = answer["sent"].removeprefix("\5A\1").removesuffix("\4")
        self.device(REPEATED_COMMAND)
        taken = min(self.device(f"_bench({command!r}, {times})") for _ in range(3))
        tell(end="board time", units=times, seconds=[taken], error=None)

    def run(self, part: str) -> None:
        times = ROUND if self.quick else 1000
        if part == "calls":
            list(self.calls(10))
            self.measure_many("call", self.calls, times)
            self.measure_many("exec", self.statements, times)
            # Always so many: where a generator begins and ends costs turns too.
            self.measure_many("generator item", self.items, 1000)
            self.measure_many("different call", self.different, times)
            self.measure_many("mapped call", self.mapped, times)
        elif part == "board time":
            self.board_time(1000 if self.quick else BOARD_CALLS)
        elif part == "latency":
            for size in SIZES:
                self.latency(size)
        elif part.endswith("to the board"):
            self.bulk_to_board(part.removesuffix(" to the board"))
        elif part.endswith("to the host"):
            self.bulk_to_host(part.removesuffix(" to the host"))
        elif part != "connect":
            sys.exit(f"{part!r} is no part of the benchmark")


def parts(whole: range) -> Iterator[range]:
    """``whole`` in rounds."""
    for start in range(0, len(whole), ROUND):
        yield whole[start : start + ROUND]


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
