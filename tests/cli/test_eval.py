from __future__ import annotations

import io
import json
import sys

import pytest

from belay.cli import exits

from .conftest import Belay


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("1 + 1", "2"),
        ("'a\\n'", "'a\\n'"),
        ("None", "None"),
        (" [1,\n2] ", "[1, 2]"),
        ("(y := 4) + y", "8"),
        ("1 # one", "1"),
        ("Pin(3)", "Pin(GPIO3, mode=IN)"),
    ],
)
def test_the_board_writes_the_value(belay: Belay, expression: str, shown: str) -> None:
    result = belay("eval", "virtual:", expression)
    assert (result.code, result.out, result.err) == (0, f"{shown}\n", "")


def test_json(belay: Belay) -> None:
    result = belay("eval", "--json", "virtual:", "{'a': [1, None, (2.5, 'ä')]}")
    assert json.loads(result.out) == {"a": [1, None, [2.5, "ä"]]}


@pytest.mark.parametrize("expression", ["b'x'", "float('inf')", "{1}"])
def test_what_json_cannot_hold(belay: Belay, expression: str) -> None:
    result = belay("eval", "--json", "virtual:", expression)
    assert (result.code, result.out) == (exits.RAISED, "")


def test_an_error_shows_the_expression(belay: Belay) -> None:
    for option in ([], ["--json"]):
        result = belay("eval", *option, "virtual:", "1/0")
        assert result.code == exits.RAISED
        assert result.err.splitlines() == [
            "Traceback (most recent call last):",
            '  File "<code>", line 1, in <module>',
            "    1/0",
            "ZeroDivisionError: divide by zero",
        ]


def test_an_expression_from_standard_input(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("6 * 7\n"))
    assert belay("eval", "virtual:", "-").out == "42\n"
