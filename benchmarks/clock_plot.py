"""Draws how wrong the times of results are; by itself it runs in a Python that has matplotlib."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

INK, FAINT, BAND = "#333333", "#dddddd", "#eef2f7"
OURS, NAIVE = "#1f5fa8", "#8a6d3b"
PERIOD = 1073.741824
"""Seconds after which the simulated clock begins anew, first after five."""


def draw(told: Sequence[Any], half: float, files: Sequence[Path]) -> None:
    """Draws the picture into files; their endings say in which format.

    Args:
        told: What was told of each moment, :class:`clock_work.Told`.
        half: Half of the shortest round trip, in seconds.
        files: The files.
    """
    from environments import python_of

    data = {"told": [asdict(one) for one in told], "half": half, "files": [str(file) for file in files]}
    program = [python_of("plot"), "-P", Path(__file__)]
    subprocess.run(program, input=json.dumps(data), text=True, check=True)


def main() -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    data = json.load(sys.stdin)
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "svg.hashsalt": "belay"})
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.6, 4.0), layout="constrained", gridspec_kw={"width_ratios": [3, 2]}
    )
    errors(left, data["told"], data["half"])
    drifts(right, data["told"])
    for axes in (left, right):
        plain(axes)
    figure.suptitle(
        "A simulated board whose clock is 100 ppm fast, called once a second",
        x=0.01,
        ha="left",
        color=INK,
        fontsize=11,
    )
    for name in data["files"]:
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        more = {"metadata": {"Date": None}} if file.suffix == ".svg" else {"dpi": 160}
        figure.savefig(file, **more)


def errors(axes: Any, told: list[dict[str, float]], half: float) -> None:
    half *= 1e6
    axes.axhspan(-half, half, color=BAND, zorder=0)
    write(axes, "half the shortest round trip", (12, -half), (0, 5), INK, va="bottom", fontsize=9)
    for turn in range(4):
        axes.axvline(5 + turn * PERIOD, color=INK, linewidth=0.7, linestyle=(0, (2, 3)), zorder=1)
    write(axes, "the clock begins anew", (5, -650), (4, 0), INK, va="center", fontsize=9)
    seconds = [one["when"] for one in told]
    early = [one for one in told if one["when"] < 20]
    axes.plot([one["when"] for one in early], [one["naive"] * 1e6 for one in early], color=NAIVE, linewidth=2)
    write(
        axes,
        "by the offset of the beginning alone",
        (5.5, 650),
        (8, 0),
        NAIVE,
        va="center",
        fontweight="bold",
    )
    axes.plot(*extremes(seconds, [one["error"] * 1e6 for one in told]), color=OURS, linewidth=1.4)
    write(axes, "as estimated", (150, 150), (0, 8), OURS, fontweight="bold")
    axes.set_ylim(-800, 800)
    axes.set_yticks([-800, -400, 0, 400, 800], ["-0.8 ms", "-0.4 ms", "0", "0.4 ms", "0.8 ms"])
    axes.set_title("error of the times of results", loc="left", color=INK, fontsize=10)


def extremes(along: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    """The points that a line is seen to go through: of each short piece the lowest and the highest."""
    pieces: dict[int, list[int]] = {}
    for at, where in enumerate(along):
        pieces.setdefault(int(math.log(where) * 40), []).append(at)
    kept = sorted({pick(piece, key=values.__getitem__) for piece in pieces.values() for pick in (min, max)})
    return [along[at] for at in kept], [values[at] for at in kept]


def write(
    axes: Any, text: str, at: tuple[float, float], off: tuple[float, float], colour: str, **how: Any
) -> None:
    axes.annotate(text, at, off, textcoords="offset points", color=colour, **how)


def drifts(axes: Any, told: list[dict[str, float]]) -> None:
    seconds = [one["when"] for one in told]
    drift = [one["drift"] * 1e6 for one in told]
    wrong = [one["drift_error"] * 1e6 for one in told]
    low = [value - error for value, error in zip(drift, wrong, strict=True)]
    high = [value + error for value, error in zip(drift, wrong, strict=True)]
    lower, upper = extremes(seconds, low), extremes(seconds, high)
    axes.fill(
        *([*one, *reversed(other)] for one, other in zip(lower, upper, strict=True)), color=BAND, linewidth=0
    )
    axes.axhline(100, color=INK, linewidth=0.7, linestyle=(0, (2, 3)))
    axes.plot(*extremes(seconds, drift), color=OURS, linewidth=1.8)
    write(axes, "as estimated", (60, 100), (0, -15), OURS, fontweight="bold")
    write(axes, "as it may be", (1.2, 330), (0, 0), INK, fontsize=9)
    axes.set_ylim(-100, 500)
    axes.set_yticks([0, 100, 200, 300, 400], ["0", "100 ppm", "200 ppm", "300 ppm", "400 ppm"])
    axes.set_title("drift", loc="left", color=INK, fontsize=10)


def plain(axes: Any) -> None:
    axes.set_xscale("log")
    axes.set_xlim(1, 3600)
    axes.set_xticks([1, 10, 60, 600, 3600], ["1 s", "10 s", "1 min", "10 min", "1 h"])
    axes.minorticks_off()
    axes.tick_params(length=0, colors=INK, pad=6)
    axes.grid(visible=True, axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)


if __name__ == "__main__":
    main()
