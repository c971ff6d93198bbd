from __future__ import annotations

import io
import os
import sys
from contextlib import suppress

import pytest

from belay.cli.text import can_encode, cut, escaped, legible, printable, short_version, terminal_width


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a plain text", "a plain text"),
        ("two\nlines\tand  more ", "two lines and more"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u202eright to left\u2066", "right to left"),
        ("µ 温度", "µ 温度"),
    ],
)
def test_printable(text: str, found: str) -> None:
    assert printable(text) == found


@pytest.mark.parametrize(
    ("text", "width", "found"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("ab cdef", 4, "ab…"),
        ("温度温度", 8, "温度温度"),
        ("温度温度", 6, "温度…"),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_cut(text: str, width: int, found: str) -> None:
    assert cut(text, width) == found


def test_cut_with_another_sign() -> None:
    assert cut("abcdef", 5, sign="...") == "ab..."
    assert cut("abcdef", 2, sign="...") == ".."


def test_short_version() -> None:
    assert short_version("1.0\x07") == "1.0"
    assert short_version("0123456789abcdef") == "0123456789abcdef"
    assert short_version("0123456789" * 4) == "0123456789"


def test_can_encode() -> None:
    assert can_encode(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), "├──")
    assert not can_encode(io.TextIOWrapper(io.BytesIO(), encoding="ascii"), "├──")
    assert not can_encode(io.StringIO(), "├──")
    assert can_encode(io.StringIO(), "a")


def test_the_width_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "33")
    assert terminal_width() == 33
    monkeypatch.setenv("COLUMNS", "")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert terminal_width() is None


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_the_width_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal, suppress(OSError):
        termios.tcsetwinsize(theirs, (24, 57))
        monkeypatch.setattr("sys.stdout", terminal)
        assert terminal_width() == 57
        monkeypatch.undo()
    os.close(ours)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a plain\ntext \u6e29", "a plain\ntext \u6e29"),
        ("\x1b[31merror:\x1b[0m x", "\x1b[31merror:\x1b[0m x"),
        ("\x1b[2J\x1b[8m\x1b]0;title\x07", r"\x1b[2J\x1b[8m\x1b]0;title\x07"),
        ("over\rwritten\b\x9b31m\r\nnext", "over\\rwritten\\x08\\x9b31m\nnext"),
        ("moc.\u202elive\u2066\u200b", r"moc.\u202elive\u2066\u200b"),
        ("a\udcffb\tc\u2028", "a\\udcffb\tc\\u2028"),
    ],
)
def test_legible(text: str, found: str) -> None:
    assert legible(text) == found


def test_a_flood_is_cut() -> None:
    assert len(legible(f"start {'x' * 1_000_000} end\nnext")) < 2000
    assert legible(f"start {'x' * 1_000_000} end\nnext").endswith(" end\nnext")
    assert escaped("x" * 3000) == "x" * 3000
