"""A board's files by the functions that belay has on it: one request each, and errors by their own names.

All paths are absolute, as ``/lib/x.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final, cast

from belay.board.calls import BoardFailure, Calls, Ours, Terms
from belay.exceptions import NotBelayResponseError
from belay.files.failure import file_error
from belay.files.tree import FOLDER, Entry, File, join

TIMEOUT = 30.0
"""Seconds for one request; those that move many bytes get more."""

SLOWEST = 10_000
"""Bytes per second that a board reads or writes at least."""

AT_ONCE = 256 * 1024
"""At most so many bytes are asked for at once."""

UNREAD = -1
"""In place of a CRC-32 that was not asked for."""


@dataclass(frozen=True)
class Room:
    """How much room a file system has.

    Attributes:
        block: Bytes of a block.
        total: Bytes of all blocks.
        free: Bytes of the free ones.
    """

    block: int
    total: int
    free: int


@dataclass(frozen=True)
class Stat:
    """What a file system says of a file or folder.

    Attributes:
        is_folder: Whether it is a folder.
        size: Bytes of a file.
        changed: When it was last changed, in seconds since 1970 by the board's clock; 0 if it is not known.
    """

    is_folder: bool
    size: int
    changed: int


STATS: Final = 32
"""About so many names is asked in one request: the answer is made in the board's memory."""


@dataclass(frozen=True)
class View:
    """What is in a place on the board.

    Attributes:
        exists: Whether there is a folder.
        is_file: Whether there is a file in its place.
        room: That of the file system.
        record: What the file holds that was asked for besides; empty if there is none.
        tree: What is in the folder, by path from there. A ``crc`` that was not asked for is :data:`UNREAD`.
        mounts: Folders directly in it that are file systems of their own, and the room of those.
        rootless: Whether nothing is mounted at the top of the board; what was asked for besides is then that
            of the first folder on the way.
    """

    exists: bool
    is_file: bool
    room: Room
    record: bytes
    tree: dict[str, Entry]
    mounts: dict[str, Room] = field(default_factory=dict)
    rootless: bool = False


