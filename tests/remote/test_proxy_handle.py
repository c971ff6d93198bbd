"""How proxies ask, and how long the board holds their objects; by both ways to it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from belay import BoardTimeoutError, Device
from belay.board.objects import MOST_ITEMS
from belay.exceptions import BatchError, BoardResetError, UntransferableError, notes_of
from belay.remote.proxy_handle import FEW_ITEMS
from belay.transports.trace import CountingTransport

HELD = "len(_belay_o.__globals__['held'])"
THING = """
class Thing:
    x = 5
    def add(self, a, b=0):
        return a + b
thing = Thing()
items = [1, [2]]
"""
ALLOCATED = "(__import__('gc').collect(), __import__('gc').mem_alloc())[1]"


class Bench:
    """A device whose turns are counted."""

    def __init__(self, *, agent: bool) -> None:
        self.device = Device("virtual:", agent=agent, wrap=self._wrap)
        self.agent = agent

    def _wrap(self, transport: Any) -> CountingTransport:
        self.wire = CountingTransport(transport)
        return self.wire

    def turns(self, work: Any) -> int:
        self.wire.reset()
        work()
        return self.wire.turns

    @property
    def held(self) -> int:
        """How many objects the board holds, after what is dropped here was let go of."""
        gc.collect()
        self.device("None")
        count: int = self.device(HELD)
        return count


@pytest.fixture(scope="module", params=[True, False], ids=["agent", "plain"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(agent=request.param)
    bench.device(THING)
    # The parts that are needed are on the board from now on.
    assert list(bench.device.proxy("[1, 2.5, 'a', (1,)]")) == [1, 2.5, "a", (1,)]
    with bench.device:
        yield bench


def test_each_operation_is_one_turn(bench: Bench) -> None:
    thing, items = bench.device.proxy("thing"), bench.device.proxy("items")
    add = thing.add
    operations = [
        lambda: thing.x,
        lambda: setattr(thing, "y", 1),
        lambda: delattr(thing, "y"),
        lambda: hasattr(thing, "y"),
        # Found once, a method is not asked for again.
        lambda: thing.add(1),
        lambda: thing.add(1, b=2),
        lambda: thing.add((1,), b=(2,)),
        lambda: add(1),
        lambda: items[0],
        lambda: items[1],
        lambda: items.__setitem__(0, 1),
        lambda: items[0:1],
        lambda: len(items),
        lambda: 1 in items,
        lambda: items == [1],
        lambda: bool(items),
        lambda: repr(items),
        lambda: dir(thing),
        lambda: bench.device(items),
        lambda: bench.device.proxy("thing"),
        lambda: bench.device.proxy("from math import sin, cos"),
        lambda: iter(items),
    ]
    turns = [bench.turns(operation) for operation in operations]
    assert turns == [1] * len(operations)
    # What was dropped along the way took none of its own.
    assert bench.turns(lambda: bench.device("None")) == 1


def test_items_come_together_where_nothing_happens_by_that(bench: Bench) -> None:
    assert (FEW_ITEMS, MOST_ITEMS) == (4, 32)
    numbers = bench.device.proxy("list(range(100))")
    # One for the iterator; 4, 8, 16, 32, 32 and 8 of them.
    assert bench.turns(lambda: [*iter(numbers)]) == 1 + 6
    nothing = bench.device.proxy("range(0)")
    assert bench.turns(lambda: [*iter(nothing)]) == 1 + 1
    squares = bench.device.proxy("(n * n for n in range(3))")
    assert bench.turns(lambda: [*iter(squares)]) == 1 + 3 + 1
    ended = iter(nothing)
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(ended)


def test_what_is_dropped_is_let_go_of(bench: Bench) -> None:
    before = bench.held
    thing = bench.device.proxy("thing")
    things = [bench.device.proxy("Thing()") for _ in range(5)]
    method = things[0].add
    assert bench.held == before + 6
    del things
    assert bench.held == before + 2, "a method holds its object"
    del method
    assert bench.held == before + 1
    assert thing.x == 5
    iterator = iter(bench.device.proxy("[[1], [2], [3]]"))
    assert next(iterator)[0] == 1
    assert bench.held == before + 4
    del iterator
    assert bench.held == before + 1
    # What comes as a value, and what raises, is not held at all.
    assert thing.add(1) == 1
    with pytest.raises(AttributeError):
        _ = thing.nope
    assert bench.held == before + 1


def made_and_dropped(bench: Bench, times: int) -> None:
    before = bench.held
    make = bench.device.proxy("bytearray")
    for _ in range(100):
        make(100)
    allocated = bench.device(ALLOCATED)
    assert bench.turns(lambda: [None for _ in range(times) if make(100) is None]) == times
    assert bench.held == before + 1
    assert bench.device(ALLOCATED) - allocated < 500


def test_many_made_and_dropped_leave_the_memory_as_it_was(bench: Bench) -> None:
    made_and_dropped(bench, 1000)


@pytest.mark.long
def test_ten_thousand_made_and_dropped_leave_the_memory_as_it_was(bench: Bench) -> None:
    made_and_dropped(bench, 10_000)


def test_what_was_never_answered_is_let_go_of(bench: Bench) -> None:
    before = bench.held
    bench.device("def slow():\n  while True: pass")
    slow = bench.device.proxy("slow")
    bench.device._caller.timeout = 0.3
    try:
        with pytest.raises(BoardTimeoutError):
            slow()
    finally:
        bench.device._caller.timeout = None
    assert bench.held == before + 1


def test_many_are_let_go_of_in_few_requests(bench: Bench) -> None:
    before = bench.held
    many = list(bench.device.proxy("[[n] for n in range(250)]"))
    assert bench.held == before + 250
    del many
    assert bench.turns(lambda: bench.device("None")) == 1 + 2
    assert bench.held == before


def test_generators_are_closed_along_with_the_next_call(bench: Bench) -> None:
    bench.device("closed = []")

    @bench.device.task
    def count(name):
        try:
            while True:
                yield 1
        finally:
            closed.append(name)  # noqa: F821 - on the board

    items = count("a")
    next(items)
    del items
    assert bench.turns(lambda: bench.device("mark = 1")) == 1
    # It ran before, and what came along with it among the user's names.
    assert bench.device("closed, mark") == (["a"], 1)
    items, thing = count("b"), bench.device.proxy("Thing()")
    next(items)
    del items, thing
    assert bench.turns(lambda: bench.device("'mark' in globals(), closed")) == 1
    assert bench.device("closed") == ["a", "b"]


def test_bulk_finds_the_room_that_was_freed(bench: Bench) -> None:
    size = 700_000
    first = bench.device.proxy(f"bytearray({size})")
    second = bench.device.proxy(f"bytearray({size})")
    with pytest.raises(MemoryError):
        bench.device.proxy(f"bytearray({size})")
    assert len(first) == len(second) == size
    del first, second

    @bench.device.task
    def length(data):
        return len(data)

    data = bytes(100_000) if bench.agent else bytes(10_000)
    assert length(data) == len(data)
    assert len(bench.device.proxy(f"bytearray({size})")) == size


def test_a_variable_is_deleted_with_its_object(bench: Bench) -> None:
    device = bench.device
    device("big = bytearray(5000)\nother = big")
    big, other = device.proxy("big", delete=True), device("other", proxy=True, delete=True)
    device("other = 3")
    assert len(big) == len(other) == 5000
    del big, other
    gc.collect()
    assert device("'big' in globals(), other") == (False, 3)
    with pytest.raises(ValueError, match="no name"):
        device.proxy("[1]", delete=True)


RESETS: dict[str, Callable[[Device], object]] = {
    "soft": lambda device: device.soft_reset(main=False),
    "reconnect": lambda device: device.reconnect(),
    "examined": lambda device: device.examine(),
}


@pytest.mark.parametrize("reset", RESETS.values(), ids=RESETS)
def test_after_a_reset_the_object_is_gone(bench: Bench, reset: Callable[[Device], object]) -> None:
    if reset is RESETS["examined"] and not bench.agent:
        pytest.skip("only the agent is put on the board anew")
    device = bench.device
    device("kept = [1]")
    kept, method = device.proxy("kept"), device.proxy("kept").append
    assert method(2) is None
    items = iter(kept)

    @device.task
    def length(data):
        return len(data)

    reset(device)
    for use, what in ((len, kept), (method, 1), (next, items)):
        with pytest.raises(BoardResetError, match="gone") as caught:
            use(what)
        assert not caught.value.sent
    assert "gone" in repr(kept)
    device("kept = 5")
    with pytest.raises(UntransferableError, match=r"argument 'data'.*gone"):
        length(kept)
    with pytest.raises(UntransferableError, match="gone"):
        device.proxy("len")([kept])
    with pytest.raises(UntransferableError, match="gone") as refused, device.batch():
        length([kept])
    # What describes the call does not ask the board.
    assert notes_of(refused.value) == ("call 1 of 1 in the batch: length([<Proxy>])",)

    @device.setup
    def keep(what):
        held = what  # noqa: F841 - a global on the board

    with pytest.raises(UntransferableError, match="gone"):
        keep(kept)
    # It is not let go of where it never was.
    what = kept = method = items = None
    assert device("kept") == 5
    device(THING)


def test_other_devices_objects_are_refused(bench: Bench) -> None:
    thing = bench.device.proxy("thing")
    with Device("virtual:", agent=bench.agent) as other:
        with pytest.raises(UntransferableError, match="of another device"):
            other.proxy("id")(thing)
        with pytest.raises(UntransferableError, match="of another device"), other.batch():
            other.setup(keep_it)(thing)


COUNTER = """
class Counter:
    def __init__(self):
        self.n = 0
    def more(self, by):
        self.n += by
        return [self.n]
