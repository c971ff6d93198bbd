"""Patterns of what a sync leaves out, as in a ``.gitignore`` (https://git-scm.com/docs/gitignore)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from belay.exceptions import FilesError


class Patterns:
    """Patterns of names, of which the last one that fits decides.

    Args:
        patterns: Each as a line of a ``.gitignore``.

    Raises:
        FilesError: One cannot be understood.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        if not patterns:
            self._spec = None
            return
        from pathspec import GitIgnoreSpec

        for pattern in patterns:
            try:
                GitIgnoreSpec.from_lines([pattern])
            except (ValueError, re.error) as error:
                raise FilesError(
                    f"{pattern!r} is no pattern of what to ignore", hint="write it as in a .gitignore"
                ) from error
        self._spec = GitIgnoreSpec.from_lines(patterns)

    def fit(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path is to be left out.

        Args:
            path: Relative to the top, with ``/``; none of the folders above it is left out.
            is_folder: Whether it is a folder.
        """
        if self._spec is None:
            return False
        return bool(self._spec.match_file(f"{path}/" if is_folder else path))
