"""TOML of strangers: what no such file needs, and what would cost more than it is worth, is refused.

The parser's own work grows with the square of the parts of a key; and what it accepts beyond the format's
limits (https://toml.io/en/v1.0.0, "Integer"), nobody behind it can even show in a message.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_CHARACTERS = 32 << 20
MAX_PARTS = 32
"""Parts of a key, and values in each other."""

_PART = r"""(?>[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_DEEP_KEY = re.compile(rf"^[ \t]*+\[*+[ \t]*+(?:{_PART}\.[ \t]*+){{{MAX_PARTS}}}", re.MULTILINE)
_DEEP_INLINE = re.compile(rf"[{{,][ \t]*+(?:{_PART}\.[ \t]*+){{{MAX_PARTS}}}")
_MOST = 1 << 63


def load_toml(text: str) -> dict[str, Any]:
    """Read a document.

    Raises:
        tomllib.TOMLDecodeError: It is no TOML, or more than any program needs.
        RecursionError: It is nested too deeply for the parser.
    """
    if len(text) > MAX_CHARACTERS:
        raise tomllib.TOMLDecodeError(f"Larger than {MAX_CHARACTERS} characters (at line 1, column 1)")
    for pattern in (_DEEP_KEY, _DEEP_INLINE):
        if match := pattern.search(text):
            line = text.count("\n", 0, match.end()) + 1
            raise tomllib.TOMLDecodeError(f"A key of more than {MAX_PARTS} parts (at line {line}, column 1)")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        # The interpreter reads no number of so many digits.
        raise tomllib.TOMLDecodeError(f"A number is too large: {error}") from error
    _check(document)
    return document


def _check(document: dict[str, Any]) -> None:
    todo: list[tuple[object, int]] = [(document, 0)]
    while todo:
        value, depth = todo.pop()
        if depth > MAX_PARTS:
            raise tomllib.TOMLDecodeError(f"More than {MAX_PARTS} values in each other")
        if isinstance(value, dict):
            todo += [(each, depth + 1) for each in value.values()]
        elif isinstance(value, list):
            todo += [(each, depth + 1) for each in value]
        elif isinstance(value, int) and not -_MOST <= value < _MOST:
            raise tomllib.TOMLDecodeError("A number is too large: it has more than 64 bits")
