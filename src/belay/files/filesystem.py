"""The files of a connected board."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar
from zlib import crc32

from belay.board.calls import Calls, Terms
from belay.exceptions import (
    BoardFileError,
    BoardFileExistsError,
    BoardFileNotFoundError,
    BoardFolderNotEmptyError,
    BoardIsAFolderError,
    BoardNotAFolderError,
    FilesError,
)
from belay.files.access import Access, Room, Stat
from belay.files.operations import MakeFolder, Move, Operation, RefuseFolder, RemoveFile, RemoveFolder, Send
from belay.files.plan import FRESH, Plan
from belay.files.sync import Bytes, Progress, SyncSummary, Wish, survey, sync
from belay.files.transfer import carry_out
from belay.files.tree import Entry, File, folder_of, join
from belay.files.tree import parents as parents_of

T = TypeVar("T")


class Ask(Protocol):
    """Asks the board."""

    def __call__(self, question: Callable[[Calls, Terms], T], *, record: bool = False) -> T:
        """Ask the board something; what is recorded is asked again after a reconnect.

        Raises:
            ConnectionLost: The board is gone.
            BoardTimeoutError: It did not answer in time.
        """
        ...


class Filesystem:
    """The files of a board, by their absolute paths, as ``/lib/x.py``.

    A relative path starts at the top. Every method asks the board, one turn where that can be, and raises
    ConnectionLost and BoardTimeoutError as a call does. Writing is safe: what a file held stays whole until
    its new content is on the board, read back and found right.

    Args:
        ask: Asks the board.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask_board = ask

    # --- looking --------------------------------------------------------------------------------

    def stat(self, path: str) -> Stat:
        """What the board says of a file or folder.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        return self._ask(lambda access: access.stat(absolute(path)))

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        try:
            self.stat(path)
        except (BoardFileNotFoundError, BoardNotAFolderError):
            return False
        return True

    def tree(self, folder: str = "/", *, deep: bool = True, checks: bool = False) -> dict[str, Entry]:
        """What is in a folder, by path from there.

        Args:
            folder: Which.
            deep: Whether to look into the folders in it.
            checks: Whether each file is read for its CRC-32; else that is -1.

        Raises:
            BoardFileNotFoundError: There is nothing.
            BoardNotAFolderError: It is a file.
        """
        top = absolute(folder)
        view = self._ask(lambda access: access.look(top, sizes=None if checks else (), deep=deep))
        if view.is_file:
            raise BoardNotAFolderError(f"{top}: it is a file on the board", top)
        if not view.exists:
            raise BoardFileNotFoundError(f"{top}: there is no such folder on the board", top)
        return view.tree

    def read(self, path: str, at: int = 0, size: int | None = None) -> bytes:
        """The bytes of a file.

        Args:
            path: Which.
            at: The first byte.
            size: How many at most; None for all.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
        """
        return b"".join(self.read_pieces(path, at, size))

    def read_pieces(self, path: str, at: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The same, piece by piece as they come; other calls may take place between them.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
        """
        place, end = absolute(path), None if size is None else at + size
        while end is None or at < end:
            left = None if end is None else end - at
            piece, more = self._ask(partial(_read_one, place, at, left))
            if piece:
                yield piece
            if not more:
                return
            at += len(piece)

    def hash(self, path: str, name: str = "sha256") -> str:
        """The hash of a file, in hexadecimal; computed on the board where it can do that.

        Args:
            path: Which.
            name: As :mod:`hashlib` knows it.

        Raises:
            BoardFileNotFoundError: There is no such file.
            ValueError: There is no such hash.
        """
        made, place = hashlib.new(name), absolute(path)
        found = self._ask(lambda access: access.hash(place, name, self._size(access, place)))
        if found is None:
            for piece in self.read_pieces(place):
                made.update(piece)
            found = made.hexdigest()
        return found

    def room(self, path: str = "/") -> Room:
        """How much room there is on the file system of a path.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        return self._ask(lambda access: access.room(absolute(path)))

    # --- changing -------------------------------------------------------------------------------

    def write(self, path: str, data: bytes, *, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Write a file; what was there is replaced in one step.

        Args:
            path: Which. The folder that it is in must be there.
            data: What it is to hold.
            on_progress: Told while it is sent.

        Raises:
            BoardFileNotFoundError: The folder is not there.
            BoardIsAFolderError: There is a folder of this name.
            NoRoomError: The board is full.
            ReadOnlyBoardError: It cannot be written.
        """
        place = absolute(path)[1:]
        if not place:
            raise BoardIsAFolderError("/: it is a folder", "/")
        fresh, done = join(folder_of(place), FRESH), 0

        def progressed(_path: str, size: int) -> None:
            nonlocal done
            done += size
            if on_progress:
                on_progress(Progress(f"/{place}", done, len(data)))

        def question(access: Access) -> None:
            source = Bytes({place: data})
            try:
                carry_out(
                    [RefuseFolder(place), Send(place, fresh), Move(fresh, place)],
                    {place: File(len(data), crc32(data))},
                    source,
                    access,
                    top="/",
                    piece=access.piece,
                    on_progress=progressed,
                )
            except FilesError:
                with suppress(FilesError):
                    access.apply("/", [["r", fresh]], b"", 0, 0)
                raise

        self._ask(question)

    def touch(self, path: str) -> None:
        """Make an empty file, where there is none.

        Raises:
            BoardFileNotFoundError: The folder is not there.
        """
        self._ask(lambda access: access.touch(absolute(path)))

    def make_folder(self, path: str, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a folder.

        Args:
            path: Which.
            parents: Whether to make those above it too.
            exist_ok: Whether it may be there.

        Raises:
            BoardFileExistsError: There is something of this name.
            BoardFileNotFoundError: The folder above is not there.
        """
        place = absolute(path)

        def question(access: Access) -> None:
            if not exist_ok:
                with suppress(BoardFileNotFoundError):
                    access.stat(place)
                    raise _exists(place)
            self._do(access, [MakeFolder(each) for each in _made(place, parents=parents)])

        self._ask(question)

    def remove(self, path: str) -> None:
        """Remove a file.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardIsAFolderError: It is a folder.
        """
        place = absolute(path)

        def question(access: Access) -> None:
            if access.stat(place).is_folder:
                raise BoardIsAFolderError(f"{place}: it is a folder on the board", place)
            self._do(access, [RemoveFile(place[1:])])

        self._ask(question)

    def remove_folder(self, path: str, *, recursive: bool = False) -> None:
        """Remove a folder.

        Args:
            path: Which.
            recursive: Whether to remove all that is in it; else it must be empty.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardNotAFolderError: It is a file.
            BoardFolderNotEmptyError: It holds something.
        """
        place = absolute(path)

        def question(access: Access) -> None:
            view = access.look(place, deep=recursive)
            if view.is_file:
                raise BoardNotAFolderError(f"{place}: it is a file on the board", place)
            if not view.exists:
                raise BoardFileNotFoundError(f"{place}: there is no such folder on the board", place)
            if view.tree and not recursive:
                raise BoardFolderNotEmptyError(f"{place}: the folder on the board is not empty", place)
            inner_first = sorted(view.tree, key=lambda inner: inner.split("/"), reverse=True)
            steps = [_removal(join(place[1:], inner), view.tree[inner]) for inner in inner_first]
            self._do(access, steps if place == "/" else [*steps, RemoveFolder(place[1:])])

        self._ask(question)

    def rename(self, path: str, to: str, *, replace: bool = False) -> None:
        """Rename or move a file or folder on the board.

        Args:
            path: Which.
            to: Its new path.
            replace: Whether a file that is there may be replaced.

        Raises:
            BoardFileNotFoundError: There is none, or no folder for it.
            BoardFileExistsError: There is something at ``to``.
        """
        place, target = absolute(path), absolute(to)

        def question(access: Access) -> None:
            access.stat(place)
            with suppress(BoardFileNotFoundError):
                if access.stat(target).is_folder or not replace:
                    raise _exists(target)
            self._do(access, [Move(place[1:], target[1:])])

        self._ask(question)

    def copy(self, path: str, to: str) -> None:
        """Copy a file on the board, without bringing it here; what was there is replaced.

        Raises:
            BoardFileNotFoundError: There is none, or no folder for it.
            BoardIsAFolderError: One of them is a folder.
        """
        place, target = absolute(path), absolute(to)

        def question(access: Access) -> None:
            access.copy(place, target, self._size(access, place))

        self._ask(question)

    # --- a whole folder -------------------------------------------------------------------------

    def sync(self, wish: Wish, *, on_progress: Callable[[Progress], None] | None = None) -> SyncSummary:
        """Make a folder on the board hold what is wanted; see :func:`belay.files.sync.sync`.

        Raises:
            FilesError: It cannot be done; what is on the board is whole all the same.
        """
        return self._ask_board(
            lambda calls, terms: sync(Access(calls, terms), wish, on_progress=on_progress), record=True
        )

    def plan(self, wish: Wish) -> Plan:
        """What a sync would do; nothing is changed.

        Raises:
            FilesError: It could not be done.
        """
        return self._ask(lambda access: survey(access, wish).plan)

    # --------------------------------------------------------------------------------------------

    def _ask(self, question: Callable[[Access], T]) -> T:
        return self._ask_board(lambda calls, terms: question(Access(calls, terms)))

    def _do(self, access: Access, steps: list[Operation]) -> None:
        carry_out(steps, {}, Bytes({}), access, top="/", piece=access.piece)

    def _size(self, access: Access, path: str) -> int:
        found = access.stat(path)
        if found.is_folder:
            raise BoardIsAFolderError(f"{path}: it is a folder on the board", path)
        return found.size


def absolute(path: str) -> str:
    """A path from the top, without dots.

    Raises:
        BoardFileError: It leads out of the board.
    """
    if "\0" in path:
        raise BoardFileError("a path cannot hold a NUL", path)
    whole = posixpath.normpath(f"/{path}")
    if ".." in path.split("/") and _leads_out(path):
        raise BoardFileError(f"{path}: the path leads out of the board", path)
    return f"/{whole.lstrip('/')}"


def _leads_out(path: str) -> bool:
    depth = 0
    for name in path.split("/"):
        depth += -1 if name == ".." else name not in ("", ".")
        if depth < 0:
            return True
    return False


def _made(place: str, *, parents: bool) -> list[str]:
    return [*parents_of(place[1:]), place[1:]] if parents else [place[1:]]


def _removal(path: str, entry: Entry) -> Operation:
    return RemoveFile(path) if isinstance(entry, File) else RemoveFolder(path)


def _exists(path: str) -> BoardFileExistsError:
    return BoardFileExistsError(f"{path}: there is something of this name on the board", path)


def _read_one(path: str, at: int, size: int | None, access: Access) -> tuple[bytes, bool]:
    return access.read_one(path, at, size)
