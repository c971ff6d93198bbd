"""The time of what happens on a board, as datetimes of the host.

Times are measured with a clock of the host's that nobody sets. Where that stands beside the clock on the wall
is looked up whenever :meth:`BoardClock.synchronise` is asked for, and kept till the next time: somebody who
sets the host's clock meanwhile does not disturb the times of a measurement. Only where one of the clocks was
found to have jumped, all is compared anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from belay.board.calls import Calls, Item, Ours, Stamped, Terms
from belay.board.many import Progress
from belay.exceptions import ClockNotSynchronizedError, FeatureUnavailableError, NotBelayResponseError
from belay.remote.clockfit import ClockFit, Exchange, Scale

BURST = 8
"""So many exchanges are made when the clock must be synchronised and nobody said by how many: as many as the
clock filter of RFC 5905 has."""

_TIMEOUT = 10.0
"""Seconds in which a board says what its clock shows."""

_SUBTICK = 1 / 32768
"""Seconds. CircuitPython's nanoseconds are those of a clock for watches."""

_LOOKS = 5


@dataclass(frozen=True)
class TimeEstimate:
    """How a board's clock stands to the host's, at some moment.

    Attributes:
        offset: Seconds to be added to what the board's clock shows, counted on where it begins anew, for the
            host's time (``time.time()``).
        error: By how many seconds the time of a result may be wrong, if the clocks are as steady as crystals
            are: drifting by less than 500 ppm, and by 1 ppm more or less in the course of an hour.
        drift: By how many ppm the board's clock is faster than the host's; of little worth while
            ``drift_error`` is large.
        drift_error: By how many ppm that may be wrong.
        round_trip: Seconds of the shortest exchange, without what the board itself took.
        exchanges: How many it rests on.
        clock: What it is on the board, as ``time.ticks_us``.
        period: Seconds after which the board's clock begins anew; None if it never does.
    """

    offset: float
    error: float
    drift: float
    drift_error: float
    round_trip: float
    exchanges: int
    clock: str
    period: float | None


@dataclass(frozen=True)
class _Anchor:
    """Where the host's monotonic clock stood at a time of the clock on the wall."""

    monotonic: float
    wall: datetime

    def moment(self, monotonic: float) -> datetime:
        return self.wall + timedelta(seconds=monotonic - self.monotonic)


