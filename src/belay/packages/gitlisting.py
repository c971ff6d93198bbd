"""Lists of a repository's files and refs: as git writes them, and as they are kept and read again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from belay.packages.refs import Refs

FILE, LINK, SUBMODULE = "100", "120", "160"
"""The first digits of the modes that git knows (https://git-scm.com/docs/git-fast-import, filemodify)."""


@dataclass(frozen=True)
class Entry:
    """A file of a commit.

    Attributes:
        mode: Its mode, six octal digits.
        name: The name of its content.
        size: In bytes.
    """

    mode: str
    name: str
    size: int


@dataclass(frozen=True)
class Listed:
    """A file in the list of a folder's files.

    Attributes:
        path: In the repository.
        mode: Its mode, six octal digits.
        size: In bytes.
    """

    path: str
    mode: str
    size: int


def read_tree(said: bytes) -> dict[str, Entry]:
    """What ``git ls-tree -r -z -l`` says, by path."""
    return dict(map(_entry, said.split(b"\0")[:-1]))


def write_listing(entries: Iterable[tuple[str, Entry]]) -> bytes:
    """A list of files, as :func:`read_listing` reads it."""
    return b"".join(
        f"{entry.mode} {entry.size} {name}\0".encode(errors="surrogateescape") for name, entry in entries
    )


def read_refs(data: bytes) -> Refs:
    """The branches and tags of a repository, as a line for each: commit and name."""
    pairs = (line.split(" ", 1) for line in data.decode().splitlines())
    # What an annotated tag is peeled to comes behind it.
    return Refs({name.removesuffix("^{}"): commit for commit, name in pairs})


def read_listing(listing: bytes) -> list[Listed]:
    """The list of a folder's files, as :func:`write_listing` writes it; by path.

    Names that are no UTF-8 have surrogates, which no destination may have.
    """
    found = []
    for line in listing.split(b"\0")[:-1]:
        mode, size, path = line.decode(errors="surrogateescape").split(" ", 2)
        found.append(Listed(path, mode, int(size)))
    return found


def _entry(line: bytes) -> tuple[str, Entry]:
    """A line of ``git ls-tree -l``: mode, type, name, size (or a dash), a tab, path."""
    head, _, path = line.partition(b"\t")
    mode, _, name, size = head.decode().split()
    return path.decode(errors="surrogateescape"), Entry(mode, name, 0 if size == "-" else int(size))
