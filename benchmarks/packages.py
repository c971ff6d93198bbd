"""What the package manager costs: time, requests and memory, with an index of micropython-lib's shape.

    python3 dev.py bench packages [--quick] [--json] [--peers] [--plot FILE] [--page]

Each figure is of the command line as a program, so that what Python needs to start counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import page
from packages_plot import draw
from packages_table import Row, as_json, as_markdown, as_text
from packages_work import (
    Job,
    Project,
    Ran,
    WebServer,
    make_certificate,
    measure,
    measure_peer,
    names_of_micropython_lib,
    resolve_closure,
)

LATENCY = 0.05
RECORDED = {
    "cold": Ran(21.8, None, None, 363, 0, 363),
    "again": Ran(21.6, None, None, 363, 0, 363),
    "cold, 0 ms": Ran(2.2, None, None, 363, 0, 363),
}
"""What belay 0.30.1 needed on another day, for 124 packages."""
UNLISTED = "update, nothing new, no index.json"


@dataclass(frozen=True)
class Work:
    """A row's name, its job, its targets, and the job of belay 0.30.1 that does as much."""

    name: str
    job: Job
    seconds: float
    requests: int | None = None
    peer: str | None = None


WORKS = (
    Work("update, cold, 50 ms latency", Job("update", "nothing", LATENCY), 1.2, peer="cold"),
    Work("update, nothing new", Job("update", "all", LATENCY), 0.6, 2, "again"),
    Work("fetch, files in place", Job("fetch", "all", LATENCY), 0.25, 0),
    Work("fetch, files wiped, store warm", Job("fetch", "store", LATENCY), 0.4, 0, "again"),
    Work("update, cold, 0 ms latency", Job("update", "nothing", 0.0), 0.7, peer="cold, 0 ms"),
)
MEGABYTES = 80


