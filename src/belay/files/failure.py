"""What a board says of its files, as an error with a name of its own."""

from __future__ import annotations

from typing import Final

from belay.board.calls import BoardFailure
from belay.exceptions import (
    BoardFileError,
    BoardFileExistsError,
    BoardFileNotFoundError,
    BoardFolderNotEmptyError,
    BoardIsAFolderError,
    BoardNotAFolderError,
    NoRoomError,
    ReadOnlyBoardError,
)

# The numbers are MicroPython's, which are Linux's, whatever the host has.
NO_FILE: Final = 2
INPUT_OUTPUT: Final = 5
NO_ACCESS: Final = 13
BUSY: Final = 16
EXISTS: Final = 17
NO_DEVICE: Final = 19
NO_FOLDER: Final = 20
IS_FOLDER: Final = 21
INVALID: Final = 22
NO_ROOM: Final = 28
READ_ONLY: Final = 30
TOO_LONG: Final = 36
NOT_EMPTY: Final = 39

_KINDS: Final[dict[int, tuple[type[BoardFileError], str]]] = {
    NO_FILE: (BoardFileNotFoundError, "there is no such file or folder on the board"),
    INPUT_OUTPUT: (BoardFileError, "the board reads back something else than was written, or cannot read it"),
    NO_ACCESS: (BoardFileError, "the board refuses it"),
    BUSY: (BoardFileError, "it is in use on the board"),
    EXISTS: (BoardFileExistsError, "there is something of this name on the board"),
    NO_DEVICE: (BoardFileNotFoundError, "the board has no file system there"),
    NO_FOLDER: (BoardNotAFolderError, "a part of the path is no folder on the board"),
    IS_FOLDER: (BoardIsAFolderError, "it is a folder on the board"),
    INVALID: (BoardFileError, "the board cannot have that"),
    NO_ROOM: (NoRoomError, "the board's file system is full"),
    READ_ONLY: (ReadOnlyBoardError, "the board's file system is read-only"),
    TOO_LONG: (BoardFileError, "the name is too long for the board"),
    NOT_EMPTY: (BoardFolderNotEmptyError, "the folder on the board is not empty"),
}


def file_error(failure: BoardFailure, path: str) -> Exception:
    """The error for what went wrong on the board.

    Args:
        failure: What the board said.
        path: What was asked about; the board may name another one.

    Returns:
        A :class:`~belay.exceptions.BoardFileError`, or the failure itself where it is not one of files.
    """
    if "UnicodeError" in failure.types:
        return BoardFileError(f"{path}: there is a name on the board that is not of UTF-8", path)
    if "OSError" not in failure.types:
        return failure
    number, *more = failure.board_args or (None,)
    if len(more) > 1 and isinstance(more[1], str):
        path = more[1]
    if not isinstance(number, int):
        return BoardFileError(f"{path}: the board says {number!r}", path)
    kind, text = _KINDS.get(number, (BoardFileError, f"the board says OSError {number}"))
    return kind(f"{path}: {text}", path, number)
