"""An archive that has been fetched, and how its files come into the store.

A file of an archive has the address of that and behind a ``#`` its path in the repository. What an archive
has of a file may differ from what the host shows of it, as ``.gitattributes`` says, so neither can be fetched
in place of the other.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Collection
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, unquote

from belay.exceptions import FetchError
from belay.packages.archive import Listing, list_archive, read_files
from belay.packages.store import Memory, Store

if TYPE_CHECKING:
    from belay.packages.supply import Held

MAX_TOTAL = 64 << 20
"""The most bytes that are unpacked of one archive for one package."""
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
"""How a pointer begins (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md)."""
_MOST_POINTER = 1024


class Archive:
    """An archive on the disk, for as long as somebody holds it; for several threads.

    Args:
        url: Where it comes from.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._file: IO[bytes] = tempfile.TemporaryFile()
        self._lock = threading.Lock()
        self._listing: Listing | None = None

    def restart(self) -> None:
        """Forgets what has come; as :class:`~belay.packages.fetch.Sink` has it."""
        self._file.seek(0)
        self._file.truncate()

    def write(self, piece: bytes) -> None:
        """Takes a piece; as :class:`~belay.packages.fetch.Sink` has it."""
        self._file.write(piece)

    def close(self) -> None:
        """Gives the disk back, unless a thread is at it still: nobody waits for that after Ctrl-C."""
        if self._lock.acquire(blocking=False):
            self._file.close()
            self._lock.release()

    def listing(self) -> Listing:
        """What is in it.

        Raises:
            FetchError: It is damaged, or too large.
        """
        with self._lock:
            if self._listing is None:
                self._listing = list_archive(self._file, self.url)
            return self._listing

    def read(self, path: str) -> bytes:
        """The content of a file.

        Args:
            path: Its path in the repository.

        Raises:
            FetchError: The archive is damaged, or lacks it, or it is too large.
        """
        with self._lock:
            return next(content for _, content in read_files(self._file, [path], self.url))

    def unpack(self, paths: Collection[str], store: Store) -> dict[str, Held]:
        """Puts files into a store, and what it knows of their addresses.

        Args:
            paths: Their paths in the repository.
            store: The store.

        Returns:
            What it has, by path.

        Raises:
            FetchError: The archive is damaged, or lacks one, or they are too large.
        """
        from belay.packages.supply import Held

        found: dict[str, Held] = {}
        total = 0
        with self._lock:
            for path, content in read_files(self._file, paths, self.url):
                total += len(content)
                if content.startswith(_POINTER) and len(content) < _MOST_POINTER:
                    reason = "is a pointer of Git LFS, and its content is elsewhere"
                    raise FetchError(member_url(self.url, path), "mismatch", reason)
                if total > MAX_TOTAL:
                    raise FetchError(self.url, "too-large", f"more than {MAX_TOTAL} bytes would be unpacked")
                digits = store.add(content)
                found[path] = Held(digits, len(content))
                store.remember(Memory(member_url(self.url, path), digits, len(content), fetched=time.time()))
        return found


def member_url(url: str, path: str) -> str:
    """The address of a file in an archive."""
    return f"{url}#{quote(path)}"


def split_member(url: str) -> tuple[str, str]:
    """The address of an archive, and the path in it; the path is empty for what is in no archive."""
    archive, _, path = url.partition("#")
    return archive, unquote(path)


def listing_url(url: str, folder: str, key: str) -> str:
    """The address under which a store remembers what was chosen of an archive."""
    digits = hashlib.sha256(f"{folder}\0{key}".encode()).hexdigest()
    return f"{url}#?{digits}"
