"""What code does to the scope that it runs in, as far as that can be told without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = (
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.Name,
    ast.UnaryOp,
    ast.UAdd,
    ast.USub,
    ast.Invert,
    ast.Not,
    ast.Load,
)
"""What makes a value without running anything of the user's; a sign before a name may run a method."""

_HARMLESS: Final = frozenset(
    {
        "abs",
        "bool",
        "callable",
        "chr",
        "dir",
        "float",
        "getattr",
        "globals",
        "hasattr",
        "hex",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "len",
        "locals",
        "oct",
        "ord",
        "repr",
        "round",
        "str",
        "type",
    }
)
"""Builtins that only look at their arguments. Those that go through an iterator are not among them."""

_ACTIVE: Final = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.comprehension)


@dataclass(frozen=True)
class Effect:
    """What code does that only binds names to functions and plain values.

    Attributes:
        binds: The names that it binds.
        reads: The names whose values it needs for that.
    """

    binds: frozenset[str]
    reads: frozenset[str]


def effect_of(code: str) -> Effect | None:
    """What statements do; None where they may do anything else than bind names.

    The body of a function that is defined does not count, nor do annotations, which boards do not evaluate.
    """
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    binds: set[str] = set()
    reads: set[str] = set()
    for statement in statements:
        found = _bound(statement)
        if found is None:
            return None
        binds |= found[0]
        for value in found[1]:
            if not _is_plain(value):
                return None
            reads |= {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    return Effect(frozenset(binds), frozenset(reads))


def may_change_state(expression: str) -> bool:
    """Whether evaluating an expression may change anything: it calls what could, or binds a name.

    To read an attribute counts as looking, though a property may do more.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(isinstance(node, _ACTIVE) or _calls(node) for node in ast.walk(tree))


def _calls(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return not (isinstance(node.func, ast.Name) and node.func.id in _HARMLESS)


def _bound(statement: ast.stmt) -> tuple[set[str], list[ast.expr]] | None:
    """The names that a statement binds, and the values that it evaluates; None for all other statements."""
    match statement:
        case ast.FunctionDef(name=name, decorator_list=[], args=args):
            return {name}, [*args.defaults, *(default for default in args.kw_defaults if default)]
        case ast.Assign(targets=targets, value=value) if all(isinstance(each, ast.Name) for each in targets):
            return {each.id for each in targets if isinstance(each, ast.Name)}, [value]
        case ast.Pass():
            return set(), []
    return None


def _is_plain(value: ast.expr) -> bool:
    nodes = list(ast.walk(value))
    signs = any(isinstance(node, ast.UnaryOp) for node in nodes)
    names = any(isinstance(node, ast.Name) for node in nodes)
    return all(isinstance(node, _PLAIN) for node in nodes) and not (signs and names)
