from __future__ import annotations

import inspect

import pytest

from belay.source import FunctionSource, LineMap, Location, minify, parse_traceback

from .conftest import Run


def source_of(name: str, text: str, first_line: int = 100) -> FunctionSource:
    return FunctionSource(name, text, "user.py", first_line, inspect.Signature(), is_generator=False)


def test_a_line_of_a_function() -> None:
    lines = LineMap()
    lines.add(source_of("f", "def f():\n\n    return 1\n"))
    assert lines.locate("f", 1) == Location("user.py", 100, "f")
    assert lines.locate("f", 3) == Location("user.py", 102, "f")


def test_what_is_not_known() -> None:
    lines = LineMap()
    lines.add(source_of("f", "def f():\n    return 1\n"))
    assert lines.locate("f", 3) is None
    assert lines.locate("g", 1) is None
    assert lines.locate("<module>", 1) is None


def test_functions_within_functions() -> None:
    lines = LineMap()
    lines.add(
        source_of("f", "def f():\n    class A:\n        def m(self):\n            pass\n    return A\n")
    )
    assert lines.locate("m", 4) == Location("user.py", 103, "m")
    assert lines.locate("A", 2) == Location("user.py", 101, "A")
    assert lines.locate("m", 2) is None


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("<lambda>", "lambda: 1"),
        ("<listcomp>", "[a for a in b]"),
        ("<setcomp>", "{a for a in b}"),
        ("<dictcomp>", "{a: a for a in b}"),
        ("<genexpr>", "(a for a in b)"),
    ],
)
def test_code_without_a_name(name: str, expression: str) -> None:
    lines = LineMap()
    lines.add(source_of("f", f"def f():\n    b = 1\n    return {expression}\n"))
    assert lines.locate(name, 3) == Location("user.py", 102, name)
    assert lines.locate(name, 2) is None


def test_a_later_definition_wins() -> None:
    lines = LineMap()
    lines.add(source_of("f", "def f():\n    pass\n", 10))
    lines.add(source_of("g", "def g():\n    def f():\n        pass\n", 20))
    assert lines.locate("f", 2) == Location("user.py", 21, "f")
    lines.add(source_of("f", "def f(): pass\n", 30))
    assert lines.locate("f", 1) == Location("user.py", 30, "f")
    assert lines.locate("f", 3) == Location("user.py", 22, "f")


def test_statements_of_the_global_context() -> None:
    setup = source_of("setup", "def setup():\n    x = lambda: 1\n    y = 1\n", 50)
    lines = LineMap()
    lines.add(source_of("g", "def g(a=lambda: 1):\n    return lambda: 2\n", 20))
    assert lines.locate("<module>", 3, running=setup) == Location("user.py", 52, "<module>")
    assert lines.locate("<module>", 4, running=setup) is None
    assert lines.locate("<lambda>", 2, running=setup) == Location("user.py", 51, "<lambda>")
    assert lines.locate("<lambda>", 1, running=setup) == Location("user.py", 20, "<lambda>")


def test_it_forgets_the_oldest() -> None:
    lines = LineMap(capacity=2)
    for name in ("a", "b", "a", "c"):
        lines.add(source_of(name, f"def {name}(): pass\n"))
    assert lines.locate("b", 1) is None
    assert lines.locate("a", 1) is not None
    assert lines.locate("c", 1) is not None


def test_lines_of_a_real_traceback(run_on_micropython: Run) -> None:
    text = (
        'def f(x):\n    """doc"""\n\n    def g(y):\n        # why\n'
        "        return [1 / y\n            for _ in [1]]\n    return g(x)\n"
    )
    lines = LineMap()
    lines.add(source_of("f", text, 1000))
    (output,) = run_on_micropython([minify(text) + "\nf(0)"])
    frames = [frame for frame in parse_traceback(output).frames if frame.function in ("f", "g", "<listcomp>")]
    found = [lines.locate(str(frame.function), frame.line) for frame in frames]
    assert found == [
        Location("user.py", 1007, "f"),
        Location("user.py", 1006, "g"),
        Location("user.py", 1005, "<listcomp>"),
    ]
