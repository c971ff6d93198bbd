"""What is on a board, as fsspec tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from belay.files.names import absolute
from belay.files.tree import Entry, File, Folder

Info = dict[str, Any]
"""``name``, ``size``, ``type`` (``file`` or ``directory``), and maybe more."""


class Inside:
    """What is in a folder."""

    def __init__(self) -> None:
        self.folders: dict[str, Info] = {}
        self.files: dict[str, Info] = {}

    def add(self, info: Info, top: str) -> None:
        """Put something into it; a file that was asked about itself has no name."""
        name = "" if info["name"] == top else info["name"].rpartition("/")[2]
        (self.folders if info["type"] == "directory" else self.files)[name] = info


def walk(
    inside: dict[str, Inside], folder: str, depth: int | None, *, topdown: bool, detail: bool
) -> Iterator[tuple[str, Any, Any]]:
    """Each folder with what is in it, as :func:`os.walk` has it.

    Args:
        inside: What is in each folder, by its path.
        folder: The first one.
        depth: How many folders deep; None for all.
        topdown: Whether a folder comes before those in it; those that the caller takes away are left out.
        detail: Whether more is told than the names.
    """
    here = inside[folder]
    folders: Any = dict(here.folders) if detail else list(here.folders)
    found = (folder, folders, here.files if detail else list(here.files))
    if topdown:
        yield found
    if depth != 1:
        for name in list(folders):
            below = absolute(f"{folder}/{name}")
            yield from walk(
                inside, below, None if depth is None else depth - 1, topdown=topdown, detail=detail
            )
    if not topdown:
        yield found


def entry_info(path: str, entry: Entry) -> Info:
    """What fsspec wants to know of something in a tree."""
    size = entry.size if isinstance(entry, File) else 0
    return info(path, is_folder=isinstance(entry, Folder), size=size)


def info(path: str, *, is_folder: bool, size: int) -> Info:
    """What fsspec wants to know of a file or folder."""
    return {"name": path, "size": size, "type": "directory" if is_folder else "file"}
