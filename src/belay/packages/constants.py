"""What an expression is, as far as that can be known without running it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

MAX_LENGTH = 10_000
"""Characters of a text, or entries of a list, with those of the lists in it."""
_MAX_BITS = 64


class UnknownError(Exception):
    """An expression whose value only running it would tell.

    Args:
        node: The part of it that is not known.
        reason: Why.
    """

    def __init__(self, node: ast.AST, reason: str) -> None:
        super().__init__(reason)
        self.line = getattr(node, "lineno", 0)
        self.reason = reason


class Options:
    """What a manifest was included with, and what it is without that.

    Args:
        given: By name.
    """

    def __init__(self, given: Mapping[str, object] | None = None) -> None:
        self._given = dict(given or {})
        self._defaults: dict[str, object] = {}

    def defaults(self, values: Mapping[str, object]) -> None:
        """Says what options are that nobody has given."""
        self._defaults.update(values)

    def find(self, name: str) -> object:
        """The value of an option.

        Raises:
            KeyError: There is none of this name.
        """
        return self._given[name] if name in self._given else self._defaults[name]


class Absent:
    """The value of a name that is there, and is not known.

    Args:
        reason: Why.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason


def value_of(node: ast.expr, names: Mapping[str, object]) -> object:
    """The value of an expression: texts, numbers, lists, dictionaries, and simple ways to put them together.

    Args:
        node: The expression.
        names: What the names in it are; an :class:`Absent` for what is not known.

    Raises:
        UnknownError: It is anything else, or too large.
    """
    kind = _KINDS.get(type(node))
    if kind is None:
        raise UnknownError(node, f"what {_shown(node)} is cannot be known without running it")
    value = kind(node, names)
    if _size(value) > MAX_LENGTH:
        raise UnknownError(node, f"is larger than {MAX_LENGTH}")
    return value


def _size(value: object) -> int:
    """How much there is to look at in a value; of one that is too large, that it is.

    A list may have itself in it many times over, and in that another one: then it is short, and endless.
    """
    if isinstance(value, str):
        return len(value)
    if isinstance(value, int):
        return 1 if value.bit_length() <= _MAX_BITS else MAX_LENGTH + 1  # nobody can write it down
    if not isinstance(value, list | dict):
        return 1
    size = len(value)
    for each in value.values() if isinstance(value, dict) else value:
        if size > MAX_LENGTH:
            break
        if isinstance(each, list | dict):
            size += _size(each)
    return size


def _shown(node: ast.expr) -> str:
    try:
        text = ast.unparse(node)
    except (ValueError, RecursionError):
        return "this"  # a number with thousands of digits
    return text if len(text) <= 60 and text.isprintable() else f"{text[:60]!r}…"


def _constant(node: ast.Constant, names: Mapping[str, object]) -> object:  # noqa: ARG001
    return node.value


def _sequence(node: ast.List | ast.Tuple, names: Mapping[str, object]) -> object:
    return [value_of(each, names) for each in node.elts]


def _dictionary(node: ast.Dict, names: Mapping[str, object]) -> object:
    found: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str | int)):
            raise UnknownError(node, "has a key that is neither a text nor a number")
        found[key.value] = value_of(value, names)
    return found


def _name(node: ast.Name, names: Mapping[str, object]) -> object:
    value = names.get(node.id, Absent(f"what {node.id} is cannot be known without running it"))
    if isinstance(value, Absent):
        raise UnknownError(node, value.reason)
    return value


def _attribute(node: ast.Attribute, names: Mapping[str, object]) -> object:
    options = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
    if not isinstance(options, Options):
        raise UnknownError(node, f"what {_shown(node)} is cannot be known without running it")
    try:
        return options.find(node.attr)
    except KeyError:
        raise UnknownError(node, f"nobody has said what options.{node.attr} is") from None


def _unary(node: ast.UnaryOp, names: Mapping[str, object]) -> object:
    value = value_of(node.operand, names)
    if isinstance(node.op, ast.Not):
        return not value
    if isinstance(node.op, ast.USub) and isinstance(value, int | float):
        return -value
    raise UnknownError(node, f"what {_shown(node)} is cannot be known without running it")


def _both(node: ast.BoolOp, names: Mapping[str, object]) -> object:
    value: object = None
    for each in node.values:
        value = value_of(each, names)
        if bool(value) is isinstance(node.op, ast.Or):
            break
    return value


def _sum(node: ast.BinOp, names: Mapping[str, object]) -> object:
    if isinstance(node.op, ast.Add):
        left, right = value_of(node.left, names), value_of(node.right, names)
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(left, list) and isinstance(right, list):
            return [*left, *right]
    raise UnknownError(node, f"what {_shown(node)} is cannot be known without running it")


def _comparison(node: ast.Compare, names: Mapping[str, object]) -> object:
    operation = _COMPARISONS.get(type(node.ops[0])) if len(node.ops) == 1 else None
    if operation is None:
        raise UnknownError(node, f"whether {_shown(node)} cannot be known without running it")
    left, right = value_of(node.left, names), value_of(node.comparators[0], names)
    try:
        return operation(left, right)
    except TypeError as error:
        raise UnknownError(node, f"{_shown(node)} is wrong: {error}") from error


def _formatted(node: ast.JoinedStr, names: Mapping[str, object]) -> object:
    text = ""
    for part in node.values:
        value = value_of(part.value if isinstance(part, ast.FormattedValue) else part, names)
        plain = not isinstance(part, ast.FormattedValue) or (
            part.conversion == -1 and part.format_spec is None
        )
        if not plain or not isinstance(value, str | int) or len(text) > MAX_LENGTH:
            raise UnknownError(node, f"what {_shown(node)} is cannot be known without running it")
        text += str(value)
    return text


_COMPARISONS: dict[type[ast.cmpop], Callable[[object, object], object]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    # The same for what is compared in a manifest: None, True and False.
    ast.Is: lambda left, right: left is right,
    ast.IsNot: lambda left, right: left is not right,
    ast.In: lambda left, right: left in right,  # type: ignore[operator]
    ast.NotIn: lambda left, right: left not in right,  # type: ignore[operator]
}

_KINDS: dict[type[ast.expr], Callable[[Any, Mapping[str, object]], object]] = {
    ast.Constant: _constant,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Dict: _dictionary,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.UnaryOp: _unary,
    ast.BoolOp: _both,
    ast.BinOp: _sum,
    ast.Compare: _comparison,
    ast.JoinedStr: _formatted,
}
