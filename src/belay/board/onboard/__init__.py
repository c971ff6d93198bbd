"""MicroPython sources that are sent to boards. Nothing here is imported by the host."""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files

from belay.source import minify


@cache
def read(name: str) -> str:
    """The minified source of one of the programs in this folder.

    Args:
        name: Its file name without the ending.
    """
    return minify(files(__name__).joinpath(f"{name}.py").read_text(encoding="utf-8"))


def statements(source: str) -> list[str]:
    """The statements of a program, one by one."""
    lines = source.splitlines()
    parts = ast.parse(source).body
    return ["\n".join(lines[part.lineno - 1 : part.end_lineno]) for part in parts]
