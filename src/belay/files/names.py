"""Paths on a board: which they are, and what a board would take for another one."""

from __future__ import annotations

import posixpath
from contextlib import suppress

from belay.exceptions import BoardFileError, BoardFileExistsError, BoardFileNotFoundError
from belay.files import fat
from belay.files.access import Access
from belay.files.failure import INVALID
from belay.files.tree import folder_of, is_inside


def absolute(path: str) -> str:
    """A path from the top, without dots.

    Raises:
        BoardFileError: It leads out of the board.
    """
    if "\0" in path:
        raise BoardFileError("a path cannot hold a NUL", path)
    whole = posixpath.normpath(f"/{path}")
    if ".." in path.split("/") and _leads_out(path):
        raise BoardFileError(f"{path}: the path leads out of the board", path)
    return f"/{whole.lstrip('/')}"


def _leads_out(path: str) -> bool:
    depth = 0
    for name in path.split("/"):
        depth += -1 if name == ".." else name not in ("", ".")
        if depth < 0:
            return True
    return False


def can_be_named(path: str) -> bool:
    """Whether the board can be told to do something with it; not so if its name is not of UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_lost_name(access: Access, path: str) -> None:
    """Refuse a path that FAT would take for another one, if the board has it on FAT.

    Raises:
        BoardFileError: So it is.
    """
    if fat.fits(path):
        return
    names = path.split("/")
    odd = next(at for at, name in enumerate(names) if not fat.fits(name))
    try:
        # To FAT this name is empty; to others it is one like others, and hardly there.
        access.stat("/".join([*names[:odd], "\n"]))
    except BoardFileError as error:
        if error.errno == INVALID:
            reason = "the file system on the board cannot have this name"
            raise BoardFileError(f"{path}: {reason}", path, INVALID) from None


def refuse_what_is_there(access: Access, path: str) -> None:
    """Go no further if there is something.

    Raises:
        BoardFileExistsError: There is.
    """
    with suppress(BoardFileNotFoundError):
        access.stat(path)
        raise is_there_error(path)


def lies_in(access: Access, path: str, folder: str) -> bool:
    """Whether a path lies in a folder, by whatever case its name is written; no board checks that itself."""
    if is_inside(path, folder):
        return True
    if not is_inside(fat.folded(path), fat.folded(folder)):
        return False
    # Two names, unless one folder answers to both and shows one only.
    other = "/".join(path.split("/")[: folder.count("/") + 1])
    shown = access.look(f"/{folder_of(other[1:])}", deep=False).tree
    return not {other.rpartition("/")[2], folder.rpartition("/")[2]} <= shown.keys()


def is_there_error(path: str) -> BoardFileExistsError:
    """The error for a path where something is that may not be replaced."""
    return BoardFileExistsError(f"{path}: there is something of this name on the board", path)
