from __future__ import annotations

import sys
from pathlib import Path

import pytest

from belay.source.syntax import unsupported_syntax

from .conftest import Run

# What is refused: the program and the line that is named.
REFUSED = [
    ("match x:\n case 1: pass", 1),
    ("try: pass\nexcept* ValueError: pass", 1),
    ("x = 1\ndef f(a, /): pass", 2),
    ("lambda a, /, b: a", 1),
    ("x = [*a]", 1),
    ("x = (*a,)", 1),
    ("x = *a, b", 1),
    ("x = {*a}", 1),
    ("x = {**a}", 1),
    ("x = {'k': 1, **a}", 1),
    ("for x in *a, b: pass", 1),
    ("a[*b]", 1),
    ("a[1, *b]", 1),
    ("def f():\n return 1, *a", 2),
    ("def f():\n yield *a, b", 2),
    ("f(a=1, *b)", 1),
    ("class A(B, a=1, *c): pass", 1),
    ("del [a]", 1),
    ("del a, (b, [c])", 1),
    ("del ()", 1),
    ("async def f():\n return [x async for x in y]", 2),
    ("async def f():\n return [await x for x in y]", 2),
    ("async def f():\n return {await x: 1 for x in y if x}", 2),
    ("async def f():\n return (x for x in y if await x)", 2),
    ("@a[0]\ndef f(): pass", 1),
    ("@a(1)(2)\ndef f(): pass", 1),
    ("@a(1).b\nclass C: pass", 1),
    ("x\n\n@(a)\ndef f(): pass", 3),
    ("if 1:\n @(a)\n def f(): pass", 2),
    ("with (a as b): pass", 1),
    ("with (a as b, c as d): pass", 1),
    ("with (a as b, c(1) as d,): pass", 1),
    ("async def f():\n async with (a as b, c): pass", 2),
    ("x[y := 1]", 1),
    ("x[1, y := 2]", 1),
    ("{x := 1}", 1),
    ("{1,\n x := 2}", 2),
    ("{x := 1 for y in z}", 1),
    ("é = 1; x[y := é]", 1),
    ("f'{x!a}'", 1),
    ("f'{(lambda: 1)()}'", 1),
    ("f\"{g(':')}\"", 1),
    ("f\"{'{'}\"", 1),
    ("f\"{'}'}\"", 1),
    ("f'{(y := 1)}'", 1),
    ("f'''\n\n{ {(y := 1)} }''' + R''", 3),
    ("R'x'", 1),
    ("F'{x}'", 1),
    ("x = B'x'", 1),
    ("rB'x'", 1),
    ("'\\N{BULLET}'", 1),
    ("f'{x}\\N{BULLET}'", 1),
    ("b'\\N{BULLET}'", 1),
    ("'''a\n\\\\\\N{BULLET}'''", 1),
]
REFUSED_FROM_3_12 = [
    ("def f[T](a): pass", 1),
    ("class A[T]: pass", 1),
    ("type X = int", 1),
]
# Much the same, and known.
KNOWN = [
    "f(*a, **b)",
    "f(*a, *b, c=1)",
    "f(b=1, **a)",
    "class A(*b): pass",
    "a, *b = c",
    "[a, *b] = c",
    "for a, *b in c: pass",
    "(*a, b), c = d",
    "{'k': a}",
    "del a, (b, c)",
    "del a[0], b.c",
    "async def f():\n return [x for x in await y]",
    "async def f():\n return [await x]",
    "async def f():\n async with a as b, c: pass",
    "async def f():\n async for x in y: pass",
    "@a\ndef f(): pass",
    "@a.b.c(1, d=2)\nclass C: pass",
    "a @ (b)",
    "x = (a\n@ (b))",
    "with (a): pass",
    "with (a) as b, (c) as d: pass",
    "with (a), b: pass",
    "with (a, b)[0] as c: pass",
    "with a(1) as b: pass",
    "x[(y := 1)]",
    "x[f(y := 1)]",
    "x[(1, y := 2)]",
    "x[()]",
    "{(x := 1)}",
    "{(x := 1) for y in z}",
    "[x := 1]",
    "f(x := 1)",
    "f'{x!r}{y!s:>{w}}'",
    "f\"{d['a:b']}{d[1:2]}{ {1: 2}[1] }\"",
    "f'{a if b else c}{a != b}'",
    "f\"{f'{x:3}'}\"",
    "f'''{f\"\"\"{x}\n\"\"\"}'''",
    "f'''\n{x[(y)]}\n{a}'''",
    "f'''é\n\n{ {1} }'''",
    "f'''{f\"{d['\x01']}\"}'''",
    "rb'x'",
    "u'x'",
    "r'\\N{BULLET}'",
    "'\\\\N{BULLET}'",
    "def f(a: list[int] = 1, *, b) -> None: pass",
    "x = 1_000",
    "if (n := 3): pass",
    "def f():\n yield from x",
    "try: pass\nexcept (A, B) as e: raise C from e",
    "nonlocal_ = 1\nglobal x",
    "lambda a=1, *b, c, **d: a",
]


@pytest.mark.parametrize(("source", "line"), REFUSED)
def test_it_is_refused_with_its_line(source: str, line: int) -> None:
    findings = unsupported_syntax(source)
    assert [found for found, _ in findings][:1] == [line]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
@pytest.mark.parametrize(("source", "line"), REFUSED_FROM_3_12)
def test_newer_syntax_is_refused(source: str, line: int) -> None:
    assert [found for found, _ in unsupported_syntax(source)] == [line]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="syntax of Python 3.14")
def test_t_strings_are_refused() -> None:
    assert unsupported_syntax("x\nt'{x}'") == [(2, "a t-string")]


@pytest.mark.parametrize("source", KNOWN)
def test_it_is_not_refused(source: str) -> None:
    assert unsupported_syntax(source) == []


def test_the_table_is_right_about_micropython(compile_on_micropython: Run) -> None:
    refused = [source for source, _ in REFUSED + REFUSED_FROM_3_12]
    for source, output in zip(refused, compile_on_micropython(refused), strict=True):
        assert "Error" in output, source
    for source, output in zip(KNOWN, compile_on_micropython(KNOWN), strict=True):
        assert output == "", source


def test_two_contexts_in_parentheses_are_a_tuple_on_the_board(run_on_micropython: Run) -> None:
    source = "class C:\n def __enter__(self): pass\n def __exit__(self, *a): pass\nwith (C(), C()): pass"
    assert [line for line, _ in unsupported_syntax(source)] == [4]
    assert "AttributeError" in run_on_micropython([source])[0]


def test_annotations_are_not_looked_at() -> None:
    assert unsupported_syntax("def f(a: {**b}, *c: *d) -> [*e]:\n x: {*g} = 1") == []


def test_findings_come_in_order() -> None:
    assert [line for line, _ in unsupported_syntax("R'x'\n[*a]\nR'y'\n{**b}")] == [1, 2, 3, 4]


def test_programs_that_micropython_runs_are_not_refused() -> None:
    for path in (Path(__file__).parent / "corpus").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert unsupported_syntax(source) == [], path.stem
