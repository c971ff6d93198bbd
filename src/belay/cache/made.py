"""What was made from source before: minified or compiled, kept by what it was made from.

Any number of processes may use it at once: an entry is written beside and renamed, and each begins with the
SHA-256 of its content, so that what is damaged is found out and made again. Nothing that goes wrong here is
an error, for everything can be made again.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from belay.cache.ownership import make_private, why_not_ours
from belay.cache.place import cache_folder

FORMAT = "made-1"
"""The folder of this format."""
KINDS = ("compiled", "minified")
MOST = 64 * 1024 * 1024
"""Bytes of all entries; beyond that those go that were not used for longest."""

_LEFT = 0.75
"""How much of that stays, for not every entry to need room to be made."""
_DIGEST = 32
_RECENT = 3600.0
"""Seconds in which a use need not be noted again."""
_ABANDONED = 24 * 3600.0
"""Seconds after which a file that somebody was writing is nobody's."""
_ENTRY = re.compile("[0-9a-f]{64}")
_BESIDE = re.compile("[0-9a-f]{64}-[0-9a-f]{16}")


@dataclass(frozen=True)
class Kept:
    """All of a kind.

    Attributes:
        kind: One of :data:`KINDS`.
        size: In bytes.
        path: Their folder.
    """

    kind: str
    size: int
    path: Path


def key_of(*parts: bytes) -> str:
    """The key of what is made from these, in this order."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.hexdigest()


class Made:
    """What was made from source before.

    Args:
        folder: The cache's folder; None for :func:`~belay.cache.place.cache_folder`. If others can write to
            it, nothing is read or written.
        most: Bytes of all entries.
    """

    def __init__(self, folder: Path | None = None, *, most: int = MOST) -> None:
        folder = cache_folder() if folder is None else folder
        root = folder / FORMAT
        # What is here runs on a board.
        self._root = None if why_not_ours(folder, root) else root
        self._most = most
        self._added = False

    def get(self, kind: str, key: str) -> bytes | None:
        """What was made before, or None."""
        root = self._root
        if root is None:
            return None
        path = root / kind / key
        try:
            with path.open("rb") as file:
                data = file.read()
                used = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        content = data[_DIGEST:]
        if hashlib.sha256(content).digest() != data[:_DIGEST]:
            _remove(path)
            return None
        if abs(time.time() - used) > _RECENT:
            with suppress(OSError):
                os.utime(path)
        return content

    def keep(self, kind: str, key: str, content: bytes) -> None:
        """Keep what was made, if that is possible."""
        root = self._root  # another thread may give up meanwhile
        if root is None:
            return
        path = root / kind / key
        beside = path.with_name(f"{key}-{secrets.token_hex(8)}")
        try:
            make_private(path.parent)
            beside.write_bytes(hashlib.sha256(content).digest() + content)
            beside.replace(path)
        except OSError:
            _remove(beside)
            # A disk that is full or read-only is asked no more.
            self._root = None
        self._added = True

    def trim(self) -> None:
        """Remove what was not used for longest, if something was added and it is too much now."""
        if self._root is None or not self._added:
            return
        self._added = False
        found = sorted(file for kind in KINDS for file in _files(self._root / kind))
        size = sum(size for _, size, _ in found)
        room = size if size <= self._most else int(self._most * _LEFT)
        for used, taken, path in found:
            abandoned = _BESIDE.fullmatch(path.name) and time.time() - used > _ABANDONED
            if size > room or abandoned:
                _remove(path)
                size -= taken


def kept(folder: Path) -> list[Kept]:
    """What a cache has of each kind; kinds of which it has nothing are left out.

    Args:
        folder: The cache's folder.
    """
    found = []
    for kind in KINDS:
        path = folder / FORMAT / kind
        if files := _files(path):
            found.append(Kept(kind, sum(size for _, size, _ in files), path))
    return found


def remove(path: Path) -> None:
    """Remove all of a kind.

    Args:
        path: Their folder.

    Raises:
        OSError: Something of it is there still.
    """
    for _, _, file in _files(path):
        file.unlink(missing_ok=True)
    with suppress(OSError):
        path.rmdir()


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """When each file of a folder was last used, its size and where it is; nothing that is not our own."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return []
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            known = _ENTRY.fullmatch(entry.name) or _BESIDE.fullmatch(entry.name)
            if known and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    about = entry.stat(follow_symlinks=False)
                    found.append((about.st_mtime, about.st_size, Path(entry.path)))
    return found


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
