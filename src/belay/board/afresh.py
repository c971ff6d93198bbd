"""A clean interpreter where it cannot be started anew without the connection ending: as over WiFi."""

from __future__ import annotations

from typing import Final

from belay.board import onboard
from belay.exceptions import ConnectionFailedError
from belay.link import Link

TIMEOUT: Final = 10.0
"""Seconds in which a board forgets what it shall forget, and collects its garbage."""

_REMEMBER: Final = """\
if"_belay_kept"not in globals():
 import sys as _belay
 _belay_kept=[_ for _ in globals()if _[:6]!="_belay"],list(_belay.modules)
"""


def remember(link: Link) -> None:
    """Have the board remember its names and modules, unless it does since its last reset.

    Args:
        link: The conversation to use.

    Raises:
        ConnectionFailedError: It cannot.
        BoardTimeoutError: The board does not answer.
        ConnectionLost: The link is gone.
    """
    _run(link, _REMEMBER)


def clean(link: Link) -> None:
    """Have the board forget the names and modules that were added since it remembered them.

    What was there then stays, since it may be what keeps the connection; timers, interrupts and threads go
    on.

    Args:
        link: The conversation to use.

    Raises:
        ConnectionFailedError: It cannot.
        BoardTimeoutError: The board does not answer.
        ConnectionLost: The link is gone.
    """
    _run(link, _REMEMBER + onboard.read("afresh"))


def _run(link: Link, program: str) -> None:
    outcome = link.run(program, timeout=TIMEOUT)
    if outcome.error:
        lines = outcome.error.decode(errors="replace").strip().split("\r\n")
        raise ConnectionFailedError(
            f"what programs left on the board cannot be removed: {lines[-1]}",
            hint="reset the board, or connect with fresh=False (--no-reset)",
        )
