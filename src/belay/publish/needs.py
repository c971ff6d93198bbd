"""What whoever installs a package needs, too: by name, copied beside it, or as a part of it.

A package.json names what it needs as ``[name, version]``; mip takes a version for what it is called, so a
range of versions becomes the one that is locked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath

from belay.exceptions import PublishError
from belay.packages import hosts
from belay.packages.hosts import HOSTS
from belay.packages.local import path_of
from belay.packages.lock import Lock
from belay.packages.lockfile import MAX_FILE
from belay.packages.model import (
    MAIN_GROUP,
    FromGit,
    FromHost,
    FromIndex,
    FromPath,
    FromUrl,
    LockedFile,
    LockedPackage,
    Requirement,
    Source,
)
from belay.packages.reading import read_regular
from belay.packages.requirement import parse_source
from belay.packages.version import parse_wanted
from belay.project.config import DEFAULT_INDEX, Project
from belay.project.environment import read_developed
from belay.project.upkeep import Talk, supply_of
from belay.publish.pieces import Piece, Pieces, check_places

BUNDLE = "with --deps bundled its files become a part of the package"

Dependency = tuple[str, str]
"""Name and version, as a package.json has it."""


class Deps(Enum):
    """What becomes of what a project depends on."""

    NAMED = "named"
    COPIED = "copied"
    BUNDLED = "bundled"


@dataclass(frozen=True)
class Copied:
    """A package of another index, as it is locked.

    Attributes:
        name: Its name.
        version: Its version.
        files: Its files.
        dependencies: What it needs in turn.
        index: The URL of its index.
    """

    name: str
    version: str
    files: Pieces
    dependencies: tuple[Dependency, ...]
    index: str


@dataclass(frozen=True)
class Needs:
    """What a package needs.

    Attributes:
        named: What it names.
        copied: Packages that it names, or that these need.
        bundled: Files that become a part of it.
    """

    named: tuple[Dependency, ...] = ()
    copied: tuple[Copied, ...] = ()
    bundled: Mapping[str, Piece] = field(default_factory=dict)


def read_needs(project: Project, lock: Lock, how: Deps, talk: Talk, *, but: str = "") -> Needs:
    """What a package needs of what the main group of its project depends on.

    Args:
        project: The project; its vendored files are as locked.
        lock: What is locked.
        how: What becomes of it.
        talk: Whom to tell if something has to be fetched.
        but: The URL of an index whose packages need no copy.

    Raises:
        PublishError: A dependency is one that others cannot have.
        PackageError: A file cannot be had.
        OSError: A file cannot be read.
    """
    needs = [need for need in project.requirements if need.group == MAIN_GROUP]
    if how is not Deps.NAMED and needs and lock.mpy_version != "py":
        raise PublishError(
            f"the project is locked for mpy version {lock.mpy_version}, and others need sources",
            hint='set mpy_version = "py" in [tool.belay], and run `belay update`',
        )
    if how is Deps.BUNDLED:
        return Needs(bundled=_bundled(project, lock, talk))
    packages = {package.name: package for package in lock.packages}
    named = _named(needs, packages)
    copied = _copied(project, needs, packages, talk, but) if how is Deps.COPIED else ()
    return Needs(named, tuple(copied))


def where_mip_does_not_look(needs: Needs, lock: Lock) -> Iterator[str]:
    """What a package names that is in another index than MicroPython's own, in sentences.

    Args:
        needs: What it needs.
        lock: What is locked.
    """
    sources = {package.name: package.source for package in lock.packages}
    for name, _ in needs.named:
        kind, _, index = sources.get(name, "").partition("index+")
        if not kind and index and index != DEFAULT_INDEX:
            where = "an index of this computer" if index.startswith("file:") else index
            yield f"{name} is in {where}: mip looks there only if told to (index=, --index)"


# --- by name ---------------------------------------------------------------------------------------


def _named(needs: list[Requirement], packages: Mapping[str, LockedPackage]) -> tuple[Dependency, ...]:
    reasons, found = [], []
    for need in needs:
        why_not = _why_not_named(need)
        if why_not:
            reasons.append(f"{need.key}{f' ({need.where})' if need.where else ''} {why_not}")
        else:
            [source] = need.sources
            found.append(_dependency(source, packages))
    if reasons:
        raise PublishError(
            "\n  ".join(["these dependencies are nothing that others can have:", *reasons]), hint=BUNDLE
        )
    return tuple(dict.fromkeys(found))


def _why_not_named(need: Requirement) -> str:
    """Why nobody else could have a dependency; empty if they can."""
    if need.develop:
        return "is a develop dependency, which is on this computer only"
    if len(need.sources) > 1:
        return "is put together of several places, for which there is no name"
    return _why_no_source(need.key, need.sources[0])


def _why_no_source(key: str, source: Source) -> str:
    if isinstance(source, FromPath):
        return f"is on this computer: {source.path}"
    if isinstance(source, FromGit):
        return "comes by git, which mip does not know"
    if isinstance(source, FromHost) and source.host not in HOSTS:
        return f"comes from {source.host}, a name that only this project knows"
    if isinstance(source, FromHost) and "/" in source.owner:
        return "is of a group in a group, and mip takes the second for the repository"
    if isinstance(source, FromHost | FromUrl):
        path = PurePosixPath(source.path if isinstance(source, FromHost) else source.url.partition("?")[0])
        if path.suffix in {".py", ".mpy"} and path.stem != key.replace("-", "_"):
            return f"would be imported as {path.stem} by others: they do not know that it is {key} here"
    return ""


def _dependency(source: Source, packages: Mapping[str, LockedPackage]) -> Dependency:
    if isinstance(source, FromIndex):
        wanted = parse_wanted(source.wanted)
        locked = packages.get(source.name)
        # As the index writes it: 1.2 and 1.2.0 are one version, and two addresses.
        return source.name, "latest" if wanted.is_latest or locked is None else locked.version
    if isinstance(source, FromHost):
        ref = source.ref
        return hosts.canonical(source).removesuffix(f"@{ref}" if ref else ""), ref or "HEAD"
    assert isinstance(source, FromUrl)
    return source.url, "latest"


# --- copied ----------------------------------------------------------------------------------------


def _copied(
    project: Project, needs: list[Requirement], packages: Mapping[str, LockedPackage], talk: Talk, but: str
) -> Iterator[Copied]:
    names = [source.name for need in needs for source in need.sources if isinstance(source, FromIndex)]
    for package in _closure(names, packages):
        index = package.source.removeprefix("index+")
        if index in (package.source, but):
            continue
        yield Copied(
            package.name,
            package.version,
            dict(_files(project, package, talk)),
            tuple(_locked_dependency(packages[name]) for name in package.dependencies),
            index,
        )


def _closure(names: list[str], packages: Mapping[str, LockedPackage]) -> list[LockedPackage]:
    found: dict[str, LockedPackage] = {}
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in packages and name not in found:
            found[name] = packages[name]
            todo += packages[name].dependencies
    return [found[name] for name in sorted(found)]


def _locked_dependency(package: LockedPackage) -> Dependency:
    if package.source.startswith("index+"):
        return package.name, package.version
    return _dependency(parse_source(package.source), {})


def _files(project: Project, package: LockedPackage, talk: Talk) -> Iterator[tuple[str, Piece]]:
    group = MAIN_GROUP if MAIN_GROUP in package.groups else package.groups[0]
    for file in package.files:
        place = project.vendored / group / file.destination
        content = read_regular(place, MAX_FILE)
        if hashlib.sha256(content).hexdigest() == file.sha256:
            yield file.destination, Piece(content, place)
        else:
            # Another package is preferred there.
            yield file.destination, Piece(_fetched(project, file, talk))


def _fetched(project: Project, file: LockedFile, talk: Talk) -> bytes:
    if file.url.startswith("file:"):
        return read_regular(path_of(file.url), MAX_FILE)
    with supply_of(project, talk) as supply:
        return supply.content(file)


# --- as a part of it -------------------------------------------------------------------------------


def _bundled(project: Project, lock: Lock, talk: Talk) -> dict[str, Piece]:
    found = {
        path: Piece(content) for path, content in read_developed(project, talk).get(MAIN_GROUP, {}).items()
    }
    for destination in lock.groups().get(MAIN_GROUP, {}):
        place = project.vendored / MAIN_GROUP / destination
        found.setdefault(destination, Piece(read_regular(place, MAX_FILE), place))
    return dict(sorted(found.items()))


def together(own: Pieces, bundled: Pieces) -> dict[str, Piece]:
    """A package's own files and those that become a part of it.

    Raises:
        PublishError: Both have a file of one name.
        UnsafePathError: They cannot be together.
    """
    if both := sorted(own.keys() & bundled.keys()):
        raise PublishError(f"{both[0]} is a file of the project, and of a dependency, too")
    whole = dict(sorted({**own, **bundled}.items()))
    check_places(whole)
    return whole
