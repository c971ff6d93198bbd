"""A tree of files, on the host or on a board, as far as a comparison needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """What a file holds, told by what a board computes quickly.

    Attributes:
        size: Bytes.
        crc: The CRC-32 of the content, as ``zlib.crc32`` has it.
    """

    size: int
    crc: int


@dataclass(frozen=True)
class Folder:
    """A folder; what is in it has paths of its own."""


Entry = File | Folder
Tree = Mapping[str, Entry]
"""By path from the top, which is not in it itself: ``lib/x.py``."""

FOLDER = Folder()


def parents(path: str) -> list[str]:
    """The folders above a path, the outermost first."""
    names = path.split("/")[:-1]
    return ["/".join(names[: count + 1]) for count in range(len(names))]


def join(folder: str, name: str) -> str:
    """The path of a name in a folder; the top is ``""``."""
    return f"{folder}/{name}" if folder else name


def folder_of(path: str) -> str:
    """The folder that a path is in; ``""`` is the top."""
    return path.rpartition("/")[0]


def is_inside(path: str, folder: str) -> bool:
    """Whether a path lies in a folder, at any depth."""
    return path.startswith(f"{folder}/")


def with_folders(tree: Tree) -> dict[str, Entry]:
    """The tree with each folder that its paths go through.

    Raises:
        ValueError: A path goes through a file.
    """
    whole = dict(tree)
    for path in tree:
        for parent in parents(path):
            if isinstance(whole.setdefault(parent, FOLDER), File):
                raise ValueError(f"{parent!r} cannot be a file and have {path!r} in it")
    return whole
