"""Finds syntax that CPython knows and MicroPython does not.

What is listed here was tried on MicroPython 1.29-preview; each entry is refused there by the parser or the
compiler. Annotations are not looked at, since minifying takes them away.
"""

from __future__ import annotations

import ast
import re
import token
from collections.abc import Callable, Iterator
from itertools import pairwise

from belay.source.parse import parse
from belay.source.tokens import Token, place, tokens_of

__all__ = ["unsupported_syntax"]

Finding = tuple[int, str]
_DECORATOR = "a decorator that is more than a dotted name with or without a call"
_LINE_STARTS = (token.NEWLINE, token.INDENT, token.DEDENT)
_NAMED_CHARACTER = re.compile(r"(?<!\\)(?:\\\\)*\\N\{")


def unsupported_syntax(source: str) -> list[Finding]:
    """Return what a board's MicroPython could not compile: line (counted from 1) and construct, in order.

    Args:
        source: Valid Python source with line feeds as line ends.
    """
    tree = parse(source)
    tokens = tokens_of(source)
    findings = [*_in_tree(tree), *_in_tokens(tokens)]
    findings.extend(_in_places(tree, tokens, source.split("\n")))
    return sorted(findings)


# --- what the syntax tree tells ------------------------------------------------------------------


def _in_tree(tree: ast.AST) -> Iterator[Finding]:
    for node in _without_annotations(tree):
        rule = _RULES.get(type(node).__name__)
        what = rule(node) if callable(rule) else rule
        if what:
            yield getattr(node, "lineno", 1), what
        for decorator in getattr(node, "decorator_list", ()):
            if not _is_simple_decorator(decorator):
                yield decorator.lineno, _DECORATOR


def _without_annotations(tree: ast.AST) -> Iterator[ast.AST]:
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        aside = (getattr(node, "annotation", None), getattr(node, "returns", None))
        pending.extend(child for child in ast.iter_child_nodes(node) if child not in aside)


def _function(node: ast.AST) -> str | None:
    arguments: ast.arguments = getattr(node, "args")  # noqa: B009 - functions and lambdas share no type
    if arguments.posonlyargs:
        return "positional-only parameters ('/')"
    return _definition(node)


def _class(node: ast.AST) -> str | None:
    return _definition(node) or _arguments(getattr(node, "bases", []), getattr(node, "keywords", []))


def _definition(node: ast.AST) -> str | None:
    if getattr(node, "type_params", None):
        return "type parameters in brackets"
    return None


def _is_simple_decorator(node: ast.expr) -> bool:
    node = node.func if isinstance(node, ast.Call) else node
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _call(node: ast.AST) -> str | None:
    return _arguments(getattr(node, "args", []), getattr(node, "keywords", []))


def _arguments(values: list[ast.expr], keywords: list[ast.keyword]) -> str | None:
    named = [_start(keyword) for keyword in keywords if keyword.arg is not None]
    starred = [_start(value) for value in values if isinstance(value, ast.Starred)]
    if named and starred and max(starred) > min(named):
        return "a * argument after a named one"
    return None


def _start(node: ast.expr | ast.keyword) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _display(node: ast.AST) -> str | None:
    """Refuse ``[*a]``; as a target, ``[*a] = b``, it is known."""
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return None
    if any(isinstance(element, ast.Starred) for element in getattr(node, "elts", ())):
        return "* in a tuple, list, set or index"
    return None


def _dict(node: ast.AST) -> str | None:
    return "** in a dict" if None in getattr(node, "keys", ()) else None


def _comprehension(node: ast.AST) -> str | None:
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    if any(generator.is_async for generator in generators):
        return "async for in a comprehension"
    outside = set(ast.walk(generators[0].iter))
    if any(isinstance(inner, ast.Await) and inner not in outside for inner in ast.walk(node)):
        return "await in a comprehension"
    return None


def _delete(node: ast.AST) -> str | None:
    for target in ast.walk(node):
        if isinstance(target, ast.List) or (isinstance(target, ast.Tuple) and not target.elts):
            return "del of a list or of nothing"
    return None


