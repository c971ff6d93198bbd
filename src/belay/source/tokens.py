"""Source as tokens, the same on every Python: an f-string is one token, comments and blank lines are none."""

from __future__ import annotations

import io
import token
import tokenize
from typing import NamedTuple

__all__ = ["Place", "Token", "place", "tokens_of"]

# Python 3.12 takes f-strings apart, Python 3.14 t-strings too; both are put together again.
_TEMPLATE_STARTS = {getattr(token, name, None) for name in ("FSTRING_START", "TSTRING_START")} - {None}
_TEMPLATE_ENDS = {getattr(token, name, None) for name in ("FSTRING_END", "TSTRING_END")} - {None}
_BLANK = {tokenize.NL, tokenize.COMMENT, token.ENDMARKER, tokenize.ENCODING}

Place = tuple[int, int]


class Token(NamedTuple):
    """A token: its type, its text, where it starts and ends (line from 1, column from 0)."""

    type: int
    text: str
    start: Place
    end: Place


def tokens_of(source: str) -> list[Token]:
    """Return the tokens of ``source``, which must be valid Python with line feeds as line ends."""
    lines = source.split("\n")
    tokens: list[Token] = []
    opened: list[Place] = []
    for kind, text, begin, end, _ in tokenize.generate_tokens(io.StringIO(source).readline):
        if kind in _TEMPLATE_STARTS:
            opened.append(begin)
        elif kind in _TEMPLATE_ENDS:
            start = opened.pop()
            if not opened:
                tokens.append(Token(token.STRING, _between(lines, start, end), start, end))
        elif not opened and kind not in _BLANK:
            tokens.append(Token(kind, text, begin, end))
    return tokens


def _between(lines: list[str], start: Place, end: Place) -> str:
    (first, left), (last, right) = start, end
    if first == last:
        return lines[first - 1][left:right]
    return "\n".join([lines[first - 1][left:], *lines[first : last - 1], lines[last - 1][:right]])


def place(lines: list[str], line: int, column: int) -> Place:
    """Turn a column in bytes, as syntax trees count, into one in characters, as tokens do."""
    text = lines[line - 1]
    return line, column if text.isascii() else len(text.encode()[:column].decode())
