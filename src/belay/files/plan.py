"""From two trees to the steps that make the one out of the other, in an order that is safe to be cut short.

Nothing here talks to a board. After any number of the steps, the last one half done if it is a :class:`Send`,

- each file that is wanted has its old or its new content. Only where a file takes the place of a folder or a
  folder that of a file, and where the file system cannot rename over a file, there is one moment without it;
  its new content then lies beside it, whole (MicroPython's FAT can, but in two steps inside);
- what is not wanted is untouched until all that is wanted is in place, but for a folder that a file replaces;
- another plan, made from what is then there, leads to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from belay.files import fat
from belay.files.operations import MakeFolder, Move, Operation, RemoveFile, RemoveFolder, Send
from belay.files.tree import (
    FOLDER,
    Entry,
    File,
    Folder,
    Tree,
    folder_of,
    is_inside,
    join,
    parents,
    with_folders,
)

FRESH = ".belay.new"
"""The name under which something is written, in the folder where it belongs, before it is renamed."""
ASIDE = ".belay.old"
"""The name that a file or a folder gets which something of the other kind takes the place of."""
STAGE = ".belay.set"
"""The name of a folder in the top one where what is replaced at once is gathered."""
_OURS = {FRESH, ASIDE, STAGE}
_RENAME = "rename it, or ignore it"
STARTED = ("boot.py", "main.py")
"""What the board runs by itself comes after all that it may import."""


@dataclass(frozen=True)
class Obstacle:
    """Why a plan cannot be made.

    Attributes:
        path: What is in the way.
        reason: Why it is.
        hint: What can be done.
    """

    path: str
    reason: str
    hint: str


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what is not.

    Attributes:
        operations: The steps, in their order; none when there is an obstacle.
        unchanged: Files that are there as wanted.
        deleted: Files and folders that are not wanted and go.
        left: Files that are not wanted and stay.
        obstacles: What must be cleared away first, by somebody who knows what it is.
    """

    operations: tuple[Operation, ...]
    unchanged: tuple[str, ...]
    deleted: tuple[str, ...]
    left: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def sent(self) -> tuple[str, ...]:
        """The files that are written."""
        return tuple(step.path for step in self.operations if isinstance(step, Send))


def plan(
    wanted: Tree,
    found: Tree,
    *,
    may_delete: Callable[[str], bool],
    replaces: bool = True,
    case_sensitive: bool = True,
) -> Plan:
    """Find out how to make the board's tree hold what is wanted.

    Args:
        wanted: What the board shall hold. Folders that only lead to files may be left out.
        found: What it holds. Where it is not known in full, what is unknown stays, and a folder that holds
            some of it cannot be removed.
        may_delete: Whether a file or folder of the board that is not wanted may go. Not asked of what an
            interrupted plan has left behind.
        replaces: Whether the board's file system can rename over a file.
        case_sensitive: Whether its names differ by case, and can be any; FAT's do not, and cannot.

    Raises:
        ValueError: A path of a tree goes through a file.
    """
    return _Planner(wanted, found, may_delete, replaces, case_sensitive).plan()


