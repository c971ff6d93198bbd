from __future__ import annotations

import ast

import pytest

from belay.source.strip import same_program, strip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x", "y"),
        ("x", "1"),
        ("x", "x; y"),
        ("x", "\nx"),
        ("0.0", "-0.0"),
        ("1", "1.0"),
        ("1", "True"),
        ("'a'", "b'a'"),
        ("f(a)", "f(a, b)"),
        ("def f(): pass", "async def f(): pass"),
        ("if a:\n b\n c", "if a:\n b\nc"),
        ("x: int = 1", "x = 1"),
    ],
)
def test_programs_that_differ(one: str, other: str) -> None:
    assert not same_program(ast.parse(one), ast.parse(other))


@pytest.mark.parametrize(("one", "other"), [("u'x'", "'x'"), ("x = (1)", "x=1"), ("1e999 - 1e999",) * 2])
def test_programs_that_are_the_same(one: str, other: str) -> None:
    assert same_program(ast.parse(one), ast.parse(other))


def test_it_says_what_it_took_out() -> None:
    tree = ast.parse("'doc'\ndef f(a: int) -> str:\n 'doc'\nx: int = 1\ny: int\n'last'")
    stripped = strip(tree, keep_last_expression=True)
    assert [node.lineno for node in stripped.statements] == [1, 5]
    assert [node.lineno for node in stripped.emptied] == [3]
    assert sorted(ast.unparse(node) for node in stripped.annotations) == ["int", "int", "str"]
    assert ast.unparse(tree) == "def f(a):\n    0\nx = 1\n'last'"
