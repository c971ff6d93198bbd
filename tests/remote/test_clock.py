"""Clocks that are told what time it is: of the host, and of a simulated board."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from belay.board.calls import Calls, Item, Ours, Return, Stamped, Terms
from belay.board.many import Lost, Progress
from belay.exceptions import ClockNotSynchronizedError, FeatureUnavailableError, NotBelayResponseError
from belay.remote import clock as module
from belay.remote.clock import BURST, BoardClock

from .simulated import Simulation

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
TERMS = Terms()


class Host:
    """A host with a board, simulated: what :class:`BoardClock` asks for, and what it asks."""

    def __init__(self, *, auto: bool = True, about: object = "time.ticks_us 1000000 1073741823") -> None:
        self.simulation = Simulation(100e-6, start=(1 << 30) - 3_000_000)
        self.about = about
        self.asked: list[Ours] = []
        self.stepped = 0.0
        self._begin = self.simulation.now
        self.clock = BoardClock(auto=auto, monotonic=self._monotonic, wall=self._wall)

    def _monotonic(self) -> float:
        return self.simulation.now

    def _wall(self) -> float:
        return EPOCH.timestamp() + self.simulation.now - self._begin + self.stepped

    def ours(self, function: Ours, args: list[object], terms: Terms) -> object:
        assert not args
        assert not terms.timed
        self.asked.append(function)
        if function is Ours.CLOCK:
            return self.about
        return self.simulation.exchange()[0].ended

    @property
    def calls(self) -> Calls:
        """The board as it is now; another one than before."""
        return cast("Calls", Board(self))

    def call(self, calls: Calls, make: Callable[[Stamped], Any] = lambda stamped: stamped) -> Any:
        """Make a timed call."""

        def question(_: Calls, terms: Terms) -> Any:
            assert terms.timed
            exchange, truth = self.simulation.exchange()
            self.truth = EPOCH + timedelta(seconds=truth - self._begin)
            return make(Stamped("value", exchange.begun, exchange.ended))

        return self.clock.timed(question)(calls, TERMS)


class Board:
    """Answers for the host above."""

    def __init__(self, host: Host) -> None:
        self.ours = host.ours


HALF = timedelta(milliseconds=0.4)


def test_the_first_result_that_is_timed_synchronises() -> None:
    host = Host()
    calls = host.calls
    value, when = host.call(calls)
    assert value == "value"
    assert when.tzinfo is UTC
    assert abs(when - host.truth) < HALF
    assert host.asked == [Ours.CLOCK, *[Ours.TICKS] * BURST]
    for _ in range(200):
        host.simulation.now += 10.0
        _, when = host.call(calls)
        assert abs(when - host.truth) < HALF
    # And asks nothing more.
    assert len(host.asked) == 1 + BURST
    assert host.clock.estimate.exchanges == BURST + 201


def test_a_new_interpreter_is_asked_anew() -> None:
    host = Host()
    host.call(host.calls)
    host.simulation.jump(-400.0)
    _, when = host.call(host.calls)
    assert abs(when - host.truth) < HALF
    assert host.asked == [Ours.CLOCK, *[Ours.TICKS] * BURST] * 2


def test_it_may_have_to_be_told_to() -> None:
    host = Host(auto=False)
    calls = host.calls
    with pytest.raises(ClockNotSynchronizedError) as caught:
        host.call(calls)
    assert caught.value.hint
    with pytest.raises(ClockNotSynchronizedError):
        _ = host.clock.estimate
    host.clock.synchronise(calls, TERMS, 3)
    assert abs(host.call(calls)[1] - host.truth) < HALF
    with pytest.raises(ClockNotSynchronizedError):
        host.call(host.calls)


def test_a_step_of_the_wall_clock_is_no_matter_until_it_is_asked_for() -> None:
    host = Host()
    calls = host.calls
    host.call(calls)
    host.stepped = 3600.0
    host.simulation.now += 1.0
    assert abs(host.call(calls)[1] - host.truth) < HALF
    assert abs(host.clock.now() - host.truth) < timedelta(seconds=0.1)
    host.clock.synchronise(calls, TERMS, 1)
    assert abs(host.call(calls)[1] - host.truth - timedelta(hours=1)) < HALF


def test_a_jump_is_noticed_and_both_clocks_looked_at() -> None:
    host = Host()
    calls = host.calls
    for _ in range(50):
        host.call(calls)
        host.simulation.now += 1.0
    # This computer slept, and its monotonic clock with it.
    host.simulation.jump(500.0)
    host.stepped = 500.0
    host.call(calls)
    assert abs(host.call(calls)[1] - host.truth - timedelta(seconds=500)) < 2 * HALF
    assert len(host.asked) == 1 + BURST


def test_what_is_known() -> None:
    host = Host()
    calls = host.calls
    for _ in range(100):
        host.call(calls)
        host.simulation.now += 1.0
    found = host.clock.estimate
    assert found.drift == pytest.approx(100, abs=3)
    assert found.drift_error < 50
    assert 0.8e-3 <= found.round_trip < 1.1e-3
    assert found.error < 1e-3
    assert (found.clock, found.period) == ("time.ticks_us", pytest.approx(1073.741824))
    board = ((1 << 30) - 3_000_000) / 1e6 + (host.simulation.now - 5000.0) * 1.0001
    assert found.offset == pytest.approx(host._wall() - board, abs=0.4e-3)


def test_whatever_holds_a_result_gets_its_time() -> None:
    host = Host()
    calls = host.calls
    item = host.call(calls, Item)
    assert isinstance(item, Item)
    assert item.value == ("value", pytest.approx(host.truth, abs=HALF))
    assert host.call(calls, lambda _: Return("end")) == Return("end")
    lost = Lost(ValueError())
    progress = host.call(calls, lambda stamped: Progress([stamped, 5, lost]))
    (value, _), *rest = progress.results
    assert (value, rest) == ("value", [5, lost])


def test_times_in_one_answer_go_on() -> None:
    host = Host()

    def many(stamped: Stamped) -> Progress:
        return Progress(
            [stamped._replace(begun=tick, ended=tick) for tick in range(stamped.ended - 50, stamped.ended)]
        )

    times = [when for _, when in host.call(host.calls, many).results]
    assert times == sorted(times)


@pytest.mark.parametrize("about", [None, "nonsense", "time.ticks_us 0 5", 7])
def test_boards_without_a_clock(about: object) -> None:
    host = Host(about=about)
    error = FeatureUnavailableError if about is None else NotBelayResponseError
    with pytest.raises(error):
        host.call(host.calls)


def test_a_board_that_says_no_time() -> None:
    host = Host()

    class Odd:
        def ours(self, function: Ours, args: object, terms: object) -> object:
            return host.about if function is Ours.CLOCK else "late"

    with pytest.raises(NotBelayResponseError, match="late"):
        host.clock.prepare(cast("Calls", Odd()), TERMS)


def test_a_clock_that_never_begins_anew() -> None:
    host = Host(about="time.monotonic_ns 1000000000 0")
    host.clock.synchronise(host.calls, TERMS, 2)
    assert host.clock.estimate.period is None


@pytest.mark.parametrize(
    "names", [("CLOCK_BOOTTIME",), ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC")], ids=["mac", "win"]
)
def test_the_host_has_a_steady_clock_in_any_case(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        monkeypatch.delattr(module.time, name, raising=False)
    clock = module.steady_clock()
    first, second = clock(), clock()
    assert isinstance(first, float)
    assert first <= second
