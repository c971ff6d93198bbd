"""Vendored files: laid out as they are imported, replaced in one step, and compared with the lock.

``{dependencies_path}/{group}/`` is a folder that MicroPython can import from. Only files that belay has put
there are replaced or removed, and no link is followed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from belay.exceptions import InternalError, OccupiedError
from belay.packages.destination import check_destination, check_group, check_together, fold
from belay.packages.exclusive import exclusive, undisturbed
from belay.packages.journal import Journal, State, check_no_links, check_not_own
from belay.packages.model import LockedFile
from belay.packages.writing import naming

Groups = Mapping[str, Mapping[str, LockedFile]]
"""Files by group and destination, as :meth:`~belay.packages.lock.Lock.groups` gives them."""

CACHE = "__pycache__"


@dataclass(frozen=True)
class Finding:
    """How a vendored file differs from the lock.

    Attributes:
        path: Where, relative to the project's folder, with forward slashes.
        kind: ``"missing"``; ``"changed"``; ``"link"``, or otherwise no regular file; ``"case"``, if its name
            differs by case; ``"unknown"``, if nobody wants it and belay leaves it alone; or ``"unfinished"``,
            if a change of all files was interrupted.
    """

    path: str
    kind: str


@dataclass(frozen=True)
class Report:
    """What was done to vendored files; paths are relative to the project's folder.

    Attributes:
        written: New files, and those with other content.
        restored: Files of these that somebody had edited or replaced by hand.
        removed: Files that nobody wants any more.
    """

    written: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


@dataclass
class _Plan:
    """What is to be done; paths are ``group/destination``."""

    keep: dict[str, LockedFile] = field(default_factory=dict)
    write: dict[str, LockedFile] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    caches: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def leave_all(self) -> None:
        """Write nothing, whatever there is."""
        self.foreign += self.write
        self.write.clear()
        self.restored.clear()


class Vendored:
    """The vendored files of a project.

    All but :meth:`verify` is for one process at a time: see :meth:`alone`.

    Args:
        root: The project's folder.
        folder: The folder of the groups' folders, relative to it.
    """

    def __init__(self, root: Path, folder: PurePosixPath) -> None:
        self.root = root
        self.folder = folder
        self.place = root / folder
        self.state = State(root)

    @contextmanager
    def alone(self, *, waiting: Callable[[], None] | None = None) -> Iterator[bool]:
        """Keep other processes out, and finish what one of them may have left unfinished.

        Args:
            waiting: Called once if another process has to be waited for.

        Yields:
            Whether there was a change to finish: what was read before is out of date then.

        Raises:
            UnsafePathError: Something is behind a link.
            OSError: The project cannot be written to.
        """
        self.state.prepare()
        with exclusive(self.state.in_use, waiting=waiting):
            changed = self.recover()
            # Of somebody who was killed: it is nobody's now.
            with suppress(OSError):
                self.state.before.unlink()
            yield changed

    def recover(self) -> bool:
        """Finish a change that was interrupted, or forget it if it had not been made.

        Returns:
            Whether there was one to finish.

        Raises:
            UnsafePathError: Something is behind a link.
            OSError: It cannot be finished.
        """
        return self.state.recover()

    @contextmanager
    def undisturbed(self, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Keep away whoever would change anything; for readers, who write nothing.

        Args:
            waiting: Called once if another process has to be waited for.

        Raises:
            UnsafePathError: Something is behind a link.
        """
        self.state.check()
        with undisturbed(self.state.in_use, waiting=waiting):
            yield

    def verify(self, wanted: Groups) -> list[Finding]:
        """Compare what is there with a lock; nothing is changed.

        Raises:
            UnsafePathError: The folder is behind a link.
            OSError: Something cannot be read.
        """
        check_no_links(self.root, self.folder)
        there = self._scan({*wanted, *self.state.record(self.folder)})
        by_fold = {fold(path): path for path in there}
        files = _flat(wanted)
        found = [Finding(str(self.folder), "unfinished")] if self.state.is_unfinished else []
        for path, file in files.items():
            if path not in there:
                kind = "case" if fold(path) in by_fold else "missing"
            elif not there[path]:
                kind = "link"
            elif not self._has(path, file):
                kind = "changed"
            else:
                continue
            found.append(Finding(str(self.folder / path), kind))
        known = {fold(path) for path in files}
        strange = (path for path in there if "/" in path and fold(path) not in known and not _is_cache(path))
        found += [Finding(str(self.folder / path), "unknown") for path in strange]
        return sorted(found, key=lambda finding: finding.path)

    def apply(
        self,
        wanted: Groups,
        read: Callable[[LockedFile], bytes] | None,
        *,
        ahead: Callable[[Collection[LockedFile]], None] | None = None,
        before: Groups | None = None,
        adopt: Collection[str] = (),
        lock: bytes | None = None,
    ) -> Report:
        """Make the vendored files those of a lock; a kill at any moment leaves the old ones or the new ones.

        Args:
            wanted: The files of the lock.
            read: Gives a file's content; None if nothing is to be written, and only what nobody wants is
                to be removed.
            ahead: Called with all files that will be read, if there are any, before the first of them is; it
                may take its time.
            before: The files of the lock as it was until now: they are ours too.
            adopt: What else is ours, as ``"main/aiohttp"``: a folder, or a module of that name.
            lock: The new text of the lockfile, which changes in the same step.

        Raises:
            OccupiedError: A file would have to go where there is something that is not ours.
            UnsafePathError: A name is not safe, or a folder is a link.
            OSError: Something cannot be written; everything is as it was.
        """
        _check(wanted)
        for group in wanted:
            check_not_own(self.folder / group)
        check_no_links(self.root, self.folder)
        self.state.prepare()
        self.state.recover()
        record = self.state.record(self.folder)
        plan = self._plan(wanted, before or {}, record, adopt)
        if read is None:
            plan.leave_all()
        self._check_free(plan)
        if plan.write and ahead is not None:
            ahead(list(plan.write.values()))
            # Meanwhile anybody may have edited what is there.
            plan = self._plan(wanted, before or {}, record, adopt)
            self._check_free(plan)
        if plan.write or plan.remove or lock is not None or record != _lists(wanted):
            self._change(plan, wanted, read, lock)
        return Report(*(tuple(self._paths(paths)) for paths in (plan.write, plan.restored, plan.remove)))

    # --- what is there ---------------------------------------------------------------------------

    def _scan(self, groups: Collection[str]) -> dict[str, bool]:
        """What is in the folder, and whether it is a regular file.

        Args:
            groups: The folders to look into; of others only their names are told.
        """
        found: dict[str, bool] = {}
        try:
            todo = [("", _entries(self.place))]
        except FileNotFoundError:
            return {}
        while todo:
            before, entries = todo.pop()
            for entry in entries:
                path = before + entry.name
                if _is_folder(entry) and (before or path in groups):
                    todo.append((f"{path}/", _entries(entry.path)))
                else:
                    found[path] = entry.is_file(follow_symlinks=False)
        return found

    def _has(self, path: str, file: LockedFile) -> bool:
        place = self.place / path
        if place.stat().st_size != file.size:
            return False
        return hashlib.sha256(place.read_bytes()).hexdigest() == file.sha256

    def _paths(self, paths: Iterator[str] | Mapping[str, LockedFile] | list[str]) -> list[str]:
        return sorted(str(self.folder / path) for path in paths)

    # --- what is to be done ----------------------------------------------------------------------

    def _plan(
        self, groups: Groups, before: Groups, record: Mapping[str, list[str]], adopt: Collection[str]
    ) -> _Plan:
        wanted, old = _flat(groups), _flat(before)
        there = self._scan({*groups, *before, *record, *(path.partition("/")[0] for path in adopt)})
        ours = {*old, *(f"{group}/{path}" for group in record for path in record[group])}
        ours |= {path for path in there if _is_below(path, adopt)}
        plan = _Plan()
        for path, file in wanted.items():
            if there.get(path) and self._has(path, file):
                plan.keep[path] = file
                continue
            plan.write[path] = file
            if path in old and path in there and not (there[path] and self._has(path, old[path])):
                plan.restored.append(path)
        gone = {path for path in there if path in ours}
        plan.remove = sorted(gone - wanted.keys())
        plan.caches = [path for path in there if _is_cache(path) and _source_of(path) in gone | wanted.keys()]
        plan.foreign = sorted(there.keys() - gone - set(plan.caches) - plan.keep.keys())
        return plan

    def _check_free(self, plan: _Plan) -> None:
        """Refuse what would have to go where there is something that is not ours."""
        files = {fold(path): path for path in plan.foreign}
        folders = {fold(str(folder)): path for path in plan.foreign for folder in PurePosixPath(path).parents}
        for path in plan.write:
            way = [fold(path), *(fold(str(folder)) for folder in PurePosixPath(path).parents)]
            other = next((files[place] for place in way if place in files), None) or folders.get(fold(path))
            other = other or self._empty_folder(self.place / path)
            if other is not None:
                there = "is there already" if other == path else f"{self.folder / other} is in the way"
                raise OccupiedError(
                    str(self.folder / path),
                    f"{there}, and belay has not put it there",
                    hint="move it elsewhere, or remove it",
                )

    def _empty_folder(self, place: Path) -> str | None:
        """A folder at or below a place that has nothing in it."""
        for folder, folders, names in os.walk(place):
            if not folders and not names:
                return Path(folder).relative_to(self.place).as_posix()
        return None

    # --- doing it --------------------------------------------------------------------------------

    def _change(
        self, plan: _Plan, wanted: Groups, read: Callable[[LockedFile], bytes] | None, lock: bytes | None
    ) -> None:
        # A folder that has anything else in it, even an empty folder, is not ours to exchange.
        whole = bool(plan.write or plan.remove) and bool(self.folder.parts) and not plan.foreign
        whole = whole and self._empty_folder(self.place) in {None, "."}
        try:
            self.state.begin()
            for path, file in plan.write.items():
                assert read is not None
                self._prepare(path, _checked(read(file), file))
            if whole:
                for path in plan.keep:
                    self._prepare_same(path)
            else:
                self._check_writable(plan)
            if lock is not None:
                with naming(self.state.lock):
                    self.state.lock.write_bytes(lock)
        except BaseException:
            with suppress(OSError):
                self.state.clear()
            raise
        # What is not ours to begin with is removed only where it is a cache of what is.
        gone = [path for path in plan.caches if _source_of(path) in set(plan.remove) | plan.write.keys()]
        self.state.commit(
            Journal(
                str(self.folder) if self.folder.parts else "",
                self.state.new.lstat().st_ino if whole else None,
                _grouped(plan.write) if not whole else {},
                _grouped([*plan.remove, *gone]) if not whole else {},
                _lists(wanted),
                lock is not None,
            )
        )

    def _prepare(self, path: str, content: bytes) -> None:
        prepared = self.state.new / path
        prepared.parent.mkdir(parents=True, exist_ok=True)
        with naming(prepared):
            prepared.write_bytes(content)

    def _prepare_same(self, path: str) -> None:
        prepared = self.state.new / path
        prepared.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(self.place / path, prepared, follow_symlinks=False)
        except (OSError, NotImplementedError):
            shutil.copy2(self.place / path, prepared, follow_symlinks=False)

    def _check_writable(self, plan: _Plan) -> None:
        """Notice before the first file is moved what would stop the last."""
        for path in [*plan.write, *plan.remove]:
            folder = next(place for place in (self.place / path).parents if place.exists())
            if not os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                raise PermissionError(13, "the folder is read-only", str(folder))


