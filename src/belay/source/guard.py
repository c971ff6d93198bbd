"""Puts a whole program inside ``try``, so that its exit can be told from a reset of the board."""

from __future__ import annotations

import token
import warnings
from dataclasses import dataclass

from belay.source.tokens import tokens_of

__all__ = ["Guarded", "guard"]

MAX_BYTECODE = 12_000
"""Bytes of CPython's code, outside of functions, that a guarded program may have at most. MicroPython jumps
over the body of a ``try`` with 15 bits, and needs less than 32 KiB for what takes CPython this much."""

_LAYOUT = {token.NEWLINE, token.INDENT, token.DEDENT}


@dataclass(frozen=True)
class Guarded:
    """A program inside ``try``.

    Attributes:
        source: The new source.
        shift: How many lines further down each line of the program is now: 0 or 1.
    """

    source: str
    shift: int


def guard(program: str, *, failed: str, done: str) -> Guarded | None:
    """Put a program inside ``try``; its names stay global.

    Args:
        program: Source with line feeds as line ends.
        failed: A statement for when it raises, even SystemExit; the exception is ``_belay_error``.
        done: A statement for when it came to its end.

    Returns:
        None if it cannot be done: the program is no valid Python, is empty, or is too long outside of its
        functions.
    """
    size = _bytecode_size(program)
    rows = _logical_rows(program) if size is not None and size <= MAX_BYTECODE else None
    if not rows:
        return None
    lines = [f"\t{line}" if row in rows else line for row, line in enumerate(program.split("\n"), 1)]
    # What comes before the first statement is a comment or nothing: its place is free.
    shift = int(min(rows) == 1)
    lines[: 1 - shift] = ["try:"]
    lines += ["except BaseException as _belay_error:", f"\t{failed}", "else:", f"\t{done}"]
    return Guarded("\n".join(lines), shift)


def _bytecode_size(program: str) -> int | None:
    """How long the program's code is, outside of its functions, or None if it is no valid Python."""
    with warnings.catch_warnings():
        # About escapes and comparisons, which are between the user and the board.
        warnings.simplefilter("ignore")
        try:
            return len(compile(program, "<program>", "exec", dont_inherit=True).co_code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _logical_rows(program: str) -> set[int]:
    """The rows on which a statement, or a clause such as ``else``, begins: those whose indentation counts."""
    rows = set()
    begins = True
    for item in tokens_of(program):
        if item.type not in _LAYOUT and begins:
            rows.add(item.start[0])
        if item.type == token.NEWLINE:
            begins = True
        elif item.type not in _LAYOUT:
            begins = False
    return rows
