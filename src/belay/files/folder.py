"""The host's tree: which files of a folder a sync is about."""

from __future__ import annotations

import errno
import filecmp
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from belay.exceptions import FilesError, SourceMissingError
from belay.files.ignore import Patterns
from belay.files.plan import ASIDE, FRESH, STAGE
from belay.files.tree import FOLDER, Folder, join

IGNORED = ("*.pyc", "__pycache__", ".DS_Store", ".pytest_cache")
"""What is left out unless the caller says otherwise."""
_KEPT_FOR_SYNC = {".belay", FRESH, ASIDE, STAGE}
_MOST_NAME = 255
"""Bytes of UTF-8 in a name: what LittleFS, FAT and most file systems of a host can have."""


@dataclass(frozen=True)
class HostFile:
    """A file on the host.

    Attributes:
        path: Where it is; it may be reached through links.
        size: Bytes, when it was looked at.
    """

    path: Path
    size: int


HostTree = Mapping[str, HostFile | Folder]
"""By path on the board, relative and with ``/``; in order, and each folder before what is in it."""


def read_folder(
    source: Path | str, *, ignore: Sequence[str] | str | None = None, outside_links: bool = False
) -> HostTree:
    """Find what is in a folder, or the one file that is named.

    Links are followed where they lead to something in the folder. What is ignored is not looked at: no such
    folder is entered and no such link followed.

    Args:
        source: A folder, or a file, which stands for a folder with this file alone; it may be a link.
        ignore: Patterns as in a ``.gitignore``, of which the last one that fits decides. A text is one
            pattern; None stands for :data:`IGNORED`, an empty list for nothing. They do not apply to a
            ``source`` that is a file: who names it wants it.
        outside_links: Whether links may lead out of the folder.

    Raises:
        SourceMissingError: There is no ``source``.
        FilesError: Something cannot be read; a link leads nowhere, out of the folder or in a circle;
            something is neither a file nor a folder; a name is one that a board cannot have or that a sync
            needs for itself; a pattern cannot be understood.
    """
    patterns = Patterns(IGNORED if ignore is None else [ignore] if isinstance(ignore, str) else ignore)
    named = Path(source)
    try:
        top = Path(os.path.realpath(named, strict=True))
        found = top.stat()
    except FileNotFoundError as error:
        raise SourceMissingError(
            f"{named}: there is no such file or folder",
            hint="is the path right?",
        ) from error
    except OSError as error:
        raise _unreadable(named, error) from error
    if stat.S_ISDIR(found.st_mode):
        return _Walk(named, top, patterns, outside_links).walk()
    check_name(named.name or top.name, named)
    return {named.name or top.name: _file(named, found)}


def merged(*trees: HostTree) -> HostTree:
    """Put trees together.

    Raises:
        FilesError: Two have different content for one path, or a file where the other has a folder.
    """
    whole: dict[str, HostFile | Folder] = {}
    for tree in trees:
        for path, entry in tree.items():
            if not _same(whole.setdefault(path, entry), entry):
                raise FilesError(
                    f"{path}: {_described(whole[path])} and {_described(entry)} are not the same",
                    hint="only one of them can be there: leave the other one out",
                )
    return dict(sorted(whole.items(), key=lambda item: item[0].split("/")))


def _same(one: HostFile | Folder, other: HostFile | Folder) -> bool:
    if isinstance(one, Folder) or isinstance(other, Folder):
        return one == other
    if one.path == other.path:
        return True
    try:
        return one.size == other.size and filecmp.cmp(one.path, other.path, shallow=False)
    except OSError as error:
        raise _unreadable(Path(error.filename or one.path), error) from error


def _described(entry: HostFile | Folder) -> str:
    return "a folder" if isinstance(entry, Folder) else str(entry.path)


class _Walk:
    def __init__(self, named: Path, top: Path, patterns: Patterns, outside_links: bool) -> None:
        self._named, self._top = named, top
        self._patterns, self._outside_links = patterns, outside_links
        self._tree: dict[str, HostFile | Folder] = {}
        # Folders that are still to be read, and where each really is, with the folders that lead to it.
        self._pending: list[tuple[str, tuple[Path, ...]]] = [("", (top,))]

    def walk(self) -> HostTree:
        while self._pending:
            folder, chain = self._pending.pop()
            place = self._named / folder
            try:
                with os.scandir(place) as scanned:
                    entries = list(scanned)
            except OSError as error:
                raise _unreadable(place, error) from error
            for entry in entries:
                self._add(join(folder, entry.name), entry, chain)
        return dict(sorted(self._tree.items(), key=lambda item: item[0].split("/")))

    def _add(self, path: str, entry: os.DirEntry[str], chain: tuple[Path, ...]) -> None:
        place = Path(entry.path)
        found, error = _stat(entry)
        is_folder = found is not None and stat.S_ISDIR(found.st_mode)
        if self._patterns.fit(path, is_folder=is_folder):
            return
        check_name(entry.name, place)
        real = self._real(place) if entry.is_symlink() else chain[-1] / entry.name
        if found is None:
            raise _unreadable(place, error or OSError()) from error
        if not is_folder:
            self._tree[path] = _file(place, found)
            return
        if real in chain:
            raise FilesError(f"{place} leads to {real}, which it is in itself", hint=_LINK_HINT)
        self._tree[path] = FOLDER
        self._pending.append((path, (*chain, real)))

    def _real(self, place: Path) -> Path:
        """Where a link leads."""
        target = place.readlink()
        try:
            real = Path(os.path.realpath(place, strict=True))
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise FilesError(f"{place} is a link to {target}, in a circle", hint=_LINK_HINT) from error
            if error.errno == errno.ENOENT:
                raise FilesError(
                    f"{place} is a link to {target}, which is not there", hint=_LINK_HINT
                ) from error
            raise _unreadable(place, error) from error
        if not (self._outside_links or real.is_relative_to(self._top)):
            raise FilesError(
                f"{place} is a link to {real}, out of the folder",
                hint="put what it leads to in its place, ignore it, or allow links that lead out",
            )
        return real


_NAME_HINT = "rename it, or ignore it"
_LINK_HINT = "take the link away, or ignore it"


def _stat(entry: os.DirEntry[str]) -> tuple[os.stat_result | None, OSError | None]:
    try:
        return entry.stat(), None
    except OSError as error:
        return None, error


def _file(place: Path, found: os.stat_result) -> HostFile:
    if not stat.S_ISREG(found.st_mode):
        kind = next((kind for test, kind in _KINDS if test(found.st_mode)), "no file")
        raise FilesError(f"{place} is {kind}, which a board cannot have", hint="ignore it, or take it away")
    return HostFile(place, found.st_size)


_KINDS = (
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_name(name: str, place: Path) -> None:
    """Refuse names that a board cannot have, or that a sync needs for itself.

    Args:
        name: The name.
        place: Where it is on the host.

    Raises:
        FilesError: It is one of these.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        shown = os.fsencode(name)
        reason, hint = f"the name {shown!r} is not of UTF-8", _NAME_HINT
        raise FilesError(f"{str(place.parent)!r}: {reason}", hint=hint) from error
    if size > _MOST_NAME:
        reason = f"the name has {size} bytes, and a board's file system takes {_MOST_NAME} at most"
        raise FilesError(f"{place}: {reason}", hint=_NAME_HINT)
    if name in _KEPT_FOR_SYNC:
        raise FilesError(f"{place}: the name is one that a sync needs for itself", hint=_NAME_HINT)


def _unreadable(place: Path, error: OSError) -> FilesError:
    return FilesError(f"{place} cannot be read: {error.strerror or error}")
