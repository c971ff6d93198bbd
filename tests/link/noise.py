"""Noise on a line, and conversations that must survive it: right, or an error, but never wrong."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from belay.board.asking import Brought
from belay.board.calls import BoardFailure
from belay.exceptions import BelayException
from belay.transports.base import READ_SIZE, Transport

from .conftest import Wrapper

Direction = Literal["out", "in"]
CUT, LOST, DOUBLED = -1, -2, -3
"""What happens to a byte; a number from 0 on is a bit of it that flips."""
KINDS = (CUT, LOST, DOUBLED, *range(8))


@dataclass(frozen=True)
class Fault:
    """What happens to one byte on its way.

    Attributes:
        direction: ``"out"`` to the board, ``"in"`` to the host.
        at: Which byte, counted from when the fault is armed.
        kind: What happens to it.
    """

    direction: Direction
    at: int
    kind: int


class Noise(Wrapper):
    """A line without flow control, on which bytes suffer what is said.

    Args:
        inner: The line.
        monotonic: The clock.

    Attributes:
        passed: How many bytes have gone each way since the last :meth:`arm`.
    """

    def __init__(self, inner: Transport, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(inner)
        self.passed: dict[Direction, int] = {"out": 0, "in": 0}
        self._faults: dict[tuple[Direction, int], int] = {}
        self._cut: set[Direction] = set()
        self._monotonic = monotonic

    def arm(self, *faults: Fault) -> None:
        """From here on these happen, and no others."""
        self.passed = {"out": 0, "in": 0}
        self._cut.clear()
        self._faults = {(fault.direction, fault.at): fault.kind for fault in faults}

    @property
    def flow_control(self) -> bool:
        return False

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        end = None if timeout is None else self._monotonic() + timeout
        while True:
            left = None if end is None else max(0.0, end - self._monotonic())
            if data := self._spoil("in", self.inner.read(max_bytes, left)):
                return data

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if data := self._spoil("out", data):
            self.inner.write(data, timeout)

    def _spoil(self, direction: Direction, data: bytes) -> bytes:
        start = self.passed[direction]
        self.passed[direction] += len(data)
        if not self._faults:
            return data
        spoiled = bytearray()
        for at, byte in enumerate(data, start):
            kind = self._faults.get((direction, at))
            if kind == CUT:
                self._cut.add(direction)
            if direction in self._cut or kind == LOST:
                continue
            spoiled.append(byte if kind is None or kind < 0 else byte ^ 1 << kind)
            if kind == DOUBLED:
                spoiled.append(byte)
        return bytes(spoiled)


class Caller(Protocol):
    """What the operations need of a board."""

    def define(self, name: str, source: str) -> None: ...

    def call(self, name: str, *args: object) -> Any: ...

    def items(self, name: str, *args: object) -> Iterator[Any]: ...

    def ask(self, name: str, *args: object) -> Any: ...

    def printed(self, name: str, *args: object) -> tuple[Any, str]: ...


DATA = bytes((at * at + at // 7) % 256 for at in range(5000))
"""Some of all bytes, 0x03 among them."""

FUNCTIONS = {
    "double": "def double(tag, x):\n ran(tag)\n return x * 2\n",
    "back": "def back(tag, data):\n ran(tag)\n return bytes(data)\n",
    "pair": "def pair(tag, data):\n ran(tag)\n return [data[:100], len(data), data]\n",
    "count": "def count(tag, n):\n ran(tag)\n for i in range(n):\n  yield i\n",
    "fail": "def fail(tag):\n ran(tag)\n raise ValueError('no', 7)\n",
    "say": "def say(tag, n):\n ran(tag)\n for i in range(n):\n  print('line', i)\n return n\n",
    "question": "def question(tag, n):\n ran(tag)\n return [input() for i in range(n)]\n",
    "fetch": "def fetch(tag, n):\n ran(tag)\n return [ask_host('bytes', i)[0] for i in range(n)]\n",
}

SHOWN = "names['ask_host'] = _belay_ask"
"""Lets functions ask as parts of the agent do."""

Operation = Callable[[Caller, int], None]
"""Does something with a tag of its own; asserts that what comes of it is right."""


def define(board: Caller, tag: int) -> None:
    board.define("fresh", f"def fresh(x):\n ran({tag})\n return [x, {tag}]\n")
    assert board.call("fresh", 5) == [5, tag]


def small(board: Caller, tag: int) -> None:
    assert board.call("double", tag, 21) == 42


def nested(board: Caller, tag: int) -> None:
    assert board.call("double", tag, [1, "a", None]) == [1, "a", None] * 2


def bulk(board: Caller, tag: int) -> None:
    assert board.call("pair", tag, DATA) == [DATA[:100], len(DATA), DATA]


def some_bytes(board: Caller, tag: int) -> None:
    assert board.call("back", tag, DATA[:200]) == DATA[:200]


def generator(board: Caller, tag: int) -> None:
    assert list(board.items("count", tag, 4)) == [0, 1, 2, 3]


def exception(board: Caller, tag: int) -> None:
    failed = None
    try:
        board.call("fail", tag)
    except BoardFailure as failure:
        if failure.types[0] == "KeyboardInterrupt":
            raise
        failed = (failure.types[:2], failure.board_args)
    assert failed == (("ValueError", "Exception"), ("no", 7))


def printing(board: Caller, tag: int) -> None:
    # Noise may fall on what is printed, which nothing checks.
    assert board.printed("say", tag, 3)[0] == 3


def asking(board: Caller, tag: int) -> None:
    assert board.ask("question", tag, 2) == ["answer 1", "answer 2"]


def fetching(board: Caller, tag: int) -> None:
    assert board.ask("fetch", tag, 2) == [DATA[:300], DATA[300:600]]


def answering() -> Callable[..., object]:
    """What answers questions: with lines, one after another, and with bytes."""
    lines = (f"answer {number}\n" for number in itertools.count(1))

    def answer(what: str, number: int) -> object:
        return Brought([], DATA[300 * number :][:300]) if what == "bytes" else next(lines)

    return answer


OPERATIONS: dict[str, Operation] = {
    operation.__name__: operation
    for operation in (
        define,
        small,
        nested,
        some_bytes,
        generator,
        exception,
        printing,
        asking,
        fetching,
        bulk,
    )
}


def is_honest(error: Exception) -> bool:
    """Whether an error says that something went wrong on the way, and nothing that is not true."""
    if isinstance(error, BoardFailure):
        # Noise made an 0x03 of another byte.
        return error.types[0] == "KeyboardInterrupt"
    return isinstance(error, BelayException)