class Access:
    """A board's files, while a question is being asked.

    Args:
        calls: The way to the board.
        terms: Where output goes.
    """

    def __init__(self, calls: Calls, terms: Terms) -> None:
        self._calls = calls
        self._terms = terms

    @property
    def window(self) -> int:
        """The bits of the window with which the board had better decompress; 0 if it cannot."""
        return self._calls.window

    @property
    def piece(self) -> int:
        """The most bytes that go in one request, and the most of memory that one may need besides."""
        return self._calls.bulk_size

    def look(
        self,
        top: str,
        *,
        sizes: Sequence[int] | None = (),
        deep: bool = True,
        record: str | None = None,
        also: Sequence[str] | None = None,
        total: int = 0,
    ) -> View:
        """Look at a folder and all that is in it.

        Args:
            top: The folder.
            sizes: The CRC-32 is wanted of files of these sizes; None for all files.
            deep: Whether to look into the folders in it.
            record: A file whose content is wanted too.
            also: Names of folders in it that are looked into even if they are file systems of their own,
                which no listing may show; others of these are not. None: all that a listing shows are.
            total: About so many bytes are read for it.

        Raises:
            BoardFileError: A folder cannot be read.
        """
        wanted = None if sizes is None else sorted(set(sizes))
        data = b""
        # A list: names go as they are in it alone (belay.board.requests.json_of).
        names = None if also is None else list(also)
        function, args = Ours.LOOK, [_top(top), wanted, deep, record, names]
        while True:
            part = self._ask(function, args, top, seconds=total / SLOWEST)
            if not isinstance(part, bytes):
                raise NotBelayResponseError(f"the board's files cannot be read: {part!r}")
            if not part.endswith(b"+"):
                return _read_view(data + part)
            data += part[:-1]
            function, args = Ours.MORE, []

    def apply(self, top: str, steps: Sequence[Sequence[object]], blob: bytes, window: int, size: int) -> None:
        """Do some steps, see :mod:`belay.files.transfer`.

        Args:
            top: The folder that their paths start from.
            steps: The steps.
            blob: What they write, one after another.
            window: For how many bits of a window it is compressed; 0: it is not.
            size: Bytes that are written.

        Raises:
            BoardFileError: One cannot be done; those before it are done.
        """
        self._ask(Ours.APPLY, [window, _top(top), steps], top, blob=blob, seconds=2 * size / SLOWEST)

    def puts(self, path: str) -> bool:
        """Whether the connection has a protocol of its own for writing a file there."""
        return len(path.encode()) <= self._calls.longest_put

    def put(self, path: str, data: bytes) -> None:
        """Write a file by a protocol of the connection's own; what was written must be read back.

        Args:
            path: Where, from the root, in a folder that is there.
            data: The content.

        Raises:
            ConnectionLost: The link is gone, perhaps since the board cannot write there.
        """
        self._calls.put_file(path, data)

    @property
    def answer(self) -> int:
        """The most bytes that come in one answer."""
        return self._calls.answer_size

    def read_one(self, path: str, at: int, size: int | None, most: int | None = None) -> tuple[bytes, bool]:
        """Read a piece of a file.

        Args:
            path: The file.
            at: The first byte.
            size: How many bytes at most; None for all.
            most: How many come in one answer; None for as many as that may be.

        Returns:
            As many as go at once, and whether there may be more.

        Raises:
            BoardFileError: It cannot be read.
            BoardFailure: The board lacks memory.
        """
        most = most or self.answer
        wanted = most if size is None else min(most, size)
        answer = self._ask(Ours.READ, [path, at, wanted], path, seconds=wanted / SLOWEST)
        piece, total = cast("tuple[bytes, int]", answer)
        return piece, bool(piece) and at + len(piece) < total and wanted != size

    def stat(self, path: str) -> Stat:
        """What the file system says of a path.

        Raises:
            BoardFileError: There is nothing.
        """
        return _stat(self._numbers(Ours.STAT, path))

    def stat_each(self, folder: str, names: Sequence[str]) -> list[Stat | None]:
        """What the file system says of names in a folder; None of what is not there, or cannot be asked for.

        Raises:
            BoardFileError: The board cannot be asked.
        """
        found: list[Stat | None] = []
        rest = list(names)
        while rest:
            ends = accumulate(len(name.encode()) + 3 for name in rest[:STATS])
            count = max(1, sum(end < self.piece // 2 for end in ends))
            # A list: names go as they are in it alone (belay.board.requests.json_of).
            answer = cast("str", self._ask(Ours.STAT, [_top(folder), rest[:count]], folder))
            lines = [[int(number) for number in line.split()] for line in answer.splitlines()]
            found += [_stat(line) if line[0] else None for line in lines]
            rest = rest[count:]
        return found

    def hash(self, path: str, name: str, size: int) -> str | None:
        """The hash of a file in hexadecimal, computed on the board; None if the board does not know how.

        Raises:
            BoardFileError: It cannot be read.
        """
        answer = self._ask(Ours.HASH, [path, name], path, seconds=2 * size / SLOWEST)
        return answer if isinstance(answer, str) else None

    def copy(self, path: str, to: str, size: int) -> None:
        """Copy a file on the board; what was there is replaced once the copy is whole.

        Raises:
            BoardFileError: It cannot be read or written.
        """
        self._ask(Ours.COPY, [path, to], to, seconds=2 * size / SLOWEST)

    def touch(self, path: str) -> None:
        """Make an empty file, or leave one as it is.

        Raises:
            BoardFileError: It cannot be written.
        """
        self._ask(Ours.TOUCH, [path], path)

    def room(self, path: str) -> Room:
        """How much room the file system has that a path is on.

        Raises:
            BoardFileError: There is nothing at the path.
        """
        block, total, free = self._numbers(Ours.ROOM, path)
        return _room(block, total, free)

    def _numbers(self, function: Ours, path: str) -> list[int]:
        answer = self._ask(function, [path], path)
        return [int(number) for number in cast("str", answer).split()]

    def _ask(
        self,
        function: Ours,
        args: Sequence[object],
        path: str,
        *,
        blob: bytes | None = None,
        seconds: float = 0,
    ) -> object:
        terms = replace(self._terms, timeout=TIMEOUT + seconds)
        with _errors(path):
            return self._calls.ours(function, args, terms, blob)


@contextmanager
def _errors(path: str) -> Iterator[None]:
    """What the board says of its files, as errors of ours."""
    try:
        yield
    except BoardFailure as failure:
        raise file_error(failure, path) from None


def _stat(numbers: Sequence[int]) -> Stat:
    kind, size, changed, epoch = numbers
    if changed:
        changed += round(datetime(epoch, 1, 1, tzinfo=UTC).timestamp())
    return Stat(kind == 2, 0 if kind == 2 else size, changed)


def _top(folder: str) -> str:
    return "" if folder == "/" else folder


def _read_view(data: bytes) -> View:
    """Understand what ``onboard/part_files.py`` answers."""
    head, record, *entries = data.split(b"\0")
    kind, room = head.split(maxsplit=1)
    tree: dict[str, Entry] = {}
    mounts: dict[str, Room] = {}
    folder = ""
    for entry in entries[:-1]:
        text = entry.decode(errors="surrogateescape")
        if text.startswith("//"):
            name, _, facts = text[2:].rpartition("/")
            tree[name], mounts[name] = FOLDER, _read_room(facts)
            continue
        if text.startswith("/"):
            folder = text[1:]
            if folder:
                tree[folder] = FOLDER
            continue
        size, check, name = text.split(" ", 2)
        tree[join(folder, name)] = File(int(size), UNREAD if check == "-" else int(check, 16))
    exists, is_file, rootless = int(kind) & 2, int(kind) & 1, int(kind) & 4
    return View(bool(exists), bool(is_file), _read_room(room), record, tree, mounts, bool(rootless))


def _read_room(facts: bytes | str) -> Room:
    return _room(*map(int, facts.split()))


def _room(block: int, blocks: int, free: int) -> Room:
    # LittleFS may count some blocks twice; what is left of a full disk is then a little below 0, as unsigned.
    return Room(block, block * blocks, block * free if free <= blocks else 0)