def _check(wanted: Groups) -> None:
    for group, files in wanted.items():
        check_group(group)
        for path in files:
            check_destination(path)
        check_together(files, where=f"group {group}")
    check_together(wanted)


def _checked(content: bytes, file: LockedFile) -> bytes:
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InternalError(f"the content of {file.url} is not what was locked")
    return content


def _flat(groups: Groups) -> dict[str, LockedFile]:
    return {f"{group}/{path}": file for group, files in groups.items() for path, file in files.items()}


def _lists(groups: Groups) -> dict[str, list[str]]:
    return {group: sorted(files) for group, files in sorted(groups.items()) if files}


def _grouped(paths: Mapping[str, LockedFile] | list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        group, _, destination = path.partition("/")
        found.setdefault(group, []).append(destination)
    return found


def _is_cache(path: str) -> bool:
    return PurePosixPath(path).parent.name == CACHE and path.endswith(".pyc")


def _source_of(cache: str) -> str:
    """The file that CPython has made a cache of: ``a/__pycache__/b.cpython-313.pyc`` is of ``a/b.py``."""
    path = PurePosixPath(cache)
    return str(path.parent.parent / f"{path.name.partition('.')[0]}.py")


def _is_below(path: str, places: Collection[str]) -> bool:
    """Whether a file is one of these modules, or in one of these folders."""
    names = [path.removesuffix(".py"), path.removesuffix(".mpy"), *map(str, PurePosixPath(path).parents)]
    return any(name in places for name in names)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, and no link to one."""
    junction = sys.version_info >= (3, 12) and entry.is_junction()
    return entry.is_dir(follow_symlinks=False) and not junction
