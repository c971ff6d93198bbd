"""From what is wanted to what is locked: chooses, fetches and verifies; writes to nothing but the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from belay.exceptions import FetchError, PathConflictError, ResolutionError, UnsafePathError
from belay.packages.catalogue import Catalogue, is_indexed
from belay.packages.compiled import check_compiled
from belay.packages.destination import check_together, fold, parents
from belay.packages.indices import Indices
from belay.packages.lock import tell_owners
from belay.packages.model import Candidate, FromIndex, LockedFile, LockedPackage, RemoteFile, Requirement
from belay.packages.requirement import canonical
from belay.packages.resolve import Resolution, identify, resolve
from belay.packages.supply import Held, Supply


@dataclass(frozen=True)
class Updated:
    """What an update has chosen.

    Attributes:
        packages: All packages, sorted by name. The store has the files of those that were not locked before.
        led_to: By group and key of each requirement, the names of the packages that it led to directly.
        notes: Sentences about what is as it was asked for, and yet may surprise.
    """

    packages: tuple[LockedPackage, ...]
    led_to: Mapping[tuple[str, str], tuple[str, ...]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choices:
    """What a project says beside its requirements.

    Attributes:
        root: The project's folder.
        prefer: By destination, the package whose file is taken where several have other content for it.
        mpy_version: The only mpy version that fits, as ``"6"``; ``"py"`` if any does.
        arch: The architecture of the boards, as ``"armv6m"``, or empty if no native code fits.
        is_checked: Whether the compiled files that are locked are known to fit these two.
    """

    root: Path
    prefer: Mapping[str, str]
    mpy_version: str = "py"
    arch: str = ""
    is_checked: bool = False


def update(
    requirements: Iterable[Requirement],
    supply: Supply,
    indices: Indices,
    choices: Choices,
    *,
    locked: Sequence[LockedPackage] = (),
    names: Collection[str] | None = None,
) -> Updated:
    """Chooses packages anew, and makes sure that the store has their files.

    Args:
        requirements: What the project needs, of all groups.
        supply: Brings pages and files.
        indices: The indices to ask.
        choices: What else the project says.
        locked: What was chosen the last time.
        names: The dependencies to choose anew, by key or name; the others stay as they were locked unless
            that suits nobody. None for all.

    Raises:
        ResolutionError: There is no choice that suits all.
        PackageNotFoundError: A package is in no index.
        PathConflictError: Two packages have different content for one file.
        UnsafePathError: Two files are one on some systems.
        FetchError: Something could not be had.
        PackageError: Something else is wrong with what came.
    """
    asked = list(requirements)
    roots = [part for need in asked for part in _split(need)]
    fresh = None if names is None else _fresh(roots, locked, names)
    catalogue = Catalogue(roots, supply, indices, choices.root, locked=locked, fresh=fresh)
    catalogue.prepare()
    resolution = resolve(roots, catalogue)
    _check_origins(resolution, locked, indices)
    kept = {package.name: package for package in locked if package.name in catalogue.kept}
    try:
        packages = _lock(resolution, _developed(roots), kept, supply)
    except FetchError as error:
        tell_owners(error, resolution.packages.values())
        raise
    _check_conflicts(packages, choices.prefer)
    known = {package.files for package in locked} if choices.is_checked else set()
    for package in packages:
        if package.files not in known:
            check_compiled(package, supply.content, mpy_version=choices.mpy_version, arch=choices.arch)
    led_to = {
        (need.group, need.key): tuple(sorted({identify(part) for part in _split(need)})) for need in asked
    }
    return Updated(tuple(packages), led_to, tuple(_shadowed(packages)))


def _split(need: Requirement) -> list[Requirement]:
    """A list of sources as several requirements: one for each package of an index, one for all the rest."""
    if len(need.sources) == 1:
        return [need]
    parts = [replace(need, sources=(source,)) for source in need.sources]
    indexed = [part for part in parts if is_indexed(part)]
    rest = tuple(part.sources[0] for part in parts if not is_indexed(part))
    if rest and any(identify(part) == need.key for part in indexed):
        raise ResolutionError(
            f"{need.where or need.key}: {need.key} cannot be made of the package of this name and more",
            hint="give the dependency another name",
        )
    return [*indexed, *([replace(need, sources=rest)] if rest else [])]


def _fresh(roots: list[Requirement], locked: Sequence[LockedPackage], names: Collection[str]) -> set[str]:
    """The names of the packages that are to be chosen anew."""
    known = {package.name for package in locked} | {identify(need) for need in roots}
    known |= {need.key for need in roots}
    for name in sorted(set(names) - known):
        from difflib import get_close_matches

        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else "`belay add` adds one"
        raise ResolutionError(f"the project has no dependency {name!r}", hint=hint)
    return set(names) | {identify(need) for need in roots if need.key in names}


def _developed(roots: list[Requirement]) -> set[str]:
    """The names of the packages that are read afresh each time."""
    developed = {identify(need) for need in roots if need.develop}
    renamed = {identify(need) for need in roots if need.rename_to_init}
    for need in roots:
        where = need.where or need.group
        if not need.develop and identify(need) in developed:
            raise ResolutionError(f"{need.key} is to be developed in one group and not in another ({where})")
        if not (need.rename_to_init or is_indexed(need)) and identify(need) in renamed:
            raise ResolutionError(
                f"{need.key} is to become __init__.py in one group and not in another ({where})",
                hint="write the same rename_to_init in all groups, or give one of them another name",
            )
    return developed


def _check_origins(resolution: Resolution, locked: Sequence[LockedPackage], indices: Indices) -> None:
    """No package may change its index because the one that it came from cannot be reached just now."""
    dead = {index.source: index.failure for index in indices.all if index.failure}
    for package in locked:
        chosen = resolution.packages.get(package.name)
        failure = dead.get(package.source)
        if failure is not None and chosen is not None and chosen.source != package.source:
            raise failure


def _lock(
    resolution: Resolution, developed: set[str], kept: Mapping[str, LockedPackage], supply: Supply
) -> list[LockedPackage]:
    unchanged = {
        name
        for name, candidate in resolution.packages.items()
        if name in kept and _same_files(candidate, kept[name])
    }
    wanted = {
        file
        for name, candidate in resolution.packages.items()
        if name not in developed | unchanged
        for file in candidate.files
    }
    # Files that packages share are fetched once.
    remote = sorted({(file.url, file.hash_prefix) for file in wanted})
    held = dict(zip(remote, supply.files(RemoteFile("", *each) for each in remote), strict=True))
    return [
        LockedPackage(
            name,
            candidate.version,
            candidate.source,
            resolution.groups[name],
            resolution.needs[name],
            () if name in developed else kept[name].files if name in unchanged else _files(candidate, held),
            name in developed,
            _constraints(candidate, resolution.needs[name]),
        )
        for name, candidate in sorted(resolution.packages.items())
    ]


def _constraints(candidate: Candidate, names: Collection[str]) -> tuple[tuple[str, str], ...]:
    """What a package wants of those that it needs, unless any version will do."""
    found = {
        (identify(need), canonical(need.sources[0]))
        for need in candidate.dependencies
        if identify(need) in names and need.sources != (FromIndex(identify(need)),)
    }
    return tuple(sorted(found))


def _same_files(candidate: Candidate, package: LockedPackage) -> bool:
    """Whether a candidate is a locked package that was chosen again."""
    mine = [(file.destination, file.url, file.hash_prefix) for file in candidate.files]
    return candidate.source == package.source and mine == [
        (file.destination, file.url, file.sha256) for file in package.files
    ]


def _files(candidate: Candidate, held: Mapping[tuple[str, str], Held]) -> tuple[LockedFile, ...]:
    files = []
    for file in sorted(candidate.files, key=lambda file: file.destination):
        content = held[file.url, file.hash_prefix]
        files.append(LockedFile(file.destination, content.size, content.sha256, file.url))
    return tuple(files)


def _shadowed(packages: list[LockedPackage]) -> Iterator[str]:
    """What no board can import: of ``x.py`` and a folder ``x``, MicroPython takes the folder."""
    folders = {
        folder: package.name
        for package in packages
        for file in package.files
        for folder in parents(file.destination)
    }
    for package in packages:
        for file in package.files:
            stem, _, suffix = file.destination.rpartition(".")
            if suffix in {"py", "mpy"} and (other := folders.get(stem, package.name)) != package.name:
                mine = f"{file.destination} of {package.name}"
                yield f"{mine} cannot be imported beside the folder {stem} of {other}"


def _check_all_together(owners: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Refuse files of several packages that cannot be together on every system."""
    try:
        check_together(sorted(owners))
    except UnsafePathError as error:
        place = fold(error.path)
        at = [each for path, each in owners.items() if f"{fold(path)}/".startswith(f"{place}/")]
        names = sorted({name for contents in at for each in contents.values() for name in each})
        hint = f"do without one of them, or ask whoever publishes {' and '.join(names)}"
        raise UnsafePathError(error.path, error.reason, where=" and ".join(names), hint=hint) from None


def _check_conflicts(packages: list[LockedPackage], prefer: Mapping[str, str]) -> None:
    """Refuses several contents for one destination, unless the project says which is to be taken.

    Raises:
        PathConflictError: It does not say, or names a package that has no such file.
        UnsafePathError: Two destinations are one on some systems.
    """
    owners: dict[str, dict[str, list[str]]] = {}
    for package in packages:
        for file in package.files:
            owners.setdefault(file.destination, {}).setdefault(file.sha256, []).append(package.name)
    _check_all_together(owners)
    for destination, contents in sorted(owners.items()):
        everybody = sorted(name for names in contents.values() for name in names)
        if len(contents) == 1 or (preferred := prefer.get(destination)) in everybody:
            continue
        first, second = (names[0] for names in list(contents.values())[:2])
        say = f'say whose file it is to be, in [tool.belay.prefer]: "{destination}" = "{first}"'
        raise PathConflictError(
            destination,
            (first, second) if preferred is None else tuple(everybody),
            hint=say if preferred is None else f"{preferred}, which is preferred, has no such file; {say}",
        )
