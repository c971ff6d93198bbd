"""A path on a board, as far as no board is needed for it."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING, Self, TypeGuard

if TYPE_CHECKING:
    from belay.files.filesystem import Filesystem


class PureBoardPath:
    """The names of a board's file or folder; always from the top, as ``/lib/x.py``.

    It works as :class:`pathlib.PurePosixPath` does, whatever system this is. It has no ``__fspath__``, on
    purpose: ``open(path)`` and ``os.remove(path)`` would mean a file of *this* computer that happens to have
    the same name.

    Args:
        filesystem: The files of the board.
        parts: What the path is made of; one that begins with ``/`` starts anew.
    """

    __slots__ = ("_filesystem", "_path")

    def __init__(self, filesystem: Filesystem, *parts: str | PurePath) -> None:
        self._filesystem = filesystem
        names = [part.as_posix() if isinstance(part, PurePath) else part for part in parts]
        path = PurePosixPath("/", *names)
        # POSIX leaves open what two slashes at the beginning mean; a board has one top.
        self._path = PurePosixPath("/", *path.parts[1:]) if path.root == "//" else path

    @property
    def filesystem(self) -> Filesystem:
        """The files of the board."""
        return self._filesystem

    @property
    def parts(self) -> tuple[str, ...]:
        """The top, which is ``/``, and each name."""
        return self._path.parts

    @property
    def name(self) -> str:
        """The last name; empty for the top."""
        return self._path.name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return self._path.stem

    @property
    def suffix(self) -> str:
        """What the name ends with from its last dot on, as ``.py``."""
        return self._path.suffix

    @property
    def suffixes(self) -> list[str]:
        """All that the name ends with, as ``[".tar", ".gz"]``."""
        return self._path.suffixes

    @property
    def parent(self) -> Self:
        """The folder that it is in; the top is in itself."""
        return self._at(self._path.parent)

    @property
    def parents(self) -> tuple[Self, ...]:
        """The folders that it is in, the innermost first."""
        return tuple(map(self._at, self._path.parents))

    def joinpath(self, *others: str | PurePath) -> Self:
        """The path of something in this folder.

        Args:
            others: Names or paths from here; one that begins with ``/`` starts anew.
        """
        return type(self)(self._filesystem, self._path, *others)

    def with_name(self, name: str) -> Self:
        """The same with another last name.

        Args:
            name: The new one.

        Raises:
            ValueError: The path has no name, or this is none.
        """
        return self._at(self._path.with_name(name))

    def with_stem(self, stem: str) -> Self:
        """The same with another last name but for its suffix.

        Args:
            stem: What comes before the suffix.

        Raises:
            ValueError: The path has no name, or this gives none.
        """
        return self._at(self._path.with_stem(stem))

    def with_suffix(self, suffix: str) -> Self:
        """The same with another suffix; an empty one takes it away.

        Args:
            suffix: With its dot, as ``.mpy``.

        Raises:
            ValueError: The path has no name, or this is no suffix.
        """
        return self._at(self._path.with_suffix(suffix))

    def relative_to(self, other: str | PurePath | PureBoardPath) -> PurePosixPath:
        """The path from a folder above.

        Args:
            other: The folder, as text or as a path.

        Returns:
            A path of no board's, as :mod:`pathlib` has it.

        Raises:
            ValueError: It is not below that folder.
        """
        return self._path.relative_to(self._above(other))

    def is_relative_to(self, other: str | PurePath | PureBoardPath) -> bool:
        """Whether the path is that of a folder, or of something below it.

        Args:
            other: The folder, as text or as a path.
        """
        return self._path.is_relative_to(self._above(other))

    def match(self, pattern: str) -> bool:
        """Whether the path fits a pattern such as ``*.py``, from the right where the pattern is relative.

        Args:
            pattern: As for :meth:`pathlib.PurePath.match`.

        Raises:
            ValueError: The pattern is empty.
        """
        return self._path.match(pattern)

    def as_posix(self) -> str:
        """The path as text, as ``/lib/x.py``."""
        return str(self._path)

    def __truediv__(self, other: str | PurePath) -> Self:
        try:
            return self.joinpath(other)
        except TypeError:
            return NotImplemented

    def __str__(self) -> str:
        return str(self._path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __hash__(self) -> int:
        return hash((id(self._filesystem), self._path))

    def __eq__(self, other: object) -> bool:
        return self._path == other._path if self._comparable(other) else NotImplemented

    def __lt__(self, other: PureBoardPath) -> bool:
        return self._path < other._path if self._comparable(other) else NotImplemented

    def __le__(self, other: PureBoardPath) -> bool:
        return self._path <= other._path if self._comparable(other) else NotImplemented

    def __gt__(self, other: PureBoardPath) -> bool:
        return self._path > other._path if self._comparable(other) else NotImplemented

    def __ge__(self, other: PureBoardPath) -> bool:
        return self._path >= other._path if self._comparable(other) else NotImplemented

    def _comparable(self, other: object) -> TypeGuard[PureBoardPath]:
        return isinstance(other, PureBoardPath) and other._filesystem is self._filesystem

    def _at(self, path: PurePosixPath) -> Self:
        return type(self)(self._filesystem, path)

    def _above(self, other: str | PurePath | PureBoardPath) -> PurePosixPath:
        if isinstance(other, PureBoardPath):
            if not self._comparable(other):
                raise ValueError(f"{other} is on another board")
            return other._path
        return PureBoardPath(self._filesystem, other)._path
