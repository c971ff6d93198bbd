"""A folder of the host's, as a board sees it that has it mounted: what is asked of it, and nothing beyond it.

Nothing is kept open between two questions. Each resolves its path anew, links included, and refuses what lies
outside of the folder before it opens anything; what is opened is opened without following a link. Whoever can
change the folder on the host could, at that very moment, put a link in the place of a folder in between; the
board itself cannot make links.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from binascii import a2b_base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from belay.board.asking import Brought, Denied
from belay.files.failure import (
    EXISTS,
    INPUT_OUTPUT,
    INVALID,
    IS_FOLDER,
    NO_ACCESS,
    NO_FILE,
    NO_FOLDER,
    READ_ONLY,
    TOO_LONG,
)

_CHANGES: Final = frozenset({"write", "mkdir", "rmdir", "remove", "rename"})
_SUFFIXES: Final = (".py", ".mpy")
"""What an import looks for, in its order."""

_FOLDER, _FILE = 0x4000, 0x8000
_LONGEST: Final = 255
_BLOCK: Final = 4096
_YEAR_2000: Final = 946_684_800
_AROUND: Final = 128
"""So many bytes of a reply are not entries of a listing."""

_SAFE: Final = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)

# MicroPython's numbers are Linux's, whatever the host has.
_NUMBERS: Final = {
    errno.EPERM: 1,
    errno.ENOENT: NO_FILE,
    errno.EACCES: NO_ACCESS,
    errno.ELOOP: NO_ACCESS,
    errno.EBUSY: 16,
    errno.EEXIST: EXISTS,
    errno.EXDEV: 18,
    errno.ENOTDIR: NO_FOLDER,
    errno.EISDIR: IS_FOLDER,
    errno.EINVAL: INVALID,
    errno.EFBIG: 27,
    errno.ENOSPC: 28,
    errno.EDQUOT: 28,
    errno.EROFS: READ_ONLY,
    errno.ENAMETOOLONG: TOO_LONG,
    errno.ENOTEMPTY: 39,
}


class Share:
    """A folder that a board has mounted.

    Args:
        folder: The folder.
        writable: Whether the board may change what is in it.

    Raises:
        OSError: There is no such folder.

    Attributes:
        largest: Bytes of the largest reply that the board takes.
    """

    def __init__(self, folder: Path, *, writable: bool) -> None:
        self._top = str(folder.resolve(strict=True))
        if not os.path.isdir(self._top):  # noqa: PTH112
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        self._writable = writable
        self.largest = 512

    def answer(self, what: str, path: str, room: int, *args: object) -> object:
        """Answer a question of the board's (``onboard/part_mount.py``).

        Args:
            what: What is to be done.
            path: With what, from the top of the folder.
            room: At most so many bytes may come along.
            args: What else belongs to it.

        Raises:
            Denied: It cannot be done.
        """
        with _board_numbers():
            if what in _CHANGES:
                if not self._writable:
                    raise Denied(READ_ONLY)
                return self._change(what, path, *args)
            match what, args:
                case "look", ():
                    return self._look(path, room)
                case "open", (str(mode),):
                    return self._open(path, room, mode)
                case "read", (str(which), int(at)):
                    return self._read(path, room, which, at)
                case "list", (str(after),):
                    return self._list(path, after)
                case "room", ():
                    usage = shutil.disk_usage(self._inside(path))
                    return [_BLOCK, usage.total // _BLOCK, usage.free // _BLOCK]
        raise Denied(INVALID)

    def _change(self, what: str, path: str, *args: object) -> int | None:
        match what, args:
            case "write", (str(which), int(at), bytes(data)):
                return self._write(path, which, at, a2b_base64(data))
            case "mkdir", ():
                os.mkdir(self._place(path, EXISTS))  # noqa: PTH102
            case "rmdir", ():
                os.rmdir(self._place(path))  # noqa: PTH106
            case "remove", ():
                self._remove(self._place(path))
            case "rename", (str(to),):
                os.replace(self._place(path), self._place(to))  # noqa: PTH105
            case _:
                raise Denied(INVALID)
        return None

    # --- paths ----------------------------------------------------------------------------------

    def _inside(self, path: str) -> str:
        """Where a path leads to, links followed."""
        real = os.path.realpath(os.path.join(self._top, *_names(path)))  # noqa: PTH118
        if real != self._top and not real.startswith(os.path.join(self._top, "")):  # noqa: PTH118
            raise Denied(NO_ACCESS)
        return real

    def _place(self, path: str, top: int = NO_ACCESS) -> str:
        """Where a path is, whether a link or not; the top itself is refused."""
        *folders, name = _names(path) or [""]
        if not name:
            raise Denied(top)
        return os.path.join(self._inside("/".join(folders)), name)  # noqa: PTH118

    def _stat(self, path: str) -> tuple[str, os.stat_result]:
        real = self._inside(path)
        about = os.stat(real, follow_symlinks=False)  # noqa: PTH116
        if not stat.S_ISDIR(about.st_mode) and not stat.S_ISREG(about.st_mode):
            raise Denied(NO_ACCESS)
        if path.endswith("/") and path.strip("/") and not stat.S_ISDIR(about.st_mode):
            raise Denied(NO_FOLDER)
        return real, about

    # --- looking --------------------------------------------------------------------------------

    def _look(self, path: str, room: int) -> object:
        """What is at a path; and what an import is going to ask then."""
        try:
            _, about = self._stat(path)
        except FileNotFoundError:
            if path.endswith(("/", *_SUFFIXES)):
                raise
            names, found = self._foresee(path)
            if found is None:
                return [NO_FILE, names]
            opened = self._first(found, room)
            return Brought([NO_FILE, names, [found, *opened.value]], opened.data)
        if not stat.S_ISDIR(about.st_mode):
            return [_entry(about), {}]
        return [_entry(about), self._foresee(f"{path.rstrip('/')}/__init__")[0]]

    def _foresee(self, stem: str) -> tuple[dict[str, object], str | None]:
        """The entries of the module's files up to the first that is there, and its path."""
        names: dict[str, object] = {}
        for path in (stem + suffix for suffix in _SUFFIXES):
            try:
                with _board_numbers():
                    _, about = self._stat(path)
            except Denied as denied:
                names[path] = denied.number
                continue
            names[path] = _entry(about)
            if stat.S_ISREG(about.st_mode):
                return names, path
        return names, None

    def _list(self, path: str, after: str) -> object:
        """Names, kinds and sizes that come after a name, as many as go in a reply; whether there are more."""
        real = self._inside(path)
        room = self.largest - _AROUND
        entries: list[object] = []
        for name in sorted(name for name in os.listdir(real) if name > after):  # noqa: PTH208
            try:
                with _board_numbers():
                    _, about = self._stat(f"{path}/{name}")
            except Denied:
                # It leads out, or nowhere, is no file, or has a name that cannot be said.
                continue
            mode, size, _ = _entry(about)
            entry = [name, mode, size]
            room -= len(json.dumps(entry, separators=(",", ":"))) + 1
            if room < 0 and entries:
                return [entries, True]
            if room >= 0:
                entries.append(entry)
            else:
                # Its name alone is too long for this board.
                room = self.largest - _AROUND
        return [entries, False]

    # --- files ----------------------------------------------------------------------------------

    def _open(self, path: str, room: int, mode: str) -> object:
        kind, more = mode[:1], "+" in mode
        if kind == "r" and not more:
            return self._first(path, room)
        if not self._writable:
            raise Denied(READ_ONLY)
        flags = {"r": 0, "w": os.O_CREAT, "a": os.O_CREAT, "x": os.O_CREAT | os.O_EXCL}
        if kind not in flags:
            raise Denied(INVALID)
        with self._opened(path, os.O_RDWR | flags[kind]) as (file, about):
            if kind == "w":
                os.ftruncate(file, 0)
            return Brought([_which(about), about.st_size if kind == "a" else 0, False], b"")

    def _first(self, path: str, room: int) -> Brought:
        """Open a file for reading, with its first bytes."""
        with self._opened(path, os.O_RDONLY) as (file, about):
            data = _read_all(file, min(room, self.largest))
            return Brought([_which(about), 0, len(data) >= about.st_size], data)

    def _read(self, path: str, room: int, which: str, at: int) -> object:
        """Some bytes of a file, and whether it ends there; its size for a place before its beginning."""
        with self._opened(path, os.O_RDONLY, which) as (file, about):
            if at < 0:
                return [about.st_size]
            os.lseek(file, at, os.SEEK_SET)
            data = _read_all(file, min(room, self.largest))
            return Brought([at + len(data) >= about.st_size], data)

    def _write(self, path: str, which: str, at: int, data: bytes) -> int:
        """Write at a place, or at the end for a place before the beginning; the place behind."""
        with self._opened(path, os.O_RDWR | (os.O_APPEND if at < 0 else 0), which) as (file, _):
            os.lseek(file, max(at, 0), os.SEEK_END if at < 0 else os.SEEK_SET)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
            return os.lseek(file, 0, os.SEEK_CUR)

    @contextmanager
    def _opened(
        self, path: str, flags: int, which: str | None = None
    ) -> Iterator[tuple[int, os.stat_result]]:
        """A file, open for as long as the block lasts."""
        try:
            real, about = self._stat(path)
            if flags & os.O_EXCL:
                raise Denied(EXISTS)
            if stat.S_ISDIR(about.st_mode):
                raise Denied(IS_FOLDER)
        except FileNotFoundError:
            if not flags & os.O_CREAT or path.endswith("/"):
                raise
            real = self._inside(path)
        file = os.open(real, flags | _SAFE, 0o666)
        try:
            about = os.fstat(file)
            if not stat.S_ISREG(about.st_mode):
                raise Denied(NO_ACCESS)
            if which not in (None, _which(about)):
                # Another file has its name now.
                raise Denied(INPUT_OUTPUT)
            yield file, about
        finally:
            os.close(file)

    def _remove(self, place: str) -> None:
        about = os.lstat(place)
        if stat.S_ISDIR(about.st_mode):
            raise Denied(IS_FOLDER)
        if not stat.S_ISREG(about.st_mode) and not stat.S_ISLNK(about.st_mode):
            raise Denied(NO_ACCESS)
        os.remove(place)  # noqa: PTH107


