"""``belay rtc``: a board's clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from belay.cli.board import Port, WrongUse, connected
from belay.cli.settings import Settings, examples, file_options, pass_settings

EXAMPLES = examples("belay rtc", "belay rtc --set", "belay rtc --set --utc /dev/ttyACM0")


@click.command(epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option("--set", "wanted", is_flag=True, help="Set it to the time of this computer.")
@click.option("--utc", is_flag=True, help="With --set: to the time of UTC instead of the local one.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@file_options
@pass_settings
def rtc(settings: Settings, port: str | None, *, wanted: bool, utc: bool, as_json: bool) -> None:
    """Print the time of a board's clock, after setting it if that is wanted.

    Boards know no time zones, and many lose the time with the power.
    """
    if utc and not wanted:
        raise WrongUse("--utc says what to --set.")
    with connected(settings, port, fresh=None) as device:
        if wanted:
            device.set_rtc(now(utc=utc))
        time = device.read_rtc()
    if as_json:
        print(json.dumps({"datetime": time.isoformat()}))
    else:
        print(time.isoformat(" "))


def now(*, utc: bool) -> datetime:
    """The time of this computer, to the second, without its zone."""
    return (datetime.now(UTC) if utc else datetime.now()).replace(microsecond=0, tzinfo=None)
