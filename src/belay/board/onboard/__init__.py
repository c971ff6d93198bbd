"""MicroPython sources that are sent to boards. Nothing here is imported by the host."""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files

from belay.source import minify


@cache
def read(name: str) -> str:
    """The minified source of one of the programs in this folder; it has no lines without a statement.

    Args:
        name: Its file name without the ending.
    """
    smaller = minify(files(__name__).joinpath(f"{name}.py").read_text(encoding="utf-8"))
    # Nobody reads tracebacks through them, and none of their strings has several lines.
    return "\n".join(line for line in smaller.split("\n") if line.strip())


def statements(source: str) -> list[str]:
    """The statements of a program, one by one."""
    lines = source.splitlines()
    parts = ast.parse(source).body
    return ["\n".join(lines[part.lineno - 1 : part.end_lineno]) for part in parts]
