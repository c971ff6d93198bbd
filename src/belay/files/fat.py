"""What is particular about names on FAT, which many boards have on their flash and all on SD cards.

Upper and lower case are one. Some characters cannot be in a name; and MicroPython's FAT takes the name up to
a control character, or without the dots and blanks at its end, for the whole name, without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_REFUSED: Final = re.compile(r'[\x00-\x1f\x7f"*:<>?|\\]|[. ](?=/|$)')


def folded(path: str) -> str:
    """The same for all paths that are one on FAT."""
    return path.casefold()


def fits(path: str) -> bool:
    """Whether FAT takes the names in a path as they are."""
    return not _REFUSED.search(path)


def clash(paths: Iterable[str]) -> bool:
    """Whether any two of some paths would be one on FAT."""
    seen: dict[str, str] = {}
    return any(seen.setdefault(folded(path), path) != path for path in paths)
