"""Decides what a program can do without: docstrings, other strings that are no value, and annotations.

:func:`strip` takes these out of a syntax tree and says where in the text they were.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Stripped", "same_program", "strip"]

Statements = list[ast.stmt]
_STATEMENT_LISTS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Stripped:
    """What was taken out of a tree; the nodes carry their places.

    Attributes:
        statements: Statements that went without a replacement.
        emptied: Statements of which a ``0`` remains, because a block cannot be empty.
        annotations: Annotations of parameters, results and variables.
    """

    statements: Statements = field(default_factory=list)
    emptied: Statements = field(default_factory=list)
    annotations: list[ast.expr] = field(default_factory=list)


def strip(tree: ast.Module, *, keep_last_expression: bool) -> Stripped:
    """Take docstrings, lone strings and annotations out of ``tree``, in place.

    Annotations stay in functions decorated with ``viper`` or ``asm_…``: MicroPython compiles them by these.

    Args:
        tree: The tree of a module; it is changed.
        keep_last_expression: Keep a string that is the module's last statement: it may be the result.

    Returns:
        What was taken out.
    """
    stripped = Stripped()
    last = tree.body[-1] if tree.body and keep_last_expression else None
    needed = _nonlocal_names(tree)
    pending: list[tuple[ast.AST, bool]] = [(tree, True)]
    while pending:
        node, untyped = pending.pop()
        untyped = untyped and not _is_compiled_by_annotations(node)
        if untyped:
            _strip_signature(node, stripped)
        for block in _blocks(node):
            going = [
                statement
                for statement in block
                if (_is_string(statement) and statement is not last)
                or (untyped and _is_declaration(statement, needed))
            ]
            _remove(going, block, stripped, may_be_empty=node is tree)
            if untyped:
                block[:] = [_without_annotation(statement, stripped) for statement in block]
        pending.extend((child, untyped) for child in ast.iter_child_nodes(node))
    return stripped


def same_program(one: ast.AST, other: ast.AST) -> bool:
    """Whether two trees are the same program, with every statement on the same line."""
    pending: list[tuple[object, object]] = [(one, other)]
    while pending:
        left, right = pending.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST) and isinstance(right, ast.AST):
            if isinstance(left, ast.stmt) and left.lineno != right.lineno:  # type: ignore[attr-defined]
                return False
            pending.extend(
                (getattr(left, name, None), getattr(right, name, None))
                for name in left._fields
                if name not in ("kind", "type_comment")
            )
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pending.extend(zip(left, right, strict=True))
        elif repr(left) != repr(right):  # Not ==: 0.0 and -0.0 differ, and nan is the same as nan.
            return False
    return True


def _blocks(node: ast.AST) -> Iterator[Statements]:
    for name in _STATEMENT_LISTS:
        block = getattr(node, name, None)
        if isinstance(block, list) and block:
            yield block


def _remove(going: Statements, block: Statements, stripped: Stripped, *, may_be_empty: bool) -> None:
    kept = [statement for statement in block if statement not in going]
    if not kept and not may_be_empty:
        first = going.pop(0)
        stripped.emptied.append(first)
        kept.append(ast.copy_location(ast.Expr(ast.Constant(0)), first))
    stripped.statements.extend(going)
    block[:] = kept


def _strip_signature(node: ast.AST, stripped: Stripped) -> None:
    if isinstance(node, ast.arg) and node.annotation is not None:
        stripped.annotations.append(node.annotation)
        node.annotation = None
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
        stripped.annotations.append(node.returns)
        node.returns = None


def _without_annotation(statement: ast.stmt, stripped: Stripped) -> ast.stmt:
    if not isinstance(statement, ast.AnnAssign) or statement.value is None:
        return statement
    stripped.annotations.append(statement.annotation)
    return ast.copy_location(ast.Assign([statement.target], statement.value), statement)


def _nonlocal_names(tree: ast.Module) -> set[str]:
    return {name for node in ast.walk(tree) if isinstance(node, ast.Nonlocal) for name in node.names}


def _is_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_declaration(statement: ast.stmt, needed: set[str]) -> bool:
    """Whether it is a bare annotation of a name, ``x: int``; with any other target it may run code.

    It makes the name a local variable, which is of consequence only if a ``nonlocal`` asks for it.
    """
    return (
        isinstance(statement, ast.AnnAssign)
        and statement.value is None
        and isinstance(statement.target, ast.Name)
        and statement.target.id not in needed
    )


def _is_compiled_by_annotations(node: ast.AST) -> bool:
    for decorator in getattr(node, "decorator_list", ()):
        name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
        if name == "viper" or name.startswith("asm_"):
            return True
    return False
