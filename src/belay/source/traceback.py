"""Reads the traceback that a board printed.

The text is what MicroPython's ``mp_obj_print_exception`` prints::

    Traceback (most recent call last):
      File "<stdin>", line 2, in f
    ValueError: message

A frame of a SyntaxError has no ``in``; an exception that was never raised has no frames; the message may have
several lines and may itself look like a traceback. CircuitPython prints chained exceptions one after the
other, the last one raised last, as CPython does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["BoardTraceback", "Frame", "parse_traceback"]

_HEADER = "Traceback (most recent call last):"
_FRAME = re.compile(r'  File "(.*)", line ([0-9]{1,9})(?:, in (.+))?')
_EXCEPTION = re.compile(r"([^\W\d][\w.]*)(?::(?: (.*))?)?", re.DOTALL)
_CHAIN = re.compile(
    r"\n\n(?:During handling of the above exception, another exception occurred"
    r"|The above exception was the direct cause of the following exception):\n\n"
    rf"(?={re.escape(_HEADER)}\n)"
)


@dataclass(frozen=True)
class Frame:
    """A line of a traceback, outermost first.

    Attributes:
        file: The file as the board names it, ``<stdin>`` for what came over the REPL.
        line: The line in it, counted from 1.
        function: The name after ``in``, or None where there is none.
    """

    file: str
    line: int
    function: str | None


@dataclass(frozen=True)
class BoardTraceback:
    """What a board printed about an exception.

    Attributes:
        frames: Where it was raised, the outermost call first.
        type_name: The name of the exception's type; empty if the text is no traceback.
        message: What the exception says; the whole text if the text is no traceback.
        context: The exception that was being handled, where the board tells (CircuitPython does).
    """

    frames: tuple[Frame, ...]
    type_name: str
    message: str
    context: BoardTraceback | None = None


def parse_traceback(text: str) -> BoardTraceback:
    """Read a board's traceback.

    Args:
        text: The text as it came, with line ends of either kind. Any text is accepted.
    """
    first, *later = _CHAIN.split(text.replace("\r\n", "\n"))
    result = _parse_one(first, None)
    for part in later:
        result = _parse_one(part, result)
    return result


def _parse_one(text: str, context: BoardTraceback | None) -> BoardTraceback:
    lines = _from_header(text.strip("\n").split("\n"))
    frames: list[Frame] = []
    if lines[0] == _HEADER:
        del lines[0]
        while lines and (match := _FRAME.fullmatch(lines[0])):
            file, line, function = match.groups()
            frames.append(Frame(file, int(line), function))
            del lines[0]
    match = _EXCEPTION.fullmatch("\n".join(lines))
    if match is None:
        return BoardTraceback(tuple(frames), "", text.strip("\n"), context)
    return BoardTraceback(tuple(frames), match[1], match[2] or "", context)


def _from_header(lines: list[str]) -> list[str]:
    """Drop what stands before the header, unless it is an exception whose message has such a line."""
    if _EXCEPTION.fullmatch(lines[0]) or _HEADER not in lines:
        return lines
    return lines[lines.index(_HEADER) :]
