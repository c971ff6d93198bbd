from __future__ import annotations

import builtins
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from belay import Device
from belay.board import onboard
from belay.board.calls import BoardFailure, Calls, Item, Ours, Return, Stamped, Terms
from belay.board.many import Attempt, Call, Progress, Way
from belay.exceptions import UntransferableError
from belay.transports.trace import CountingTransport

TIMED = Terms(timed=True)
PLAIN_TERMS = Terms()

DEFINITIONS = """
def seven(): return 7
def echo(*args, **named): return args, named
def fails(): raise ValueError('no')
def count(n):
    for i in range(n):
        sent = yield i
        if sent: yield sent
    return 'end'
"""


class Board:
    """A board, asked below the level of devices, and the turns that it takes."""

    def __init__(self, *, agent: bool) -> None:
        self.device = Device("virtual:?heap=256k", agent=agent, wrap=self._count)
        self.device(DEFINITIONS)

    def _count(self, transport: Any) -> CountingTransport:
        self.wire = CountingTransport(transport)
        return self.wire

    def ask(self, question: Any) -> Any:
        return self.device._session.ask(question)


@pytest.fixture(scope="module", params=[True, False], ids=["agent", "plain"])
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    made = Board(agent=request.param)
    with made.device:
        yield made


def test_the_clock_is_described(board: Board) -> None:
    name, rate, last = board.ask(lambda calls: calls.ours(Ours.CLOCK, [], PLAIN_TERMS)).split()
    assert (name, int(rate)) == ("time.ticks_us", 1_000_000)
    assert int(last) == board.device("time.ticks_add(0, -1)")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    ticks = board.ask(lambda calls: calls.ours(Ours.TICKS, [], PLAIN_TERMS))
    # The virtual board's clock is the host's.
    assert before <= ticks <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


@pytest.mark.parametrize(
    ("ask", "value"),
    [
        (lambda calls: calls.call("seven", [], {}, TIMED), 7),
        (lambda calls: calls.call("echo", [1, "ä"], {"a": 2.5}, TIMED), ((1, "ä"), {"a": 2.5})),
        (lambda calls: calls.call("echo", [b"\x03" * 500], {}, TIMED), ((b"\x03" * 500,), {})),
        (lambda calls: calls.evaluate("1 / 3", TIMED), 1 / 3),
        (lambda calls: calls.evaluate("'x y z'", TIMED), "x y z"),
        (lambda calls: calls.evaluate("None", TIMED), None),
        (lambda calls: calls.evaluate("(1 << 80)", TIMED), 1 << 80),
        (lambda calls: calls.execute("stored = 5", TIMED), None),
        (lambda calls: calls.execute(f"stored = 5\n#{'x' * 2000}", TIMED), None),
    ],
    ids=["number", "composed", "bulk", "float", "text", "nothing", "long", "statement", "program"],
)
def test_results_come_with_the_time(board: Board, ask: Any, value: object) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    answer = board.ask(ask)
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert isinstance(answer, Stamped)
    assert answer.value == value
    assert before <= answer.begun <= answer.ended <= after


def test_the_time_frames_the_functions_own(board: Board) -> None:
    board.device("def both():\n first = time.ticks_us()\n time.sleep_ms(1)\n return first, time.ticks_us()")
    answer = board.ask(lambda calls: calls.evaluate("both()", TIMED))
    assert answer.begun <= answer.value[0] < answer.value[1] <= answer.ended


def test_a_generators_items_have_each_their_time(board: Board) -> None:
    def run(calls: Calls) -> list[Any]:
        key = calls.start("count", [2], {}, TIMED)
        sent = [None, "more", None, None]
        return [calls.send(key, value, TIMED) for value in sent]

    *items, end = board.ask(run)
    assert [item.value.value for item in items if isinstance(item, Item)] == [0, "more", 1]
    times = [item.value.ended for item in items]
    assert times == sorted(times)
    assert end == Return("end")


def test_a_generator_gets_exceptions_and_is_closed(board: Board) -> None:
    def run(calls: Calls) -> Any:
        key = calls.start("count", [2], {}, TIMED)
        calls.send(key, None, TIMED)
        return calls.throw(key, IndexError("here"), TIMED)

    with pytest.raises(BoardFailure) as caught:
        board.ask(run)
    assert caught.value.types[0] == "IndexError"
    board.device("closed = []\ndef careful():\n try:\n  yield 1\n finally:\n  closed.append(1)")

    def leave(calls: Calls) -> Any:
        key = calls.start("careful", [], {}, TIMED)
        calls.send(key, None, TIMED)
        calls.forget(key)
        return calls.evaluate("closed", PLAIN_TERMS)

    assert board.ask(leave) == [1]