class Bench:
    """Measures.

    Args:
        folder: For everything that is made meanwhile.
        rounds: How often each work is done.
        quick: Whether small closures are enough.
    """

    def __init__(self, folder: Path, rounds: int, *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self.rounds = rounds

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A folder that is empty."""
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as name:
            yield Path(name)

    def works(self, peers: dict[str, Ran]) -> list[Row]:
        """The table of what an index of micropython-lib's shape costs."""
        rows: list[Row] = []
        everything = dict.fromkeys(names_of_micropython_lib(), "*")
        with WebServer() as server, self.place() as folder:
            project = Project(folder, server.index(), everything)
            for work in WORKS[:-1] if self.quick else WORKS:
                inside = not self.quick or work.job.left == "store"
                ran = measure(server, project, work.job, self.rounds, inside=inside)
                rows += rows_of(work, ran, peers.get(work.peer or ""))
        by_tls = [] if self.quick else self.by_tls(everything)
        return [*rows, *self.unlisted(everything), *by_tls, *self.large_files()]

    def unlisted(self, everything: dict[str, str]) -> list[Row]:
        """An index that does not say what it has, so that each page must be asked for."""
        with WebServer() as server, self.place() as folder:
            project = Project(folder, server.index(listed=False), everything)
            ran = measure(server, project, Job("update", "all", LATENCY), self.rounds, inside=False)
        # index.json itself is asked for as well, and is not there.
        unconditional = ran.requests - 1 - ran.conditional
        return [
            Row(UNLISTED, "s", ran.seconds, target=0.6),
            Row("", "requests", ran.requests, target=len(everything) + 1),
            Row("", "requests for a known page, unconditional", unconditional, target=0),
        ]

    def by_tls(self, everything: dict[str, str]) -> list[Row]:
        """As indices really are reached."""
        with self.place() as folder:
            made = make_certificate(folder)
            if made is None:
                return []
            certificate, trusted = made
            with WebServer(certificate) as server:
                project = Project(folder, server.index(), everything, trusted)
                cold = measure(server, project, Job("update", "nothing", LATENCY), self.rounds, inside=False)
                again = measure(server, project, Job("update", "all", LATENCY), self.rounds, inside=False)
        return [
            Row("the first two over TLS", "s", cold.seconds),
            Row("", "s, nothing new", again.seconds),
        ]

    def large_files(self) -> list[Row]:
        """Whether memory grows with what is fetched: as many files as are fetched at once, all large."""
        size = (1 if self.quick else 4) << 20
        with WebServer() as server, self.place() as folder:
            urls = [
                server.page(f"/large/{number}.py", (b"#%030d\n" % number) * (size // 32))
                for number in range(32)
            ]
            named = {f"large{number}": url for number, url in enumerate(urls)}
            project = Project(folder, server.index(recipe="large", packages=1), named)
            ran = measure(server, project, Job("update", "nothing", LATENCY), 1)
        name = f"update, cold, 32 files of {size >> 20} MiB each"
        return [Row(name, "s", ran.seconds), *memory("", ran)]

    def closures(self) -> list[tuple[int, float, float]]:
        """Of closures: their size, seconds until their pages are here, and seconds for the choice."""
        sizes = (10, 30) if self.quick else (10, 30, 100, 300, 1000)
        found = []
        with WebServer() as server, self.place() as folder:
            url = self.large_index(server)
            for size in sizes:
                tried = [resolve_closure(folder, url, size) for _ in range(min(3, self.rounds))]
                found.append((size, min(pages for pages, _ in tried), min(choice for _, choice in tried)))
        return found

    def counts(self) -> list[dict[str, float]]:
        """Of projects with more and more packages: the seconds of each work."""
        found = []
        jobs = {work.name: work.job for work in WORKS if work.job.latency}
        with WebServer() as server:
            url = self.large_index(server)
            for count in (3, 10) if self.quick else (10, 30, 100, 300, 500):
                with self.place() as folder:
                    project = Project(folder, url, {f"alone-{number}": "*" for number in range(count)})
                    seconds = {
                        name: measure(server, project, job, min(3, self.rounds), inside=False).seconds
                        for name, job in jobs.items()
                    }
                found.append({"packages": float(count), **seconds})
        return found

    def large_index(self, server: WebServer) -> str:
        """An index of 2000 packages with 10 versions each, or for quick figures a small part of it."""
        return server.index(recipe="large", **({"packages": 60, "versions": 3} if self.quick else {}))


def rows_of(work: Work, ran: Ran, peer: Ran | None) -> list[Row]:
    """What one work has cost."""
    rows = [Row(work.name, "s", ran.seconds, peer and peer.seconds, work.seconds)]
    if ran.inside is not None:
        rows.append(Row("", "s, without the start of Python and imports", ran.inside))
    rows.append(Row("", "requests", ran.requests, peer and peer.requests, work.requests))
    return [*rows, *memory("", ran)]


def memory(work: str, ran: Ran) -> list[Row]:
    """The most memory of a program, where the system tells."""
    return [] if ran.megabytes is None else [Row(work, "MB", ran.megabytes, target=MEGABYTES)]


def closure_rows(closures: list[tuple[int, float, float]]) -> list[Row]:
    """What it costs to choose."""
    rows = []
    for size, pages, choice in closures:
        rows += [
            Row(f"choose a closure of {size} packages", "s", choice, target=1.0 if size <= 300 else None),
            Row("", "s, with the pages fetched, 0 ms latency", pages + choice),
        ]
    return rows


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="each thing once, and only small closures")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often; the fastest counts")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--peers", action="store_true", help="measure belay 0.30.1 as well, beside ours")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw how times grow, as .svg or .png")
    parser.add_argument(
        "--page", action="store_true", help="bring docs/performance.md and its picture up to date"
    )
    given = parser.parse_args()
    if given.page and given.quick:
        parser.error("--page needs all figures, so no --quick")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        bench = Bench(Path(name), 1 if given.quick else given.rounds, quick=given.quick)
        peers = RECORDED
        if given.peers:
            say("belay 0.30.1 ...")
            with WebServer() as server, bench.place() as folder:
                peers = measure_peer(server, folder, server.index(), latency=LATENCY)
        say("belay (this one) ...")
        works = bench.works(peers)
        closures = bench.closures()
        counts = bench.counts() if given.plot or given.page or not given.quick else []
    rows = [*works, *closure_rows(closures)]
    about = page.about()
    if not given.peers:
        about["peer"] = "belay 0.30.1 as recorded on another day"
    if given.plot:
        draw(closures, counts, [given.plot])
    if given.page:
        draw(closures, counts, [page.IMAGES / f"packages.{kind}" for kind in ("svg", "png")])
        page.write_page(f"{' - '.join(about.values())}\n\n{as_markdown(rows)}", "figures of packages")
    if given.json:
        growth = {"closures": closures, "packages": counts}
        print(json.dumps({**about, "rows": as_json(rows), "growth": growth}, indent=1))
    else:
        print(" - ".join(about.values()), "\n")
        print(as_text(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
