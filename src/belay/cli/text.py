"""Texts of others on a terminal: what an index says may hold anything, and be of any length."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from typing import TextIO

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def printable(text: str) -> str:
    """A text in one line, without what would steer a terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def short_version(version: str) -> str:
    """A version as it is shown: of a commit, as many digits as people read."""
    return version[:10] if _COMMIT.fullmatch(version) else printable(version)


def can_encode(stream: TextIO, text: str) -> bool:
    """Whether a stream can show a text as it is."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def terminal_width() -> int | None:
    """How many columns there are: by the environment's COLUMNS, or the terminal; None for no limit."""
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def cut(text: str, width: int, *, sign: str = "…") -> str:
    """A text in no more columns than there are.

    Args:
        text: The text, in one line.
        width: The number of columns.
        sign: What stands for what was cut off.
    """
    if sum(map(_columns, text)) <= width:
        return text
    left = max(width - len(sign), 0)
    kept = ""
    for character in text:
        left -= _columns(character)
        if left < 0:
            break
        kept += character
    return (kept.rstrip() + sign)[: max(width, 0)]


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
