"""The file that holds the flash memory of a virtual board."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from pathlib import Path

from belay.exceptions import ConnectionFailedError
from belay.virtual.filesystem import FileSystem
from belay.virtual.plan import FlashPlan


def open_image(path: Path, wanted: FileSystem) -> FlashPlan:
    """Open an image for one board alone, and make it when it is missing or empty.

    A new one is as large as the flash and takes room on the host as it fills.

    Args:
        path: The file. Folders on the way to it are made.
        wanted: What it holds or shall hold; the board formats an image that is blank, and no other.

    Returns:
        What the board must know of it, with a file descriptor that the caller has to close.

    Raises:
        ConnectionFailedError: Another board uses it, or its size is not what was asked for.
        OSError: It cannot be made or opened.
    """
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        undo.callback(os.close, fd)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise ConnectionFailedError(f"{path} is not a file")
        _lock(fd, path)
        if not found.st_size:
            os.truncate(fd, wanted.new_size)
        size = found.st_size or wanted.new_size
        _check_size(path, size, wanted)
        undo.pop_all()
    return FlashPlan(fd, str(path), wanted.kind, wanted.block, size // wanted.block)


def _lock(fd: int, path: Path) -> None:
    import fcntl  # not on Windows

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConnectionFailedError(
            f"another virtual board uses {path}", hint="close it first, or take another image"
        ) from None


def _check_size(path: Path, size: int, wanted: FileSystem) -> None:
    if wanted.size not in (None, size):
        raise ConnectionFailedError(
            f"{path} has {size} bytes and not {wanted.size}",
            hint=f"leave the size out, as fs={wanted.kind}, or take another image",
        )
    if reason := wanted.misfit(size):
        raise ConnectionFailedError(f"{path} has {size} bytes: {reason}")