class _Planner:
    def __init__(
        self,
        wanted: Tree,
        found: Tree,
        may_delete: Callable[[str], bool],
        replaces: bool,
        case_sensitive: bool,
    ) -> None:
        self._key: Callable[[str], str] = str if case_sensitive else fat.folded
        self._takes: Callable[[str], bool] = (lambda _: True) if case_sensitive else fat.fits
        self._wanted = with_folders(wanted)
        whole = with_folders(found)
        self._remains = {path: entry for path, entry in whole.items() if is_ours(path)}
        self._found = {path: entry for path, entry in whole.items() if not is_ours(path)}
        self._names = {self._key(path): path for path in self._found}
        self._may_delete, self._replaces = may_delete, replaces
        self._steps: list[Operation] = []
        self._unchanged: list[str] = []
        self._deleted: list[str] = []
        self._left: list[str] = []
        self._built: list[str] = []
        self._obstacles: list[Obstacle] = []

    def plan(self) -> Plan:
        self._check_names()
        for path in _in_order(self._remains)[::-1]:
            self._finish(path, self._remains[path])
        for path in _in_order(self._wanted):
            if not any(is_inside(path, built) for built in self._built):
                self._put(path)
        self._clear()
        return Plan(
            operations=() if self._obstacles else tuple(self._steps),
            unchanged=tuple(self._unchanged),
            deleted=tuple(self._deleted),
            left=tuple(self._left),
            obstacles=tuple(self._obstacles),
        )

    def _check_names(self) -> None:
        seen: dict[str, str] = {}
        for path in _in_order(self._wanted):
            if is_ours(path):
                self._obstacles.append(
                    Obstacle(path, "the name is one that a sync needs for itself", _RENAME)
                )
            if not self._takes(path):
                self._obstacles.append(
                    Obstacle(path, "FAT, which the board has, takes no such name", _RENAME)
                )
            other = seen.setdefault(self._key(path), path)
            if other != path:
                reason = f"{other!r} is the same name on the board, where upper and lower case are one"
                self._obstacles.append(Obstacle(path, reason, _RENAME))

    def _finish(self, path: str, entry: Entry) -> None:
        """Remove what is left from a plan that was cut short, but for the only copy of a file.

        Where a file system replaces a file in two steps, there may be nothing else of it.
        """
        for to, wanted in self._wanted.items() if path.endswith(FRESH) else ():
            if wanted == entry != FOLDER and _beside(to, FRESH) == path and self._key(to) not in self._names:
                self._steps.append(Move(path, to))
                self._found[to], self._names[self._key(to)] = entry, to
                return
        self._remove(path, entry)

    def _put(self, path: str) -> None:
        name = self._names.get(self._key(path), path)
        wanted, found = self._wanted[path], self._found.get(name)
        if isinstance(wanted, File):
            if found == wanted:
                self._unchanged.append(path)
            elif isinstance(found, Folder):
                self._put_in_place_of_folder(path, name)
            else:
                self._put_file(path, name if found else None)
        elif found is None:
            self._steps.append(MakeFolder(path))
        elif isinstance(found, File):
            self._put_in_place_of_file(path, name)

    def _put_file(self, path: str, name: str | None) -> None:
        fresh = _beside(path, FRESH)
        self._steps.append(Send(path, fresh))
        if name is not None and not self._replaces:
            self._steps.append(RemoveFile(name))
        self._steps.append(Move(fresh, path))

    def _put_in_place_of_folder(self, path: str, name: str) -> None:
        surplus = [name, *(inner for inner in self._found if is_inside(inner, name))]
        for inner in surplus:
            if not self._may_delete(inner):
                reason = f"a file is wanted where the board has a folder, and {inner!r} may not be deleted"
                hint = "remove it on the board, or let it be deleted"
                self._obstacles.append(Obstacle(path, reason, hint))
                return
        self._steps.append(Send(path, _beside(path, FRESH)))
        aside = self._exchange(path, name)
        for inner in _in_order(surplus)[::-1]:
            self._remove(aside + inner[len(name) :], self._found[inner])
            self._deleted.append(inner)

    def _put_in_place_of_file(self, path: str, name: str) -> None:
        fresh = _beside(path, FRESH)
        self._steps.append(MakeFolder(fresh))
        for inner in _in_order(self._wanted):
            if is_inside(inner, path):
                to = fresh + inner[len(path) :]
                is_file = isinstance(self._wanted[inner], File)
                self._steps.append(Send(inner, to) if is_file else MakeFolder(to))
        self._remove(self._exchange(path, name), self._found[name])
        self._built.append(path)

    def _exchange(self, path: str, name: str) -> str:
        """Put what was made into its place; where that is which was there."""
        aside = _beside(path, ASIDE)
        self._steps += [Move(name, aside), Move(_beside(path, FRESH), path)]
        return aside

    def _clear(self) -> None:
        """Remove what is not wanted and may go, what runs by itself first."""
        accounted = {*map(self._key, self._wanted), *map(self._key, self._deleted)}
        held: set[str] = set()
        for path in _in_order(self._found)[::-1]:
            entry = self._found[path]
            if self._key(path) in accounted:
                continue
            if path not in held and self._may_delete(path):
                self._remove(path, entry)
                self._deleted.append(path)
                continue
            held.update(parents(path))
            if isinstance(entry, File):
                self._left.append(path)

    def _remove(self, path: str, entry: Entry) -> None:
        self._steps.append(RemoveFile(path) if isinstance(entry, File) else RemoveFolder(path))


def is_ours(path: str) -> bool:
    """Whether a path is one that a plan has for itself: what is there is left from one that was cut short."""
    return not _OURS.isdisjoint(path.split("/"))


def _beside(path: str, name: str) -> str:
    return join(folder_of(path), name)


def _in_order(paths: Iterable[str]) -> list[str]:
    """A folder before what is in it, and what runs by itself after all that it may import."""
    return sorted(paths, key=lambda path: (path.split("/")[0] in STARTED, path.split("/")))