def test_what_fails_is_as_without(board: Board) -> None:
    with pytest.raises(BoardFailure, match="ValueError: no"):
        board.ask(lambda calls: calls.call("fails", [], {}, TIMED))
    with pytest.raises(UntransferableError):
        board.ask(lambda calls: calls.evaluate("object()", TIMED))


def test_many_calls_come_with_the_time_where_it_is_wanted(board: Board) -> None:
    wanted = [
        Call(Way.CALL, "echo", [1], timed=True),
        Call(Way.CALL, "seven"),
        Call(Way.EVALUATE, "b'b' * 100", timed=True),
        Call(Way.EXECUTE, "stored = 6", timed=True),
    ]

    def run(calls: Calls) -> list[object]:
        calls.call("seven", [], {}, PLAIN_TERMS)
        calls.call("echo", [], {}, PLAIN_TERMS)
        results: list[object] = []
        while len(results) < len(wanted):
            packed = [calls.pack(call) for call in wanted[len(results) :]]
            progress: Progress = calls.many(packed, PLAIN_TERMS, Attempt())
            assert progress.failure is None
            results += progress.results
        return results

    first, plain, bulk, executed = board.ask(run)
    assert (first.value, plain, bulk.value, executed.value) == (((1,), {}), 7, b"b" * 100, None)
    assert first.ended <= bulk.begun <= bulk.ended <= executed.begun


def test_the_time_costs_no_turn_and_few_bytes(board: Board) -> None:
    def cost(terms: Terms) -> tuple[int, int]:
        board.ask(lambda calls: calls.call("seven", [], {}, terms))
        board.wire.reset()
        board.ask(lambda calls: calls.call("seven", [], {}, terms))
        return board.wire.turns, board.wire.bytes_out + board.wire.bytes_in

    (turns, size), (plain_turns, plain_size) = cost(TIMED), cost(PLAIN_TERMS)
    assert turns == plain_turns
    assert size - plain_size < 100


def test_it_takes_little_memory() -> None:
    free = "(__import__('gc').collect(), __import__('gc').mem_free())[1]"
    with Device("virtual:?heap=128k", agent=True) as device:
        device("def seven(): return 7")
        device._session.ask(lambda calls: calls.call("seven", [], {}, PLAIN_TERMS))
        before = device(free)
        device._session.ask(lambda calls: calls.call("seven", [], {}, TIMED))
        parts: set[str] = device._session._calls._parts  # type: ignore[attr-defined]
        # Numbers go without the part that writes all else.
        assert parts == {"part_clock"}
        # Words of the virtual board are twice as long as those of a small board.
        assert before - device(free) < 4000


class Modules:
    """Stands for ``__import__`` on a board that has these modules.

    Args:
        modules: What is in each.
    """

    def __init__(self, **modules: dict[str, Any]) -> None:
        self._modules = modules

    def __call__(self, name: str) -> SimpleNamespace:
        if name not in self._modules:
            raise ImportError(name)
        return SimpleNamespace(**self._modules[name])


def refuse() -> int:
    raise NotImplementedError("no long integers")


@pytest.mark.parametrize(
    ("modules", "about", "now"),
    [
        (
            {"time": {"ticks_us": lambda: 3, "ticks_add": lambda a, b: (a + b) % (1 << 30)}},
            "time.ticks_us 1000000 1073741823",
            3,
        ),
        ({"time": {"monotonic_ns": lambda: 10**12}}, "time.monotonic_ns 1000000000 0", 10**12),
        (
            {"time": {"monotonic_ns": refuse}, "supervisor": {"ticks_ms": lambda: 9}},
            "supervisor.ticks_ms 1000 536870911",
            9,
        ),
        ({"time": {}}, None, None),
        ({}, None, None),
    ],
    ids=["micropython", "circuitpython", "small circuitpython", "no clock", "no time"],
)
def test_each_firmwares_clock_is_found(
    modules: dict[str, dict[str, Any]], about: str | None, now: int | None
) -> None:
    scope: dict[str, Any] = {
        "ready": None,
        "__builtins__": {**vars(builtins), "__import__": Modules(**modules)},
    }
    exec(onboard.read("part_clock"), scope)
    assert scope["_belay_clock"]() == about
    if now is not None:
        assert scope["_belay_ticks"]() == now
        assert scope["_belay_timed"](len, "abc") == f"{now} {now} 3"
        assert scope["_belay_timed"](list, "ab") == (now, now, ["a", "b"])
