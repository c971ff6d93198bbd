"""A clean interpreter where it cannot be started anew without the connection ending: as over WiFi."""

from __future__ import annotations

from typing import Final

from belay.board import onboard
from belay.exceptions import ConnectionFailedError
from belay.link import Link

TIMEOUT: Final = 10.0
"""Seconds in which a board forgets what it shall forget, and collects its garbage."""


def clean(link: Link) -> None:
    """Have the board forget the names and modules that were added since belay first asked for that.

    What was there then stays, since it may be what keeps the connection; timers, interrupts and threads go
    on.

    Args:
        link: The conversation to use.

    Raises:
        ConnectionFailedError: It cannot.
        BoardTimeoutError: The board does not answer.
        ConnectionLost: The link is gone.
    """
    outcome = link.run(onboard.read("afresh"), timeout=TIMEOUT)
    if outcome.error:
        lines = outcome.error.decode(errors="replace").split("\r\n")
        raise ConnectionFailedError(
            f"what programs left on the board cannot be removed: {lines[-2] if len(lines) > 1 else lines[0]}",
            hint="reset the board, or connect with fresh=False (--no-reset)",
        )
