"""Keeps version control from changing vendored files: git may convert line ends when it checks files out."""

from __future__ import annotations

from pathlib import PurePosixPath

from belay.packages.writing import replace_file
from belay.project.config import Project

OURS = PurePosixPath(".belay")
"""The folder that is belay's own."""


def keep_line_ends(project: Project) -> None:
    """Tell git to leave the vendored files as they are, where they are in belay's own folder.

    Elsewhere, the file would be among the project's own; docs/lockfile.md says what to write into it.

    Args:
        project: A project whose vendored files are there.

    Raises:
        OSError: It cannot be written.
    """
    folder, place = project.dependencies_path, project.root / OURS / ".gitattributes"
    if folder.is_relative_to(OURS) and folder != OURS and project.vendored.is_dir() and not place.exists():
        replace_file(place, f"{folder.relative_to(OURS)}/** -text\n".encode())
