"""The store: a cache by content, and what is known of the addresses that content came from.

Any number of processes may use it at once, and each may be killed at any moment. There is nothing to lock:
an entry is written beside and then renamed, so it is there as a whole or not at all; it is named after what
is in it, so two writers write the same; and whoever reads checks what he reads, so that a damaged entry is
found out, taken away and fetched again. An entry that somebody clears while another needs it is fetched again
too.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec

from belay.cache.ownership import make_private, why_not_ours
from belay.cache.place import cache_folder
from belay.packages.draft import Draft

FORMAT = "store-1"
"""The folder of this format; another version of belay may have another beside it."""
_ABANDONED = 24 * 3600.0
"""Seconds after which a file that somebody was writing is nobody's."""
_IDLE = 60.0
"""The same for whoever clears everything; nobody writes a file for so long."""
_DIGITS = re.compile("[0-9a-f]{64}")
_BESIDE = re.compile("[0-9a-f]{16}-[0-9]+")


class Memory(msgspec.Struct, frozen=True):
    """What is known of an address.

    Attributes:
        url: The address.
        sha256: Of what lay there.
        size: Of what lay there, in bytes.
        etag: The server's name for it, or empty.
        modified: The server's date of it, or empty.
        fetched: When the server last said that it is so, in seconds since 1970.
        under: What vouched for it then, see :class:`~belay.packages.index.Index`; or empty.
        here: Whether the content is kept with this record and not by itself.
    """

    url: str
    sha256: str
    size: int
    etag: str = ""
    modified: str = ""
    fetched: float = 0.0
    under: str = ""
    here: bool = False


@dataclass(frozen=True)
class Record:
    """A file of the store with what is known of an address.

    Attributes:
        path: The file.
        size: In bytes.
        memory: What is known; None if the file is damaged.
    """

    path: Path
    size: int
    memory: Memory | None


