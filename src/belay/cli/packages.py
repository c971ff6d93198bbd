"""What the commands for a project's packages share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from belay.cli.settings import Settings

if TYPE_CHECKING:
    from belay.packages.lock import Change, Lock
    from belay.packages.model import LockedPackage
    from belay.packages.vendor import Report, Vendored
    from belay.project import Project
    from belay.project.upkeep import Outcome, Talk


update_option = click.option(
    "--update/--no-update",
    "and_update",
    default=True,
    help="Bring lockfile and vendored files up to date, which is the default, or leave them.",
)
"""For commands that change a pyproject.toml."""


def this_project() -> Project:
    """The project that the current folder is in.

    Raises:
        ProjectNotFoundError: It is in none.
        ConfigError: Its pyproject.toml is not understood.
        OSError: It cannot be read.
    """
    from belay.project import find_project, load_project

    return load_project(find_project())


def vendored_files(project: Project) -> Vendored:
    """The vendored files of a project."""
    from belay.packages.vendor import Vendored

    return Vendored(project.root, project.dependencies_path)


def its_lock(project: Project) -> Lock:
    """The lock of a project that has one.

    Raises:
        PackageError: It has none.
        LockError: It is not understood.
        OSError: It cannot be read.
    """
    from belay.project import upkeep

    return upkeep.its_lock(project)


@contextmanager
def talking(settings: Settings) -> Iterator[Talk]:
    """How a command that takes its time tells what it does: on a terminal with a bar."""
    from belay.cli.progress import Bar, is_watched
    from belay.project.upkeep import Talk

    if not is_watched(settings):
        yield Talk(settings.say)
        return
    with Bar() as bar:
        yield Talk(settings.say, bar, bar.hidden)


def tell_outcome(
    settings: Settings, outcome: Outcome, *, as_json: bool = False, planned: bool = False
) -> None:
    """Print how a lock has changed, and say what became of the vendored files.

    Args:
        settings: What the shared options say.
        outcome: What was done.
        as_json: Whether to print JSON.
        planned: Whether it was not done, but would be.
    """
    if as_json:
        print(json.dumps([change_page(change) for change in outcome.changes], indent=2))
    else:
        for change in outcome.changes:
            print(change)
    said = [f"{'would lock' if planned else 'locked'}: {counted(len(outcome.new.packages), 'package')}"]
    if outcome.changes:
        said.append(f"{'would change' if planned else 'changed'}: {len(outcome.changes)}")
    elif planned:
        said.append("nothing would change")
    said += files_said(outcome.report)
    for word, paths in _changed_files(outcome.report):
        for path in paths:
            settings.say(f"{word}: {path}", at=1)
    settings.say("; ".join(said))
    tell_restored(settings, outcome.report)


def files_said(report: Report) -> list[str]:
    """What became of the vendored files, in a few words; nothing if they are as they were."""
    return [f"{word}: {counted(len(paths), 'file')}" for word, paths in _changed_files(report) if paths]


def _changed_files(report: Report) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("written", report.written), ("removed", report.removed)


def tell_restored(settings: Settings, report: Report) -> None:
    """Say which files were as somebody had edited them."""
    for path in report.restored:
        settings.say(f"note: {path} had been edited; it is as locked again")


def change_page(change: Change) -> dict[str, object]:
    """A change, for JSON."""
    return {"name": change.name, "old": _side(change.old), "new": _side(change.new)}


def _side(package: LockedPackage | None) -> dict[str, object] | None:
    if package is None:
        return None
    return {"version": package.version, "source": package.source, "groups": list(package.groups)}


def edit_and_update(
    settings: Settings, project: Project, edit: Callable[[], object], names: Sequence[str]
) -> None:
    """Change a pyproject.toml, and make lock and vendored files fit.

    If that cannot be done, the pyproject.toml is what it was, and a note of the error says so.

    Args:
        settings: What the shared options say.
        project: The project.
        edit: Changes its pyproject.toml.
        names: The dependencies to choose anew.
    """
    from belay.exceptions import PackageError
    from belay.project.upkeep import update_project

    before = project.file.read_bytes()
    edits = []

    def edit_it() -> None:
        edit()
        edits.append(edit)

    try:
        with talking(settings) as talk:
            outcome = update_project(project, talk, names=names, edit=edit_it)
    except (PackageError, OSError, KeyboardInterrupt) as error:
        if edits and project.file.read_bytes() == before:
            error.add_note(f"{project.file.name} is as it was; with --no-update it is changed all the same")
        raise
    tell_outcome(settings, outcome)


def edit_alone(settings: Settings, project: Project, edit: Callable[[], object]) -> None:
    """Change a pyproject.toml and nothing else, while nobody else changes the project."""
    from belay.project.upkeep import Talk, alone

    with alone(project, Talk(settings.say)):
        edit()
    settings.say("the lockfile and the vendored files are as before; `belay update` makes them fit")


def tell_unfit(settings: Settings, project: Project, lock: Lock) -> None:
    """Say if a lock does not fit the project any more, and why."""
    from belay.project.upkeep import why_stale

    for reason in (reasons := why_stale(project, lock)):
        settings.say(f"note: {reason}")
    if reasons:
        settings.say("hint: the lockfile does not fit pyproject.toml any more; `belay update` makes it fit")


def counted(number: int, noun: str) -> str:
    """A number of things: ``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
