"""Patterns of what a sync leaves out, as in a ``.gitignore`` (https://git-scm.com/docs/gitignore)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from belay.exceptions import FilesError

if TYPE_CHECKING:
    from pathspec.pattern import RegexPattern

_ALL_FOLDERS = re.compile(r"(?:(?<=/)|(?<=^!)|^)\*\*/\s*$")
_CLASS = re.compile(r"\[:[a-z]+:\]")


class Patterns:
    """Patterns of names, of which the last one that fits decides.

    Args:
        patterns: Each as a line of a ``.gitignore``.

    Raises:
        FilesError: One cannot be understood.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [_read(pattern) for pattern in reversed(patterns)]

    def fit(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path is to be left out.

        Args:
            path: Relative to the top, with ``/``; none of the folders above it is left out.
            is_folder: Whether it is a folder.
        """
        for pattern, folders_only in self._patterns:
            if (is_folder or not folders_only) and _fits(pattern, f"{path}/" if folders_only else path):
                return bool(pattern.include)
        return False


def _read(text: str) -> tuple[RegexPattern, bool]:
    """A pattern, and whether it is for folders only."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if _CLASS.search(text):
        raise FilesError(
            f"{text!r}: classes of characters have no names here", hint="write [a-z], for example"
        )
    try:
        # Git means all folders below; pathspec the one above, too.
        pattern = GitIgnoreSpecPattern(_ALL_FOLDERS.sub("**/*/", text))
    except (ValueError, re.error) as error:
        hint = "write it as in a .gitignore"
        raise FilesError(f"{text!r} is no pattern of what to ignore", hint=hint) from error
    return pattern, text.rstrip().endswith("/")


def _fits(pattern: RegexPattern, path: str) -> bool:
    """Whether a pattern fits a path itself; pathspec also says so of all that is below what one fits."""
    if pattern.regex is None or pattern.include is None:
        return False
    # The group that pathspec names is the slash after a folder that fits.
    ends = (found.lastgroup and found.end(found.lastgroup) for found in pattern.regex.finditer(path))
    return any(end is None or end == len(path) for end in ends)
