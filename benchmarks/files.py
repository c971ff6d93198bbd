"""Files: what it costs to bring 20 files of 4 KiB to a board, again, and after a change; beside the peers.

    python3 dev.py bench files [--quick] [--json] [--ours] [--page]

The files are Python's own asyncio, as it is, cut into pieces. The board has LittleFS, as most boards have,
and is connected to afresh for each row, as a program or a command does it; connecting is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import page
from comparison import Everybody, Row, Table, as_json, as_markdown, as_text
from contest import PATIENCE, Figures, Measured, contend
from environments import PEERS, clean_environment, python_of
from port import CountedPort

SYSTEMS = {"": "lfs2:1M", ", host": "host"}
"""The board's file systems: LittleFS in the board's flash; and a folder of the host, which takes no time."""
SIZE = 4096
COUNT = 20
WORKS = ("first sync", "unchanged", "one changed")


def make_tree(folder: Path) -> Path:
    """20 files of 4 KiB, in two folders."""
    library = Path(os.__file__).with_name("asyncio")
    source = b"".join(path.read_bytes() for path in sorted(library.glob("*.py")))
    for at in range(COUNT):
        file = folder / ("lib" if at % 2 else "app") / f"part_{at}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source[at * SIZE : (at + 1) * SIZE])
    return folder


def fastest(run: Callable[[], Figures], times: int) -> Figures:
    """The best time of several runs, each with a board of its own."""
    best = run()
    for _ in range(times - 1):
        for work, measured in run().items():
            if work not in best or (measured.seconds or 0) < (best[work].seconds or 0):
                best[work] = measured
    return best


def run_belay(python: str | Path, fs: str, heap: str = "2M") -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder))
        return contend(python, "files", heap=heap, fs=fs, program="files_work.py", more=[str(tree)])


def run_mpremote(python: Path, fs: str) -> Figures:
    """A program for each work, timed from the first byte on the wire to the last, without connecting."""
    figures: Figures = {}
    with CountedPort(fs=fs) as port, tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder, "tree"))

        def run(*arguments: str) -> Measured:
            port.reset()
            command = [str(python), "-P", "-m", "mpremote", "connect", port.path, *arguments]
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                env=clean_environment(),
                check=False,
            )
            if done.returncode:
                return Measured(error=(done.stderr or done.stdout).strip().splitlines()[-1])
            traffic = port.traffic()
            return Measured(traffic.turns, traffic.bytes_out, traffic.bytes_in, traffic.seconds)

        run("exec", "0")
        connect = run("exec", "0")

        def work(name: str, *arguments: str) -> None:
            measured = run(*arguments)
            if not measured.error:
                values = ("turns", "bytes_out", "bytes_in", "seconds")
                less = {value: getattr(measured, value) - getattr(connect, value) for value in values}
                measured = replace(measured, **less)
            figures[name] = measured

        work("first sync", "cp", "-r", f"{tree}/app", f"{tree}/lib", ":")
        work("unchanged", "cp", "-r", f"{tree}/app", f"{tree}/lib", ":")
        changed = sorted(tree.rglob("*.py"))[7]
        changed.write_bytes(changed.read_bytes()[:-2] + b"!\n")
        work("one changed", "cp", "-r", f"{tree}/app", f"{tree}/lib", ":")
        bulk, back = Path(folder, "bulk"), Path(folder, "back")
        bulk.write_bytes(os.urandom(65536))
        work("64 KiB to the board", "cp", str(bulk), ":bulk")
        work("64 KiB to the host", "cp", ":bulk", str(back))
        assert back.read_bytes() == bulk.read_bytes()
    return figures


def compare_files(everybody: Everybody) -> list[Row]:
    """The table, with the targets."""
    table = Table(everybody)
    limits = {"first sync": 26, "unchanged": 2, "one changed": 5}
    for work in WORKS:
        keys = {name: (name, work) for name in ("ours", "belay", "mpremote")}
        table.add(
            f"{COUNT} files of 4 KiB: {work}",
            "turns",
            lambda one: one.turns,
            keys,
            at_most=limits[work],
        )
        most = 26_000 if work == "first sync" else None
        table.add("", "bytes to the board", lambda one: one.bytes_out, keys, at_most=most)
        # The file system's own work bounds it here.
        table.add("", "ms", _milliseconds, keys, times=3)
        on_host = {name: (f"{name}, host", work) for name in ("ours", "belay", "mpremote")}
        table.add("the same, without a flash", "ms", _milliseconds, on_host, times=8)
    small = {"ours": ("ours, 128 KiB", "first sync")}
    table.add("first sync, heap of 128 KiB", "turns", lambda one: one.turns, small, at_most=26)
    table.add("", "bytes to the board", lambda one: one.bytes_out, small)
    for work, most in (("64 KiB to the board", 24), ("64 KiB to the host", 8)):
        keys = {name: (name, work) for name in ("ours", "mpremote")}
        table.add(f"a file, {work}", "turns", lambda one: one.turns, keys, at_most=most)
        table.add("", "ms", _milliseconds, keys)
    return table.rows


def _milliseconds(measured: Measured) -> float | None:
    return None if measured.seconds is None else measured.seconds * 1000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="each once")
    parser.add_argument("--ours", action="store_true", help="without the peers: nothing is installed")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--page", action="store_true", help="bring docs/performance.md up to date")
    given = parser.parse_args()
    if given.page and (given.quick or given.ours):
        parser.error("--page needs all figures, so neither --quick nor --ours")
    times = 1 if given.quick else 5
    everybody: Everybody = {"ours, 128 KiB": run_belay(sys.executable, SYSTEMS[""], "128k")}
    for variant, fs in SYSTEMS.items():
        everybody[f"ours{variant}"] = fastest(partial(run_belay, sys.executable, fs), times)
        if not given.ours:
            print(f"belay {PEERS['belay']}, mpremote {PEERS['mpremote']} on {fs} ...", file=sys.stderr)
            everybody[f"belay{variant}"] = fastest(partial(run_belay, python_of("belay"), fs), times)
            everybody[f"mpremote{variant}"] = fastest(partial(run_mpremote, python_of("mpremote"), fs), times)
    rows, about = compare_files(everybody), page.about()
    if given.page:
        page.write_page(f"{' - '.join(about.values())}\n\n{as_markdown(rows)}", "figures of files")
    if given.json:
        figures = {who: {work: asdict(one) for work, one in done.items()} for who, done in everybody.items()}
        print(json.dumps({**about, "rows": as_json(rows), "figures": figures}, indent=1))
    else:
        print(" - ".join(about.values()), "\n")
        print(as_text(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
