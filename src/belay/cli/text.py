"""Texts of others on a terminal: what an index says may hold anything, and be of any length."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from typing import TextIO

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_COLORS = re.compile(r"(\x1b\[(?:0|1|2|31|32|33|36)m)")
"""What belay itself writes to a terminal that is no text; it can hide nothing and move nothing."""
_LONG = 2000
"""Characters of a line from which on nobody reads it."""


def printable(text: str) -> str:
    """A text in one line, without what would steer a terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def legible(text: str) -> str:
    """A text of several lines as it is, but for what would steer a terminal, or flood it.

    What cannot be printed, or turns the order of what is around it, is written as Python would; colours stay.
    """
    if len(text) <= _LONG and text.replace("\n", "").isprintable():
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_legible_line(line) for line in lines)


def _legible_line(line: str) -> str:
    if len(line) > _LONG:
        line = f"{line[: _LONG // 2]} … {line[-_LONG // 4 :]}"
    return "".join(part if _COLORS.fullmatch(part) else escaped(part) for part in _COLORS.split(line))


def escaped(text: str) -> str:
    """A text in which what cannot be printed is written as Python would."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign == "\t" else sign.encode("unicode_escape").decode()
        for sign in text
    )


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
