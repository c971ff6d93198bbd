"""What is done to a board's files, one step at a time.

All paths are relative to the destination and use ``/``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MakeFolder:
    """Make a folder whose parent is there."""

    path: str


@dataclass(frozen=True)
class Send:
    """Write a file and check what arrived; what is at ``to`` is no longer needed.

    Attributes:
        path: The file on the host.
        to: Where it is written on the board.
    """

    path: str
    to: str


@dataclass(frozen=True)
class Move:
    """Rename a file or a folder. Where ``to`` is a file, the file system replaces it in this step."""

    path: str
    to: str


@dataclass(frozen=True)
class RemoveFile:
    """Remove a file."""

    path: str


@dataclass(frozen=True)
class RemoveFolder:
    """Remove an empty folder."""

    path: str


@dataclass(frozen=True)
class RefuseFolder:
    """Go no further if there is a folder, which a file system might replace."""

    path: str


Operation = MakeFolder | Send | Move | RemoveFile | RemoveFolder | RefuseFolder
