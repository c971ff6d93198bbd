"""Brings the lines of a board's traceback back to the user's own files.

Every definition that is sent to a board is compiled there as ``<stdin>`` from line 1 on, so a line number
alone says little; with the name that the traceback prints after ``in`` it says which definition was meant.
"""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from belay.source.extract import FunctionSource
from belay.source.parse import parse

__all__ = ["LineMap", "Location"]


@dataclass(frozen=True)
class Location:
    """A place in the user's own source.

    Attributes:
        file: The file, as the host's interpreter names it.
        line: The line in it, counted from 1.
        function: The name of the function, as the board names it.
    """

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class _Scope:
    """A piece of code that tracebacks name: its lines in the definition that it is a part of."""

    name: str
    first: int
    last: int


class LineMap:
    """Remembers the definitions that were sent to a board.

    Args:
        capacity: How many definitions are remembered at most; the oldest are forgotten first.
    """

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._sources: OrderedDict[str, FunctionSource] = OrderedDict()

    def add(self, source: FunctionSource) -> None:
        """Remember a definition; it takes the place of an earlier one of the same name."""
        self._sources.pop(source.name, None)
        self._sources[source.name] = source
        while len(self._sources) > self._capacity:
            self._sources.popitem(last=False)

    def locate(
        self, function_name: str, line: int, *, running: FunctionSource | None = None
    ) -> Location | None:
        """Return where line ``line`` of ``function_name`` was written, or None if that is not known.

        Only lines of ``<stdin>`` are meant; a board's own files have lines of their own. Of several
        definitions that fit, the latest is taken.

        Args:
            function_name: The name that the board printed after ``in``; also ``<lambda>`` and the like.
            line: The line that the board printed, counted from 1.
            running: The source that was being executed as statements of the global context: a definition
                while it is made, or the body of a setup. ``<module>`` is looked for there and nowhere else.
        """
        if running is not None:
            here = Location(running.file, running.first_line + line - 1, function_name)
            if function_name == "<module>" and line <= running.source.count("\n"):
                return here
            if _is_in(running, function_name, line):
                return here
        for source in reversed(list(self._sources.values())):
            if _is_in(source, function_name, line):
                return Location(source.file, source.first_line + line - 1, function_name)
        return None


def _is_in(source: FunctionSource, function_name: str, line: int) -> bool:
    return any(
        scope.name == function_name and scope.first <= line <= scope.last for scope in _scopes(source.source)
    )


_NAMES: dict[type[ast.AST], str] = {
    ast.Lambda: "<lambda>",
    ast.ListComp: "<listcomp>",
    ast.SetComp: "<setcomp>",
    ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}


@lru_cache(maxsize=128)  # A definition is looked into only when a traceback comes.
def _scopes(source: str) -> tuple[_Scope, ...]:
    return tuple(_scopes_of(parse(source)))


def _scopes_of(tree: ast.Module) -> Iterator[_Scope]:
    for node in ast.walk(tree):
        name = _NAMES.get(type(node)) or getattr(node, "name", None)
        if name and isinstance(node, ast.stmt | ast.expr):
            yield _Scope(name, node.lineno, node.end_lineno or node.lineno)
