"""A change of vendored files that is finished, even if its process was killed in the middle.

Everything new is prepared beside. Then the journal is written, in one step: from there on the change counts
as made, and who comes next finishes it. Where nothing but our own files is in the folder, it is exchanged as
a whole; else file by file.

A journal may come with a project from strangers, so nothing in it is believed.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path, PurePosixPath

import msgspec

from belay.exceptions import UnsafePathError
from belay.packages.destination import check_destination, check_group, fold
from belay.packages.swap import exchange
from belay.packages.writing import replace_file

STATE = PurePosixPath(".belay/.local")
"""The folder for what is of no interest to version control, relative to the project's."""


_OWN = (STATE, PurePosixPath("belay.lock"), PurePosixPath("pyproject.toml"))


class Journal(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be done; and afterwards, which files are ours.

    Attributes:
        folder: The folder of the groups' folders, relative to the project's.
        whole: The number (inode) of the folder that takes the place of the old one; None for file by file.
        moves: The destinations of the files that are prepared, by group.
        removes: The destinations of the files that go, by group.
        record: All our files after the change, by group.
        lock: Whether a lockfile is prepared too.
    """

    folder: str
    whole: int | None
    moves: dict[str, list[str]]
    removes: dict[str, list[str]]
    record: dict[str, list[str]]
    lock: bool = False


class State:
    """What belay remembers of a project on this computer.

    Args:
        root: The project's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / STATE
        self.new = self.folder / "new"
        self.old = self.folder / "old"
        self.lock = self.folder / "new.lock"
        self.in_use = self.folder / "in-use"
        self.before = self.folder / "before.toml"
        self._journal = self.folder / "journal.json"
        self._record = self.folder / "record.json"
        self._ignore = self.folder / ".gitignore"

    def prepare(self) -> None:
        """Make the folder, which version control ignores.

        Raises:
            UnsafePathError: It would be behind a link, or something in it is no file.
            OSError: It cannot be made.
        """
        self.check()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._ignore.exists() or not self._ignore.stat().st_size:
            self._ignore.write_text("*\n", encoding="utf-8", newline="\n")

    def check(self) -> None:
        """Refuse what somebody else has put where our own files are.

        Raises:
            UnsafePathError: One of them is a link, or would make whoever opens it wait for ever.
        """
        check_no_links(self.root, STATE)
        for place in (self._ignore, self.in_use, self._journal, self._record):
            check_no_links(self.folder, PurePosixPath(place.name))
            if place.exists() and not place.is_file():
                raise UnsafePathError(str(place), "is no file", hint="remove it")

    @property
    def is_unfinished(self) -> bool:
        """Whether a change was interrupted that has to be finished."""
        return self._journal.exists()

    def record(self, folder: PurePosixPath) -> dict[str, list[str]]:
        """The files that are ours, by group, as far as it is known here.

        Raises:
            UnsafePathError: The folder is behind a link.
            OSError: It cannot be read.
        """
        self.check()
        try:
            found = _read(self._record)
        except (FileNotFoundError, _Strange):
            return {}
        return found.record if PurePosixPath(found.folder) == folder else {}

    def begin(self) -> None:
        """Make room for what is to be prepared.

        Raises:
            OSError: It cannot be made.
        """
        self.clear()
        self.new.mkdir()

    def commit(self, journal: Journal) -> None:
        """Make a prepared change, and finish it.

        Raises:
            OSError: It could not be made, and has not been; or it is finished later, as a note says then.
        """
        try:
            replace_file(self._journal, msgspec.json.encode(journal))
        except BaseException:
            with suppress(OSError):
                self.clear()
            raise
        try:
            self._finish(journal)
        except OSError as error:
            error.add_note("the change has begun; whatever next changes this project finishes it")
            raise

    def recover(self) -> bool:
        """Finish what was interrupted, and clear what had only been prepared.

        Returns:
            Whether there was a change to finish.

        Raises:
            UnsafePathError: Something is behind a link.
            OSError: It cannot be finished.
        """
        self.check()
        try:
            journal = _read(self._journal)
        except FileNotFoundError:
            self.clear()
            return False
        except _Strange:
            # Not ours: it was written in one step.
            self._journal.unlink()
            self.clear()
            return False
        self._finish(journal)
        return True

    def clear(self) -> None:
        """Remove what was prepared.

        Raises:
            OSError: It cannot be removed.
        """
        for place in (self.new, self.old, self.lock, *self.folder.glob(".*.new")):
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def _finish(self, journal: Journal) -> None:
        folder = PurePosixPath(journal.folder)
        check_no_links(self.root, folder)
        if journal.whole is not None:
            self._exchange(self.root / folder, journal.whole)
        else:
            self._move_each(self.root / folder, journal)
        if journal.lock and self.lock.exists():
            self.lock.replace(self.root / "belay.lock")
        # What is done is what is ours: to say so needs no room, not even on a full disk.
        self._journal.replace(self._record)
        self.clear()

    def _exchange(self, target: Path, number: int) -> None:
        if _number(target) == number or _number(self.new) != number:
            return  # it has been done
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            if exchange(self.new, target):
                return
            target.rename(self.old)
        self.new.rename(target)

    def _move_each(self, target: Path, journal: Journal) -> None:
        for group, paths in journal.removes.items():
            for path in paths:
                remove(target, PurePosixPath(group, path))
        for group, paths in journal.moves.items():
            for path in paths:
                prepared = self.new / group / path
                if prepared.exists():
                    place = PurePosixPath(group, path)
                    check_no_links(target, place.parent)
                    (target / place).parent.mkdir(parents=True, exist_ok=True)
                    prepared.replace(target / place)


def remove(target: Path, path: PurePosixPath) -> None:
    """Remove a file, and the folders that are empty without it.

    Args:
        target: The folder that it is in.
        path: Where, below it. A file whose name differs by case is another one.

    Raises:
        UnsafePathError: It is behind a link.
        OSError: It cannot be removed.
    """
    check_no_links(target, path.parent)
    place = target / path
    if place.parent.is_dir() and place in place.parent.iterdir():
        place.unlink()
    for folder in path.parents[:-1]:
        try:
            (target / folder).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            break  # it is not empty


def check_not_own(path: PurePosixPath) -> None:
    """Refuse a place for packages that belay uses itself.

    Args:
        path: Relative to the project's folder.

    Raises:
        UnsafePathError: It is one of belay's own files or in its folder.
    """
    folded = PurePosixPath(fold(str(path)))
    if any(own in (folded, *folded.parents) for own in _OWN):
        raise UnsafePathError(str(path), "is a place for belay's own files")


def check_no_links(root: Path, path: PurePosixPath) -> None:
    """Refuse a path that goes through a link.

    Raises:
        UnsafePathError: Below ``root``, a part of it is a link.
    """
    for part in (path, *path.parents):
        place = root / part
        if part.parts and (place.is_symlink() or (hasattr(place, "is_junction") and place.is_junction())):
            raise UnsafePathError(
                str(place),
                "is a link, and belay does not write through links",
                hint="put a folder in its place",
            )


def _number(folder: Path) -> int | None:
    try:
        return folder.lstat().st_ino
    except FileNotFoundError:
        return None


class _Strange(Exception):  # noqa: N818 - it never leaves the module
    """A file is not as we write it."""


def _read(file: Path) -> Journal:
    """A journal, all paths of which are safe.

    Raises:
        _Strange: It is none of ours.
        OSError: It cannot be read.
    """
    try:
        journal = msgspec.json.decode(file.read_bytes(), type=Journal)
        for paths in (journal.moves, journal.removes, journal.record):
            _check_paths(paths)
        if PurePosixPath(journal.folder).parts:
            check_destination(str(PurePosixPath(journal.folder)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UnsafePathError) as error:
        raise _Strange(str(error)) from error
    return journal


def _check_paths(files: dict[str, list[str]]) -> None:
    for group, paths in files.items():
        check_group(group)
        for path in paths:
            check_destination(path)
