"""The files of a connected board."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar
from zlib import crc32

from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.history import Newest, Step
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
from belay.files.failure import INVALID, TOO_LONG
from belay.files.names import (
    absolute,
    can_be_named,
    is_there_error,
    lies_in,
    refuse_lost_name,
    refuse_what_is_there,
)
from belay.files.operations import MakeFolder, Move, Operation, RefuseFolder, RemoveFile, RemoveFolder, Send
from belay.files.plan import FRESH, Plan
from belay.files.record import PLACE, Record
from belay.files.sync import LEAST_PIECE, Bytes, Progress, SyncSummary, Wish, survey, sync
from belay.files.transfer import carry_out
from belay.files.tree import Entry, File, folder_of, join
from belay.files.tree import parents as parents_of

T = TypeVar("T")

_Piece = tuple[bytes, bool, int]
"""A piece of a file, whether there may be more, and how many bytes the board has memory for."""

IMPOSSIBLE = {INVALID, TOO_LONG}
"""What boards say of names that no file of theirs can have."""


class Ask(Protocol):
    """Asks the board."""

    def __call__(
        self,
        question: Callable[[Calls, Terms], T],
        *,
        replay: Step | None = None,
        repeatable: Callable[[], bool] | None = None,
    ) -> T:
        """Ask the board something; ``replay`` is done again after a reconnect.

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

        Args:
            path: The path of the file or folder.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        place = absolute(path)
        return self._ask(lambda access: access.stat(place), place)

    def stat_each(self, folder: str, names: Sequence[str]) -> dict[str, Stat]:
        """What the board says of names in a folder, in fewer turns; what is not there is left out.

        Args:
            folder: The folder.
            names: Their names.
        """
        place = absolute(folder)
        known = [name for name in names if can_be_named(name)]
        found = self._ask(lambda access: access.stat_each(place, known), place)
        return {name: stat for name, stat in zip(known, found, strict=True) if stat is not None}

    def find(self, path: str) -> Stat | None:
        """What the board says of a file or folder; None if there is nothing, or cannot be.

        Args:
            path: The path of the file or folder.
        """
        try:
            return self.stat(path)
        except (BoardFileNotFoundError, BoardNotAFolderError):
            return None
        except BoardFileError as error:
            if error.errno in IMPOSSIBLE:
                return None
            raise

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder.

        Args:
            path: The path of the file or folder.
        """
        return self.find(path) is not None

    def size(self, path: str) -> int:
        """The bytes of a file.

        Args:
            path: The path of the file or folder.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
        """
        place = absolute(path)
        return self._ask(lambda access: self._size(access, place), place)

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
        view = self._ask(lambda access: access.look(top, sizes=None if checks else (), deep=deep), top)
        if view.is_file:
            raise BoardNotAFolderError(f"{top}: it is a file on the board", top)
        if not view.exists:
            raise BoardFileNotFoundError(f"{top}: there is no such folder on the board", top)
        return view.tree

    def record(self, folder: str = "/") -> Record:
        """What was put on the board, and by whom, as far as belay did it.

        Args:
            folder: Which folder's: boards without a file system at their top have a record in each.

        Raises:
            BoardNotAFolderError: It is a file.
            FilesError: A newer belay wrote it.
        """
        top = absolute(folder)
        view = self._ask(lambda access: access.look(top, deep=False, record=PLACE, also=()), top)
        if view.is_file:
            raise BoardNotAFolderError(f"{top}: it is a file on the board", top)
        return Record.read(view.record)

    def read(self, path: str, at: int = 0, size: int | None = None) -> bytes:
        """The bytes of a file, with nothing of this device's in between that could change it.

        Args:
            path: Which.
            at: The first byte.
            size: How many at most; None for all.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
            ValueError: One of the numbers is negative.
        """
        place, span = absolute(path), _span(at, size)
        return self._ask(lambda access: b"".join(_pieces(lambda ask: ask(access), place, *span)), place)

    def read_pieces(self, path: str, at: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The same, piece by piece as they come; other calls may take place between, and change the file.

        Args:
            path: The path of the file.
            at: The first byte.
            size: How many at most; None for all.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
            ValueError: One of the numbers is negative.
        """
        place, span = absolute(path), _span(at, size)
        return _pieces(lambda question: self._ask(question, place), place, *span)

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
        found = self._ask(lambda access: access.hash(place, name, self._size(access, place)), place)
        if found is None:
            for piece in self.read_pieces(place):
                made.update(piece)
            found = made.hexdigest()
        return found

    def room(self, path: str = "/") -> Room:
        """How much room there is on the file system of a path.

        Args:
            path: Any path on it.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        place = absolute(path)

        def question(access: Access) -> Room:
            # Few boards look at more of the path than where it is mounted.
            access.stat(place)
            return access.room(place)

        return self._ask(question, place)

    # --- changing -------------------------------------------------------------------------------

    def check_place(self, path: str) -> bool:
        """Find out whether a file could be written, as far as names go.

        Args:
            path: The file's.

        Returns:
            Whether there is a file.

        Raises:
            BoardFileNotFoundError: The folder that it would be in is not there.
            BoardNotAFolderError: That is a file.
            BoardIsAFolderError: There is a folder of this name.
        """
        place = absolute(path)

        def question(access: Access) -> bool:
            try:
                self._size(access, place)
            except BoardFileNotFoundError:
                above = f"/{folder_of(place[1:])}"
                if not access.stat(above).is_folder:
                    raise BoardNotAFolderError(f"{above}: it is a file on the board", above) from None
                return False
            return True

        return self._ask(question, place)

    def write(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Write a file; what was there is replaced in one step.

        Args:
            path: Which. The folder that it is in must be there.
            data: What it is to hold.
            replace: Whether there may be such a file.
            on_progress: Told while it is sent.

        Raises:
            BoardFileExistsError: There is one, and may not.
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

        def attempt(access: Access, piece: int) -> None:
            nonlocal done
            done = 0
            carry_out(
                [RefuseFolder(place), Send(place, fresh), Move(fresh, place)],
                {place: File(len(data), crc32(data))},
                Bytes({place: data}),
                access,
                top="/",
                piece=piece,
                on_progress=progressed,
            )

        def question(access: Access) -> None:
            if not replace:
                refuse_what_is_there(access, f"/{place}")
            try:
                _with_less(partial(attempt, access), access.piece)
            except (FilesError, BoardFailure):
                with suppress(FilesError):
                    access.apply("/", [["r", fresh]], b"", 0, 0)
                raise

        self._ask(question, f"/{place}")

    def touch(self, path: str, *, exist_ok: bool = True) -> None:
        """Make an empty file, where there is none.

        Args:
            path: Which.
            exist_ok: Whether there may be one; it stays as it is.

        Raises:
            BoardFileNotFoundError: The folder is not there.
            BoardFileExistsError: There is one, and may not.
            BoardIsAFolderError: There is a folder of this name.
        """
        place = absolute(path)

        def question(access: Access) -> None:
            if not exist_ok:
                refuse_what_is_there(access, place)
            access.touch(place)

        self._ask(question, place)

    def make_folder(self, path: str, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a folder.

        Args:
            path: Which.
            parents: Whether to make those above it too.
            exist_ok: Whether it may be there.

        Raises:
            BoardFileExistsError: There is something of this name.
            BoardFileNotFoundError: The folder above is not there.
            BoardNotAFolderError: That is a file.
        """
        place = absolute(path)

        def question(access: Access) -> None:
            if not exist_ok:
                refuse_what_is_there(access, place)
            try:
                self._do(access, [MakeFolder(each) for each in _made(place, parents=parents)])
            except BoardFileExistsError as error:
                if error.path == place:
                    raise
                raise BoardNotAFolderError(f"{error.path}: it is a file on the board", error.path) from None

        self._ask(question, place)

    def remove(self, path: str) -> None:
        """Remove a file.

        Args:
            path: The path of the file or folder.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardIsAFolderError: It is a folder.
        """
        place = absolute(path)

        def question(access: Access) -> None:
            if access.stat(place).is_folder:
                raise BoardIsAFolderError(f"{place}: it is a folder on the board", place)
            self._do(access, [RemoveFile(place[1:])])

        self._ask(question, place)

    def remove_folder(self, path: str, *, recursive: bool = False) -> None:
        """Remove a folder; of the top, what is in it, but for other file systems that are mounted there.

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
            view = access.look(place, deep=recursive, also=())
            if view.is_file:
                raise BoardNotAFolderError(f"{place}: it is a file on the board", place)
            if not view.exists:
                raise BoardFileNotFoundError(f"{place}: there is no such folder on the board", place)
            if view.tree and not recursive:
                raise BoardFolderNotEmptyError(f"{place}: the folder on the board is not empty", place)
            removed = view.tree.keys() - view.mounts.keys()
            inner_first = sorted(removed, key=lambda inner: inner.split("/"), reverse=True)
            steps = [_removal(join(place[1:], inner), view.tree[inner]) for inner in inner_first]
            self._do(access, steps if place == "/" else [*steps, RemoveFolder(place[1:])])

        self._ask(question, place)

    def rename(self, path: str, to: str, *, replace: bool = False) -> None:
        """Rename or move a file or folder on the board.

        Args:
            path: Which.
            to: Its new path.
            replace: Whether a file that is there may be replaced.

        Raises:
            BoardFileNotFoundError: There is none, or no folder for it.
            BoardFileExistsError: There is something at ``to`` that may not be replaced.
            BoardFileError: A folder is to be moved into itself.
        """
        place, target = absolute(path), absolute(to)

        def question(access: Access) -> None:
            moved = access.stat(place)
            if replace and place == target:
                return
            with suppress(BoardFileNotFoundError):
                if access.stat(target).is_folder or moved.is_folder or not replace:
                    raise is_there_error(target)
            if moved.is_folder and lies_in(access, target, place):
                reason = "a folder cannot be moved into itself"
                raise BoardFileError(f"{place}: {reason}", place, INVALID)
            self._do(access, [Move(place[1:], target[1:])])

        self._ask(question, place, target)

    def copy(self, path: str, to: str) -> None:
        """Copy a file on the board, without bringing it here; what was there is replaced.

        Args:
            path: The path of the file.
            to: The path of the copy.

        Raises:
            BoardFileNotFoundError: There is none, or no folder for it.
            BoardIsAFolderError: One of them is a folder.
        """
        place, target = absolute(path), absolute(to)

        def question(access: Access) -> None:
            access.copy(place, target, self._size(access, place))

        self._ask(question, place, target)

    # --- a whole folder -------------------------------------------------------------------------

    def sync(self, wish: Wish, *, on_progress: Callable[[Progress], None] | None = None) -> SyncSummary:
        """Make a folder on the board hold what is wanted; see :func:`belay.files.sync.sync`.

        Raises:
            FilesError: It cannot be done; what is on the board is whole all the same.
        """

        def again(calls: Calls, terms: Terms) -> None:
            sync(Access(calls, terms), wish)

        return self._ask_board(
            lambda calls, terms: sync(Access(calls, terms), wish, on_progress=on_progress),
            replay=Newest(("sync", wish.by, wish.top), again),
            # One that was cut short is finished by the next.
            repeatable=lambda: True,
        )

    def plan(self, wish: Wish) -> Plan:
        """What a sync would do; nothing is changed.

        Raises:
            FilesError: It could not be done.
        """
        return self._ask(lambda access: survey(access, wish).plan)

    # --------------------------------------------------------------------------------------------

    def _ask(self, question: Callable[[Access], T], *paths: str) -> T:
        def checked(calls: Calls, terms: Terms) -> T:
            access = Access(calls, terms)
            for path in paths:
                refuse_lost_name(access, path)
            return question(access)

        return self._ask_board(checked)

    def _do(self, access: Access, steps: list[Operation]) -> None:
        carry_out(steps, {}, Bytes({}), access, top="/", piece=access.piece)

    def _size(self, access: Access, path: str) -> int:
        found = access.stat(path)
        if found.is_folder:
            raise BoardIsAFolderError(f"{path}: it is a folder on the board", path)
        return found.size


def _made(place: str, *, parents: bool) -> list[str]:
    return [*parents_of(place[1:]), place[1:]] if parents else [place[1:]]


def _removal(path: str, entry: Entry) -> Operation:
    return RemoveFile(path) if isinstance(entry, File) else RemoveFolder(path)


def _span(at: int, size: int | None) -> tuple[int, int | None]:
    """Where reading begins and ends."""
    if at < 0 or (size or 0) < 0:
        raise ValueError(f"no bytes can be read from {at} on, {size} of them")
    return at, None if size is None else at + size


def _pieces(
    ask: Callable[[Callable[[Access], _Piece]], _Piece], path: str, at: int, end: int | None
) -> Iterator[bytes]:
    most: int | None = None
    while True:
        left = None if end is None else end - at
        piece, more, most = ask(partial(_read_one, path, at, left, most))
        if piece:
            yield piece
        if not more:
            return
        at += len(piece)


def _read_one(path: str, at: int, size: int | None, most: int | None, access: Access) -> _Piece:
    def attempt(piece: int) -> _Piece:
        return (*access.read_one(path, at, size, piece), piece)

    return _with_less(attempt, most or access.answer)


def _with_less(attempt: Callable[[int], T], piece: int) -> T:
    """Try something with pieces of so many bytes, and with smaller ones while the board lacks memory.

    Raises:
        BoardFailure: It lacks memory all the same.
    """
    while True:
        try:
            return attempt(piece)
        except BoardFailure as failure:
            if "MemoryError" not in failure.types or piece <= LEAST_PIECE:
                raise
        piece = max(LEAST_PIECE, piece // 2)