class Store:
    """A cache by content in a folder.

    A store that cannot be written to, as on a full disk, still works for as long as this object lives; of one
    that others can write to nothing is read or written.

    Args:
        folder: Where; None for :func:`~belay.cache.place.cache_folder`. It is made when something is first
            kept.
        warn: Called with a sentence when the store cannot be written to, or is not used; once.
    """

    def __init__(self, folder: Path | None = None, *, warn: Callable[[str], None] | None = None) -> None:
        self.folder = cache_folder() if folder is None else folder
        self._warn = warn
        self._failing = threading.Lock()
        root = self.folder / FORMAT
        if strange := why_not_ours(self.folder, root):
            # What is kept of addresses is believed.
            root = Path(os.devnull) / FORMAT
        self._contents, self._pages, self._tmp = root / "content", root / "pages", root / "tmp"
        self._failed = bool(strange)
        if strange and warn is not None:
            warn(f"the store is not used: {strange}")
        self._swept = False
        # Names that no other process and no other thread uses.
        self._mark = os.urandom(8).hex()
        self._numbers = count()
        self._content: dict[str, bytes] = {}
        self._memories: dict[str, bytes] = {}

    # --- content ---------------------------------------------------------------------------------

    def add(self, content: bytes) -> str:
        """Keeps content.

        Returns:
            Its SHA-256.
        """
        digits = hashlib.sha256(content).hexdigest()
        self._add(digits, content)
        return digits

    def _add(self, digits: str, content: bytes) -> None:
        path = self._contents / digits
        if self._size_of(path) != len(content) and not self._write(path, content):
            self._content[digits] = content

    def draft(self) -> Draft:
        """For content that comes in pieces, to be kept when it is complete."""
        return Draft(None if self._failed else self._beside())

    def keep(self, draft: Draft) -> str:
        """Keeps what has come in pieces.

        Returns:
            Its SHA-256.
        """
        digits, place = draft.sha256, draft.on_disk
        path = self._contents / digits
        if place is None or not (self._size_of(path) == draft.size or _move(place, path)):
            self._add(digits, draft.content())
        return digits

    def has(self, sha256: str, size: int) -> bool:
        """Whether content seems to be there; only reading it makes sure."""
        return sha256 in self._content or self._size_of(self._contents / sha256) == size

    def read(self, sha256: str) -> bytes | None:
        """Content that is certainly of this SHA-256, or None; an entry that is damaged is taken away."""
        if sha256 in self._content:
            return self._content[sha256]
        path = self._contents / sha256
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() == sha256:
            return content
        _remove(path)
        return None

    # --- addresses -------------------------------------------------------------------------------

    def remember(self, memory: Memory, content: bytes = b"") -> None:
        """Keeps what is known of an address.

        Args:
            memory: What is known.
            content: What lies there, if ``memory.here``.
        """
        data = msgspec.json.encode(memory) + b"\n" + content
        if not self._write(self._memory_path(memory.url), data):
            self._memories[memory.url] = data

    def recall(self, url: str) -> tuple[Memory, bytes] | None:
        """What is known of an address, and the content if it is kept with that; None for nothing."""
        path = self._memory_path(url)
        data = self._memories.get(url)
        if data is None:
            try:
                data = path.read_bytes()
            except OSError:
                return None
        head, _, content = data.partition(b"\n")
        try:
            memory = msgspec.json.decode(head, type=Memory)
        except (msgspec.DecodeError, UnicodeDecodeError):
            _remove(path)
            return None
        whole = not memory.here or hashlib.sha256(content).hexdigest() == memory.sha256
        if memory.url != url or not whole or not _DIGITS.fullmatch(memory.sha256):
            _remove(path)
            return None
        return memory, content

    # --- for people ------------------------------------------------------------------------------

    def records(self) -> Iterator[Record]:
        """Everything that is known of addresses.

        Raises:
            OSError: The store cannot be read.
        """
        for path in _scan(self._pages, _DIGITS):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # somebody else has cleared it
            try:
                memory = msgspec.json.decode(data.partition(b"\n")[0], type=Memory)
            except (msgspec.DecodeError, UnicodeDecodeError):
                memory = None
            yield Record(path, len(data), memory)

    def contents(self) -> dict[str, tuple[Path, int]]:
        """All content that is kept by itself: the file and its size in bytes, by SHA-256.

        Raises:
            OSError: The store cannot be read.
        """
        paths = _scan(self._contents, _DIGITS)
        return {path.name: (path, size) for path in paths if (size := self._size_of(path)) is not None}

    def sweep(self, *, idle: bool = False) -> None:
        """Removes what killed processes left behind.

        Args:
            idle: Whether also what somebody wrote to a minute ago is taken for that.
        """
        with suppress(OSError):
            for path in _scan(self._tmp, _BESIDE):
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime >= (_IDLE if idle else _ABANDONED):
                        path.unlink()

    # --- files -----------------------------------------------------------------------------------

    def _memory_path(self, url: str) -> Path:
        digits = hashlib.sha256(url.encode(errors="surrogatepass")).hexdigest()
        return self._pages / digits

    def _beside(self) -> Path:
        """A file for nobody else."""
        return self._tmp / f"{self._mark}-{next(self._numbers)}"

    @staticmethod
    def _size_of(path: Path) -> int | None:
        try:
            return path.stat().st_size
        except OSError:
            return None

    def _write(self, path: Path, data: bytes) -> bool:
        """Writes a file as a whole; False if it cannot be done."""
        if self._failed:
            return False
        if not self._swept:
            self._swept = True
            self.sweep()
        beside = self._beside()
        try:
            self._put(path, data, beside)
        except OSError as error:
            _remove(beside)
            if isinstance(error, PermissionError) and self._size_of(path) == len(data):
                return True  # Windows replaces no file that another process is reading
            self._degrade(error)
            return False
        return True

    @staticmethod
    def _put(path: Path, data: bytes, beside: Path) -> None:
        try:
            _write_new(beside, data)
            beside.replace(path)
        except FileNotFoundError:
            # The folders are not there yet, or no longer.
            make_private(beside.parent)
            make_private(path.parent)
            _write_new(beside, data)
            beside.replace(path)

    def _degrade(self, error: OSError) -> None:
        with self._failing:
            # Several threads may notice at once.
            first, self._failed = not self._failed, True
        if first and self._warn is not None:
            why = error.strerror or error
            self._warn(f"the store {self.folder} cannot be written to, so nothing is kept for later: {why}")


def _write_new(path: Path, data: bytes) -> None:
    """Writes a file. Many small files are written while others wait for the interpreter: no call too many."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
    finally:
        os.close(handle)


def _move(place: Path, target: Path) -> bool:
    try:
        make_private(target.parent)
        place.replace(target)
    except OSError:
        return False
    return True


def _scan(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """What the store itself has put into a folder of its own.

    Nothing else may be listed, for what is listed is removed some day: no other names, and above all nothing
    that is behind a link.

    Raises:
        OSError: It cannot be looked into.
    """
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as found:
            return [
                Path(each.path)
                for each in found
                if name.fullmatch(each.name) and each.is_file(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []  # there is nothing yet


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
