"""Compiled files of a project that were not compiled here: whether a board can import them."""

from __future__ import annotations

from belay.board.compiled import why_unfit
from belay.board.firmware import Implementation
from belay.exceptions import FilesError
from belay.files.folder import HostFile, HostTree
from belay.mpy import HEADER

_ANEW = "set mpy_version and arch in [tool.belay] as the board has them, or mpy_version to py; `belay update`"


def refuse_misfits(tree: HostTree, board: Implementation) -> None:
    """Refuse compiled files that a board could not import.

    Args:
        tree: What goes to it.
        board: The board.

    Raises:
        FilesError: One is of another mpy version, has native code of another architecture, or is none at all.
    """
    for path, entry in tree.items():
        if isinstance(entry, HostFile) and path.endswith(".mpy"):
            why = why_unfit(_head(entry), board)
            if why:
                raise FilesError(f"{path} {why}", hint=_ANEW)


def _head(entry: HostFile) -> bytes:
    try:
        with entry.path.open("rb") as file:
            return file.read(HEADER)
    except OSError as error:
        raise FilesError(f"{entry.path} cannot be read: {error.strerror or error}") from error
