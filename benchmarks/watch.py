"""belay watch: how long from a save to the first line of the new run, on the virtual board.

    python3 dev.py bench watch [--quick] [--json]

A program of its own watches; each time is from just before the file is written to the moment at which the
new run's first line is read here.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

TARGET = 0.5
"""Seconds."""

PATIENCE = 60.0
PACKAGE = "app"
PYPROJECT = f'[tool.belay]\nname = "{PACKAGE}"\n'

# What is saved, and what it does after its first line.
MODULE = "print('version {}')\n"
OVER = "import app\n"
ENDLESS = "import app\nwhile True:\n    pass\n"

WORKS = {
    "script that is over": ("main.py", OVER),
    "script that runs": ("main.py", ENDLESS),
    "project whose main.py runs": ("--main=main.py", ENDLESS),
}


@contextmanager
def watching(folder: Path, word: str) -> Iterator[subprocess.Popen[str]]:
    """The command; it is ended by Ctrl-C, as a user does."""
    command = [sys.executable, "-m", "belay", "-q", "watch", "virtual:", word]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        # It is ended rather than waited for without end.
        guard = threading.Timer(PATIENCE, process.kill)
        guard.start()
        try:
            yield process
        finally:
            guard.cancel()
            process.send_signal(signal.SIGINT)


def measure(word: str, main: str, rounds: int) -> list[float]:
    """Seconds of each save."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        module = folder / PACKAGE / "__init__.py"
        module.parent.mkdir()
        (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        (folder / "main.py").write_text(main, encoding="utf-8")
        module.write_text(MODULE.format(0), encoding="utf-8")
        with watching(folder, word) as process:
            expect(process, 0)
            return [save(process, module, number) for number in range(1, rounds + 1)]


def save(process: subprocess.Popen[str], file: Path, number: int) -> float:
    started = perf_counter()
    file.write_text(MODULE.format(number), encoding="utf-8")
    expect(process, number)
    return perf_counter() - started


def expect(process: subprocess.Popen[str], number: int) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if line != f"version {number}\n":
        sys.exit(f"instead of version {number} came {line!r}")


def main() -> int:
    parser = argparse.ArgumentParser(description="What belay watch costs.")
    parser.add_argument("--quick", action="store_true", help="few saves")
    parser.add_argument("--json", action="store_true", help="all figures, for programs")
    options = parser.parse_args()
    os.environ.pop("BELAY_DEVICE", None)
    rounds = 3 if options.quick else 20
    figures = {work: measure(*how, rounds) for work, how in WORKS.items()}
    if options.json:
        print(json.dumps({"target": TARGET, "seconds": figures}))
    else:
        print("| from a save to the new output | median | longest | target |\n|---|---|---|---|")
        for work, seconds in figures.items():
            cells = (f"{each * 1000:.0f} ms" for each in (median(seconds), max(seconds), TARGET))
            print(f"| {work} | {' | '.join(cells)} |")
    slow = [work for work, seconds in figures.items() if median(seconds) > TARGET]
    return 1 if slow and not options.json else 0


if __name__ == "__main__":
    sys.exit(main())
