"""Takes a function's source text out of the file it was written in.

The text is cut out of the file as it stands (:mod:`linecache` knows files, zip archives, notebooks and
doctests), found by the position that the compiled function carries. Only indentation and decorators are
taken away, so every line keeps its distance to the ``def`` line, and a line number that a board reports can
be brought back to the user's file.
"""

from __future__ import annotations

import ast
import copy
import inspect
import linecache
import types
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from belay.exceptions import UnsupportedFunctionError
from belay.source.parse import parse

__all__ = ["FunctionSource", "extract"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_MULTILINE = (ast.Constant, ast.JoinedStr)


@dataclass(frozen=True)
class FunctionSource:
    """A function as text, with the place it came from.

    Attributes:
        name: The function's name.
        source: The ``def`` statement, without decorators and indentation. The ``def`` line is line 1 and
            every other line keeps its distance to it.
        file: The file that the function was written in, as the interpreter names it.
        first_line: The number of the ``def`` line in that file, counted from 1.
        parameters: The function's parameters with their defaults; annotations are left out.
        is_generator: Whether a call of the function gives a generator.
    """

    name: str
    source: str
    file: str
    first_line: int
    parameters: inspect.Signature
    is_generator: bool

    @property
    def body(self) -> str:
        """The function's body as statements of a module, each on the line it has in ``source``.

        Raises:
            UnsupportedFunctionError: The body has a statement that only a function can have: ``return``,
                ``yield``, ``await`` or ``nonlocal``.
        """
        node = definition(self.source)
        for line, what in _function_only_statements(node):
            raise UnsupportedFunctionError(
                self.name,
                f"{what} at {self.where(line)}, but its body runs outside of a function,"
                " in the board's global context",
                hint="use a task for code that returns or yields something",
            )
        return _body_text(self.source.split("\n"), node)

    def where(self, line: int) -> str:
        """Name line ``line`` of ``source`` (counted from 1) by its place in the user's file."""
        return f"{self.file}:{self.first_line + line - 1}"


def extract(function: Callable[..., Any]) -> FunctionSource:
    """Return the source of ``function``.

    A function wrapped with :func:`functools.wraps` is followed to the innermost one. Its file is read once
    only: what is written into it later is not what the function does.

    Args:
        function: A function written in Python with ``def`` or ``async def``.

    Raises:
        UnsupportedFunctionError: It is no such function, or its source text cannot be found.
    """
    plain = plain_function(function)
    written = _written.get(plain)
    if written is None or written.code is not plain.__code__:
        written = _written[plain] = _read(plain)
    return FunctionSource(
        name=written.name,
        source=written.source,
        file=plain.__code__.co_filename,
        first_line=written.first_line,
        parameters=_signature(plain),
        is_generator=inspect.isgeneratorfunction(plain),
    )


@dataclass(frozen=True)
class _Written:
    """A definition as it was found for some code; with nothing in it that keeps the function alive."""

    code: types.CodeType
    name: str
    source: str
    first_line: int


_written: weakref.WeakKeyDictionary[types.FunctionType, _Written] = weakref.WeakKeyDictionary()


def _read(function: types.FunctionType) -> _Written:
    text = _file_text(function)
    node = _find(function, text)
    source = _definition_text(function, text.split("\n"), node)
    return _Written(function.__code__, node.name, source, node.lineno)


def plain_function(function: Callable[..., Any]) -> types.FunctionType:
    """Return the function below wrappers made with :func:`functools.wraps`.

    Raises:
        UnsupportedFunctionError: There is no function written in Python.
    """
    plain = inspect.unwrap(function)
    if isinstance(plain, types.FunctionType):
        return plain
    name = getattr(plain, "__name__", None) or type(plain).__name__
    raise UnsupportedFunctionError(
        str(name),
        f"it is {_kind(plain)}, not a function written with def",
        hint='device("…") runs code that is text'
        if isinstance(plain, str)
        else "write a function of its own for the board",
    )


def definition(source: str) -> FunctionNode:
    """Return the syntax tree of the one function that ``source`` defines."""
    return cast("FunctionNode", parse(source).body[0])


def own_nodes(statements: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield all nodes of ``statements``, leaving out the bodies of functions and classes within them."""
    pending = list(reversed(statements))
    while pending:
        node = pending.pop()
        yield node
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, _SCOPES):
            body = node.body if isinstance(node.body, list) else [node.body]
            children = [child for child in children if child not in body]
        pending.extend(reversed(children))


def _kind(thing: object) -> str:
    if isinstance(thing, type):
        return "a class"
    if inspect.ismethod(thing):
        return "a bound method"
    if inspect.isbuiltin(thing):
        return "a builtin function"
    name = type(thing).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} object"


def _file_text(function: types.FunctionType) -> str:
    file = function.__code__.co_filename
    # The file may have been edited since linecache last looked. Notebooks and doctests have none and stay.
    linecache.checkcache(file)
    lines = linecache.getlines(file, function.__globals__)
    if not lines:
        raise UnsupportedFunctionError(
            function.__name__,
            f"its source text cannot be found ({file})",
            hint="define it in a file, in IPython, or in the interactive interpreter of Python 3.13 or newer",
        )
    return "".join(lines).replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(maxsize=2)  # All functions of one file usually come one after the other.
def _definitions(text: str) -> dict[tuple[str, int], FunctionNode]:
    tree = parse(text)
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name, first] = node
    return found


def _find(function: types.FunctionType, text: str) -> FunctionNode:
    """Return the definition in ``text`` at the place that the compiled ``function`` names."""
    code = function.__code__
    try:
        node = _definitions(text).get((code.co_name, code.co_firstlineno))
    except SyntaxError:
        node = None
    if node is not None and _takes_as_many(node.args, code):
        return node
    if code.co_name == "<lambda>":
        reason, hint = "it is a lambda", "write it with def"
    else:
        reason = f"{code.co_filename}:{code.co_firstlineno} does not define it (any more)"
        hint = "the file may have changed since it was imported: start the program again"
    raise UnsupportedFunctionError(function.__name__, reason, hint=hint)


def _takes_as_many(arguments: ast.arguments, code: types.CodeType) -> bool:
    return (
        len(arguments.posonlyargs) + len(arguments.args) == code.co_argcount
        and len(arguments.kwonlyargs) == code.co_kwonlyargcount
    )


def _signature(function: types.FunctionType) -> inspect.Signature:
    # A copy without annotations: from Python 3.14 on, looking at them may run code that fails.
    bare = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    bare.__kwdefaults__ = function.__kwdefaults__
    return inspect.signature(bare)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def _definition_text(function: types.FunctionType, lines: list[str], node: FunctionNode) -> str:
    last = node.end_lineno or node.lineno
    prefix = _indentation(lines[node.lineno - 1])
    text = "\n".join(_dedented(lines, node.lineno, last, prefix, [node])) + "\n"
    try:
        same = _same(definition(text), node)
    except SyntaxError:
        same = False
    if not same:
        raise UnsupportedFunctionError(
            function.__name__,
            f"its indentation cannot be removed ({function.__code__.co_filename}:{node.lineno})",
            hint="indent it with spaces only",
        )
    return text


def _same(one: FunctionNode, other: FunctionNode) -> bool:
    undecorated = copy.copy(other)
    undecorated.decorator_list = []
    return ast.dump(one) == ast.dump(undecorated)


def _dedented(
    lines: list[str], first: int, last: int, prefix: str, nodes: Sequence[ast.AST]
) -> Iterator[str]:
    """Yield the lines ``first`` to ``last`` without ``prefix``, strings that span lines left as they are."""
    inside = _lines_inside_strings(nodes)
    for number in range(first, last + 1):
        line = lines[number - 1]
        if number in inside:
            yield line
        elif line.startswith(prefix):
            yield line[len(prefix) :]
        else:  # A comment or a continuation that stands further left than its statement.
            yield line.lstrip(" \t\f")


def _lines_inside_strings(nodes: Sequence[ast.AST]) -> set[int]:
    inside: set[int] = set()
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, _MULTILINE):
                inside.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return inside


def _function_only_statements(node: FunctionNode) -> Iterator[tuple[int, str]]:
    names: dict[type[ast.AST], str] = {
        ast.Return: "return",
        ast.Yield: "yield",
        ast.YieldFrom: "yield from",
        ast.Await: "await",
        ast.AsyncFor: "async for",
        ast.AsyncWith: "async with",
        ast.Nonlocal: "nonlocal",
    }
    for inner in own_nodes(node.body):
        what = names.get(type(inner))
        if what is not None:
            yield inner.lineno, what  # type: ignore[attr-defined]


def _body_text(lines: list[str], node: FunctionNode) -> str:
    first = node.body[0]
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    start = min([first.lineno, *(decorator.lineno for decorator in decorators)])
    line = lines[start - 1]
    prefix = _indentation(line)
    column = len(line.encode()[: first.col_offset].decode())
    blank = [""] * (start - 1)
    last = node.end_lineno or start
    if decorators or column <= len(prefix):
        return "\n".join([*blank, *_dedented(lines, start, last, prefix, node.body)]) + "\n"
    # The body follows the colon on the line of the header; its other lines can only be continuations.
    return "\n".join([*blank, line[column:], *lines[start:last]]) + "\n"
