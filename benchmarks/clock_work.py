"""A board's clock and a link to it, simulated: seeded, and without any real time."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from belay.remote.clockfit import ClockFit, Exchange, Scale

MICROSECONDS = Scale("time.ticks_us", 1_000_000, 1 << 30, 1e-6)


@dataclass
class Link:
    """How long what is sent takes: at least ``least`` seconds, and now and then more.

    Attributes:
        there: Seconds that anything takes to the board, at least.
        back: And back.
        jitter: The mean of what is added to each at random (exponentially distributed); half as much on the
            way there.
        hiccups: How often something takes ten times as much longer.
    """

    there: float = 0.3e-3
    back: float = 0.5e-3
    jitter: float = 0.2e-3
    hiccups: float = 0.05

    @property
    def round_trip(self) -> float:
        """The shortest there is."""
        return self.there + self.back


class Simulation:
    """A host, a board, and a link.

    Args:
        drift: How much faster the board's clock runs.
        scale: How it counts.
        start: Ticks that it shows at the beginning.
        link: The link.
        seed: Of what is random.
        sway: By how much the drift goes up and down, as with the temperature, in ``period`` seconds.

    Attributes:
        now: The host's monotonic clock; seconds.
    """

    def __init__(
        self,
        drift: float,
        *,
        scale: Scale = MICROSECONDS,
        start: int = 0,
        link: Link | None = None,
        seed: int = 1,
        sway: float = 0.0,
        period: float = 3600.0,
    ) -> None:
        self.now = 5000.0
        self._begin = self.now
        self._drift, self._sway, self._turn = drift, sway, math.tau / period
        self._scale = scale
        self._start = start
        self._jumped = 0.0
        self.link = link or Link()
        self._random = random.Random(seed)  # noqa: S311 - it is to be the same each time

    def board(self, host: float) -> float:
        """Seconds of the board's since the beginning, at a moment of the host's."""
        since = host - self._begin
        swayed = self._sway / self._turn * (1 - math.cos(self._turn * since))
        return since * (1 + self._drift) + swayed + self._jumped

    def ticks(self, host: float) -> int:
        """What the board's clock shows at a moment of the host's."""
        ticks = self._start + math.floor(self.board(host) * self._scale.rate)
        return ticks % self._scale.period if self._scale.period else ticks

    def jump(self, seconds: float) -> None:
        """Set the board's clock, or, for the same effect, let the host sleep."""
        self._jumped += seconds

    def exchange(self, *, work: float = 0.0) -> tuple[Exchange, float]:
        """Ask the board something that takes it so many seconds; also when it really ended."""
        sent = self.now
        begun = sent + self.link.there + self._delay() / 2
        ended = begun + work
        self.now = ended + self.link.back + self._delay()
        return Exchange(sent, self.ticks(begun), self.ticks(ended), self.now), ended

    def _delay(self) -> float:
        mean = self.link.jitter * (10 if self._random.random() < self.link.hiccups else 1)
        return self._random.expovariate(1 / mean) if mean else 0.0


@dataclass(frozen=True)
class Told:
    """What was told of one moment.

    Attributes:
        when: The moment; seconds since the beginning.
        error: How much too late the estimate was; seconds.
        bound: By how much it says that it may be wrong.
        trip: How long the exchange took, without the board's own work.
        drift: The drift as estimated.
        drift_error: By how much it says that this may be wrong.
        naive: How much too late it would have been by the offset of the quickest exchange at the beginning
            alone.
    """

    when: float
    error: float
    bound: float
    trip: float
    drift: float
    drift_error: float
    naive: float


def follow(
    simulation: Simulation, pauses: Iterable[float], *, burst: int = 8, work: float = 0.0
) -> Iterator[Told]:
    """Synchronise, then call the board, with pauses between."""
    fit, first = ClockFit(MICROSECONDS), simulation.now
    looks = []
    for _ in range(burst):
        exchange, truth = simulation.exchange()
        fit.add(exchange)
        middle = (exchange.sent + exchange.received) / 2
        looks.append((exchange.received - exchange.sent, middle - simulation.board(truth)))
    _, offset = min(looks)
    for pause in pauses:
        simulation.now += pause
        exchange, truth = simulation.exchange(work=work)
        when = fit.add(exchange)
        now = fit.at(when)
        trip = exchange.received - exchange.sent - work
        naive = offset + simulation.board(truth) - truth
        yield Told(truth - first, when - truth, now.error, trip, now.drift, now.drift_error, naive)
