from __future__ import annotations

import ast
from typing import NoReturn

import pytest

from belay.packages import statements
from belay.packages.constants import UnknownError
from belay.packages.statements import Walk, bound


class Told(Exception):  # noqa: N818 - what it is in this test
    pass


class Notes(Walk):
    """Notes what is called."""

    def __init__(self) -> None:
        super().__init__(frozenset({"take"}))
        self.taken: list[object] = []
        self.others: list[str] = []

    def fail(self, reason: str, line: int | None = None) -> NoReturn:
        raise Told(f"{line or self.line}: {reason}")

    def called(self, name: str, call: ast.Call) -> None:
        positional, named = self.arguments(call)
        self.taken.append((name, *positional, *named.items()))

    def other(self, call: ast.Call) -> None:
        self.others.append(ast.unparse(call))


def walk(text: str) -> Notes:
    notes = Notes()
    notes.run(ast.parse(text))
    return notes


def test_calls_come_in_their_order() -> None:
    notes = walk(
        "A = 'x'\nfor a in [1, A]:\n    take(a, b=A)\nif A == 'x':\n    take()\nelse:\n    take(3)\nprint(A)"
    )
    assert notes.taken == [("take", 1, ("b", "x")), ("take", "x", ("b", "x")), ("take",)]
    assert notes.others == ["print(A)"]


def test_what_is_left_out_is_not_known_afterwards() -> None:
    notes = walk("x = 1\ntry:\n    x = 2\nexcept OSError:\n    y = 3\nif z:\n    x = 4\ntake(1)")
    assert notes.taken == [("take", 1)]
    with pytest.raises(Told, match="5: what x is cannot be known"):
        walk("x = 1\nwith a:\n    x = 2\n\ntake(x)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "if z:\n    take()",
            "1: what z is cannot be known without running it, and take in line 2 hangs on it",
        ),
        ("take = 1", "1: take is something else here"),
        ("x = [take]", "1: what is done with take here"),
        ("print(take())", "1: what is called here cannot be known"),
        ("take(**x)", "1: what \\*\\* brings"),
        ("for x in 'ab':\n    take(x)", "1: what this loop does"),
        ("for x in [1]:\n    take(x)\nelse:\n    take()", "1: what is done here"),
    ],
)
def test_what_counts_and_is_not_known(text: str, said: str) -> None:
    with pytest.raises(Told, match=said):
        walk(text)


def test_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MAX_STEPS", 50)
    with pytest.raises(Told, match="more than 50 steps"):
        walk("x = " + str(list(range(60))) + "\nfor a in x:\n    take(a)")


def test_names_that_are_bound() -> None:
    text = "import a.b, c as d\nfrom e import f as g\ndef h(i): j = 1\nclass k: pass\nl, m[0] = 1, 2\nn"
    assert bound(ast.parse(text)) == {"a", "d", "g", "h", "j", "k", "l"}


def test_an_unknown_value_is_an_error() -> None:
    with pytest.raises(UnknownError):
        Notes().arguments(ast.parse("f(x)", mode="eval").body)  # type: ignore[arg-type]
