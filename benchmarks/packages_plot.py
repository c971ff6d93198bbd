"""Draws how the package manager's times grow; by itself it runs in a Python that has matplotlib."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

INK, FAINT = "#333333", "#dddddd"
COLOURS = ("#1f5fa8", "#8a6d3b", "#3a7d44", "#8a3b6d")
TIMES = {1e-3: "1 ms", 1e-2: "10 ms", 1e-1: "0.1 s", 1.0: "1 s", 10.0: "10 s"}

Line = tuple[str, list[tuple[float, float]]]


def draw(
    closures: Sequence[tuple[int, float, float]], counts: Sequence[dict[str, float]], files: Sequence[Path]
) -> None:
    """Draws both pictures, side by side, into files; their endings say in which format."""
    from environments import python_of

    left: list[Line] = [
        ("pages fetched and chosen", [(size, pages + choice) for size, pages, choice in closures]),
        ("chosen", [(size, choice) for size, _, choice in closures]),
    ]
    works = [name for name in counts[0] if name != "packages"]
    right: list[Line] = [(work, [(one["packages"], one[work]) for one in counts]) for work in works]
    told = {"left": left, "right": right, "files": [str(file) for file in files]}
    program = [python_of("plot"), "-P", Path(__file__)]
    subprocess.run(program, input=json.dumps(told), text=True, check=True)


def main() -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    told = json.load(sys.stdin)
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "svg.hashsalt": "belay"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.2), layout="constrained", sharey=True)
    # Both names of lines are where no line is: times in a project begin with the start of Python.
    panel(left, told["left"], "packages in a closure, of 2000 with 10 versions each, 0 ms", "upper left")
    panel(right, told["right"], "packages in a project, 50 ms latency", "lower right")
    figure.suptitle("The time of the package manager", x=0.01, ha="left", color=INK, fontsize=11)
    for name in told["files"]:
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        more = {"metadata": {"Date": None}} if file.suffix == ".svg" else {"dpi": 160}
        figure.savefig(file, **more)


def panel(axes: Any, lines: list[Line], title: str, legend: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for (name, points), colour in zip(lines, COLOURS, strict=False):
        sizes, seconds = zip(*points, strict=True)
        axes.plot(sizes, seconds, color=colour, linewidth=2, marker="o", markersize=4.5, label=name)
    sizes = [size for size, _ in lines[0][1]]
    axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
    low, high = axes.get_ylim()
    shown = {time: text for time, text in TIMES.items() if low < time < high}
    axes.set_yticks(list(shown), list(shown.values()))
    axes.minorticks_off()
    axes.grid(visible=True, axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)
    axes.set_xlabel(title, color=INK)
    axes.legend(frameon=False, loc=legend, labelcolor=INK)


if __name__ == "__main__":
    main()
