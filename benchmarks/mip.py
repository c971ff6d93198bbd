"""Mip: what it costs to put three packages (12 files) on a board, again, and after one has a newer version.

    python3 dev.py bench mip [--quick] [--json] [--ours] [--page]

The packages are aioble, logging and umqtt.simple of an index of micropython-lib's shape, compiled. It is on a
web server of its own on this machine, which waits 50 ms before each answer; nothing was fetched before. The
board has LittleFS and is connected to afresh for each row, which is not counted. Mpremote does the same with
`mip install`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import page
from comparison import Everybody, Row, Table, as_json, as_markdown, as_text
from contest import PATIENCE, Figures, Measured
from environments import PEERS, clean_environment, python_of
from packages_work import WebServer
from port import CountedPort

from belay import Device

FS = "lfs2:1M"
LATENCY = 0.05
PACKAGES = ("aioble", "logging", "umqtt.simple")
OLD = ("aioble@0.6.1", "logging", "umqtt.simple")
LIMITS = {"first": 16, "again": 6, "one newer": 14}
"""Turns."""


def measured(port: CountedPort) -> Measured:
    traffic = port.traffic()
    return Measured(traffic.turns, traffic.bytes_out, traffic.bytes_in, traffic.seconds)


def run_belay(index: str, heap: str) -> Figures:
    figures: Figures = {}
    with CountedPort(heap, FS) as port:
        for name, wanted in (("first", OLD), ("again", OLD), ("one newer", PACKAGES)):
            with Device(port.path) as device, tempfile.TemporaryDirectory() as store:
                os.environ["BELAY_CACHE_DIR"] = store
                port.reset()
                device.mip.install(wanted, index=index)
                figures[name] = measured(port)
    return figures


def run_mpremote(index: str, python: Path) -> Figures:
    """A program for each work, timed from the first byte on the wire to the last, without connecting."""
    figures: Figures = {}
    with CountedPort("2M", FS) as port:

        def run(*arguments: str) -> Measured:
            port.reset()
            command = [str(python), "-P", "-m", "mpremote", "connect", port.path, *arguments]
            environment = clean_environment()
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False
            )
            if done.returncode:
                return Measured(error=(done.stderr or done.stdout).strip().splitlines()[-1])
            return measured(port)

        run("exec", "0")
        connect = run("exec", "0")
        for name, wanted in (("first", OLD), ("again", OLD), ("one newer", PACKAGES)):
            found = run("mip", "install", "--index", index, *wanted)
            if not found.error:
                values = ("turns", "bytes_out", "bytes_in", "seconds")
                less = {value: getattr(found, value) - getattr(connect, value) for value in values}
                found = replace(found, **less)
            figures[name] = found
    return figures


def compare(everybody: Everybody) -> list[Row]:
    """The table, with the targets."""
    table = Table(everybody)
    for work, most in LIMITS.items():
        keys = {name: (name, work) for name in ("ours", "mpremote")}
        table.add(f"three packages: {work}", "turns", lambda one: one.turns, keys, at_most=most)
        table.add("", "bytes to the board", lambda one: one.bytes_out, keys)
        table.add("", "s, with the network", lambda one: one.seconds, keys)
        small = {"ours": ("ours, 128 KiB", work)}
        table.add("the same, heap of 128 KiB", "turns", lambda one: one.turns, small, at_most=most + 6)
    return table.rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="only with the larger heap, and without the peer"
    )
    parser.add_argument("--ours", action="store_true", help="without the peer: nothing is installed")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--page", action="store_true", help="bring docs/performance.md up to date")
    given = parser.parse_args()
    if given.page and (given.quick or given.ours):
        parser.error("--page needs all figures, so neither --quick nor --ours")
    with WebServer() as web:
        index = web.index()
        web.behave(latency=LATENCY)
        everybody: Everybody = {"ours": run_belay(index, "2M")}
        if not given.quick:
            everybody["ours, 128 KiB"] = run_belay(index, "128k")
        if not (given.ours or given.quick):
            print(f"mpremote {PEERS['mpremote']} ...", file=sys.stderr)
            everybody["mpremote"] = run_mpremote(index, python_of("mpremote"))
    rows, about = compare(everybody), page.about()
    if given.page:
        page.write_page(f"{' - '.join(about.values())}\n\n{as_markdown(rows)}", "figures of mip")
    if given.json:
        figures = {who: {work: asdict(one) for work, one in done.items()} for who, done in everybody.items()}
        print(json.dumps({**about, "rows": as_json(rows), "figures": figures}, indent=1))
    else:
        print(" - ".join(about.values()), "\n")
        print(as_text(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
