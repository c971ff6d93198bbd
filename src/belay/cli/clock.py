"""``belay time``: how a board's clock stands to this computer's."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from belay.cli.board import Port, connected
from belay.cli.settings import Settings, board_options, examples, pass_settings
from belay.cli.table import pairs

if TYPE_CHECKING:
    from belay.device import Device
    from belay.remote.clock import TimeEstimate

EXAMPLES = examples("belay time", "belay time --seconds 60 /dev/ttyACM0")

PAUSE = 0.1
"""Seconds between comparisons: more is learned of those that are far apart than of many."""

_NEVER = 1e9
"""Seconds of a period that nobody lives to see the end of."""


@click.command("time", epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to compare the clocks; the drift takes time to be seen.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@board_options
@pass_settings
def clock(settings: Settings, port: str | None, *, seconds: float, as_json: bool) -> None:
    """Say how right the times of results would be (return_time=True), and how fast the board's clock runs.

    The board's clock is compared with this computer's; nothing is set.
    """
    with connected(settings, port) as device:
        found = compare(device, seconds)
    print(json.dumps(asdict(found), indent=2) if as_json else as_text(found))


def compare(device: Device, seconds: float) -> TimeEstimate:
    """Compare the clocks for so long."""
    end = time.monotonic() + seconds
    found = device.sync_time()
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(PAUSE, left))
        found = device.sync_time()
    return found


def as_text(found: TimeEstimate) -> str:
    """What was found, as lines for a person."""
    # Where the board counts with 62 bits, it is some hundred thousand years.
    anew = f", begins anew every {found.period:.1f} s" if found.period and found.period < _NEVER else ""
    return pairs(
        [
            ("clock:", found.clock + anew),
            ("drift:", f"{found.drift:+.1f} ppm, give or take {found.drift_error:.1f}"),
            ("times are right to:", f"{found.error * 1000:.3f} ms"),
            ("round trip:", f"{found.round_trip * 1000:.3f} ms, the shortest of {found.exchanges}"),
        ]
    )
