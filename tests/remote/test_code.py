from __future__ import annotations

from typing import Any

import pytest

from belay.remote.code import prepare, smaller


@pytest.mark.parametrize(
    ("code", "is_expression", "sent"),
    [
        ("1 + 1  # why", True, "1+1"),
        ("  x", True, "x"),
        ("x = 1", False, "x=1"),
        ("\n(1 +\n 2)\n", True, "\n(1+\n2)"),
        ("'hello'", True, "'hello'"),
        ("", False, ""),
        ("x = = 1", False, "x = = 1"),
        ("x = '\0'", False, "x = '\0'"),
        ("print 5", False, "print 5"),
    ],
)
def test_what_it_is_and_what_is_sent(code: str, is_expression: bool, sent: str) -> None:
    prepared = prepare(code, minify=True)
    assert (prepared.is_expression, prepared.sent) == (is_expression, sent)
    assert prepare(code, minify=False).sent == prepared.text


@pytest.mark.parametrize("code", [42, None, b"1", ["x"]])
def test_what_is_no_text_is_refused(code: Any) -> None:
    with pytest.raises(TypeError, match=f"is text, not {type(code).__name__}$"):
        prepare(code, minify=True)


def test_indentation_of_the_whole_goes() -> None:
    assert prepare("\n    if x:\n        y\n", minify=False).text == "\nif x:\n    y\n"
    assert prepare("    a = 1\n    b = 2", minify=False).text == "a = 1\nb = 2"


def test_other_blanks_stay() -> None:
    code = "x = '''a\n   \n  b'''\n"
    assert prepare(code, minify=False).text == code


def test_lines_stay_where_they_are() -> None:
    text = "# one\n\nx = 3\n"
    assert smaller(text).split("\n")[2] == "x=3"
