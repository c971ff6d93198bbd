# ruff: noqa: F821 - names of the board
from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from patience import SOON

from belay import Device
from belay.board.calls import Ours, Terms
from belay.board.requests import json_of
from belay.exceptions import BatchError, ClockNotSynchronizedError
from belay.transports.trace import CountingTransport


def test_an_expression_comes_with_its_time(device: Device) -> None:
    before = device.now()
    value, when = device("6 * 7", return_time=True)
    assert value == 42
    assert before <= when <= device.now()
    assert when.utcoffset() == timedelta(0)
    assert abs(when - datetime.now(UTC)) < timedelta(seconds=SOON)
    assert device("moment = 5", return_time=True)[0] is None


def test_a_task_does(device: Device) -> None:
    @device.task(return_time=True)
    def double(value):
        return value * 2

    value, first = double(4)
    assert value == 8
    text, second = double("ab" * 100)
    assert text == "abab" * 100
    assert first < second <= device.now()
    results = double.map([1, 2, 3])
    assert [value for value, _ in results] == [2, 4, 6]
    times = [when for _, when in results]
    assert [second, *times] == sorted([second, *times])


def test_a_generator_of_which_each_item_does(device: Device) -> None:
    @device.task(return_time=True)
    def count(n):
        for i in range(n):
            sent = yield i
            if sent:
                yield sent
        return "end"

    before = device.now()
    items = count(3)
    first, again = next(items), items.send("more")
    assert (first[0], again[0]) == (0, "more")
    assert before <= first[1] < again[1]
    assert [value for value, _ in items] == [1, 2]

    def whole() -> Any:
        returned = yield from count(1)
        return returned

    run = whole()
    assert next(run)[0] == 0
    with pytest.raises(StopIteration) as end:
        next(run)
    # What it returns is none of its items.
    assert end.value.value == "end"
    early = count(2)
    next(early)
    early.close()
    assert list(early) == []


def test_a_batch_gives_each_its_own(device: Device) -> None:
    @device.task(return_time=True)
    def one():
        return 1

    with device.batch() as batch:
        first = batch.submit(one)
        bare = device("2")
        last = device("3", return_time=True)
        with pytest.raises(BatchError):
            device.sync_time()
    assert (first.result()[0], bare.result(), last.result()[0]) == (1, 2, 3)
    assert first.result()[1] <= last.result()[1]


def test_what_it_has_to_do_with_the_boards_clock(device: Device) -> None:
    """The virtual board's clock is this computer's: the truth is known."""
    device.sync_time(20)
    for _ in range(20):
        earlier, when = device("time.ticks_us()", return_time=True)
        later = device("time.ticks_us()")
        first = time.clock_gettime(time.CLOCK_MONOTONIC)
        now = device.now()
        second = time.clock_gettime(time.CLOCK_MONOTONIC)
        allowed = timedelta(seconds=device.time_estimate.error + 5e-6)
        assert now + timedelta(seconds=earlier / 1e6 - second) - allowed <= when
        assert when <= now + timedelta(seconds=later / 1e6 - first) + allowed


def test_an_estimate(device: Device) -> None:
    found = device.sync_time(samples=5)
    assert found.clock == "time.ticks_us"
    assert 0 < found.round_trip <= 2 * found.error + 1e-3
    assert found.exchanges >= 5
    uptime = time.clock_gettime(time.CLOCK_MONOTONIC)
    assert device.time_offset == pytest.approx(time.time() - uptime, abs=SOON)
    assert device.time_estimate.exchanges == found.exchanges
    with pytest.raises(ValueError, match="one exchange"):
        device.sync_time(0)
    for wrong in ("a", 2.5, None):
        with pytest.raises(TypeError, match="samples is how many exchanges to make, not "):
            device.sync_time(wrong)  # type: ignore[arg-type]


def test_a_reset_is_followed(device: Device) -> None:
    device("1", return_time=True)
    device.soft_reset()
    before = device.now()
    _, when = device("1", return_time=True)
    assert before <= when <= device.now()
    # The exchanges of the interpreter before do not count.
    assert device.time_estimate.exchanges < 12
    device.reconnect(1)
    before = device.now()
    _, when = device("1", return_time=True)
    assert before <= when <= device.now()
    assert device.time_estimate.exchanges < 12


def test_other_kinds_of_functions_have_no_results(device: Device) -> None:
    for decorator in (device.setup, device.teardown, device.thread):
        with pytest.raises(TypeError, match="return_time"):
            decorator(return_time=True)  # type: ignore[call-overload]


def test_a_proxy_has_no_time(device: Device) -> None:
    with pytest.raises(ValueError, match="without a time"):
        device("[1]", proxy=True, return_time=True)
    with pytest.raises(ValueError, match="without its time"):

        @device.task(proxy=True, return_time=True)
        def listed():
            return [1]


