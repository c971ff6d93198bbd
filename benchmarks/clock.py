"""How right the times of results are: with simulated clocks, and on the virtual board, whose clock is known.

Times of the simulation are no times of this machine: it says the same everywhere.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import clock_plot
import page
from clock_work import Link, Simulation, Told, follow

DRIFT = 100e-6
SEEDS = 5
WRAP = (1 << 30) - 5_000_000
"""Ticks that a simulated board begins with: five seconds later its clock begins anew."""

TITLES = ("calls", "half the round trip", "largest error", "median error", "its own bound at the end")


@dataclass(frozen=True)
class Figures:
    """What was found of one case; microseconds.

    Attributes:
        calls: What was done.
        half: Half of the shortest round trip.
        largest: The largest error.
        median: The median.
        bound: What the estimate itself says at the end, at the most.
        kept: Whether no error was larger than what was said of it.
    """

    calls: str
    half: float
    largest: float
    median: float
    bound: float
    kept: bool

    @property
    def cells(self) -> tuple[str, ...]:
        numbers = (self.half, self.largest, self.median, self.bound)
        return (self.calls, *(f"{number:.0f} µs" for number in numbers))


@dataclass(frozen=True)
class Case:
    """Calls to a simulated board."""

    calls: str
    pauses: tuple[float, int]
    work: float = 0.0
    link: Link | None = None
    sway: float = 0.0

    def run(self, seed: int, quick: bool) -> tuple[Simulation, list[Told]]:
        simulation = Simulation(DRIFT, start=WRAP, link=self.link, seed=seed, sway=self.sway)
        pause, count = self.pauses
        pauses: Iterable[float] = itertools.repeat(pause, count // 10 if quick else count)
        return simulation, list(follow(simulation, pauses, work=self.work))


CASES = (
    Case("one a second, for an hour", (1.0, 3600)),
    Case("one a minute, for ten hours", (60.0, 600)),
    Case("20 000, without a pause", (0.0, 20_000)),
    Case("one a second, which takes half of it", (0.5, 3600), work=0.5),
    Case("one a second, drift from 95 to 105 ppm and back in an hour", (1.0, 7200), sway=5e-6),
    Case("one a second, 0.2 ms there and 0.6 ms back at the least", (1.0, 3600), link=Link(0.2e-3, 0.6e-3)),
)


def simulated(case: Case, quick: bool) -> Figures:
    runs = [case.run(seed, quick) for seed in range(1, 2 if quick else SEEDS + 1)]
    told = [one for _, run in runs for one in run]
    return Figures(
        case.calls,
        runs[0][0].link.round_trip / 2 * 1e6,
        max(abs(one.error) for one in told) * 1e6,
        statistics.median(abs(one.error) for one in told) * 1e6,
        max(run[-1].bound for _, run in runs) * 1e6,
        all(abs(one.error) <= one.bound for one in told),
    )


def measured(calls: int) -> Figures:
    """On the virtual board, whose clock is this computer's."""
    from belay import Device

    errors, kept = [], True
    with Device("virtual:", auto_sync_time=True) as device:
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        now = device.now()
        zero = now.timestamp() - (before + time.clock_gettime(time.CLOCK_MONOTONIC)) / 2
        for _ in range(calls):
            ticks, when = device("time.ticks_us()", return_time=True)
            errors.append(abs(when.timestamp() - zero - ticks / 1e6))
        estimate = device.time_estimate
        kept = statistics.median(errors) <= estimate.error
    # The largest are those of a machine that did something else between the two looks at the clock.
    most = statistics.quantiles(errors, n=100)[-1]
    numbers = (estimate.round_trip / 2, most, statistics.median(errors), estimate.error)
    return Figures(
        f"{calls} to the virtual board (99 % of them)", *(number * 1e6 for number in numbers), kept=kept
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="How right the times of results are.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls")
    parser.add_argument("--json", action="store_true", help="all figures, for programs")
    parser.add_argument("--page", action="store_true", help="write table and picture of docs/time.md")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="draw the picture into this file")
    options = parser.parse_args()
    figures = [simulated(case, options.quick) for case in CASES]
    figures.append(measured(200 if options.quick else 2000))
    files = [page.IMAGES / "clock.svg"] if options.page else []
    if files := [*files, *([options.plot] if options.plot else [])]:
        simulation, told = CASES[0].run(2, quick=False)
        clock_plot.draw(told, simulation.link.round_trip / 2, files)
    table = [TITLES, *(row.cells for row in figures)]
    if options.page:
        page.write_page(page.as_markdown(table, {1, 2, 3, 4}), "clock", "time.md")
    if options.json:
        print(json.dumps([asdict(row) for row in figures], indent=2))
    else:
        print(page.as_text(table, {1, 2, 3, 4}))
    # What the ways there and back differ by cannot be known: there the bound alone holds in any case.
    usual = [row for case, row in zip(CASES, figures, strict=False) if case.link is None]
    good = all(row.kept for row in figures[:-1]) and all(row.largest < row.half for row in usual)
    return 0 if good or options.json else 1


if __name__ == "__main__":
    sys.exit(main())
