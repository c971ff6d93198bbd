"""What the package manager costs: time, requests and memory, against an index of micropython-lib's shape.

Each row is a program of its own, so that what Python needs to start and to import counts. The server is
another process on this machine that answers after a given latency.

    python benchmarks/packages.py [--json] [--rounds N] [--plot FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent / "tests"))

from servers.web import WebServer  # noqa: E402 - the line above is what makes it importable

LATENCY = 0.05
CLOSURES = (10, 30, 100, 300, 1000)


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        name: What is done.
        seconds: The median of the rounds, from the start of the program to its end.
        requests: That the server got.
        connections: That were opened.
        megabytes: The most memory that the program had.
        peer: What belay 0.30.1 needs, as measured on another day.
        target: What we want to need at most, in seconds.
    """

    name: str
    seconds: float
    requests: int
    connections: int
    megabytes: float
    peer: str
    target: float


ROWS = (
    # name, latency, how the program before it left the store and the lock, command, peer, target
    ("update, cold, 50 ms latency", LATENCY, "nothing", "update", "21.8 s", 1.2),
    ("update, nothing new", LATENCY, "all", "update", "21.6 s, 363 requests", 0.6),
    ("update, nothing new, no index.json", LATENCY, "unlisted", "update", "", 0.6),
    ("fetch, files in place", LATENCY, "all", "fetch", "", 0.25),
    ("fetch, files wiped, store warm", LATENCY, "store", "fetch", "21.6 s (update)", 0.4),
    ("update, cold, 0 ms latency", 0.0, "nothing", "update", "2.2 s", 0.7),
)


def measure(row: tuple[str, float, str, str, str, float], rounds: int) -> Row:
    """One line of the table."""
    name, latency, left, command, peer, target = row
    results = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder, WebServer() as server:
            url = server.index(listed=left != "unlisted")
            prepared = Project(Path(folder), url)
            if left != "nothing":
                prepared.run("update")
            if left == "store":
                prepared.wipe()
            server.behave(latency=latency)
            server.counts()
            seconds, megabytes = prepared.run(command)
            counts = server.counts()
            results.append((seconds, len(counts.requests), counts.connections, megabytes))
    results.sort()
    seconds, requests, connections, megabytes = results[len(results) // 2]
    return Row(name, seconds, requests, connections, megabytes, peer, target)


class Project:
    """A project that wants all packages of an index."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        shape = json.loads((HERE.parent.parent / "tests" / "servers" / "index_shape.json").read_text())
        lines = [f'[tool.belay]\nname = "all"\npackage_indices = ["{url}"]\n\n[tool.belay.dependencies]']
        lines += [f'"{name}" = "*"' for name in shape]
        (folder / "pyproject.toml").write_text("\n".join(lines) + "\n")

    def run(self, command: str) -> tuple[float, float]:
        """Runs the command line; seconds and megabytes."""
        program = [sys.executable, "-c", COUNTED, command]
        environment = {"BELAY_CACHE_DIR": str(self.folder / "cache"), "PATH": "/usr/bin:/bin"}
        start = time.perf_counter()
        done = subprocess.run(
            program, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode:
            sys.exit(f"{command}: {done.stdout}{done.stderr}")
        return seconds, int(done.stderr.split()[-1]) / 1024

    def wipe(self) -> None:
        """Removes the vendored files."""
        import shutil

        shutil.rmtree(self.folder / ".belay")


COUNTED = """
import resource, sys
from belay.cli import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""

RESOLVED = """
import json, sys, time
from pathlib import Path
from belay.packages.catalogue import Catalogue
from belay.packages.fetch import Fetcher
from belay.packages.indices import Indices
from belay.packages.requirement import parse_requirement
from belay.packages.resolve import resolve
from belay.packages.store import Store
from belay.packages.supply import Supply

url, size = sys.argv[1:]
with Supply(Store(Path("cache")), Fetcher()) as supply:
    need = parse_requirement(f"closure-{size}-0", "*")
    start = time.perf_counter()
    catalogue = Catalogue([need], supply, Indices([url], supply), Path())
    catalogue.prepare()
    pages = time.perf_counter()
    chosen = resolve([need], catalogue)
    end = time.perf_counter()
assert len(chosen.packages) == int(size)
print(json.dumps([pages - start, end - pages]))
"""


def growth() -> list[tuple[int, float, float]]:
    """For closures out of 2000 packages with 10 versions each: size, seconds for the pages, to resolve."""
    found = []
    with WebServer() as server, tempfile.TemporaryDirectory() as folder:
        url = server.index(recipe="large")
        for size in CLOSURES:
            done = subprocess.run(
                [sys.executable, "-c", RESOLVED, url, str(size)],
                cwd=folder, capture_output=True, text=True, check=True,
            )  # fmt: skip
            pages, resolved = json.loads(done.stdout)
            found.append((size, pages, resolved))
    return found


def plot(growth: list[tuple[int, float, float]], file: Path) -> None:
    """A picture of how the time grows with the closure."""
    from environments import python_of

    program = """
import json, sys
import matplotlib
matplotlib.use("svg")
from matplotlib import pyplot
sizes, pages, resolved = zip(*json.loads(sys.argv[1]))
pyplot.loglog(sizes, resolved, "o-", label="resolve")
pyplot.loglog(sizes, [a + b for a, b in zip(pages, resolved)], "s--", label="fetch the pages and resolve")
pyplot.axhline(1.0, color="grey", linewidth=0.5)
pyplot.xlabel("packages in the closure")
pyplot.ylabel("seconds")
pyplot.legend()
pyplot.savefig(sys.argv[2])
"""
    subprocess.run([python_of("plot"), "-c", program, json.dumps(growth), str(file)], check=True)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows = [measure(row, options.rounds) for row in ROWS]
    closures = growth()
    if options.plot:
        plot(closures, options.plot)
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "growth": closures}, indent=2))
        return
    show(rows, closures)


def show(rows: list[Row], closures: list[Any]) -> None:
    """Prints a table."""
    heads = f"{'belay 0.30.1':>22} {'target':>8} {'ours':>8} {'requests':>9} {'conns':>6} {'MB':>5}"
    print(f"{'127 packages':38} {heads}")
    for row in rows:
        print(
            f"{row.name:38} {row.peer:>22} {row.target:>6.2f} s {row.seconds:>6.2f} s {row.requests:>9} "
            f"{row.connections:>6} {row.megabytes:>5.0f}"
        )
    print(f"\n{'closure, of 2000 packages x 10':38} {'pages':>8} {'resolve':>8}")
    for size, pages, resolved in closures:
        print(f"{size:38} {pages:>6.2f} s {resolved:>6.2f} s")


if __name__ == "__main__":
    main()
