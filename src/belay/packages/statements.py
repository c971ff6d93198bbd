"""Goes through statements as they would run, as far as that can be known without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NoReturn

from belay.packages.constants import Absent, UnknownError, value_of

MAX_STEPS = 20_000
"""Statements, those of loops each time."""
_NEVER = "cannot be known without running it"


class Walk:
    """Goes through statements, and tells of the calls in them that count.

    What cannot be known is left out if no such call hangs on it.

    Args:
        words: The names of the functions whose calls count.
    """

    def __init__(self, words: frozenset[str]) -> None:
        self.names: dict[str, object] = {}
        self.line = 0
        self._words = words
        self._steps = 0

    def fail(self, reason: str, line: int | None = None) -> NoReturn:
        """Say what is wrong, in the current line if no other is named."""
        raise NotImplementedError

    def called(self, name: str, call: ast.Call) -> None:
        """A function was called that counts."""
        raise NotImplementedError

    def other(self, call: ast.Call) -> None:
        """Something else was called."""
        raise NotImplementedError

    def run(self, module: ast.Module) -> None:
        """Go through a module."""
        try:
            if others := sorted(bound(module) & self._words):
                self.fail(f"{others[0]} is something else here than in a manifest", 1)
            self._block(module.body)
        except RecursionError:
            self.fail("is nested too deeply")

    def arguments(self, call: ast.Call) -> tuple[list[object], dict[str, object]]:
        """The values that a function is called with, and those with names.

        Raises:
            UnknownError: One of them is not known.
        """
        named = {}
        for each in call.keywords:
            if each.arg is None:
                raise UnknownError(call, f"what ** brings {_NEVER}")
            named[each.arg] = value_of(each.value, self.names)
        return [value_of(each, self.names) for each in call.args], named

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.line = statement.lineno
            self._steps += 1
            if self._steps > MAX_STEPS:
                self.fail(f"has more than {MAX_STEPS} steps")
            try:
                self._statement(statement)
            except UnknownError as error:
                self.fail(error.reason, error.line)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Expr(ast.Call(ast.Name(name)) as call) if name in self._words:
                self.called(name, call)
            case ast.Expr(ast.Call() as call):
                self._leave(statement, f"what is called here {_NEVER}")
                self.other(call)
            case ast.Assign([ast.Name(name)], value):
                self._assign(name, value)
            case ast.If(test, body, otherwise):
                self._condition(statement, test, body, otherwise)
            case ast.For(ast.Name(name), values, body, []):
                self._loop(statement, name, values, body)
            case ast.Pass() | ast.Expr(ast.Constant()):
                pass
            case _:
                self._leave(statement, f"what is done here {_NEVER}")

    def _assign(self, name: str, value: ast.expr) -> None:
        if word := next(self._mentions(value), None):
            self.fail(f"what is done with {word.id} here {_NEVER}")
        try:
            self.names[name] = value_of(value, self.names)
        except UnknownError as error:
            self.names[name] = Absent(error.reason)

    def _condition(
        self, statement: ast.stmt, test: ast.expr, body: list[ast.stmt], otherwise: list[ast.stmt]
    ) -> None:
        try:
            holds = value_of(test, self.names)
        except UnknownError as error:
            self._leave(statement, error.reason)
        else:
            self._block(body if holds else otherwise)

    def _loop(self, statement: ast.stmt, name: str, values: ast.expr, body: list[ast.stmt]) -> None:
        try:
            known = value_of(values, self.names)
        except UnknownError as error:
            self._leave(statement, error.reason)
            return
        ends_early = any(isinstance(each, ast.Break | ast.Continue) for each in ast.walk(statement))
        if ends_early or not isinstance(known, list):
            self._leave(statement, f"what this loop does {_NEVER}")
            return
        for value in known:
            self.names[name] = value
            self._block(body)

    def _leave(self, statement: ast.stmt, reason: str) -> None:
        """Leave out what is not known, and with it what names are that it may change."""
        word = next(self._mentions(statement), None)
        if word is not None:
            self.fail(f"{reason}, and {word.id} in line {word.lineno} hangs on it")
        for name in bound(statement):
            self.names[name] = Absent(f"what {name} is {_NEVER}")

    def _mentions(self, tree: ast.AST) -> Iterator[ast.Name]:
        """Where functions that count are named."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in self._words:
                yield node


def bound(tree: ast.AST) -> set[str]:
    """The names that statements make or change."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
    return found
