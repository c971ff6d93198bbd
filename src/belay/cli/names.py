"""Names of the project that the current folder is in, for the shell's completion."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from belay.exceptions import PackageError

if TYPE_CHECKING:
    from belay.packages.lock import Lock
    from belay.project import Project


_PLAIN = re.compile(r"[\w.:/@%+=,~-]+", re.ASCII)
"""What no shell takes for anything else: what is completed stands on a command line that is then run."""


def complete_dependency(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a dependency of the project."""
    return _unused(ctx, param, incomplete, _dependencies(_project()))


def complete_locked(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a dependency, or of a package that is locked."""
    project = _project()
    lock = _lock(project)
    known = _dependencies(project)
    known |= {package.name: "" for package in lock.packages if package.name not in known} if lock else {}
    return _unused(ctx, param, incomplete, known)


def complete_group(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a group of dependencies."""
    project = _project()
    names = [group.name for group in project.groups] if project else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete) and _PLAIN.fullmatch(name)]


def complete_index(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name or the URL of an index of the project."""
    project = _project()
    known = dict(project.indices) if project else {}
    return _unused(ctx, param, incomplete, {name: url if url != name else "" for name, url in known.items()})


def _unused(
    ctx: click.Context, param: click.Parameter, incomplete: str, known: dict[str, str]
) -> list[CompletionItem]:
    """What is not on the command line yet."""
    value = ctx.params.get(str(param.name))
    used: Iterable[str] = value if isinstance(value, tuple) else ()
    return [
        CompletionItem(name, help=where or None)
        for name, where in sorted(known.items())
        if name.startswith(incomplete) and name not in used and _PLAIN.fullmatch(name)
    ]


def _dependencies(project: Project | None) -> dict[str, str]:
    """The names of all dependencies, with the groups that they are in."""
    groups: dict[str, list[str]] = {}
    for need in project.requirements if project else ():
        groups.setdefault(need.key, []).append(need.group)
    return {name: ", ".join(where) for name, where in groups.items()}


def _project() -> Project | None:
    """The project; None where there is none, for who presses Tab wants to hear of no error."""
    from belay.cli.packages import this_project

    try:
        return this_project()
    except (PackageError, OSError):
        return None


def _lock(project: Project | None) -> Lock | None:
    from belay.packages.lockfile import read_lock

    try:
        return read_lock(project.lock_file) if project else None
    except (PackageError, OSError):
        return None
