"""Files that strangers may have put there: no pipe is waited for, and no more is read than belongs there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, if it is one, or a link to one.

    Raises:
        OSError: It is none: opening a pipe could wait for ever, and opening a device may do something.
    """
    _check(path, path.stat().st_mode)
    # What takes its place meanwhile is not waited for either.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = open(handle, "rb")  # noqa: PTH123 - it is no path, and the caller closes it
    try:
        _check(path, os.fstat(handle).st_mode)
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: Path, most: int) -> bytes:
    """What is in a file.

    Args:
        path: The file.
        most: The most bytes that are accepted.

    Raises:
        OSError: It is none, or cannot be read, or is larger.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"is larger than {most} bytes", str(path))
    return content


def _check(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is no file", str(path))
