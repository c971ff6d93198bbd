"""Files of a board that are open here."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from belay.files.filesystem import Filesystem

AT_ONCE = 16 * 1024
"""Bytes that are read ahead: each request costs a turn, and they wait in memory here."""


class BoardReader(io.RawIOBase):
    """A file of a board for reading; each read asks the board for what is there then.

    Args:
        filesystem: The files of the board.
        path: The file.

    Raises:
        BoardFileNotFoundError: There is no such file.
        BoardIsAFolderError: It is a folder.
    """

    def __init__(self, filesystem: Filesystem, path: str) -> None:
        self.name = path
        self._filesystem = filesystem
        self._at = 0
        filesystem.size(path)

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read as much as fits."""
        self._refuse_closed()
        view = memoryview(buffer).cast("B")
        data = self._filesystem.read(self.name, self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readall(self) -> bytes:
        """Read all that is left, without one more question for where it ends."""
        self._refuse_closed()
        data = self._filesystem.read(self.name, self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in the file."""
        self._refuse_closed()
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if start is None:
            if whence != os.SEEK_END:
                raise ValueError(f"whence cannot be {whence}")
            start = self._filesystem.size(self.name)
        if start + offset < 0:
            raise ValueError("a place before the file's beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """The place in the file."""
        self._refuse_closed()
        return self._at

    def _refuse_closed(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")


class BoardWriter(io.BufferedIOBase):
    """Collects what a file is to hold; it goes to the board when this is closed, whole or not at all.

    Nothing is written if the ``with`` block ends by an exception, or if it is never closed.

    Args:
        path: The file.
        put: Writes it.
        begin: What it holds already.
        append: Whether each write adds at the end, wherever the place in it is.
    """

    def __init__(
        self, path: str, put: Callable[[bytes], object], *, begin: bytes = b"", append: bool = False
    ) -> None:
        self.name = path
        self._put = put
        self._append = append
        self._held = io.BytesIO(begin)
        self._held.seek(len(begin))

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Add bytes."""
        if self._append:
            self._held.seek(0, os.SEEK_END)
        return self._held.write(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in what is collected."""
        return self._held.seek(offset, whence)

    def tell(self) -> int:
        """The place in what is collected."""
        return self._held.tell()

    def truncate(self, size: int | None = None, /) -> int:
        """Forget what is behind a place."""
        return self._held.truncate(size)

    def discard(self) -> None:
        """Close it; nothing is written."""
        self._held.close()
        super().close()

    def close(self) -> None:
        """Write the file.

        Raises:
            FilesError: It cannot be written; it is as it was.
        """
        if self.closed:
            return
        data = self._held.getvalue()
        self.discard()
        self._put(data)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def __del__(self) -> None:
        forget(self)


class Collected(Protocol):
    """What is collected for a file."""

    @property
    def name(self) -> str:
        """Which file."""
        ...

    @property
    def closed(self) -> bool:
        """Whether it is written, or forgotten."""
        ...

    def discard(self) -> None:
        """Close it; nothing is written."""
        ...


class BoardTextWriter(io.TextIOWrapper):
    """The same for text."""

    def __init__(self, binary: Collected, encoding: str, errors: str, newline: str) -> None:
        # Before all else: __del__ is called too where there is no such encoding.
        self._binary = binary
        stream: Any = binary
        try:
            super().__init__(stream, encoding, errors, newline)
        except (LookupError, ValueError):
            binary.discard()
            raise

    def discard(self) -> None:
        """Close it; nothing is written."""
        self._binary.discard()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def __del__(self) -> None:
        forget(self._binary)


def forget(file: Collected) -> None:
    """A file that nobody has closed: to write it now could be in the middle of another call."""
    if not file.closed:
        file.discard()
        warnings.warn(f"{file.name} was not closed, so it was not written", ResourceWarning, stacklevel=3)
