"""Which files of a folder without a package.json are the package, and where they are imported from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from belay.exceptions import PackageError, PackageNotFoundError, UnsafePathError
from belay.packages import manifest
from belay.packages.archive import Entry
from belay.packages.destination import check_destination, check_together, import_folder, place_file

MAX_FILES = manifest.MAX_FILES

_SKIPPED = {"__pycache__", "node_modules"}
_SKIPPED_SUFFIXES = (".pyc", ".pyo")
_INIT = ("__init__.py", "__init__.mpy")


@dataclass(frozen=True)
class Choice:
    """The files of a package.

    Attributes:
        base: The path in the repository of the folder that they are in, or of the only file.
        paths: Their paths in the repository.
    """

    base: str
    paths: tuple[str, ...]


def choose(key: str, path: str, entries: Sequence[Entry], *, where: str) -> Choice:
    """Find a package in a repository.

    What is not a package itself, but has a package or a module of the dependency's name, means that one.
    Names that begin with a dot are left out: a .gitignore would work where the files are vendored.

    Args:
        key: The name of the dependency.
        path: The file or folder that is named, empty for the repository.
        entries: What is in the repository.
        where: The place, for messages.

    Raises:
        PackageNotFoundError: There is no such file or folder, or nothing in it.
        UnsafePathError: A file of the package is a link.
        PackageError: There are too many.
    """
    below = {entry.path: entry for entry in entries if _is_below(entry.path, path) or entry.path == path}
    base, found = path, {entry: below[entry] for entry in below if _counts(entry[len(path) :])}
    if not found:
        reason = "there is nothing in it" if below or not path else f"there is no {path!r} in it"
        raise PackageNotFoundError(where, f"{where}: {reason}")
    if path not in found:
        base = _meant(key, path, found)
    found = {each: entry for each, entry in found.items() if each == base or _is_below(each, base)}
    for each, entry in found.items():
        if not entry.is_file:
            hint = "name the folder of the package" if base == "" else None
            raise UnsafePathError(each, "is a link, which is not followed", where=where, hint=hint)
    if len(found) > MAX_FILES:
        raise PackageError(f"{where}: has more than {MAX_FILES} files", hint="name the folder of the package")
    return Choice(base, tuple(sorted(found)))


def destinations(
    key: str, choice: Choice, *, where: str, alone: bool = True, rename_to_init: bool = True
) -> dict[str, str]:
    """Where the files of a package are imported from.

    Args:
        key: The name of the dependency.
        choice: The files.
        where: The place, for messages.
        alone: Whether they are all of the dependency, not one of a list.
        rename_to_init: As in :class:`~belay.packages.model.Requirement`.

    Returns:
        The path in the repository, by destination.

    Raises:
        RequirementError: Nothing can be imported as ``key``.
        UnsafePathError: A name is not safe, or two are one on some systems.
    """
    if choice.paths == (choice.base,):
        name = choice.base.rpartition("/")[2]
        found = {place_file(key, name, alone=alone, rename_to_init=rename_to_init): choice.base}
    else:
        folder, start = import_folder(key), len(choice.base) + 1 if choice.base else 0
        found = {f"{folder}/{path[start:]}": path for path in choice.paths}
    for destination in found:
        check_destination(destination, where=where)
    check_together(found, where=where)
    return found


def _meant(key: str, path: str, found: dict[str, Entry]) -> str:
    """What of a folder is the package: itself, or the one of the dependency's name in it."""
    start = f"{path}/" if path else ""
    if any(start + init in found for init in _INIT):
        return path
    name = import_folder(key).rpartition("/")[2]
    if any(f"{start}{name}/{init}" in found for init in _INIT):
        return f"{start}{name}"
    return next(
        (f"{start}{name}{suffix}" for suffix in (".py", ".mpy") if f"{start}{name}{suffix}" in found), path
    )


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _counts(path: str) -> bool:
    """Whether a path below a folder is one that a package may have."""
    parts = path.strip("/").split("/")
    # What leads out is no hidden name: it is refused.
    hidden = any((part[:1] == "." and part.strip(".")) or part in _SKIPPED for part in parts)
    return not hidden and not path.endswith(_SKIPPED_SUFFIXES)
