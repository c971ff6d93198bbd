"""What a sync finds on the board and means to do there; nothing is changed yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

from belay.exceptions import BoardFileError, BoardNotAFolderError, NoRoomError
from belay.files import fat
from belay.files.access import Access, Room, View
from belay.files.keep import Keep, deletion_rule
from belay.files.names import can_be_named
from belay.files.operations import MakeFolder, Operation, Send
from belay.files.plan import FRESH, Plan, plan
from belay.files.record import NAME, PLACE, Record
from belay.files.room import needed_room
from belay.files.staging import staged
from belay.files.tree import FOLDER, Entry, File, Tree, folder_of, join, with_folders

SPARE_BLOCKS: Final = 2
"""Blocks that are left free: a file system needs some to work."""

MOST_SIZES: Final = 128
"""If more different sizes are wanted, the board reads all its files: the list takes much memory there."""

NAMED: Final = 5
"""So many of the biggest files are named when there is no room."""


class Contents(Protocol):
    """The files that are wanted."""

    @property
    def tree(self) -> Tree:
        """Their sizes and checks."""
        ...

    @property
    def words(self) -> Sequence[str]:
        """What the user should know of them."""
        ...

    def open(self, path: str) -> BinaryIO:
        """What one of them holds."""
        ...


@dataclass(frozen=True)
class Wish:
    """What a sync is to do.

    Attributes:
        contents: What the folder shall hold.
        top: The folder on the board, absolute.
        keep: What stays on the board, see :mod:`belay.files.keep`.
        by: Who asks, for the record.
        recorded: Whether the record on the board is to say so.
        spared: Paths that stay as they are where they are not wanted, whatever ``keep`` and the record say.
        staged: Whether what is replaced is replaced at once, if there is room for that, see
            :mod:`belay.files.staging`.
        more: What the record shall say of it besides; None for what it says already.
    """

    contents: Contents
    top: str = "/"
    keep: Keep = None
    by: str = "sync"
    recorded: bool = True
    spared: frozenset[str] = frozenset()
    staged: bool = False
    more: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Survey:
    """What a sync found and means to do.

    Attributes:
        view: What is on the board.
        plan: What is to be done.
        record: The record on the board.
        record_top: The folder that it is in.
    """

    view: View
    plan: Plan
    record: Record
    record_top: str


def survey(access: Access, wish: Wish) -> Survey:
    """Look at the board and find out what is to be done.

    Nothing is changed; only where names are wanted that FAT does not take, an empty file may be made and
    removed to find out whether the board has that.

    Raises:
        BoardFileError: The board's files cannot be read; or something is in the way.
        FilesError: The record on the board is a newer belay's.
        NoRoomError: There is no room for it.
    """
    wanted = wish.contents.tree
    view = _look(access, wish)
    if view.is_file:
        raise BoardNotAFolderError(f"{wish.top}: it is a file on the board", wish.top)
    if not view.room.total:
        raise _no_file_system(wish.top, view)
    record = Record.read(view.record)
    record_top = f"/{_first(wish.top[1:])}" if view.rootless else "/"
    found = {path: entry for path, entry in view.tree.items() if wish.top != record_top or path != NAME}
    made = plan(
        wanted,
        found,
        may_delete=_Deletable(wish, record, view),
        case_sensitive=_tells_case(access, wish.top, wanted, found, view),
    )
    if made.obstacles:
        first = made.obstacles[0]
        place = below(wish.top, first.path)
        raise BoardFileError(f"{place}: {first.reason}", place, hint=first.hint)
    return Survey(view, _fitting(made, wish, view, record), record, record_top)


def below(top: str, path: str) -> str:
    """The absolute path of one that starts from a folder; ``""`` is the folder."""
    return f"{top.rstrip('/')}/{path}" if path else top


def _look(access: Access, wish: Wish) -> View:
    """Look at the folder, and at those file systems mounted in it that are this sync's business."""
    wanted = wish.contents.tree
    sizes = {entry.size for entry in wanted.values() if isinstance(entry, File)}
    total = sum(map(size_of, wanted.values()))
    also = _first_folders(wanted)
    while True:
        view = access.look(
            wish.top,
            sizes=sorted(sizes) if len(sizes) <= MOST_SIZES else None,
            record=PLACE,
            also=sorted(also),
            total=total,
        )
        once_put = Record.read(view.record).paths(wish.by, wish.top)
        more = {_first(path) for path in once_put} & view.mounts.keys() - also
        if not more:
            return view
        also |= more


class _Deletable:
    """Whether something may be deleted.

    Other file systems that are mounted in the folder, as that of an SD card or a ROM, stay, whatever
    ``keep`` says; and where the host has no folder of their name, so does what is on them and was not put
    there by this very sync.
    """

    def __init__(self, wish: Wish, record: Record, view: View) -> None:
        self._mounts, self._named = view.mounts, _first_folders(wish.contents.tree)
        self._spared = wish.spared
        self._rule = deletion_rule(wish.keep, record, wish.by, wish.top)
        self._is_mine = deletion_rule(None, record, wish.by, wish.top)

    def __call__(self, path: str) -> bool:
        first = _first(path)
        if path in self._mounts or path in self._spared or not can_be_named(path) or not self._rule(path):
            return False
        return first not in self._mounts or first in self._named or self._is_mine(path)


