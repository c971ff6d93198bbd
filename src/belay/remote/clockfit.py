"""A board's clock beside the host's, as exchanges with the board show it. No I/O, and no clock, in here.

**Exchanges.** The host notes when it sent and when it received (T1, T4), the board what its clock showed when
it began and ended (T2, T3), as in NTP (RFC 5905, section 8). What the board did in between does not count for
the round trip. The end was in the middle of what is left, give or take half of it, however the round trip
divides into the ways there and back: F. Cristian, "Probabilistic clock synchronization", Distributed
Computing 3 (1989).

**Filter.** Delays are what spoils an exchange, so of those near each other only the one with the shortest
round trip is kept (the clock filter of RFC 5905, section 10).

**Line.** Through the kept ones goes a line: :mod:`belay.remote.clockline`, with a bound for its error.

**Wraps.** Between two exchanges the clock may have begun anew any number of times: how often follows from the
host's clock. What cannot be so (the board's clock was set back, or one of the two stood still) makes the
estimate begin anew with that exchange, which says the time by itself, within half of its round trip.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from belay.remote.clockline import MAX_DRIFT, Line, Point

_SLOT = 0.25
"""Seconds of which one exchange is kept."""

_COARSE = 0.25
"""Of longer ago, one exchange is kept in times of so much of the time since: some dozens in a day."""


class Scale(NamedTuple):
    """How a board's clock counts.

    Attributes:
        name: What it is on the board, as ``time.ticks_us``.
        rate: Ticks in a second.
        period: After so many ticks it begins anew; 0 for never.
        resolution: Seconds by which what it shows may be behind.
    """

    name: str
    rate: int
    period: int
    resolution: float


class Exchange(NamedTuple):
    """One question to the board and its answer.

    Attributes:
        sent: When the host began to send; seconds by its monotonic clock.
        begun: What the board's clock showed when it began; ticks.
        ended: And when it had what it answers with.
        received: When the host had the answer; seconds.
    """

    sent: float
    begun: int
    ended: int
    received: float


class Estimate(NamedTuple):
    """What is known of a board's clock at some moment.

    Attributes:
        board: What it shows, in seconds; it is counted on where it begins anew.
        drift: How much faster than the host's it runs; 1e-6 is a microsecond in a second.
        drift_error: By how much that may be wrong.
        error: By how many seconds a time that was calculated at that moment may be wrong.
    """

    board: float
    drift: float
    drift_error: float
    error: float


class ClockFit:
    """Learns of a board's clock from exchanges, and tells by it when something was.

    Args:
        scale: How the board's clock counts.

    Attributes:
        scale: As given.
        exchanges: How many it has learned from, since it began.
        restarts: How often it began anew.
        round_trip: The shortest of them, in seconds.
    """

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.exchanges = 0
        self.restarts = -1
        self.round_trip = math.inf
        self._latest = -math.inf
        self._host_zero, self._ticks_zero = 0.0, 0
        self._line: Line | None = None
        self._points: list[Point] = []

    def add(self, exchange: Exchange) -> float:
        """Learn from an exchange, later than those before.

        Returns:
            When the board's clock showed ``exchange.ended``, in seconds of the host's monotonic clock: never
            before the end of an earlier exchange, nor outside of this one.
        """
        spent, elapsed = self._spent(exchange), exchange.received - exchange.sent
        board = self._board(exchange, spent)
        if not self._fits(exchange, spent, board):
            self._restart(exchange)
            if not 0 <= spent <= elapsed:
                spent = 0.0
            board = self._board(exchange, spent)
        line = self._line
        doubt = spent * (line.slope_error if line else MAX_DRIFT)
        spent *= 1 + (line.slope if line else 0.0)
        trip = max(elapsed - spent, 0.0)
        middle = exchange.received - trip / 2 - self._host_zero
        error = trip / 2 + doubt + self.scale.resolution
        self.exchanges += 1
        self.round_trip = min(self.round_trip, trip)
        self._keep(Point(board, middle - board, error))
        return self._told(board, exchange.received - trip - doubt, exchange.received)

    def at(self, host: float) -> Estimate:
        """What is known at a moment.

        Args:
            host: The moment, by the host's monotonic clock.

        Raises:
            ValueError: There was no exchange yet.
        """
        line = self._line
        if line is None:
            raise ValueError("nothing is known of the clock before the first exchange")
        board = line.board_at(host - self._host_zero)
        shown = self._ticks_zero / self.scale.rate + board
        return Estimate(shown, 1 / (1 + line.slope) - 1, line.slope_error, line.error(board))

    # --------------------------------------------------------------------------------------------

    def _spent(self, exchange: Exchange) -> float:
        """Seconds that the board took, by its own clock."""
        ticks, period = exchange.ended - exchange.begun, self.scale.period
        if not period:
            return ticks / self.scale.rate
        elapsed = int((exchange.received - exchange.sent) * (1 + MAX_DRIFT) * self.scale.rate)
        ticks %= period
        # It may have gone all the way round meanwhile.
        return (ticks + max(0, elapsed - ticks) // period * period) / self.scale.rate

    def _fits(self, exchange: Exchange, spent: float, board: float) -> bool:
        """Whether the exchange can be so, as far as is known; if not, some clock was not what it was."""
        line = self._line
        if line is None:
            return False
        slack = 2 * self.scale.resolution + spent * MAX_DRIFT
        if not -slack <= spent <= exchange.received - exchange.sent + slack:
            return False
        slack += line.rough_error(board)
        if self.scale.period and slack * self.scale.rate * 4 > self.scale.period:
            # How often it began anew since is uncertain.
            return False
        when = self._host_zero + board + line(board)
        return exchange.sent + spent - slack <= when <= exchange.received + slack

    def _restart(self, exchange: Exchange) -> None:
        self._line, self._points = None, []
        self._host_zero, self._ticks_zero = exchange.received, exchange.ended
        self.exchanges, self.round_trip = 0, math.inf
        self.restarts += 1

    def _board(self, exchange: Exchange, spent: float) -> float:
        """The end of an exchange in seconds by the board's clock, counted on where that began anew.

        Half of what it does not resolve is added: so much it is behind on the average.
        """
        scale, line = self.scale, self._line
        since = exchange.ended - self._ticks_zero
        if scale.period and line:
            middle = (exchange.sent + spent + exchange.received) / 2 - self._host_zero
            expected = round(line.board_at(middle) * scale.rate)
            since = expected + (since - expected + scale.period // 2) % scale.period - scale.period // 2
        return since / scale.rate + scale.resolution / 2

    def _keep(self, point: Point) -> None:
        """Remember a point, unless one directly before it is better."""
        points = self._points
        if points and point.board - points[-1].board < _SLOT:
            if point.error > points[-1].error:
                return
            points = points[:-1]
        self._points = _thinned([*points, point])
        self._line = Line(self._points)

    def _told(self, board: float, earliest: float, latest: float) -> float:
        """The time by the line, but in any case a time that can be."""
        assert self._line is not None
        when = self._host_zero + board + self._line(board)
        self._latest = min(max(when, earliest, self._latest), latest)
        return self._latest


def _thinned(points: list[Point]) -> list[Point]:
    """The best points of times that are the longer the longer ago they are; the newest in any case."""
    newest = edge = points[-1].board
    kept = points[-1:]
    for point in reversed(points[:-1]):
        if edge < newest and edge - point.board < (newest - edge) * _COARSE:
            if point.error < kept[-1].error:
                kept[-1] = point
            continue
        edge = point.board
        kept.append(point)
    return kept[::-1]
