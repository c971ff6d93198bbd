"""What there is that is newer than what a project has locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from belay.exceptions import PackageError
from belay.packages.gitplace import Address
from belay.packages.index import Index
from belay.packages.indices import Indices
from belay.packages.lock import Lock, LockedRequirement
from belay.packages.model import FromGit, FromHost, LockedPackage
from belay.packages.refs import MAX_BYTES, Refs, is_commit
from belay.packages.requirement import parse_source
from belay.packages.supply import Supply
from belay.packages.tags import newer_tag
from belay.packages.version import Version
from belay.project.config import Project
from belay.project.upkeep import Talk, choose, its_lock, supply_of

_FROM_INDEX = "index+"


@dataclass(frozen=True)
class Prospect:
    """A package that an update would change, or of which there is a newer version that it would not take.

    Attributes:
        name: Its name.
        old: As it is locked; None if it would be new.
        new: As an update would lock it; None if it would go.
        latest: The version that its index calls the latest; for what is of a tag of a git host, a newer tag
            if there is one; else empty.
        needs: What the project asks for that leads to it directly.
        needed_by: The packages that need it, each with what it wants of it; empty where any version will do.
    """

    name: str
    old: LockedPackage | None
    new: LockedPackage | None
    latest: str
    needs: tuple[LockedRequirement, ...] = ()
    needed_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether an update would bring another version, other content, or the same from elsewhere."""
        if self.old is None or self.new is None:
            return self.old is not self.new
        return self.old.version != self.new.version or self.source_changed or self.content_changed

    @property
    def content_changed(self) -> bool:
        """Whether what bears the locked version is something else by now."""
        if self.old is None or self.new is None or self.old.version != self.new.version:
            return False
        return _contents(self.old) != _contents(self.new)

    @property
    def source_changed(self) -> bool:
        """Whether an update would take it from elsewhere."""
        return self.old is not None and self.new is not None and self.old.source != self.new.source

    @property
    def held(self) -> bool:
        """Whether there is a newer version than what an update would take."""
        if self.new is None or not self.latest or not self.new.version:
            return False
        # A tag is there only if it is newer.
        return is_commit(self.new.version) or Version(self.latest) > Version(self.new.version)


@dataclass(frozen=True)
class Prospects:
    """What an update would change, and what would be left behind.

    Attributes:
        lock: What is locked.
        found: The packages of which there is something to say, by name.
    """

    lock: Lock
    found: tuple[Prospect, ...]


def find_outdated(project: Project, talk: Talk, *, offline: bool = False) -> Prospects:
    """Look for what an update would change, and for newer versions; nothing but the store is changed.

    Args:
        project: The project, which has a lock.
        talk: Whom to tell.
        offline: Whether the store is all that there is.

    Raises:
        PackageError: There is no lock, or an update could not be done.
        OSError: Something cannot be read.
    """
    old = its_lock(project)
    with supply_of(project, talk, offline=offline) as supply:
        new = choose(project, old, supply, talk, None)
        # Those that cannot be reached have been told of meanwhile.
        latest = _latest(new.packages, Indices(project.indices, supply, project.mpy_version), supply)
        latest |= _newer_tags(new.packages, project, supply)
    before, after = ({package.name: package for package in lock.packages} for lock in (old, new))
    found = []
    for name in sorted(before.keys() | after.keys()):
        needs, needed_by = _who_needs(name, new if name in after else old)
        prospect = Prospect(name, before.get(name), after.get(name), latest.get(name, ""), needs, needed_by)
        if prospect.changes or prospect.held:
            found.append(prospect)
    return Prospects(old, tuple(found))


def _latest(packages: Iterable[LockedPackage], indices: Indices, supply: Supply) -> dict[str, str]:
    places: dict[str, Index] = {
        package.name: indices.named(package.source.removeprefix(_FROM_INDEX))
        for package in packages
        if package.source.startswith(_FROM_INDEX)
    }
    # Without a listing each package has a page that says it.
    unlisted = [(name, index) for name, index in places.items() if index.listing is None]
    pages = (index.prefetch(name, ()) for name, index in unlisted)
    supply.gather([page for page in pages if page is not None], lambda _: ())
    return {name: index.latest(name) for name, index in places.items()}


def _newer_tags(packages: Iterable[LockedPackage], project: Project, supply: Supply) -> dict[str, str]:
    places: dict[str, FromHost | FromGit] = {}
    for package in packages:
        with suppress(PackageError):
            # Those of several sources are of no one tag.
            source = parse_source(package.source, own=project.hosts)
            if isinstance(source, FromHost | FromGit) and source.ref and is_commit(package.version):
                places[package.name] = source
    found = {}
    for name, place in places.items():
        with suppress(PackageError):
            refs = (
                supply.repositories.refs(place) if isinstance(place, FromHost) else _git_refs(place, supply)
            )
            found[name] = newer_tag(refs, place.ref.removeprefix("refs/tags/")) if refs else ""
    return {name: tag for name, tag in found.items() if tag}


def _git_refs(place: FromGit, supply: Supply) -> Refs:
    from belay.packages.gitlisting import read_refs

    return read_refs(supply.page(str(Address(place.url)), most=MAX_BYTES).content)


def _who_needs(name: str, lock: Lock) -> tuple[tuple[LockedRequirement, ...], dict[str, str]]:
    needs = tuple(need for need in lock.requirements if name in need.packages)
    others = [package for package in lock.packages if name in package.dependencies]
    return needs, {package.name: dict(package.constraints).get(name, "") for package in others}


def _contents(package: LockedPackage) -> set[tuple[str, str]]:
    return {(file.destination, file.sha256) for file in package.files}