def _first(path: str) -> str:
    return path.split("/", 1)[0]


def _first_folders(wanted: Tree) -> set[str]:
    return {_first(path) for path, entry in with_folders(wanted).items() if entry == FOLDER}


# --- where upper and lower case are one --------------------------------------------------------------


def _tells_case(access: Access, top: str, wanted: Tree, found: Tree, view: View) -> bool:
    """Whether names differ by case on the board, and can be any; asked only where it matters."""
    whole = with_folders(wanted)
    for part in _parts(view):
        here, there = set(filter(part.has, whole)), [path for path in found if part.has(path)]
        matters = fat.clash([*here, *there]) or not all(map(fat.fits, here))
        if matters and not fat.clash(there) and not _is_told(access, top, part.name, there, view):
            return False
    return True


def _is_told(access: Access, top: str, part: str, there: Sequence[str], view: View) -> bool:
    """Whether a file system tells upper from lower case."""
    for path in there:
        name = path.rpartition("/")[2]
        other = join(folder_of(path), name.swapcase())
        if name.isascii() and name != name.swapcase() and path not in view.mounts:
            return not _is_there(access, below(top, other))
    folder = below(top, part)
    while not _is_there(access, folder):
        folder = f"/{folder_of(folder)[1:]}"
    steps = [["w", FRESH, 0]], [["r", FRESH]]
    try:
        access.apply(folder, steps[0], b"", 0, 0)
        return not _is_there(access, below(folder, FRESH.upper()))
    finally:
        with suppress(BoardFileError):
            access.apply(folder, steps[1], b"", 0, 0)


def _is_there(access: Access, path: str) -> bool:
    try:
        access.stat(path)
    except BoardFileError:
        return path == "/"
    return True


# --- room --------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """What lies on one file system.

    Attributes:
        name: Where it is mounted; ``""`` for the one that the folder itself is on.
        room: How much room it has.
        others: The names of the others.
    """

    name: str
    room: Room
    others: frozenset[str]

    def has(self, path: str) -> bool:
        """Whether a path lies on it."""
        return _first(path) == self.name if self.name else _first(path) not in self.others


def _parts(view: View) -> Iterator[_Part]:
    for name, room in [("", view.room), *view.mounts.items()]:
        yield _Part(name, room, frozenset(view.mounts))


def _fitting(made: Plan, wish: Wish, view: View, record: Record) -> Plan:
    """The plan in the order that was asked for, or, where that takes too much room, as it is.

    Raises:
        NoRoomError: There is no room either way.
    """
    if wish.staged:
        others = view.mounts.keys()
        steps = staged(made.operations, view.tree, here=lambda path: _first(path) not in others)
        with suppress(NoRoomError):
            at_once = replace(made, operations=steps)
            _check_room(at_once, wish, view, record)
            return at_once
    _check_room(made, wish, view, record)
    return made


def _check_room(made: Plan, wish: Wish, view: View, record: Record) -> None:
    """Refuse what does not fit, before anything is changed.

    Raises:
        NoRoomError: It does not fit.
    """
    wanted = wish.contents.tree
    for part in _parts(view):
        steps: list[Operation] = [step for step in made.operations if part.has(step.path)]
        if not part.room.total or not any(isinstance(step, Send | MakeFolder) for step in steps):
            # Whatever it is, it makes room.
            continue
        found = {path: entry for path, entry in view.tree.items() if part.has(path)}
        needed = needed_room(steps, wanted, found, part.room.block) + SPARE_BLOCKS * part.room.block
        if (wish.top == "/" or view.rootless) and not part.name:
            # The new record, beside the old one.
            size = len(record.with_paths(wish.by, wish.top, wanted, wish.more).write())
            needed += -(-size // part.room.block) * part.room.block
        if needed > part.room.free:
            sent = {path: wanted[path] for path in made.sent if part.has(path)}
            going = sum(size_of(view.tree[path]) for path in made.deleted if part.has(path))
            raise _no_room(below(wish.top, part.name), needed, part.room.free, sent, going)


def _no_room(place: str, needed: int, free: int, sent: Tree, going: int) -> NoRoomError:
    biggest = sorted(sent, key=lambda path: -size_of(sent[path]))[:NAMED]
    named = ", ".join(f"{path} ({size_of(sent[path])} bytes)" for path in biggest)
    hint = "leave files out, send them compiled or minified, or delete something on the board"
    if going and needed <= free + going:
        hint = f"delete first what is not wanted any more, {going} bytes: a sync does that last, to be safe"
    error = NoRoomError(
        f"{place}: {needed} bytes are needed on the board and {free} are free; the biggest: {named}",
        place,
        hint=hint,
    )
    error.needed, error.free = needed, free
    return error


def size_of(entry: Entry | None) -> int:
    """Bytes of a file; 0 for anything else."""
    return entry.size if isinstance(entry, File) else 0


def _no_file_system(top: str, view: View) -> BoardFileError:
    mounted = [f"/{path}" for path in view.tree if "/" not in path]
    hint = f"there are {', '.join(mounted)}" if mounted else None
    return BoardFileError(f"{top}: the board has no file system there", top, hint=hint)
