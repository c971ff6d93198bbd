"""``belay devices``: what is connected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from belay.cli.board import visiting
from belay.cli.known import about_page, columns, known_aliases, names_by
from belay.cli.settings import Settings, examples, pass_settings, port_options
from belay.cli.table import table
from belay.exceptions import BelayException

if TYPE_CHECKING:
    from belay.board.firmware import Implementation
    from belay.deploy.several import GoOn, Outcome
    from belay.transports.usb import UsbSpecifier

EXAMPLES = examples("belay devices", "belay devices --probe", "belay devices --json")


@click.command(epilog=EXAMPLES)
@click.option(
    "--probe", is_flag=True, help="Ask each board what runs on it; what the boards run is stopped by that."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@port_options
@pass_settings
def devices(settings: Settings, probe: bool, as_json: bool) -> None:
    """List the boards connected by USB.

    Each of the columns can name a board: by its port, as @NAME, as vid:pid, as id:SERIAL, or several of them
    as JSON in BELAY_DEVICE. `belay select` gives a board a name.
    """
    from belay.transports import usb

    found = usb.list_devices(usb.comports)
    names = names_by(known_aliases(settings))
    answers = _probe(settings, found) if probe else {}
    if as_json:
        pages = [{**asdict(board), "names": list(names(board))} for board in found]
        for page in pages:
            page.update(_facts(answers.get(str(page["device"]))))
        print(json.dumps(pages, indent=2))
    elif found:
        titles, rows = columns(found, names)
        if probe:
            titles.append("what runs on it")
            for row in rows:
                row.append(_words(answers.get(row[0])))
        print(table(titles, rows))
    else:
        settings.say("no board is connected by USB")
        settings.say(
            "hint: a cable may be for charging only; a port that is not on USB can be named all the same; "
            "virtual: needs no hardware"
        )


def _probe(settings: Settings, boards: Sequence[UsbSpecifier]) -> dict[str, Outcome[Implementation]]:
    """Ask all at once; of a board with several ports the first, which is its REPL."""
    from belay.deploy.several import on_each
    from belay.transports import usb

    def ask(port: str, go_on: GoOn) -> Implementation:
        go_on()
        with visiting(settings, port) as device:
            return device.implementation

    ports = [str(board.device) for board in usb.first_ports(boards)]
    return {outcome.address: outcome for outcome in on_each(ports, ask)}


def _facts(answer: Outcome[Implementation] | None) -> dict[str, object]:
    about = answer.result if answer else None
    return {
        "implementation": about and about_page(about),
        "problem": str(answer.error) if answer and answer.error else None,
    }


def _words(answer: Outcome[Implementation] | None) -> str:
    if answer is None:
        return "(the board's first port has its REPL)"
    about, error = answer.result, answer.error
    if about:
        version = ".".join(map(str, about.version))
        return f"{about.name} {version} on {about.platform}{f' ({about.board})' if about.board else ''}"
    return f"no answer: {error.message if isinstance(error, BelayException) else error}"
