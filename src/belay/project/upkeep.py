"""Keeps a project's lock and its vendored files what its pyproject.toml asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from belay.exceptions import FetchError, OccupiedError, PackageError
from belay.packages.journal import State
from belay.packages.lock import (
    Change,
    Lock,
    diff,
    locked_requirement,
    reasons_against,
    remarkable,
    tell_owners,
)
from belay.packages.lockfile import read_lock, to_text
from belay.packages.model import FromIndex, LockedPackage
from belay.packages.vendor import Finding, Groups, Report, Vendored
from belay.packages.writing import edited, replace_file
from belay.project.attributes import keep_line_ends
from belay.project.config import Project, load_project

if TYPE_CHECKING:
    from belay.packages.indices import Indices
    from belay.packages.supply import Progress, Supply


def _quiet(sentence: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Talk:
    """Whom to tell what happens meanwhile.

    Attributes:
        say: Called with a sentence.
        progress: Called each time that something has come; None for nobody.
        asking: Makes a context in which somebody may be asked something on the terminal.
    """

    say: Callable[[str], None] = _quiet
    progress: Callable[[Progress], None] | None = None
    asking: Callable[[], AbstractContextManager[None]] = nullcontext

    def note(self, sentence: str) -> None:
        """Say what is as it was asked for, and yet may surprise."""
        self.say(f"note: {sentence}")

    def waiting(self) -> None:
        """Say that another process changes the project."""
        self.say("waiting for another belay that changes this project")


@dataclass(frozen=True)
class Outcome:
    """What was done to a project, or would be.

    Attributes:
        old: The lock as it was; None if there was none.
        new: The lock as it is.
        report: What became of the vendored files.
    """

    old: Lock | None
    new: Lock
    report: Report = field(default_factory=Report)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The packages that differ."""
        return diff(self.old, self.new)


@contextmanager
def supply_of(project: Project, talk: Talk, *, offline: bool = False) -> Iterator[Supply]:
    """What brings a project's pages and files.

    Args:
        project: The project.
        talk: Whom to tell.
        offline: Whether the store is all that there is.
    """
    # Who finds everything in place is done before all that were imported.
    from belay.packages.fetch import Fetcher
    from belay.packages.hosting import all_hosts
    from belay.packages.logins import Logins
    from belay.packages.store import Store
    from belay.packages.supply import Supply

    hosts = all_hosts(project.hosts)
    fetcher = Fetcher(http_hosts=project.http_hosts, logins=Logins(hosts.values(), warn=talk.note))
    with Supply(
        Store(warn=talk.note),
        fetcher,
        offline=offline,
        progress=talk.progress,
        warn=talk.note,
        hosts=hosts,
        asking=talk.asking,
    ) as supply:
        yield supply


def indices_of(project: Project, supply: Supply, talk: Talk) -> Indices:
    """A project's indices."""
    from belay.packages.indices import Indices

    return Indices(project.indices, supply, project.mpy_version, warn=talk.note)


@contextmanager
def alone(project: Project, talk: Talk) -> Iterator[Project]:
    """Keep other processes from changing a project.

    Args:
        project: The project.
        talk: Whom to tell.

    Yields:
        The project as it is now: one that had to be waited for may have changed it.

    Raises:
        PackageError: The project is not understood any more, or something is behind a link.
        OSError: It cannot be read or written.
    """
    vendored = Vendored(project.root, project.dependencies_path)
    with vendored.alone(waiting=talk.waiting):
        yield load_project(project.file)


