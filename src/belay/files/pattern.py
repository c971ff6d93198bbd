"""Patterns of paths, as :meth:`pathlib.Path.glob` has them since Python 3.13."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

_MAGIC = frozenset("*?[")
_ANY_FOLDERS = "**"


@dataclass(frozen=True)
class Pattern:
    """Which paths below a folder are meant.

    Attributes:
        start: Names of folders that each of them begins with, and that need not be looked for.
        rest: What each name after that fits; ``**`` is any number of names.
        folders_only: Whether files are not meant.
    """

    start: tuple[str, ...]
    rest: tuple[str, ...]
    folders_only: bool

    @property
    def deep(self) -> bool:
        """Whether the folders in the first one must be looked into."""
        return len(self.rest) > 1 or _ANY_FOLDERS in self.rest

    def fits(self, path: str) -> bool:
        """Whether a path is meant; it goes from the folder where the pattern's start ends."""
        return _fits(path.split("/") if path else [], self.rest)


def read_pattern(text: str) -> Pattern:
    """Understand a pattern such as ``lib/**/*.py``.

    Raises:
        ValueError: It is empty.
        NotImplementedError: It is that of a path from the top, or goes up.
    """
    names = [name for name in text.split("/") if name not in ("", ".")]
    if text.startswith("/"):
        raise NotImplementedError(f"{text!r} starts at the top; a pattern is for what is in a folder")
    if ".." in names:
        raise NotImplementedError(f"{text!r} goes up; a pattern is for what is in a folder")
    if not names:
        raise ValueError(f"unacceptable pattern: {text!r}")
    plain = 0
    while plain < len(names) - 1 and _MAGIC.isdisjoint(names[plain]):
        plain += 1
    rest = [name for at, name in enumerate(names) if at >= plain and names[at - 1 : at + 1] != ["**", "**"]]
    return Pattern(tuple(names[:plain]), tuple(rest), text.endswith("/"))


def _fits(names: Sequence[str], patterns: Sequence[str]) -> bool:
    if not patterns:
        return not names
    first, *others = patterns
    if first == _ANY_FOLDERS:
        return any(_fits(names[count:], others) for count in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], first) and _fits(names[1:], others)