def _fstring(node: ast.AST) -> str | None:
    for value in ast.walk(node):
        if isinstance(value, ast.FormattedValue):
            if value.conversion == ord("a"):
                return "!a in an f-string"
            if not _is_plain_field(value.value):
                return "a colon or an unpaired bracket in an f-string's expression"
    return None


def _is_plain_field(expression: ast.expr) -> bool:
    """Follow MicroPython's lexer, which counts brackets to the end of a field, even those within strings."""
    try:
        text = ast.unparse(expression)
    except ValueError:  # Python 3.11 cannot write some nested f-strings down.
        return True
    depth = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        if depth < 0 or (character == ":" and not depth):
            return False
    return not depth


Rule = str | Callable[[ast.AST], str | None]
_RULES: dict[str, Rule] = {
    "Match": "a match statement",
    "TryStar": "except*",
    "TypeAlias": "a type statement",
    "TemplateStr": "a t-string",
    "FunctionDef": _function,
    "AsyncFunctionDef": _function,
    "ClassDef": _class,
    "Lambda": _function,
    "Call": _call,
    "Tuple": _display,
    "List": _display,
    "Set": _display,
    "Dict": _dict,
    "ListComp": _comprehension,
    "SetComp": _comprehension,
    "DictComp": _comprehension,
    "GeneratorExp": _comprehension,
    "Delete": _delete,
    "JoinedStr": _fstring,
}


# --- what only the text tells --------------------------------------------------------------------


def _in_tokens(tokens: list[Token]) -> Iterator[Finding]:
    before = token.NEWLINE
    for item, after in pairwise(tokens):
        if item.text == "@" and after.text == "(" and before in _LINE_STARTS:
            yield item.start[0], _DECORATOR
        before = item.type
        if item.type == token.STRING:
            prefix, _, rest = item.text.partition(item.text[-1])
            if prefix != prefix.lower():
                yield item.start[0], f"the string prefix {prefix} in capital letters"
            elif "r" not in prefix and _NAMED_CHARACTER.search(rest):
                yield item.start[0], "a character by name (\\N{...})"


def _in_places(tree: ast.AST, tokens: list[Token], lines: list[str]) -> Iterator[Finding]:
    index = {item.start: number for number, item in enumerate(tokens) if item.text}
    for node in _without_annotations(tree):
        if isinstance(node, ast.With | ast.AsyncWith):
            number = index[place(lines, node.lineno, node.col_offset)] + isinstance(node, ast.AsyncWith)
            if _has_parentheses(node, tokens[number + 1 :]):
                yield node.lineno, "parentheses around the items of a with statement"
        for value in _must_be_in_parentheses(node):
            # Within an f-string of Python 3.11 no token starts here; such an f-string is refused anyway.
            number = index.get(place(lines, value.lineno, value.col_offset), 0)
            if number and tokens[number - 1].text != "(":
                yield value.lineno, "an assignment expression without parentheses in a set or an index"


def _has_parentheses(node: ast.With | ast.AsyncWith, tokens: list[Token]) -> bool:
    if tokens[0].text != "(" or (len(node.items) == 1 and node.items[0].optional_vars is None):
        return False
    depth = number = 0
    while depth or not number:
        depth += (tokens[number].text in ("(", "[", "{")) - (tokens[number].text in (")", "]", "}"))
        number += 1
    return tokens[number].text == ":"


def _must_be_in_parentheses(node: ast.AST) -> Iterator[ast.NamedExpr]:
    values: list[ast.expr] = []
    if isinstance(node, ast.Set):
        values = node.elts
    elif isinstance(node, ast.SetComp):
        values = [node.elt]
    elif isinstance(node, ast.Subscript):
        # In x[1, y := 2] the tuple starts where its first element does; x[(1, y := 2)] is known.
        values = [node.slice]
        if (
            isinstance(node.slice, ast.Tuple)
            and node.slice.elts[:1]
            and _start(node.slice) == _start(node.slice.elts[0])
        ):
            values = node.slice.elts
    return (value for value in values if isinstance(value, ast.NamedExpr))