def update_project(
    project: Project,
    talk: Talk,
    *,
    names: Collection[str] | None = None,
    offline: bool = False,
    edit: Callable[[], object] | None = None,
) -> Outcome:
    """Choose packages anew, lock them, and make the vendored files fit, in one step.

    Vendored files of a time without a lock are taken over.

    Args:
        project: The project; what counts is what its file says once nobody else changes it.
        talk: Whom to tell.
        names: The dependencies to choose anew; the others stay as they are locked. None for all.
        offline: Whether the store is all that there is.
        edit: Changes the project's file first. If anything fails after that, the file is as it was, unless
            somebody else has changed it, too.

    Raises:
        PackageError: It cannot be done, and everything is as it was.
        OSError: Something cannot be read or written.
    """
    with ExitStack() as stack:
        project = stack.enter_context(alone(project, talk))
        if edit is not None:
            stack.enter_context(edited(project.file, edit, State(project.root).before))
            project = load_project(project.file)
        supply = stack.enter_context(supply_of(project, talk, offline=offline))
        if names is None and not offline:
            _ask_ahead(project, supply, talk)
        vendored = Vendored(project.root, project.dependencies_path)
        old = read_lock(project.lock_file)
        new = choose(project, old, supply, talk, names)
        report = _vendor(vendored, new, lambda: supply, old, lock_text=_changed_text(project, old, new))
        _tell_git(project, talk)
    return Outcome(old, new, report)


def _tell_git(project: Project, talk: Talk) -> None:
    """Write what git is to know, if it can be written: the change itself is made by then."""
    try:
        keep_line_ends(project)
    except OSError as error:
        talk.note(f"git is not told to leave vendored files alone: {error}")


def plan_update(
    project: Project, talk: Talk, *, names: Collection[str] | None = None, offline: bool = False
) -> Outcome:
    """What :func:`update_project` would choose; nothing but the store is changed.

    Raises:
        PackageError: It could not be done.
        OSError: Something cannot be read.
    """
    with supply_of(project, talk, offline=offline) as supply:
        old = read_lock(project.lock_file)
        return Outcome(old, choose(project, old, supply, talk, names))


def lock_project(project: Project, talk: Talk, *, offline: bool = False) -> Outcome:
    """Make the lock fit the pyproject.toml with as few changes as possible; no vendored file is touched.

    Raises:
        PackageError: It cannot be done.
        OSError: Something cannot be read or written.
    """
    with alone(project, talk) as now, supply_of(now, talk, offline=offline) as supply:
        old = read_lock(now.lock_file)
        new = choose(now, old, supply, talk, ())
        if (text := _changed_text(now, old, new)) is not None:
            replace_file(now.lock_file, text)
    return Outcome(old, new)


def fetch_project(project: Project, talk: Talk, *, offline: bool = False) -> Outcome:
    """Make the vendored files those of the lock, which stays as it is.

    Raises:
        PackageError: There is no lock, or a file of it cannot be had.
        OSError: Something cannot be read or written.
    """
    if not project.lock_file.exists():
        its_lock(project)  # no project without a lock is changed, not even by a folder for belay's own use
    with ExitStack() as stack:
        now = stack.enter_context(alone(project, talk))
        vendored = Vendored(now.root, now.dependencies_path)
        lock = its_lock(now)
        supply = cache(lambda: stack.enter_context(supply_of(now, talk, offline=offline)))
        report = _vendor(vendored, lock, supply, lock, lock_text=None)
        for note in remarkable(lock, [url for _, url in now.indices]) if report else ():
            talk.note(note)
        return Outcome(lock, lock, report)


def its_lock(project: Project) -> Lock:
    """The lock of a project that has one.

    Raises:
        PackageError: It has none.
        LockError: It is not understood.
        OSError: It cannot be read.
    """
    lock = read_lock(project.lock_file)
    if lock is None:
        raise PackageError(f"{project.lock_file} is missing", hint="`belay update` makes it")
    return lock


def verify_project(project: Project, talk: Talk) -> tuple[Lock, list[Finding]]:
    """Compare the vendored files with the lock; nothing is changed.

    Another process may be about to change both: whatever differs is looked at again when it has finished.

    Returns:
        The lock, and how the files differ from it.

    Raises:
        PackageError: There is no lock, or it is not understood, or something is behind a link.
        OSError: Something cannot be read.
    """
    vendored = Vendored(project.root, project.dependencies_path)
    with suppress(OSError):
        lock = its_lock(project)
        if not (found := vendored.verify(_all_groups(project, lock))):
            return lock, found
    with vendored.undisturbed(waiting=talk.waiting):
        lock = its_lock(project)
        return lock, vendored.verify(_all_groups(project, lock))


def _all_groups(project: Project, lock: Lock) -> Groups:
    """The files of a lock, also of groups without any: what is in their folders is imported, too."""
    return {**{group.name: {} for group in project.groups}, **lock.groups()}


