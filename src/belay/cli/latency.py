"""``belay latency``: how long calls take."""

from __future__ import annotations

import csv
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from belay.cli.board import Port, connected
from belay.cli.settings import Settings, board_options, pass_settings
from belay.cli.table import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from belay.device import Device
    from belay.transports.base import Transport
    from belay.transports.trace import CountingTransport

_TITLES = (
    "bytes", "calls", "min", "median", "p95", "max", "mean", "stdev", "turns", "sent", "received"
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What was measured with one size of argument; times in milliseconds, the last three for each call.

    Attributes:
        size: How many bytes went to the board and came back.
        calls: How many calls were measured.
        min: The shortest.
        median: Half were shorter.
        p95: 95 % were shorter, or as long.
        max: The longest.
        mean: The mean.
        stdev: The standard deviation; 0 of a single call.
        turns: How often the host waited for the board.
        bytes_out: Bytes to the board.
        bytes_in: Bytes from the board.
    """

    size: int
    calls: int
    min: float
    median: float
    p95: float
    max: float
    mean: float
    stdev: float
    turns: float
    bytes_out: float
    bytes_in: float


class Sizes(click.ParamType):  # type: ignore[type-arg]
    """Numbers of bytes with commas between."""

    name = "sizes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Read them."""
        try:
            sizes = [int(part) for part in str(value).split(",")]
        except ValueError:
            sizes = [-1]
        if min(sizes) < 0:
            self.fail(f"{value!r} is not a list of sizes such as 0,64,1024.", param, ctx)
        return sizes


@click.command()
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option(
    "-n", "--count", type=click.IntRange(min=1), default=100, show_default=True, help="Calls of each size."
)
@click.option(
    "--warm-up", type=click.IntRange(min=0), default=10, show_default=True, help="Calls before, not measured."
)
@click.option(
    "--sizes",
    type=Sizes(),
    default="0",
    show_default=True,
    metavar="N,N,…",
    help="Bytes that the function is called with and returns.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write the time of each call; - for standard output, in place of the figures.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@board_options
@pass_settings
def latency(
    settings: Settings,
    port: str | None,
    *,
    count: int,
    warm_up: int,
    sizes: list[int],
    csv_file: str | None,
    as_json: bool,
) -> None:
    """Measure how long it takes to call a function on a board.

    The function returns its argument. Times are in milliseconds; turns are how often the host waited for the
    board, which is what a slow connection makes dear.
    """
    from belay.transports.trace import CountingTransport

    counter: CountingTransport | None = None

    def counted(transport: Transport) -> Transport:
        nonlocal counter
        counter = CountingTransport(transport)
        return counter

    samples: dict[int, list[float]] = {}
    figures = []
    with connected(settings, port, counted) as device:
        assert counter is not None
        echo = _define(device)
        for size in sizes:
            samples[size] = _measure(echo, size, counter, count=count, warm_up=warm_up, settings=settings)
            figures.append(_figures(size, samples[size], counter))
    if csv_file:
        _write_csv(csv_file, samples)
    if csv_file != "-":
        print(json.dumps([asdict(row) for row in figures], indent=2) if as_json else _text(figures))


def _define(device: Device) -> Callable[[bytes], Any]:
    def echo(data):  # type: ignore[no-untyped-def]
        return data

    task: Callable[[bytes], Any] = device.task(echo)
    return task


def _measure(
    call: Callable[[bytes], Any],
    size: int,
    counter: CountingTransport,
    *,
    count: int,
    warm_up: int,
    settings: Settings,
) -> list[float]:
    """The milliseconds that each call took."""
    data = b"x" * size
    for _ in range(warm_up):
        call(data)
    counter.reset()
    taken = []
    with _progress(size, count, settings) as steps:
        for _ in steps:
            started = time.perf_counter()
            call(data)
            taken.append((time.perf_counter() - started) * 1000)
    return taken


def _progress(size: int, count: int, settings: Settings) -> Any:
    steps = range(count)
    if settings.verbosity < 0 or not sys.stderr.isatty():
        return nullcontext(steps)
    return click.progressbar(steps, label=f"{size} bytes", file=sys.stderr)


def _figures(size: int, taken: list[float], counter: CountingTransport) -> Figures:
    ordered = sorted(taken)
    calls = len(taken)
    return Figures(
        size=size,
        calls=calls,
        min=ordered[0],
        median=statistics.median(ordered),
        p95=ordered[-(-95 * calls // 100) - 1],
        max=ordered[-1],
        mean=statistics.fmean(ordered),
        stdev=statistics.stdev(ordered) if calls > 1 else 0.0,
        turns=counter.turns / calls,
        bytes_out=counter.bytes_out / calls,
        bytes_in=counter.bytes_in / calls,
    )


def _text(figures: Sequence[Figures]) -> str:
    rows = []
    for row in figures:
        times = (row.min, row.median, row.p95, row.max, row.mean, row.stdev)
        counts = (row.turns, row.bytes_out, row.bytes_in)
        rows.append(
            [str(row.size), str(row.calls), *(f"{value:.3f}" for value in times), *(f"{n:g}" for n in counts)]
        )
    return table(_TITLES, rows, right=True)


def _rows(samples: dict[int, list[float]]) -> Iterator[tuple[object, ...]]:
    yield ("bytes", "call", "milliseconds")
    for size, taken in samples.items():
        for number, value in enumerate(taken, 1):
            yield (size, number, f"{value:.4f}")


def _write_csv(name: str, samples: dict[int, list[float]]) -> None:
    with (
        nullcontext(sys.stdout) if name == "-" else Path(name).open("w", newline="", encoding="utf-8") as file
    ):
        csv.writer(file, lineterminator="\n").writerows(_rows(samples))