class BoardClock:
    """Tells when results were there.

    Args:
        auto: Whether it synchronises by itself when it must; if not, that is an error.
        monotonic: A clock of the host's that nobody sets; seconds. None for the best there is.
        wall: The host's clock on the wall; Unix seconds.
    """

    def __init__(
        self,
        *,
        auto: bool = True,
        monotonic: Callable[[], float] | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._auto = auto
        self._monotonic, self._wall = monotonic or steady_clock(), wall
        self._lock = threading.Lock()
        self._calls: Calls | None = None
        self._fit: ClockFit | None = None
        self._anchor = self._look()

    def synchronise(self, calls: Calls, terms: Terms, samples: int) -> None:
        """Ask the board for its time, so often, and look at the clock on the wall.

        Raises:
            FeatureUnavailableError: The board has no clock that will do.
        """
        self._meet(calls, terms, samples)
        with self._lock:
            self._anchor = self._look()

    def prepare(self, calls: Calls, terms: Terms) -> None:
        """Be able to tell the time of what a way to the board returns.

        Raises:
            ClockNotSynchronizedError: This interpreter's clock is not known, and it may not be asked now.
            FeatureUnavailableError: The board has no clock that will do.
        """
        if calls is self._calls:
            return
        if not self._auto:
            raise self._unknown()
        self._meet(calls, terms, BURST)

    def timed(self, question: Callable[[Calls, Terms], Any]) -> Callable[[Calls, Terms], Any]:
        """A question whose answer comes with its time: ``(answer, datetime)``.

        Args:
            question: Gets the way to the board, and terms by which results come with the board's time.
        """

        def ask(calls: Calls, terms: Terms) -> Any:
            return self.watch(calls, terms, lambda: question(calls, replace(terms, timed=True)))

        return ask

    def watch(self, calls: Calls, terms: Terms, ask: Callable[[], Any]) -> Any:
        """Ask a question, and tell the time of what is :class:`belay.board.calls.Stamped` in the answer."""
        self.prepare(calls, terms)
        sent = self._monotonic()
        answer = ask()
        received = self._monotonic()
        with self._lock:
            return self._dated(answer, sent, received)

    def now(self) -> datetime:
        """The time that a result bears which is there now."""
        with self._lock:
            return self._anchor.moment(self._monotonic())

    @property
    def estimate(self) -> TimeEstimate:
        """What is known of the board's clock now.

        Raises:
            ClockNotSynchronizedError: Nothing is.
        """
        with self._lock:
            fit, anchor, now = self._fit, self._anchor, self._monotonic()
            if fit is None or not fit.exchanges:
                raise self._unknown()
            found, scale = fit.at(now), fit.scale
            return TimeEstimate(
                offset=anchor.moment(now).timestamp() - found.board,
                error=found.error,
                drift=found.drift * 1e6,
                drift_error=found.drift_error * 1e6,
                round_trip=fit.round_trip,
                exchanges=fit.exchanges,
                clock=scale.name,
                period=scale.period / scale.rate if scale.period else None,
            )

    # --------------------------------------------------------------------------------------------

    def _meet(self, calls: Calls, terms: Terms, samples: int) -> None:
        """Exchange the time with the board."""
        terms = replace(terms, timed=False, timeout=_TIMEOUT)
        if calls is not self._calls:
            scale = _scale(calls.ours(Ours.CLOCK, [], terms))
            with self._lock:
                # The clock of another interpreter may be another clock.
                self._fit, self._calls = ClockFit(scale), calls
        for _ in range(samples):
            sent = self._monotonic()
            ticks = calls.ours(Ours.TICKS, [], terms)
            received = self._monotonic()
            if not isinstance(ticks, int):
                raise NotBelayResponseError(f"the board's clock shows {ticks!r:.80}")
            with self._lock:
                self._learn(sent, ticks, ticks, received)

    def _learn(self, sent: float, begun: int, ended: int, received: float) -> float:
        fit = self._fit
        assert fit is not None
        restarts = fit.restarts
        when = fit.add(Exchange(sent, begun, ended, received))
        if fit.restarts > max(restarts, 0):
            self._anchor = self._look()
        return when

    def _dated(self, answer: object, sent: float, received: float) -> object:
        match answer:
            case Stamped(value, begun, ended):
                return value, self._anchor.moment(self._learn(sent, begun, ended, received))
            case Item(value):
                return Item(self._dated(value, sent, received))
            case Progress(results, failure):
                return Progress([self._dated(result, sent, received) for result in results], failure)
        return answer

    def _look(self) -> _Anchor:
        """Look at both clocks of the host, as good as at once."""
        looks = []
        for _ in range(_LOOKS):
            before, wall, after = self._monotonic(), self._wall(), self._monotonic()
            looks.append((after - before, (before + after) / 2, wall))
        _, monotonic, wall = min(looks)
        return _Anchor(monotonic, datetime.fromtimestamp(wall, UTC))

    def _unknown(self) -> ClockNotSynchronizedError:
        return ClockNotSynchronizedError(
            "the board's clock is not known", hint="device.sync_time() compares it with this computer's"
        )


def steady_clock() -> Callable[[], float]:
    """The host's monotonic clock, in seconds; one that goes on while the computer sleeps, if there is one.

    On Linux that is CLOCK_BOOTTIME, on macOS CLOCK_MONOTONIC, on Windows what ``perf_counter`` reads.
    """
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if number := getattr(time, name, None):
            return partial(time.clock_gettime, number)
    return time.perf_counter


def _scale(about: object) -> Scale:
    """How a board's clock counts, from what ``onboard/part_clock.py`` says of it."""
    if about is None:
        raise FeatureUnavailableError("this board's firmware has no clock that counts")
    match str(about).split():
        case [name, rate, last] if rate.isdecimal() and last.isdecimal() and int(rate):
            resolution = _SUBTICK if name == "time.monotonic_ns" else 1 / int(rate)
            return Scale(name, int(rate), int(last) + 1 if int(last) else 0, resolution)
    raise NotBelayResponseError(f"what the board says of its clock cannot be read: {about!r:.80}")
