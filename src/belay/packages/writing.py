"""Files are replaced as a whole, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ABANDONED = 3600.0
"""Seconds after which what somebody wrote beside a file, and did not put in its place, is nobody's."""


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a kill at any moment, finds the old content or the new.

    The file's permissions are kept; a link at its place is replaced, not followed.

    Raises:
        OSError: It cannot be written; the old content is there still.
    """
    _sweep(path)
    # Not the process's number: in a container it is the same each time.
    beside = path.with_name(f".{path.name}.{os.urandom(6).hex()}.new")
    try:
        with naming(path), beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and not path.is_symlink():
            beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give errors of the system in a ``with`` block this path, where they name none.

    What opens a file names it, what writes to it does not.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def edited(path: Path, edit: Callable[[], object], beside: Path) -> Iterator[None]:
    """Change a file for a ``with`` block; if anything fails in it, the file is as it was before.

    Args:
        path: The file; of a link, what it points to.
        edit: Changes it.
        beside: Where the file of before is kept meanwhile, so that putting it back needs no room on a disk.

    Raises:
        OSError: The file cannot be changed.
    """
    path = path.resolve()
    before = path.read_bytes()
    beside.unlink(missing_ok=True)
    try:
        os.link(path, beside)
    except (OSError, NotImplementedError):
        shutil.copy2(path, beside)
    try:
        edit()
        after = path.read_bytes()
        try:
            yield
        except BaseException:
            # What somebody else has written meanwhile is nothing of ours.
            if path.read_bytes() == after != before:
                _put_back(beside, path, before)
            raise
    finally:
        # By now the change is made or taken back, and whoever comes next removes it as well.
        with suppress(OSError):
            beside.unlink()


def _put_back(beside: Path, path: Path, before: bytes) -> None:
    try:
        beside.replace(path)
    except OSError:
        replace_file(path, before)  # they are on different disks


def _sweep(path: Path) -> None:
    """Remove what killed processes left beside a file."""
    left = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]+\.new")
    with suppress(OSError):
        for beside in path.parent.iterdir():
            if left.fullmatch(beside.name) and time.time() - beside.lstat().st_mtime > _ABANDONED:
                beside.unlink()