def why_stale(project: Project, lock: Lock) -> list[str]:
    """Why a lock does not fit a project's pyproject.toml; empty if it does."""
    urls = [url for _, url in project.indices]
    return reasons_against(
        lock,
        project.requirements,
        mpy_version=project.mpy_version,
        indices=urls,
        arch=project.arch,
        prefer=project.prefer,
    )


def choose(
    project: Project, old: Lock | None, supply: Supply, talk: Talk, names: Collection[str] | None
) -> Lock:
    """The lock that an update would write.

    Args:
        project: The project.
        old: What is locked; None for nothing.
        supply: Brings pages and files; its store has those of what is chosen then.
        talk: Whom to tell.
        names: The dependencies to choose anew; None for all.

    Raises:
        PackageError: There is none.
        OSError: Something cannot be read.
    """
    from belay.packages.update import Choices, update

    urls = tuple(url for _, url in project.indices)
    is_checked = old is not None and (old.mpy_version, old.arch) == (project.mpy_version, project.arch)
    updated = update(
        project.requirements,
        supply,
        indices_of(project, supply, talk),
        Choices(project.root, project.prefer, project.mpy_version, project.arch, is_checked),
        locked=_still_right(project, old),
        names=names,
    )
    for note in updated.notes:
        talk.note(note)
    needs = [locked_requirement(need, updated.led_to[need.group, need.key]) for need in project.requirements]
    needs.sort(key=lambda need: (need.group, need.key))
    return Lock(updated.packages, tuple(needs), project.mpy_version, urls, project.arch, project.prefer)


def _ask_ahead(project: Project, supply: Supply, talk: Talk) -> None:
    """Begin to fetch the listings: while they are on their way there is enough to read and to import."""
    needs = (source for need in project.requirements for source in need.sources)
    if any(isinstance(source, FromIndex) for source in needs):
        supply.fetcher.ready()
        for index in indices_of(project, supply, talk).all:
            index.open_soon()


def _still_right(project: Project, old: Lock | None) -> list[LockedPackage]:
    """What a lock says that holds still: nothing of other indices or mpy versions, or written otherwise."""
    if old is None:
        return []
    sources = {f"index+{url}" for _, url in project.indices}
    then = {(need.group, need.key): need.wanted for need in old.requirements}
    changed = {
        need.key
        for need in project.requirements
        if then.get((need.group, need.key)) != locked_requirement(need).wanted
    }
    right = {
        package.name: package
        for package in old.packages
        if (
            package.source in sources and old.mpy_version == project.mpy_version
            if package.source.startswith("index+")
            else package.name not in changed
        )
    }
    # A package without one that it needs would be a riddle for whoever chooses.
    while gone := [name for name, package in right.items() if not right.keys() >= {*package.dependencies}]:
        for name in gone:
            del right[name]
    return list(right.values())


def _changed_text(project: Project, old: Lock | None, new: Lock) -> bytes | None:
    """The text of a new lock, if it is another one."""
    if old == new:
        return None
    text = to_text(new, project.root)
    return None if old is not None and text == to_text(old, project.root) else text.encode()


def _vendor(
    vendored: Vendored, lock: Lock, supply: Callable[[], Supply], old: Lock | None, *, lock_text: bytes | None
) -> Report:
    adopt = _adopted(lock) if old is None else ()
    before = old.groups() if old else None
    try:
        return vendored.apply(
            lock.groups(),
            lambda file: supply().content(file),
            ahead=lambda files: supply().bring(files),
            before=before,
            adopt=adopt,
            lock=lock_text,
        )
    except (FetchError, OccupiedError) as error:
        tell_owners(error, lock.packages)
        raise


def _adopted(lock: Lock) -> list[str]:
    """What is ours in a project that was never locked: whatever has the name of something that is wanted."""
    wanted = {(need.group, need.key) for need in lock.requirements}
    wanted |= {(group, package.name) for package in lock.packages for group in package.groups}
    names = wanted | {(group, name.replace("-", "_").replace(".", "/")) for group, name in wanted}
    for group, files in lock.groups().items():
        names |= {(group, path.rpartition(".")[0]) for path in files}
    return sorted(f"{group}/{name}" for group, name in names)
