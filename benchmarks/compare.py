"""Belay beside its peers: the same work on the same board, counted on the wire.

    python3 dev.py bench [--quick] [--json] [--ours] [--page]

The peers are installed from the package index, in environments of their own, when they are first needed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import agent
import page
from comparison import Everybody, as_json, as_markdown, as_text, compare, port_row, room_row
from contest import Figures, Measured, contend, contend_mpremote, port_turn
from environments import PEERS, python_of

BULK = [f"{kind} {way}" for kind in ("random bytes", "bytes 0x03") for way in ("to the host", "to the board")]
RANDOM = BULK[:2]
NO_SYNC = {"auto_sync_time": False}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run_parts(python: str | Path, parts: list[str], *, heap: str = "2M", quick: bool = False) -> Figures:
    """Several parts, each on a fresh board: what one leaves on the heap must not be the next one's lot."""
    figures: Figures = {}
    for part in parts:
        figures |= contend(python, part, heap=heap, quick=quick)
    return figures


def measure_ours(*, quick: bool) -> Everybody:
    say("belay (this one) ...")
    parts = ["calls", *BULK, *([] if quick else ["latency"])]
    ours = run_parts(sys.executable, parts, quick=quick)
    ours["board time"] = Measured(seconds=agent.board_time(1000 if quick else 20000))
    return {
        "ours": ours,
        "ours, 128 KiB": run_parts(sys.executable, RANDOM, heap="128k", quick=quick),
        "ours, direct": contend(sys.executable, "calls", quick=quick, direct=True),
    }


def measure_peers(*, quick: bool) -> Everybody:
    python = python_of("belay")
    say(f"belay {PEERS['belay']} ...")
    everybody = {
        "belay": run_parts(
            python, ["calls", "board time", *BULK, *([] if quick else ["latency"])], quick=quick
        ),
        "belay, 128 KiB": run_parts(python, RANDOM, heap="128k", quick=quick),
        "belay, no time sync": contend(python, "board time", options=NO_SYNC, quick=quick),
    }
    python = python_of("mpremote")
    say(f"mpremote {PEERS['mpremote']} ...")
    everybody["mpremote"] = contend_mpremote(python)
    everybody["mpremote, 128 KiB"] = contend_mpremote(python, heap="128k")
    return everybody


def draw(everybody: Everybody, folder: Path) -> None:
    """Draw latency against payload size, with a Python that has matplotlib."""
    lines = {
        name: {
            work.removeprefix("echo "): measured.median
            for work, measured in everybody[name].items()
            if work.startswith("echo ") and measured.median
        }
        for name in ("belay", "ours")
        if name in everybody
    }
    subprocess.run(
        [python_of("plot"), "-P", Path(__file__).with_name("plot.py"), folder],
        input=json.dumps(lines),
        text=True,
        check=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few calls of each kind, no latencies")
    parser.add_argument("--ours", action="store_true", help="without the peers: nothing is installed")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument(
        "--page", action="store_true", help="bring docs/performance.md and its picture up to date"
    )
    given = parser.parse_args()
    if given.page and (given.quick or given.ours):
        parser.error("--page needs all figures, so neither --quick nor --ours")
    everybody = measure_ours(quick=given.quick)
    if not given.ours:
        everybody |= measure_peers(quick=given.quick)
    turn = port_turn(quick=given.quick)
    rows = [*compare(everybody, turn), port_row(turn), room_row(*agent.room())]
    about = page.about()
    if given.page:
        draw(everybody, page.IMAGES)
        page.write_page(f"{' - '.join(about.values())}\n\n{as_markdown(rows)}")
    if given.json:
        figures = {who: {work: asdict(one) for work, one in done.items()} for who, done in everybody.items()}
        print(json.dumps({**about, "rows": as_json(rows), "figures": figures}, indent=1))
    else:
        print(" - ".join(about.values()), "\n")
        print(as_text(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