@contextmanager
def _board_numbers() -> Iterator[None]:
    """Errors of the host's files, as the board has them."""
    try:
        yield
    except OSError as error:
        raise Denied(_NUMBERS.get(error.errno or 0, INPUT_OUTPUT)) from error
    except (ValueError, OverflowError) as error:
        # A number or a text that no well-meaning board sends.
        raise Denied(INVALID) from error


def _names(path: str) -> list[str]:
    """The names in a path; those that no board needs, but that mean something to a host, are refused."""
    names: list[str] = []
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Denied(INVALID) from None
    for name in path.split("/"):
        if name == "..":
            if not names:
                raise Denied(NO_ACCESS)
            names.pop()
        elif "\0" in name:
            raise Denied(INVALID)
        elif len(name.encode()) > _LONGEST:
            raise Denied(TOO_LONG)
        elif os.name == "nt" and not _is_plain_on_windows(name):
            raise Denied(NO_ACCESS)
        elif name not in ("", "."):
            names.append(name)
    return names


def _is_plain_on_windows(name: str) -> bool:
    """Whether a name means a file of this name, no drive, stream or device."""
    stem = name.partition(".")[0].rstrip().upper()
    device = stem in ("CON", "PRN", "AUX", "NUL") or (stem[:3] in ("COM", "LPT") and stem[3:].isdigit())
    plain = not set(name) & set('\\:*?"<>|') and name.rstrip(". ") == name
    return name in ("", ".") or (plain and not device)


def _entry(about: os.stat_result) -> list[int]:
    """Kind, size, and seconds since 2000 of the last change."""
    folder = stat.S_ISDIR(about.st_mode)
    changed = max(0, int(about.st_mtime) - _YEAR_2000)
    return [_FOLDER if folder else _FILE, 0 if folder else about.st_size, changed]


def _which(about: os.stat_result) -> str:
    """What tells a file from another one that gets its name."""
    return f"{about.st_dev:x}.{about.st_ino:x}"


def _read_all(file: int, size: int) -> bytes:
    """Up to so many bytes; fewer only at the end."""
    data = b""
    while len(data) < size and (piece := os.read(file, size - len(data))):
        data += piece
    return data
