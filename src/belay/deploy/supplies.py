"""A project's lock and vendored files, fit to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from belay.exceptions import ConfigError, PackageError
from belay.packages.lines import suggest
from belay.packages.lock import Lock
from belay.packages.lockfile import read_lock
from belay.packages.model import MAIN_GROUP
from belay.packages.vendor import Finding, Report
from belay.project.config import Group, Project
from belay.project.upkeep import Talk, fetch_project, verify_project, why_stale

_NAMED = 3
"""So many reasons or files are named."""

_HARMLESS = "unknown"
"""The kind of a file beside the vendored ones, which is not sent."""


@dataclass(frozen=True)
class Supplies:
    """What is there of what a project depends on.

    Attributes:
        lock: What is locked.
        report: What became of the vendored files when they were fetched.
        strangers: Files in their folders that nobody locked, relative to the project's folder.
    """

    lock: Lock
    report: Report = field(default_factory=Report)
    strangers: tuple[str, ...] = ()


def supplies(project: Project, talk: Talk, *, frozen: bool = False) -> Supplies:
    """Make sure that a lock fits its project, and the vendored files the lock.

    Args:
        project: The project.
        talk: Whom to tell.
        frozen: Whether nothing is fetched, and nothing changed here.

    Raises:
        PackageError: The lock is missing or does not fit; a file cannot be had, or is not as locked.
        OSError: Something cannot be read or written.
    """
    lock = read_lock(project.lock_file)
    if lock is None and not project.requirements:
        return Supplies(Lock())
    if lock is None:
        raise PackageError(f"{project.lock_file} is missing", hint="`belay update` makes it")
    _refuse_stale(project, lock)
    report = Report()
    if not frozen:
        outcome = fetch_project(project, talk)
        # Another process may have locked something else meanwhile.
        _refuse_stale(project, outcome.new)
        report = outcome.report
    lock, found = verify_project(project, talk)
    _refuse_changed([finding for finding in found if finding.kind != _HARMLESS])
    return Supplies(lock, report, tuple(finding.path for finding in found if finding.kind == _HARMLESS))


def chosen(project: Project, with_: Sequence[str] = (), without: Sequence[str] = ()) -> tuple[Group, ...]:
    """The groups that go to a board: all but optional ones, unless asked for; the main one is first.

    Args:
        project: The project.
        with_: Optional groups that go too.
        without: Groups that do not.

    Raises:
        ConfigError: There is no group of such a name.
    """
    names = tuple(group.name for group in project.groups)
    for name in [*with_, *without]:
        if name not in names:
            raise ConfigError(str(project.file), f"has no group {name!r}", hint=suggest(name, names))
    kept = [group for group in project.groups if group.name not in without]
    kept = [group for group in kept if not group.optional or group.name in with_]
    return tuple(sorted(kept, key=lambda group: (group.name != MAIN_GROUP, group.name)))


def _refuse_stale(project: Project, lock: Lock) -> None:
    if reasons := why_stale(project, lock):
        raise PackageError(
            f"{project.lock_file.name} does not fit {project.file.name}: {_some(reasons, '; ')}",
            hint="`belay update` makes it fit; `belay lock` too, with as few changes as possible",
        )


def _refuse_changed(found: Sequence[Finding]) -> None:
    if found:
        wrong = _some([f"{finding.path} is {finding.kind}" for finding in found], ", ")
        raise PackageError(
            f"vendored files are not as locked: {wrong}",
            hint="`belay fetch` restores them, and so does an install without --frozen",
        )


def _some(texts: Sequence[str], between: str) -> str:
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return between.join(texts[:_NAMED]) + more