"""


def keep_it(what):  # type: ignore[no-untyped-def]
    kept = what  # noqa: F841 - a global on the board


def test_a_call_with_a_proxy_is_not_made_again_after_a_loss(bench: Bench) -> None:
    with Device("virtual:", agent=bench.agent, attempts=1) as device:
        device("made = []")
        made = device.proxy("made")

        @device.setup
        def keep(what, n):
            number = n  # noqa: F841 - a global on the board

        keep(None, 1)
        keep(made, 2)
        with device.batch():
            keep([made], 3)
        device.reconnect()
        assert device("number, made") == (1, [])


def test_in_a_batch_nothing_can_be_asked_of_a_proxy(bench: Bench) -> None:
    thing = bench.device.proxy("thing")
    with bench.device.batch():
        for use in (
            lambda: thing.x,
            lambda: bench.device(thing),
            lambda: bench.device.proxy("1"),
            lambda: bench.device("thing", proxy=True),
        ):
            with pytest.raises(BatchError, match="proxy"):
                use()


def test_several_threads_use_proxies(bench: Bench) -> None:
    bench.device(COUNTER)
    counter = bench.device.proxy("Counter()")
    failed: list[BaseException] = []

    def count(counter: Any) -> None:
        try:
            for _ in range(50):
                assert counter.more(1)[0] > 0
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=count, args=(counter,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert counter.n == 200
    before = bench.held
    del counter, threads, thread
    assert bench.held == before - 1
