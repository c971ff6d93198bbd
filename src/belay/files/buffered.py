"""Files of a board that fsspec has opened; imported where fsspec is there."""

from __future__ import annotations

from typing import cast

from fsspec.spec import AbstractBufferedFile

from belay.files.filesystem import Filesystem
from belay.files.opened import forget


class BoardFile(AbstractBufferedFile):  # type: ignore[misc]
    """A file of a board that fsspec has opened.

    Reading brings what is needed and a little more; what is written is collected, and goes to the board whole
    when the file is closed.
    """

    _held = b""

    @property
    def name(self) -> str:
        """Which file."""
        return cast("str", self.path)

    def _fetch_range(self, start: int, end: int) -> bytes:
        return cast("Filesystem", self.fs.device.filesystem).read(self.path, start, end - start)

    def _upload_chunk(self, final: bool = False) -> bool:
        if not final:
            # It stays in the buffer.
            return False
        self._held = self.buffer.getvalue()
        if self.autocommit:
            self.commit()
        return True

    def commit(self) -> None:
        """Write the file.

        Raises:
            FilesError: It cannot be written; it is as it was.
        """
        files: Filesystem = self.fs.device.filesystem
        begin = files.read(self.path) if self.mode == "ab" and files.exists(self.path) else b""
        files.write(self.path, begin + self._held, replace=self.mode != "xb")

    def discard(self) -> None:
        """Close it; nothing is written."""
        self._held, self.closed = b"", True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or self.mode == "rb":
            self.close()
        else:
            self.discard()

    def __del__(self) -> None:
        if self.mode != "rb":
            forget(self)
