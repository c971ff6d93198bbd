"""Statements and expressions that the user wrote as text, made ready to be sent."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import lru_cache

from belay.source import minify as _minify
from belay.source.effect import Effect, effect_of, may_change_state


@dataclass(frozen=True)
class Code:
    """A piece of source.

    Attributes:
        is_expression: Whether it has a value.
        text: The source with the user's own lines.
        sent: The source as it is sent; line by line the same.
        effect: What it does, if that is no more than to bind names.
    """

    is_expression: bool
    text: str
    sent: str
    effect: Effect | None

    @property
    def may_change_state(self) -> bool:
        """Whether a fresh board must do it again: not an expression that calls nothing."""
        return not self.is_expression or may_change_state(self.text)

    @property
    def repeatable(self) -> bool:
        """Whether nobody can tell that it was done twice, if the board was reset in between."""
        return self.effect is not None or not self.may_change_state


def prepare(code: str, *, minify: bool) -> Code:
    """Find out what a piece of source is, and make it small if that is wanted.

    Raises:
        TypeError: It is no text.
    """
    if not isinstance(code, str):
        raise TypeError(f"code for the board is text, not {type(code).__name__}")
    return _prepared(code, minify)


@lru_cache(maxsize=64)
def _prepared(code: str, minify: bool) -> Code:
    text = _dedented(code)
    return Code(_is_expression(text), text, smaller(text) if minify else text, effect_of(text))


def smaller(code: str) -> str:
    """The source made small; as it is if it is no valid Python, for the board to say what is wrong."""
    try:
        return _minify(code)
    except SyntaxError:
        return code


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _dedented(code: str) -> str:
    """Source without the indentation that a long string has from the program that it stands in."""
    if "\n" not in code.strip():
        return code.strip()
    # Only where it must be: dedent changes blank lines, which may be a part of strings.
    return textwrap.dedent(code) if re.match(r"\s*\n[ \t]|[ \t]", code) else code