NEARLY_OVER = (1 << 30) - 60_000
ODD_CLOCK = f"""
from time import ticks_us as steady
ticks_began = None
def ticks():
    # A ten thousandth fast, and over a moment after the first look at it.
    global ticks_began
    ticks_began = ticks_began or steady()
    return (steady() - ticks_began) * 10001 // 10000 + {NEARLY_OVER} & (1 << 30) - 1
ticks_about = 'time.ticks_us 1000000 1073741823'
"""


def give_clock(device: Device, code: str) -> None:
    """Put another clock in the place of the board's."""
    device.sync_time(1)

    def bring(calls: Any) -> None:
        if hasattr(calls, "_runs_inside"):
            assert calls._runs_inside(json_of([code]), Terms())
        else:
            calls._value(f"_belay[0](_belay[5],{code!r},_belay_ours)", Terms())
        # As after a reset.
        device._caller.clock._calls = None

    device._session.ask(bring)


def test_a_board_whose_clock_begins_anew_and_drifts() -> None:
    for agent in (True, False):
        with Device("virtual:", agent=agent) as device:
            give_clock(device, ODD_CLOCK)
            deadline = time.monotonic() + SOON
            wrapped = False
            while not wrapped and time.monotonic() < deadline:
                before = device.now()
                earlier, when = device("time.ticks_us()", return_time=True)
                now = device.now()
                after = time.clock_gettime(time.CLOCK_MONOTONIC)
                assert before <= when <= now
                # What the virtual board's own clock said is before the end of the call.
                allowed = timedelta(seconds=device.time_estimate.error + 5e-6)
                assert now + timedelta(seconds=earlier / 1e6 - after) - allowed <= when
                ticks: Any = device._session.ask(lambda calls: calls.ours(Ours.TICKS, [], Terms()))
                wrapped = ticks < NEARLY_OVER
            assert wrapped
            # One estimate from before to after.
            assert device._caller.clock._fit is not None
            assert device._caller.clock._fit.restarts == 0
            assert device.time_estimate.period == pytest.approx(1073.741824)


class Counted:
    """A device, and the bytes that pass."""

    def __init__(self, **options: Any) -> None:
        self.device = Device("virtual:", wrap=self._count, **options)

    def _count(self, transport: Any) -> CountingTransport:
        self.wire = CountingTransport(transport)
        return self.wire

    def cost(self, **options: Any) -> tuple[int, int]:
        self.device("7", **options)
        self.wire.reset()
        self.device("7", **options)
        return self.wire.turns, self.wire.bytes_out + self.wire.bytes_in


@pytest.fixture(scope="module")
def counted() -> Iterator[Counted]:
    made = Counted(agent=True, auto_sync_time=True)
    with made.device:
        yield made


def test_connecting_may_synchronise(counted: Counted) -> None:
    assert counted.device.time_estimate.exchanges >= 8


def test_calls_without_a_time_cost_what_they_did(counted: Counted) -> None:
    with Device("virtual:", agent=True) as other:
        with pytest.raises(ClockNotSynchronizedError):
            _ = other.time_offset
        assert other._session._calls._parts == set()  # type: ignore[attr-defined]
    without = counted.cost()
    timed = counted.cost(return_time=True)
    assert timed[0] == without[0] == 1
    assert timed[1] < without[1] + 64
    turns, size = counted.cost()
    assert turns == 1
    # A request may be some blanks longer, so that its header holds no control byte.
    assert abs(size - without[1]) < 16


def test_a_device_that_is_not_to_ask_by_itself() -> None:
    with Device("virtual:", auto_sync_time=False) as device:
        with pytest.raises(ClockNotSynchronizedError):
            device("1", return_time=True)
        assert device("1") == 1
        device.sync_time()
        assert device("1", return_time=True)[0] == 1
        device.soft_reset()
        with pytest.raises(ClockNotSynchronizedError):
            device("1", return_time=True)


class Fragile(CountingTransport):
    """Breaks at a write, once.

    Attributes:
        left: So many writes pass before; none if it is not to break.
    """

    left = 0

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if Fragile.left:
            Fragile.left -= 1
            if not Fragile.left:
                self.inner.close()
        super().write(data, timeout)


@pytest.mark.parametrize("writes", [1, 2, 4, 9])
def test_a_loss_while_synchronising_is_one_before_the_call(writes: int) -> None:
    with Device("virtual:", attempts=1, agent=True, wrap=Fragile) as device:
        device("made = []")

        @device.task(return_time=True)
        def make():
            made.append(1)
            return len(made)

        # What brings the clock's part of the agent, what asks for it, and the exchanges are ten.
        Fragile.left = writes
        before = device.now()
        value, when = make()
        assert Fragile.left == 0
        assert value == 1
        assert before <= when <= device.now()


class Thermometer(Device):
    @Device.task(return_time=True)
    def read():  # type: ignore[misc]
        return 21.5


def test_a_device_class_has_such_tasks_too() -> None:
    with Thermometer("virtual:") as device:
        value, when = device.read()
        assert value == 21.5
        assert when <= device.now()
