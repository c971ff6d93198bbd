from __future__ import annotations

import pytest

from belay.source.effect import Effect, effect_of, may_change_state


@pytest.mark.parametrize(
    ("code", "binds", "reads"),
    [
        ("x = 1", "x", ""),
        ("x = y = -1; z = [1, {'a': (2, b'')}]", "x y z", ""),
        ("x = [y]", "x", "y"),
        ("def f(): return g() + h", "f", ""),
        ("def f(a, b=1, *, c=led, d): pass", "f", "led"),
        ("pass", "", ""),
    ],
)
def test_code_that_only_binds_names(code: str, binds: str, reads: str) -> None:
    assert effect_of(code) == Effect(frozenset(binds.split()), frozenset(reads.split()))


@pytest.mark.parametrize(
    "code",
    [
        "x += 1",
        "x = f()",
        "x = y.z",
        "x = -y",
        "x = y + 1",
        "x.y = 1",
        "x[0] = 1",
        "x, y = 1, 2",
        "del x",
        "import x",
        "@g\ndef f(): pass",
        "def f(x=Pin(1)): pass",
        "async def f(): pass",
        "class A: pass",
        "if x: y = 1",
        "x = 1; f()",
        "x = (y := 1)",
        "f'{x}'",
        "x = f'{y}'",
        "1 +",
        "x = '\0",
    ],
)
def test_code_that_may_do_anything(code: str) -> None:
    assert effect_of(code) is None


@pytest.mark.parametrize("code", ["x", " x.y[0] + 1", "len(x)", "[1, 2]", "{'a': b}", "(\n1)", "f'{x}'"])
def test_expressions_that_only_look(code: str) -> None:
    assert not may_change_state(code)


@pytest.mark.parametrize(
    "code", ["f()", "led.on()", "len(f())", "(x := 1)", "[x for x in y]", "next(x)", "list(x)", "1 +"]
)
def test_expressions_that_may_do_anything(code: str) -> None:
    assert may_change_state(code)
