"""Compiled files that were not compiled here: whether a board can import them."""

from __future__ import annotations

from belay.board.firmware import Implementation
from belay.exceptions import FilesError
from belay.files.folder import HostFile, HostTree
from belay.mpy import HEADER, Header, read_header, runs

_FAMILIES = {"M": "micropython", "C": "circuitpython"}
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
        if isinstance(entry, HostFile) and path.endswith(".mpy") and (why := _why_not(entry, board)):
            raise FilesError(f"{path} {why}", hint=_ANEW)


def _why_not(entry: HostFile, board: Implementation) -> str:
    try:
        with entry.path.open("rb") as file:
            header = read_header(file.read(HEADER))
    except OSError as error:
        raise FilesError(f"{entry.path} cannot be read: {error.strerror or error}") from error
    if header is None:
        return "is no compiled file"
    if board.mpy_version is None:
        return "is compiled, and the board does not say which compiled files it can import"
    if _FAMILIES[header.family] != board.name:
        return f"is compiled for {_FAMILIES[header.family]}, and the board has {board.name}"
    if header.version != board.mpy_version:
        return f"is of mpy version {header.version}, and the board takes {board.mpy_version}"
    return _why_not_native(header, board)


def _why_not_native(header: Header, board: Implementation) -> str:
    if not runs(header.arch, board.arch):
        takes = f"takes {board.arch}" if board.arch else "takes none"
        return f"has native code for {header.arch}, and the board {takes}"
    if header.arch and board.mpy_sub_version not in (None, header.sub_version):
        version = header.version
        made, wanted = f"{version}.{header.sub_version}", f"{version}.{board.mpy_sub_version}"
        return f"has native code of mpy version {made}, and the board takes {wanted}"
    return ""
