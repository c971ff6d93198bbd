"""The estimate against simulated clocks: what it says may be compared with the truth. No real time passes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.remote.clockfit import ClockFit, Exchange, Scale

from .simulated import MICROSECONDS, Link, Simulation, follow

MILLISECONDS = Scale("supervisor.ticks_ms", 1000, 1 << 29, 1e-3)
NANOSECONDS = Scale("time.monotonic_ns", 10**9, 0, 1 / 32768)
NEARLY_OVER = (1 << 30) - 5_000_000
"""Ticks: the clock begins anew in five seconds."""


PACES = pytest.mark.parametrize(
    ("pause", "count", "work"),
    [(1.0, 2500, 0.0), (60.0, 150, 0.0), (0.0, 1000, 0.0), (2.0, 600, 0.5)],
    ids=["every second", "every minute", "back to back", "long functions"],
)


@pytest.mark.long
@pytest.mark.parametrize("drift", [100e-6, -100e-6, 0.0])
@pytest.mark.parametrize("seed", range(10))
@PACES
def test_whatever_the_delays(drift: float, seed: int, pause: float, count: int, work: float) -> None:
    test_the_error_stays_below_half_the_round_trip(drift, seed, pause, count, work)


@pytest.mark.parametrize(("drift", "seed"), [(100e-6, 1), (-100e-6, 2), (0.0, 3)])
@PACES
def test_the_error_stays_below_half_the_round_trip(
    drift: float, seed: int, pause: float, count: int, work: float
) -> None:
    simulation = Simulation(drift, start=NEARLY_OVER, seed=seed)
    told = list(follow(simulation, itertools.repeat(pause, count), work=work))
    half = simulation.link.round_trip / 2
    # The shortest round trip there is: most take longer.
    assert max(abs(one.error) for one in told) < half
    assert all(abs(one.error) <= one.bound for one in told)
    assert min(one.trip for one in told) >= 2 * half - 1e-9
    if pause:
        assert told[-1].drift == pytest.approx(drift, abs=2e-6)
        # The clock has gone all the way round at least twice, but for the shorter of these.
        assert told[-1].when > 1100


def test_without_the_drift_it_would_not() -> None:
    """The simulation is no easy one: the offset alone, as it was at first, soon is of no use."""
    told = list(follow(Simulation(100e-6), itertools.repeat(60.0, 60)))
    assert abs(told[-1].naive) > 0.3
    assert abs(told[-1].error) < 0.4e-3


@pytest.mark.parametrize("there", [0.05e-3, 0.4e-3, 0.75e-3])
def test_what_cannot_be_known_is_within_the_bound(there: float) -> None:
    """How a round trip divides into the ways there and back nobody can find out from its ends."""
    link = Link(there=there, back=0.8e-3 - there, jitter=0.05e-3)
    told = list(follow(Simulation(100e-6, link=link), itertools.repeat(1.0, 600)))
    lasting = told[100:]
    for one in lasting:
        assert one.error == pytest.approx((link.back - link.there) / 2, abs=0.1e-3)
        assert abs(one.error) <= one.bound < 1e-3


@pytest.mark.parametrize("sway", [1e-6, 5e-6])
def test_it_follows_a_drift_that_changes(sway: float) -> None:
    simulation = Simulation(-80e-6, sway=sway, period=3600.0)
    told = list(follow(simulation, itertools.repeat(1.0, 3600)))
    assert max(abs(one.error) for one in told) < simulation.link.round_trip / 2


def test_long_gaps_are_no_matter_once_the_drift_is_known() -> None:
    pauses = [*[1.0] * 300, 3000.0, 1.0, 10_000.0, 1.0, 86_400.0, 1.0]
    simulation = Simulation(100e-6, start=NEARLY_OVER)
    told = list(follow(simulation, iter(pauses)))
    assert simulation.now > 5000 + 99_000
    for one in told[300:]:
        # After a gap a single exchange decides, whose round trip may be a long one.
        assert abs(one.error) <= min(one.bound, one.trip)
    assert told[-1].drift == pytest.approx(100e-6, abs=1e-6)


def test_after_so_long_that_wraps_cannot_be_counted_it_begins_anew() -> None:
    fit, simulation = ClockFit(MICROSECONDS), Simulation(450e-6)
    fit.add(simulation.exchange()[0])
    simulation.now += 20 * 86_400
    exchange, truth = simulation.exchange()
    assert abs(fit.add(exchange) - truth) <= (exchange.received - exchange.sent) / 2
    assert (fit.restarts, fit.exchanges) == (1, 1)


@pytest.mark.parametrize("jump", [-500.0, 0.5, 7.0, 3600.0])
def test_a_clock_that_jumps_makes_it_begin_anew(jump: float) -> None:
    """The board was reset or slept, or the host did."""
    fit, simulation = ClockFit(MICROSECONDS), Simulation(100e-6)
    for _ in range(200):
        fit.add(simulation.exchange()[0])
        simulation.now += 1.0
    assert fit.restarts == 0
    simulation.jump(jump)
    for again in range(20):
        exchange, truth = simulation.exchange()
        assert abs(fit.add(exchange) - truth) <= (exchange.received - exchange.sent) / 2 + 2e-6, again
        simulation.now += 1.0
    assert fit.restarts == 1
    assert fit.exchanges == 20


def test_a_jump_in_the_middle_of_an_exchange() -> None:
    fit, simulation = ClockFit(MICROSECONDS), Simulation(0.0)
    fit.add(simulation.exchange()[0])
    exchange, truth = simulation.exchange()
    odd = exchange._replace(ended=exchange.ended + 3_000_000)
    assert abs(fit.add(odd) - truth) <= exchange.received - exchange.sent
    assert fit.restarts == 1


@pytest.mark.parametrize("work", [1000.0, 1073.0, 1080.0, 5000.0])
def test_a_function_may_take_longer_than_the_clock_takes_to_go_round(work: float) -> None:
    fit, simulation = ClockFit(MICROSECONDS), Simulation(50e-6)
    for _ in range(100):
        fit.add(simulation.exchange()[0])
        simulation.now += 1.0
    exchange, truth = simulation.exchange(work=work)
    assert abs(fit.add(exchange) - truth) < 1e-3
    assert fit.restarts == 0


@pytest.mark.parametrize("scale", [MILLISECONDS, NANOSECONDS], ids=lambda scale: str(scale.name))
def test_other_clocks(scale: Scale) -> None:
    start = scale.period - 5000 if scale.period else 0
    fit, simulation = ClockFit(scale), Simulation(100e-6, scale=scale, start=start)
    for _ in range(1000):
        exchange, truth = simulation.exchange()
        when = fit.add(exchange)
        assert abs(when - truth) <= fit.at(when).error
        # Half of what it does not resolve is to be added.
        assert abs(when - truth) < 0.4e-3 + scale.resolution / 2
        simulation.now += 1.0
    assert fit.at(simulation.now).drift == pytest.approx(100e-6, abs=3e-6)
    assert fit.restarts == 0


def test_times_of_results_never_go_back() -> None:
    fit, simulation = ClockFit(MICROSECONDS), Simulation(100e-6, link=Link(jitter=2e-3))
    before = 0.0
    for _ in range(500):
        sent = simulation.now
        # Many calls in one request: all have the same limits.
        exchanges = [simulation.exchange()[0] for _ in range(5)]
        for exchange in exchanges:
            when = fit.add(exchange._replace(sent=sent, received=simulation.now))
            assert max(sent, before) <= when <= simulation.now
            before = when
        simulation.now += 0.1


def test_what_is_known_at_a_moment() -> None:
    fit, simulation = ClockFit(MICROSECONDS), Simulation(100e-6, start=NEARLY_OVER)
    with pytest.raises(ValueError, match="before the first exchange"):
        fit.at(0.0)
    begin = simulation.now
    for _ in range(60):
        fit.add(simulation.exchange()[0])
        simulation.now += 1.0
    now = fit.at(simulation.now)
    # Counted on where it began anew.
    assert now.board == pytest.approx(NEARLY_OVER / 1e6 + (simulation.now - begin) * 1.0001, abs=0.4e-3)
    later = fit.at(simulation.now + 1000)
    assert later.error > now.error + 1000e-6
    assert fit.round_trip < 1e-3
    assert fit.exchanges == 60


def test_little_is_remembered() -> None:
    fit, simulation, chance = ClockFit(MICROSECONDS), Simulation(0.0), random.Random(5)
    for _ in range(3000):
        fit.add(simulation.exchange()[0])
        simulation.now += chance.choice([0.001, 0.3, 5.0])
    assert len(fit._points) < 60


class Wild:
    """A link of which nothing is certain, but that an answer comes after the question."""

    def __init__(self, delays: Iterator[tuple[float, float, float, float]], drift: float, start: int) -> None:
        self._delays, self._drift, self._start = delays, drift, start

    def __iter__(self) -> Iterator[tuple[Exchange, float]]:
        now = 100.0
        for pause, there, work, back in self._delays:
            sent = now + pause
            begun = sent + there
            ended = begun + work
            now = ended + back
            yield Exchange(sent, self._ticks(begun), self._ticks(ended), now), ended

    def _ticks(self, host: float) -> int:
        return (self._start + int((host - 100.0) * (1 + self._drift) * 1e6)) % (1 << 30)


seconds: Any = st.floats(0.0, 30.0) | st.floats(0.0, 0.01)


@given(
    st.lists(st.tuples(seconds, seconds, seconds, seconds), min_size=1, max_size=40),
    st.floats(-490e-6, 490e-6),
    st.integers(0, (1 << 30) - 1),
)
def test_the_bound_holds_whatever_the_delays(
    delays: list[tuple[float, float, float, float]], drift: float, start: int
) -> None:
    fit = ClockFit(MICROSECONDS)
    for exchange, truth in Wild(iter(delays), drift, start):
        when = fit.add(exchange)
        assert exchange.sent <= when <= exchange.received
        assert abs(when - truth) <= fit.at(when).error + 1e-9
    assert fit.restarts == 0
