"""What was chosen, exactly, and for which wishes; :mod:`~belay.packages.lockfile` writes it down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from belay.exceptions import FetchError, OccupiedError
from belay.packages.model import Candidate, LockedFile, LockedPackage, Requirement
from belay.packages.origin import origin_of
from belay.packages.refs import is_commit
from belay.packages.requirement import canonical


@dataclass(frozen=True)
class LockedRequirement:
    """What a project wanted when it was locked.

    Attributes:
        group: The dependency group.
        key: The name of the dependency.
        wanted: What stood there, in canonical words.
        packages: The names of the packages that it led to directly, sorted.
    """

    group: str
    key: str
    wanted: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Lock:
    """What a lockfile says.

    Attributes:
        packages: What was chosen, sorted by name.
        requirements: What it was chosen for, sorted by group and key.
        mpy_version: For which ``.mpy`` files, ``"py"`` for sources.
        indices: The URLs of the indices that were asked, in their order.
        arch: The architecture whose native code fits, or empty.
        prefer: By destination, the package whose file is taken where several have other content for it.
    """

    packages: tuple[LockedPackage, ...] = ()
    requirements: tuple[LockedRequirement, ...] = ()
    mpy_version: str = "py"
    indices: tuple[str, ...] = ()
    arch: str = ""
    prefer: Mapping[str, str] = field(default_factory=dict)

    def groups(self) -> dict[str, dict[str, LockedFile]]:
        """The files of each group, by destination; a preferred file is taken in every group with its path."""
        preferred = preferred_files(self.packages, self.prefer)
        found: dict[str, dict[str, LockedFile]] = {}
        for package in self.packages:
            files = {file.destination: preferred.get(file.destination, file) for file in package.files}
            for group in package.groups:
                found.setdefault(group, {}).update(files)
        return found


@dataclass(frozen=True)
class Change:
    """How a package differs between two locks; one of the two may be missing.

    Attributes:
        name: The package's name.
        old: As it was.
        new: As it is.
    """

    name: str
    old: LockedPackage | None
    new: LockedPackage | None

    def __str__(self) -> str:
        old, new = (_shown(package.version) if package else "" for package in (self.old, self.new))
        if self.old is None or self.new is None:
            return f"{self.name} {old or new}".rstrip() + (": added" if self.old is None else ": removed")
        if self.old.version != self.new.version:
            return f"{self.name}: {old or '(none)'} -> {new or '(none)'}"
        return f"{self.name} {new}".rstrip() + f": {', '.join(self._differences())}"

    def _differences(self) -> Iterator[str]:
        assert self.old is not None
        assert self.new is not None
        for name in ("source", "groups", "dependencies", "files"):
            if getattr(self.old, name) != getattr(self.new, name):
                yield f"other {name}"
        if self.old.constraints != self.new.constraints and self.old.dependencies == self.new.dependencies:
            yield "other versions of dependencies"
        if self.old.develop != self.new.develop:
            yield "developed" if self.new.develop else "no longer developed"


def _shown(version: str) -> str:
    """A version for people: of a commit, as many digits as they read."""
    return version[:10] if is_commit(version) else version


def preferred_files(packages: Iterable[LockedPackage], prefer: Mapping[str, str]) -> dict[str, LockedFile]:
    """By destination, the file of the package that is preferred there, if that has one."""
    return {
        file.destination: file
        for package in packages
        for file in package.files
        if prefer.get(file.destination) == package.name
    }


def diff(old: Lock | None, new: Lock) -> tuple[Change, ...]:
    """The packages that differ between two locks, by name."""
    before = {package.name: package for package in old.packages} if old else {}
    after = {package.name: package for package in new.packages}
    names = sorted(before.keys() | after.keys())
    return tuple(
        Change(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def locked_requirement(requirement: Requirement, packages: Iterable[str] = ()) -> LockedRequirement:
    """What a lock says of a requirement."""
    wanted = " + ".join(map(canonical, requirement.sources))
    options = ["develop"] if requirement.develop else []
    options += [] if requirement.rename_to_init else ["not renamed"]
    wanted += f" ({', '.join(options)})" if options else ""
    return LockedRequirement(requirement.group, requirement.key, wanted, tuple(sorted(packages)))


def reasons_against(
    lock: Lock,
    requirements: Iterable[Requirement],
    *,
    mpy_version: str,
    indices: Iterable[str],
    arch: str = "",
    prefer: Mapping[str, str] | None = None,
) -> list[str]:
    """Why a lock is not one for a project, for people; empty if it is."""
    now = {(need.group, need.key): locked_requirement(need).wanted for need in requirements}
    then = {(need.group, need.key): need.wanted for need in lock.requirements}
    reasons = [f"{key} ({group}) is not locked" for group, key in sorted(now.keys() - then.keys())]
    reasons += [f"{key} ({group}) is no longer wanted" for group, key in sorted(then.keys() - now.keys())]
    reasons += [
        f"{key} ({group}) was locked as {then[group, key]}, and is {now[group, key]} now"
        for group, key in sorted(now.keys() & then.keys())
        if now[group, key] != then[group, key]
    ]
    if lock.mpy_version != mpy_version:
        reasons.append(f"mpy_version was {lock.mpy_version}, and is {mpy_version} now")
    if lock.arch != arch:
        reasons.append(f"arch was {lock.arch or 'none'}, and is {arch or 'none'} now")
    preferred = prefer or {}
    reasons += [
        f"prefer for {path} was {lock.prefer.get(path, 'nobody')}, and is {preferred.get(path, 'nobody')} now"
        for path in sorted(lock.prefer.keys() | preferred.keys())
        if lock.prefer.get(path) != preferred.get(path)
    ]
    if lock.indices != tuple(indices):
        reasons.append("package_indices have changed")
    return reasons


def remarkable(lock: Lock, indices: Collection[str]) -> list[str]:
    """What of a lock comes from elsewhere than one may think: somebody may have written it by hand.

    Args:
        lock: The lock.
        indices: The URLs of the project's indices.
    """
    found = []
    for package in lock.packages:
        kind, _, index = package.source.partition("index+")
        if kind or not index:
            continue
        if index not in indices:
            found.append(f"{package.name} comes from the index {index}, which is none of the project's")
        others = {_server(file.url) for file in package.files if not file.url.startswith(f"{index}/")}
        found += [f"{package.name} has files of {other}, not of its index" for other in sorted(others)]
    return found


def _server(url: str) -> str:
    try:
        return origin_of(url)
    except ValueError:
        return url  # it is no address


def prune(lock: Lock, wanted: Iterable[tuple[str, str]]) -> Lock:
    """A lock without what nobody wants any more.

    Args:
        lock: The lock.
        wanted: Group and key of each dependency that is wanted still.
    """
    still = set(wanted)
    kept = tuple(need for need in lock.requirements if (need.group, need.key) in still)
    packages = {package.name: package for package in lock.packages}
    groups: dict[str, set[str]] = {}
    todo = [(name, need.group) for need in kept for name in need.packages]
    while todo:
        name, group = todo.pop()
        if name in packages and group not in groups.setdefault(name, set()):
            groups[name].add(group)
            todo += [(inner, group) for inner in packages[name].dependencies]
    left = (replace(packages[name], groups=tuple(sorted(groups[name]))) for name in sorted(groups))
    return replace(lock, requirements=kept, packages=tuple(left))


def tell_owners(error: FetchError | OccupiedError, packages: Iterable[Candidate | LockedPackage]) -> None:
    """Add to what an error says of a file whose file it is."""
    if isinstance(error, FetchError):
        owners = [each.name for each in packages if any(file.url == error.url for file in each.files)]
        said = "it is a file of"
    else:
        ends = error.path
        owners = [
            each.name for each in packages if any(ends.endswith(f"/{f.destination}") for f in each.files)
        ]
        said = "it is the place of a file of"
    if owners:
        error.args = (f"{error.message}\n  {said} {' and '.join(owners)}",)
