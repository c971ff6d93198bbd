"""Files that come from a board to this computer: whole or not at all, and nowhere else than meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from belay.exceptions import BelayException, FilesError

if TYPE_CHECKING:
    from belay.files.tree import Tree

IS_WINDOWS = os.name == "nt"
FOLDS_CASE = IS_WINDOWS or sys.platform == "darwin"
"""Whether names that differ by case only are one."""

_HINT = "copy it by itself, to a name of your own"

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: also with digits written as superscripts.
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"}
_DEVICES |= {f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³"}


def refusal(name: str, *, windows: bool | None = None) -> str | None:
    """Why a computer cannot have a file of this name; None if it can.

    Args:
        name: One name, as the board has it.
        windows: Whether Windows runs there; None for this one.
    """
    windows = IS_WINDOWS if windows is None else windows
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return "is no name of a file"
    if not windows:
        return None
    if bad := next((sign for sign in name if sign in '<>:"|?*\\' or sign < " "), None):
        return f"has {bad!r} in it, which Windows does not allow"
    if name[-1] in ". ":
        return "ends with a dot or a blank, which Windows does not allow"
    if name.partition(".")[0].rstrip(" ").lower() in _DEVICES:
        return "is the name of a device on Windows"
    return None


def check_name(path: str, name: str) -> None:
    """Refuse a board's file that this computer cannot have.

    Args:
        path: The file on the board, for the message.
        name: What it would be called.

    Raises:
        FilesError: It cannot have the name.
    """
    if reason := refusal(name):
        raise FilesError(f":{path}: the name {name!r} {reason}", hint=_HINT)


def check_tree(tree: Tree, *, windows: bool | None = None, folds_case: bool = FOLDS_CASE) -> None:
    """Refuse a board's files that this computer cannot have.

    Args:
        tree: The files.
        windows: Whether Windows runs here; None for finding out.
        folds_case: Whether names that differ by case only are one.

    Raises:
        FilesError: One has a name that cannot be, or two have names that are one here.
    """
    folded: dict[str, str] = {}
    for path in tree:
        for name in path.split("/"):
            if reason := refusal(name, windows=windows):
                raise FilesError(f":{path}: the name {name!r} {reason}", hint=_HINT)
        if folds_case and (other := folded.setdefault(path.casefold(), path)) != path:
            raise FilesError(
                f":{path} and :{other} are one file on this computer",
                hint="copy them to folders of their own",
            )


def receive(pieces: Iterable[bytes], path: Path) -> None:
    """Write a file; until it is whole, what was at its place stays.

    The file's permissions are kept; a link at its place is replaced, not followed. What is no file and no
    folder, as ``/dev/null``, is written to.

    Raises:
        OSError: It cannot be written.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as file:
            file.writelines(pieces)
        return
    beside = path.with_name(f".belay-{os.urandom(6).hex()}.part")
    try:
        with beside.open("xb") as file:
            file.writelines(pieces)
        if path.is_file() and not path.is_symlink():
            beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, BelayException):
            # Nobody knows the other name.
            error.filename = str(path)
        raise


def make_folder(path: Path) -> None:
    """Make a folder where there is none, but follow no link that is in its place.

    Raises:
        FilesError: There is a link.
        OSError: It cannot be made, or there is a file.
    """
    if path.is_symlink():
        raise FilesError(
            f"{path} is a link to {path.readlink()}, where a folder of the board is to go",
            hint="take the link away, or copy into what it leads to",
        )
    path.mkdir(exist_ok=True)
