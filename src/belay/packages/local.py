"""Packages on this machine: a file, a folder, or a folder with a manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from belay.exceptions import ManifestError, PackageError, RequirementError, UnsafePathError
from belay.packages import manifest
from belay.packages.model import Candidate, FromHost, FromPath, RemoteFile

MAX_ENTRIES = 20_000
"""Files of a folder that are looked at."""

_SYSTEM = {"proc", "sys", "dev"}
_SKIPPED_FOLDERS = {"__pycache__", ".git", ".hg", ".svn", ".venv", ".belay", "node_modules"}
_SKIPPED_SUFFIXES = (".pyc", ".pyo")
_SKIPPED_FILES = {".DS_Store", "Thumbs.db"}


def _quiet(sentence: str) -> None:
    """Say nothing."""


def read_local(
    key: str,
    source: FromPath,
    root: Path,
    *,
    alone: bool = True,
    rename_to_init: bool = True,
    host_url: Callable[[FromHost], str] = manifest.refuse_host,
    warn: Callable[[str], None] = _quiet,
) -> Candidate:
    """See what is at a path.

    Args:
        key: The name of the dependency.
        source: The path; relative to the project.
        root: The project's folder.
        alone: Whether it is all of the dependency, not one of a list.
        rename_to_init: As in :class:`~belay.packages.model.Requirement`.
        host_url: As for :func:`~belay.packages.manifest.parse_manifest`.
        warn: Called with a sentence for each thing in a manifest.py that is not used.

    Raises:
        RequirementError: There is nothing at the path, or nothing that can be imported as ``key``.
        ManifestError: Its manifest is not understood.
        UnsafePathError: A file has an unsafe name, or is a link that leads out of the folder; or the path is
            hidden or the system's own.
        OSError: It cannot be read.
    """
    path = locate(source, root)
    text = f"path+{source.path}"
    check_public(path, root, where=text)
    if path.is_dir():
        described = path / "package.json"
        if not described.is_file():
            from belay.packages.localtree import read_described

            found = read_described(key, path, text, walk=_walk, warn=warn)
            return found or Candidate(
                key, "", text, _folder(key, path, text, alone=alone, rename_to_init=rename_to_init)
            )
        path = described
    elif not path.is_file():
        raise RequirementError(source.path, "there is no such file or folder", hint=f"it would be {path}")
    if path.suffix == ".json":
        return _described(key, path, text, host_url)
    return manifest.single_file(key, path.as_uri(), source=text, alone=alone, rename_to_init=rename_to_init)


def locate(source: FromPath, root: Path) -> Path:
    """The absolute path that is meant, without a look at what is there.

    Raises:
        RequirementError: It names a home directory that cannot be found.
    """
    try:
        return Path(os.path.normpath(root / Path(source.path).expanduser()))
    except RuntimeError as error:
        raise RequirementError(source.path, "there is no such home directory") from error


def check_public(path: Path, root: Path, *, where: str = "") -> None:
    """Refuse a path to what is nobody else's business: a project may be anybody's, and may be published.

    Keys, logins and the history of a repository are in files and folders whose names begin with a dot; what a
    system tells of its programs, as their environments, is in folders of its own.

    Args:
        path: The absolute path.
        root: The project's folder; how one gets there does not count.
        where: Who asks for it, for the message.

    Raises:
        UnsafePathError: The path, or what it is a link to, is such.
    """
    for place, start in (
        (path, root.absolute()),
        (Path(os.path.realpath(path)), Path(os.path.realpath(root))),
    ):
        known = set(start.parents) | {start}
        names = [each.name for each in (place, *place.parents) if each not in known]
        hidden = next((name for name in names if name.startswith(".")), None)
        if hidden is not None:
            hint = "a package has no such name on its way; copy it elsewhere"
            raise UnsafePathError(str(path), f"is hidden: {hidden}", where=where, hint=hint)
        if names and names[-1] in _SYSTEM and len(place.parents) == len(names):
            raise UnsafePathError(str(path), "is the system's own", where=where)


def _described(key: str, path: Path, text: str, host_url: Callable[[FromHost], str]) -> Candidate:
    if path.stat().st_size > manifest.MAX_BYTES:
        raise ManifestError(str(path), f"is larger than {manifest.MAX_BYTES} bytes")
    found = manifest.parse_manifest(
        path.read_bytes(), name=key, place=path.as_uri(), source=text, host_url=host_url
    )
    folder = path.parent.resolve()
    for file in found.files:
        if file.url.startswith("file:"):
            _check_inside(path_of(file.url), folder, text)
            check_public(path_of(file.url), path.parent, where=text)
    return found


def path_of(url: str) -> Path:
    """The path that a ``file:`` URL means."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))


def _folder(
    key: str, folder: Path, text: str, *, alone: bool, rename_to_init: bool
) -> tuple[RemoteFile, ...]:
    """What a folder without a description has, by the same rules as one in a repository."""
    # Whoever has no such folder need not wait for what is imported.
    from belay.packages.archive import Entry
    from belay.packages.folders import choose, destinations

    paths = {path.relative_to(folder).as_posix(): path for path in islice(_walk(folder), MAX_ENTRIES + 1)}
    if len(paths) > MAX_ENTRIES:
        raise PackageError(
            f"{text}: has more than {MAX_ENTRIES} files", hint="name the folder of the package"
        )
    if not paths:
        raise RequirementError(text.removeprefix("path+"), "is an empty folder")
    choice = choose(key, "", [Entry(path, 0, is_file=True) for path in paths], where=text)
    places = destinations(key, choice, where=text, alone=alone, rename_to_init=rename_to_init)
    for path in choice.paths:
        _check_inside(paths[path], folder.resolve(), text)
    return tuple(RemoteFile(place, paths[path].as_uri()) for place, path in sorted(places.items()))


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(set(folders) - _SKIPPED_FOLDERS)
        for name in folders:
            if Path(place, name).is_symlink():
                raise UnsafePathError(str(Path(place, name)), "is a link to a folder, which is not followed")
        for name in sorted(set(names) - _SKIPPED_FILES):
            if not name.endswith(_SKIPPED_SUFFIXES):
                yield Path(place, name)


def _raise(error: OSError) -> None:
    raise error


def _check_inside(path: Path, folder: Path, text: str) -> None:
    # Not Path.resolve, which fails where links go in a circle.
    if not Path(os.path.realpath(path)).is_relative_to(folder):
        raise UnsafePathError(str(path), "is a link that leads out of the folder", where=text)
    if not path.is_file():
        raise UnsafePathError(str(path), "is no file", where=text)
