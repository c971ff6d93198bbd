"""Draws how long a call takes against the size of what it carries; run by `compare.py`.

Standard input is JSON: for each contender, seconds by number of bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

NAMES = {"belay": "belay 0.30.1", "ours": "this belay"}
COLOURS = {"belay": "#8a6d3b", "ours": "#1f5fa8"}
INK, FAINT = "#333333", "#dddddd"
SIZES = {1: "1 B", 16: "16 B", 256: "256 B", 4096: "4 KiB", 65536: "64 KiB"}
TIMES = {1e-4: "0.1 ms", 1e-3: "1 ms", 1e-2: "10 ms", 1e-1: "0.1 s", 1.0: "1 s"}


def in_words(seconds: float) -> str:
    """A time with two digits."""
    digits = float(f"{seconds * 1000:.2g}")
    return f"{digits:g} ms"


def draw(lines: dict[str, dict[str, float]], folder: Path) -> None:
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 11, "svg.hashsalt": "belay"})
    figure, axes = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for name, line in lines.items():
        sizes, seconds = [int(size) for size in line], list(line.values())
        colour = COLOURS[name]
        axes.plot(sizes, seconds, color=colour, linewidth=2, marker="o", markersize=4.5)
        # Above the one line and below the other, clear of all points that the name reaches over.
        side, extreme = (1, max) if name == "belay" else (-1, min)
        axes.annotate(
            NAMES[name], (sizes[0], extreme(seconds[:4])), (-4, 14 * side), textcoords="offset points",
            color=colour, fontweight="bold", ha="left", va="center",
        )  # fmt: skip
        axes.annotate(
            in_words(seconds[-1]), (sizes[-1], seconds[-1]), (10, 0), textcoords="offset points",
            color=colour, va="center", annotation_clip=False,
        )  # fmt: skip
    values = [value for line in lines.values() for value in line.values()]
    # The grid ends at the last points, so that it does not run through their labels.
    axes.set_xlim(0.6, 65536 * 1.18)
    axes.set_ylim(min(values) / 2.2, max(values) * 1.6)
    axes.set_xticks(list(SIZES), list(SIZES.values()))
    shown = {time: text for time, text in TIMES.items() if axes.get_ylim()[0] < time < axes.get_ylim()[1]}
    axes.set_yticks(list(shown), list(shown.values()))
    axes.minorticks_off()
    axes.grid(visible=True, axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=INK)
    for side_name, spine in axes.spines.items():
        spine.set_visible(side_name == "bottom")
        spine.set_color(FAINT)
    axes.set_xlabel("bytes that go to the board and come back", color=INK)
    axes.set_title(
        "A call's time on the virtual board, over a pty (median of rounds)",
        loc="left",
        color=INK,
        fontsize=11,
    )
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "latency.svg", metadata={"Date": None})
    figure.savefig(folder / "latency.png", dpi=160)


if __name__ == "__main__":
    draw(json.load(sys.stdin), Path(sys.argv[1]))
