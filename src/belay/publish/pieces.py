"""The files that are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from belay.deploy.layout import own_files, package_folder
from belay.exceptions import PublishError, UnsafePathError
from belay.files.folder import HostFile
from belay.packages.destination import check_destination, check_together
from belay.packages.lockfile import MAX_FILE
from belay.packages.reading import read_regular
from belay.project.config import Project


class Piece(NamedTuple):
    """A file of a package.

    Attributes:
        content: What is in it.
        place: Where it is here; None for what was never in a file.
    """

    content: bytes
    place: Path | None = None


Pieces = Mapping[str, Piece]
"""By destination: where it is imported from."""


def own_pieces(project: Project) -> dict[str, Piece]:
    """The files of a project's own package.

    Raises:
        PublishError: It has no package, or nothing in it can be imported.
        PackageError: The package is missing.
        FilesError: A file cannot be had.
        UnsafePathError: A file has a name that not every system can have.
        OSError: A file cannot be read.
    """
    folder = package_folder(project)
    if folder is None:
        raise PublishError(
            f"{project.file} names no package to publish",
            hint="write the name of the folder with your code as name into [tool.belay]",
        )
    found = read_pieces(project, folder)
    check_places(found)
    if not any(path.endswith((".py", ".mpy")) for path in found):
        raise PublishError(f"{folder} has no Python file in it: there is nothing to import")
    return found


def read_pieces(project: Project, folder: Path) -> dict[str, Piece]:
    """The files of a project's own package, whatever they are.

    Args:
        project: The project.
        folder: Its package, see :func:`belay.deploy.layout.package_folder`.

    Raises:
        FilesError: A file cannot be had.
        OSError: A file cannot be read.
    """
    return {
        f"{folder.name}/{path}": Piece(read_regular(entry.path, MAX_FILE), entry.path)
        for path, entry in own_files(project, folder).items()
        if isinstance(entry, HostFile)
    }


def check_places(paths: Iterable[str]) -> None:
    """Refuse destinations that not every system can have.

    Raises:
        UnsafePathError: One of these is there.
    """
    paths = list(paths)
    try:
        for path in paths:
            check_destination(path)
        check_together(paths)
    except UnsafePathError as error:
        error.hint = error.hint or "rename it, or leave it out by `ignore` in [tool.belay]"
        raise
