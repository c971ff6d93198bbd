"""``belay reset``: start a board anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from belay.cli.board import Port, opening
from belay.cli.settings import Settings, examples, pass_settings, port_options
from belay.deadline import Deadline
from belay.exceptions import (
    BelayException,
    BoardTimeoutError,
    ConnectionFailedError,
    ConnectionLost,
    DeviceNotFoundError,
    InsufficientSpecifierError,
)

if TYPE_CHECKING:
    from belay.link import Link

EXAMPLES = examples("belay reset", "belay reset --soft /dev/ttyACM0")

RETURN = 10.0
"""Seconds in which a board that is a USB device itself comes back."""
_PAUSE = 0.2
"""Seconds between two looks whether it has."""
_BOOT = 2.0
"""Seconds to wait for main.py's end after a soft reset; one that takes longer runs on."""


@click.command(epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option(
    "--soft/--hard",
    "soft",
    default=False,
    help="Start only the interpreter anew; or the whole board, as its button does, which is the default.",
)
@port_options
@pass_settings
def reset(settings: Settings, port: str | None, soft: bool) -> None:
    """Reset a board. What it ran is stopped; boot.py and main.py run.

    A board whose port goes away, as at a hard reset those do that are USB devices themselves, and at any
    reset those that are reached over WiFi, is waited for.
    """
    from belay.board.resetting import hard_reset

    with opening(settings, port) as open_link:
        link = open_link()
        try:
            if not (_soft_reset(link) if soft else hard_reset(link)):
                link.close()
                link = _awaited(open_link)
        finally:
            link.close()


def _soft_reset(link: Link) -> bool:
    """Start the interpreter anew; whether the connection is still there."""
    link.enter()
    try:
        if link.reboot(timeout=_BOOT):
            link.leave()
    except (ConnectionLost, BoardTimeoutError):
        if link.transport.survives_reset:
            raise
        return False
    return True


def _awaited(open_link: Callable[[], Link], seconds: float = RETURN) -> Link:
    """The board once it is back.

    Raises:
        ConnectionLost: It does not come back.
    """
    deadline = Deadline(seconds)
    while True:
        try:
            return open_link()
        except (
            ConnectionFailedError,
            ConnectionLost,
            DeviceNotFoundError,
            InsufficientSpecifierError,
        ) as error:
            if deadline.expired:
                raise _missing(error, seconds) from error
            time.sleep(_PAUSE)


def _missing(error: BelayException, seconds: float) -> ConnectionLost:
    return ConnectionLost(
        f"the board was reset, and did not come back within {seconds:.0f} s: {error.message}",
        hint="it may be there under another name: belay devices",
    )
