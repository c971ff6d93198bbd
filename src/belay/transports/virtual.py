"""The virtual board as a transport: ``virtual:``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from belay.transports.fd import FdTransport

if TYPE_CHECKING:
    from belay.exceptions import ConnectionLost
    from belay.virtual import VirtualBoard

DEATH_SECONDS = 2.0
"""How long a virtual board whose output has ended may take to be found dead."""


class VirtualTransport(FdTransport):
    """Bytes to and from a virtual board, which it owns: closing one closes the other.

    Args:
        board: A started board.
        name: The address, for messages.

    Attributes:
        board: The board, with its pins and inputs.
    """

    def __init__(self, board: VirtualBoard, *, name: str = "virtual:") -> None:
        self.board = board
        # Duplicates: the board closes its own descriptors, and a number closed twice may by then be
        # another file's.
        super().__init__(
            name,
            os.dup(board.stdout_fd),
            os.dup(board.stdin_fd),
            on_eof=self._verdict,
            on_close=board.close,
        )

    def _verdict(self) -> ConnectionLost:
        return self.board.death(DEATH_SECONDS)


def open_virtual(rest: str, *, name: str | None = None) -> VirtualTransport:
    """Start a virtual board.

    Args:
        rest: What follows ``virtual:``: a directory for its files and options, both optional.
        name: The address, for messages.

    Raises:
        AddressError: There is no such option.
        FeatureUnavailableError: There is no interpreter for this platform, or it is not installed.
    """
    from belay.virtual import VirtualBoard, VirtualOptions

    return VirtualTransport(VirtualBoard(VirtualOptions.parse(rest)), name=name or f"virtual:{rest}")
