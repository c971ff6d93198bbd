"""``belay devices``: what is connected."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from belay.cli.settings import Settings, pass_settings, talk_options
from belay.cli.table import table

if TYPE_CHECKING:
    from belay.transports.usb import UsbSpecifier

_TITLES = ("port", "vid:pid", "serial number", "manufacturer", "product", "location")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@talk_options
@pass_settings
def devices(settings: Settings, as_json: bool) -> None:
    """List the boards connected by USB.

    Each of the columns can name a board: by its port, as vid:pid, as id:SERIAL, or several of them as JSON in
    BELAY_DEVICE.
    """
    from belay.transports import usb

    found = usb.list_devices(usb.comports)
    if as_json:
        print(json.dumps([asdict(board) for board in found], indent=2))
    elif found:
        print(table(_TITLES, [_row(board) for board in found]))
    else:
        settings.say("no board is connected by USB")
        settings.say(
            "hint: a cable may be for charging only; a port that is not on USB can be named all the same; "
            "virtual: needs no hardware"
        )


def _row(board: UsbSpecifier) -> list[str]:
    ids = "" if board.vid is None else f"{board.vid:04x}:{board.pid or 0:04x}"
    rest = (board.serial_number, board.manufacturer, board.product, board.location)
    return [board.device or "", ids, *(value or "" for value in rest)]
