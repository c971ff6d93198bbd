"""Content on its way into the store: what is large is on the disk and not in memory."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from belay.cache.ownership import make_private

START = 500
"""Bytes of the beginning that are told."""
LARGE = 1 << 18
"""Bytes from which on content goes to the disk; next to no file for a board is so large."""


class Draft:
    """Content that comes in pieces; a ``with`` block ends with nothing left of it.

    Args:
        place: The file for large content, in a folder that is made if need be; None: all stays in memory.
    """

    def __init__(self, place: Path | None) -> None:
        self.place = place
        self._file: BinaryIO | None = None
        self.restart()

    def __enter__(self) -> Draft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.restart()

    def restart(self) -> None:
        """Forgets what has come."""
        self.size = 0
        self._start = b""
        self._hash = hashlib.sha256()
        self._pieces: list[bytes] = []
        if self._file is not None and self.place is not None:
            self._file.close()
            self._file = None
            with suppress(OSError):
                self.place.unlink()

    def write(self, piece: bytes) -> None:
        """Adds a piece."""
        self._hash.update(piece)
        self._start += piece[: max(0, START - self.size)]
        self._keep(piece)
        self.size += len(piece)

    @property
    def sha256(self) -> str:
        """Of what has come."""
        return self._hash.hexdigest()

    @property
    def on_disk(self) -> Path | None:
        """The file with all that has come, which is complete and closed; None if it is in memory."""
        if self._file is None:
            return None
        self._file.close()
        return self.place

    def content(self) -> bytes:
        """What has come.

        Raises:
            OSError: It is on the disk, and cannot be read.
        """
        place = self.on_disk
        return b"".join(self._pieces) if place is None else place.read_bytes()

    def start(self) -> bytes:
        """The beginning of what has come, up to :data:`START` bytes."""
        return self._start

    def _keep(self, piece: bytes) -> None:
        if self._file is None and self.place is not None and self.size + len(piece) > LARGE:
            self._spill(self.place)
        if self._file is None:
            self._pieces.append(piece)
            return
        try:
            self._write_all(self._file, piece)
        except OSError:
            # As on a full disk: what is there already comes back into memory, and the rest stays in it.
            self._pieces = [self._take_back(self._file), piece]

    def _spill(self, place: Path) -> None:
        try:
            make_private(place.parent)
            self._file = place.open("w+b", buffering=0)
        except OSError:
            self.place = None
            return
        pieces, self._pieces = self._pieces, []
        try:
            self._write_all(self._file, b"".join(pieces))
        except OSError:
            self._drop(self._file)
            self._pieces = pieces

    def _take_back(self, file: BinaryIO) -> bytes:
        file.seek(0)
        content = file.read(self.size)
        self._drop(file)
        return content

    def _drop(self, file: BinaryIO) -> None:
        file.close()
        self._file = None
        if self.place is not None:
            with suppress(OSError):
                self.place.unlink()
        self.place = None

    @staticmethod
    def _write_all(file: BinaryIO, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
