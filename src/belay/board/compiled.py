"""Compiled files that were not compiled here: whether a board can import them."""

from __future__ import annotations

from belay.board.firmware import Implementation
from belay.mpy import Header, read_header, runs

_FAMILIES = {"M": "micropython", "C": "circuitpython"}


def why_unfit(head: bytes, board: Implementation) -> str:
    """Why a board could not import a compiled file; empty if it can.

    Args:
        head: The file's first :data:`belay.mpy.HEADER` bytes.
        board: The board.
    """
    header = read_header(head)
    if header is None:
        return "is no compiled file"
    if board.mpy_version is None:
        return "is compiled, and the board does not say which compiled files it can import"
    if _FAMILIES[header.family] != board.name:
        return f"is compiled for {_FAMILIES[header.family]}, and the board has {board.name}"
    if header.version != board.mpy_version:
        return f"is of mpy version {header.version}, and the board takes {board.mpy_version}"
    return _why_native_is_unfit(header, board)


def _why_native_is_unfit(header: Header, board: Implementation) -> str:
    if not runs(header.arch, board.arch):
        takes = f"takes {board.arch}" if board.arch else "takes none"
        return f"has native code for {header.arch}, and the board {takes}"
    if header.arch and board.mpy_sub_version not in (None, header.sub_version):
        version = header.version
        made, wanted = f"{version}.{header.sub_version}", f"{version}.{board.mpy_sub_version}"
        return f"has native code of mpy version {made}, and the board takes {wanted}"
    return ""
