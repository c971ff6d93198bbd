"""What the commands for a project's packages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belay.cli.settings import Settings

if TYPE_CHECKING:
    from belay.packages.lock import Lock
    from belay.packages.vendor import Vendored
    from belay.project import Project


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
    from belay.exceptions import PackageError
    from belay.packages.lockfile import read_lock

    lock = read_lock(project.lock_file)
    if lock is None:
        raise PackageError(f"{project.lock_file} is missing", hint="`belay update` makes it")
    return lock


def tell_stale(settings: Settings) -> None:
    """Say that only the pyproject.toml has changed."""
    settings.say("the lockfile and the vendored files are as before; `belay update` makes them fit")


def tell_waiting(settings: Settings) -> None:
    """Say that another process changes the project."""
    settings.say("waiting for another belay that changes this project")


def counted(number: int, noun: str) -> str:
    """A number of things: ``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
