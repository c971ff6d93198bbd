"""``belay select``: which board is which, and what to call it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from belay.aliases import check_name, read_aliases
from belay.cli import exits
from belay.cli.board import Port, WrongUse, visiting
from belay.cli.known import Names, columns, known_aliases, names_by
from belay.cli.select import ways
from belay.cli.select.selected import BLINK_SECONDS, find_selected, page, save, text
from belay.cli.settings import Settings, examples, pass_settings, port_options
from belay.cli.table import table
from belay.exceptions import DeviceNotFoundError, InsufficientSpecifierError
from belay.transports import usb
from belay.transports.identity import identity

if TYPE_CHECKING:
    from belay.board.firmware import Implementation
    from belay.transports.usb import UsbSpecifier

EXAMPLES = examples(
    "belay select",
    "belay select --save bench-left          # then: belay run @bench-left main.py",
    "belay select --save relay id:e6614c311b137637",
    "belay select --blink /dev/ttyACM0",
    'eval "$(belay select --export)"',
)


@click.command(epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option("--save", "name", metavar="NAME", help="Remember the board as @NAME.")
@click.option("--blink", is_flag=True, help=f"Let its LED blink for {BLINK_SECONDS:.0f} seconds.")
@click.option("--pin", metavar="N", help="The pin with the LED, where the board has no name for one.")
@click.option("--export", is_flag=True, help="Print only the line that sets BELAY_DEVICE.")
@click.option("--shell", type=click.Choice(list(ways.SHELLS)), help="Whose line that is to be.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@port_options
@pass_settings
def select(
    settings: Settings,
    port: str | None,
    *,
    name: str | None,
    blink: bool,
    pin: str | None,
    export: bool,
    shell: str | None,
    as_json: bool,
) -> int:
    """Choose one of the boards connected by USB, and see how it can be named from then on.

    In the menu, arrows or numbers choose a board, b lets a LED on it blink, Enter takes it, Esc leaves. With
    PORT, or where only one board is connected and no terminal, nothing is asked.

    A board that blinks or is taken stops what it runs; `belay reset` starts that again.

    @NAME is kept in your own config.toml, by the board's serial number, so that it is the same board on
    whichever port. A board without a serial number is known by where it is plugged in.
    """
    if as_json and export:
        raise WrongUse("--json and --export exclude each other.")
    name = check_name(name) if name is not None else None
    if name is not None:
        read_aliases()  # should the file be damaged, that is to be known before a board is chosen
    learned: dict[str, Implementation] = {}
    try:
        where = _choose(settings, learned) if port is None else port
    except KeyboardInterrupt:
        settings.say("nothing was selected")
        return exits.INTERRUPTED
    chosen = find_selected(settings, where, learned, blink=blink or pin is not None, pin=pin)
    if name is not None:
        chosen = save(settings, chosen, name)
    if chosen.problem:
        settings.say(f"warning: {chosen.problem}")
    shells = (shell,) if shell else ways.shells_of(os.environ)
    if as_json:
        print(json.dumps(page(chosen), indent=2))
    elif export:
        print(ways.SHELLS[shells[0]].setting(chosen.address))
    else:
        print(text(chosen, shells))
    return exits.DONE


def _choose(settings: Settings, learned: dict[str, Implementation]) -> UsbSpecifier:
    """Have the user choose, or take the only board."""
    from belay.terminal.console import is_dumb, open_console

    names = names_by(known_aliases(settings))
    boards = usb.list_boards(usb.comports)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return _only(settings, boards, names)
    from belay.cli.select.menu import Menu
    from belay.cli.select.screen import Screen

    with open_console() as console:
        screen = Screen(
            console,
            Menu(boards, names),
            lambda: usb.list_boards(usb.comports),
            lambda port: visiting(settings, port),
            dim=lambda text: settings.style(text, dim=True),
            # The console of Windows learns escape sequences by its output, which here is none.
            dumb=is_dumb() or (os.name == "nt" and not console.shows),
        )
        board = screen.run()
    learned.update(screen.learned)
    return board


def _only(settings: Settings, boards: Sequence[UsbSpecifier], names: Names) -> UsbSpecifier:
    """The only board, where nobody can choose."""
    if not boards:
        raise DeviceNotFoundError(
            "no board is connected by USB",
            hint="a cable may be for charging only; virtual: names a board that needs no hardware",
        )
    if len(boards) > 1:
        titles, rows = columns(boards, names)
        settings.say(table(titles, rows))
        address = ways.address_of(identity(boards[0], boards))
        shell = ways.shells_of(os.environ)[0]
        raise InsufficientSpecifierError(
            f"{len(boards)} boards are connected, and without a terminal nobody can choose",
            hint=f"name one, as in: belay select {ways.SHELLS[shell].word(address)}",
        )
    return boards[0]
