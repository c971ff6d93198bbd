"""Words of the command line that name files: a board's and this computer's."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from belay.cli.board import Port, WrongUse, names_board
from belay.exceptions import BoardFileError, BoardFileNotFoundError, BoardNotAFolderError

if TYPE_CHECKING:
    from belay.files.filesystem import Filesystem

_MAGIC = frozenset("*?[")


@dataclass(frozen=True)
class Place:
    """A file or folder that a word names.

    Attributes:
        path: Its path, without the colon.
        on_board: Whether it is the board's.
    """

    path: str
    on_board: bool = True

    def __str__(self) -> str:
        return f":{self.path or '/'}" if self.on_board else self.path

    @property
    def name(self) -> str:
        """The last name; empty where what is in a folder is meant, as of ``:``, ``.`` or ``lib/.``."""
        path = self.path if self.on_board else self.path.replace(os.sep, "/")
        last = path.rstrip("/").rpartition("/")[2]
        return "" if last in (".", "..") else last

    @property
    def whole(self) -> str:
        """A board's path from the top, without what says nothing."""
        return f"/{posixpath.normpath(f'/{self.path}').lstrip('/')}"

    @property
    def above(self) -> Place | None:
        """The folder on the board that it is in; None of the top, and on this computer."""
        above = self.whole.rpartition("/")[0].lstrip("/")
        return Place(above) if self.on_board and above else None

    def inside(self, path: str) -> Place:
        """What lies in it."""
        if not path:
            return self
        if not self.on_board:
            return Place(str(Path(self.path, path)), on_board=False)
        return Place(f"{self.path}{'' if not self.path or self.path.endswith('/') else '/'}{path}")


def on_board(word: str) -> Place:
    """What a word names where only the board's files can be meant: the colon may be left out."""
    return Place(word.removeprefix(":"))


def place(word: str) -> Place:
    """What a word names where files of both sides can be meant: the board's begin with a colon."""
    return Place(word[1:]) if word.startswith(":") else Place(word, on_board=False)


def take_port(
    words: Sequence[str], name: str, *, least: int = 1, otherwise: str = ":{} would be a file of the board"
) -> tuple[str | None, tuple[str, ...]]:
    """Take the board's address away, if the first word is one.

    A path from the top has the form of a port as well: it is one in ``/dev``, or if there is such a device.

    Args:
        words: The arguments.
        name: What the others are.
        least: So many others must be there.
        otherwise: How a file would be named that has the name of a port, for who meant one.

    Raises:
        WrongUse: There are too few.
    """
    port, rest = (words[0], words[1:]) if words and is_port(words[0]) else (None, words)
    if len(rest) < least:
        if port is None or rest:
            raise WrongUse(f"Missing argument '{name}'.")
        raise WrongUse(
            f"Missing argument '{name}': {port!r} names a board.",
            otherwise.format(port),
        )
    return port, tuple(rest)


def is_port(word: str) -> bool:
    """Whether a word is a board's address and no path."""
    if not word.startswith("/"):
        return names_board(word)
    if word.startswith(("/dev/fd/", "/dev/std")):
        # What a shell gives a command to read.
        return False
    try:
        return word.startswith("/dev/") or stat.S_ISCHR(Path(word).stat().st_mode)
    except (OSError, ValueError):
        return False


def complete_port_or_path(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a port as the first word; nobody asks the board for its files."""
    return [] if ctx.params.get(str(param.name)) else Port().shell_complete(ctx, param, incomplete)


def complete_port_or_host(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The same, but leave it to the shell to complete a file of this computer."""
    if incomplete.startswith(":"):
        return []
    ports = complete_port_or_path(ctx, param, incomplete)
    return [*ports, CompletionItem(incomplete, type="file")]


def expanded(files: Filesystem, places: Iterable[Place]) -> list[Place]:
    """Put in the place of each pattern what fits it on the board.

    Raises:
        BoardFileNotFoundError: Nothing fits.
    """
    return [found for each in places for found in (_fitting(files, each) if is_pattern(each) else [each])]


def is_pattern(place: Place) -> bool:
    """Whether a place stands for any number of the board's files."""
    return place.on_board and not _MAGIC.isdisjoint(place.path)


def _fitting(files: Filesystem, place: Place) -> list[Place]:
    """What fits a pattern, in order; as in a shell, names that begin with a dot fit only such a pattern."""
    from belay.files.pattern import read_pattern

    try:
        pattern = read_pattern(place.path.lstrip("/"))
    except NotImplementedError as error:
        raise BoardFileError(str(error), place.path) from None
    start = "/".join(pattern.start)
    try:
        tree = files.tree(start or "/", deep=pattern.deep)
    except (BoardFileNotFoundError, BoardNotAFolderError):
        tree = {}
    hidden_too = any(name.startswith(".") for name in pattern.rest)
    fitting = [
        path
        for path in sorted(tree)
        if pattern.fits(path)
        and (hidden_too or not any(name.startswith(".") for name in path.split("/")))
        and not (pattern.folders_only and hasattr(tree[path], "size"))
    ]
    if not fitting:
        raise BoardFileNotFoundError(
            f"{place.path}: nothing on the board fits that",
            place.path,
            hint="in quotes the shell leaves the pattern alone; [*] is the sign itself",
        )
    top = Place(place.path[: len(place.path) - len(place.path.lstrip("/"))] + start)
    return [top.inside(path) for path in fitting]
