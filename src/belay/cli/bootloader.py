"""``belay bootloader``: make a board ready for new firmware."""

from __future__ import annotations

import click

from belay.cli.board import Port, opening
from belay.cli.settings import Settings, examples, pass_settings, port_options

EXAMPLES = examples("belay bootloader", "belay bootloader /dev/ttyACM0")


@click.command(epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@port_options
@pass_settings
def bootloader(settings: Settings, port: str | None) -> None:
    """Have a board wait for new firmware, in its bootloader.

    What it ran is stopped, and the port mostly goes away. Its files stay, unless the new firmware is of
    another kind.
    """
    from belay.board.resetting import start_bootloader

    with opening(settings, port) as open_link:
        link = open_link()
        try:
            start_bootloader(link)
        finally:
            link.close()
    settings.say("the board waits for new firmware")
