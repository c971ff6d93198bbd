"""What a board sends, however it is cut."""

from __future__ import annotations

import pytest

from belay.terminal.screen import LONGEST, Screen

SHOWN = {
    "text": (b">>> 1+1\r\n2\r\n>>> ", ">>> 1+1\r\n2\r\n>>> "),
    "letters": ("ü€😀".encode(), "ü€😀"),
    "no letters": (b"a\xff\xc3(\x80b", "a�\ufffd(�b"),
    "colours": (b"\x1b[31;1mred\x1b[0m", "\x1b[31;1mred\x1b[0m"),
    "questions": (b"\x1b[6n", "\x1b[6n"),
    "bare line ends": (b"a\nb\n\nc\r\nd", "a\r\nb\r\n\r\nc\r\nd"),
    "a title as of CircuitPython": ("\x1b]0;🐍Done\x1b\\\r\n>>> ".encode(), "\r\n>>> "),
    "a title as of others": (b"a\x1b]2;it\x07b", "ab"),
    "the clipboard": (b"\x1b]52;c;YQ==\x07", ""),
    "other strings": (b"\x1bPq\x1b\\\x1b^x\x1b\\\x1b_y\x1b\\\x1bXz\x1b\\.", "."),
    "a string that breaks off": (b"\x1b]0;title\r\nrest\r\n", "0;title\r\nrest\r\n"),
    "a string in another": (b"\x1b]0;a\x1b]0;b\x07c", "0;ac"),
}


@pytest.mark.parametrize("at_once", [True, False], ids=["whole", "by byte"])
@pytest.mark.parametrize("case", SHOWN)
def test_what_is_shown(case: str, at_once: bool) -> None:
    data, expected = SHOWN[case]
    screen = Screen()
    pieces = [data] if at_once else [data[at : at + 1] for at in range(len(data))]
    assert "".join(screen.feed(piece) for piece in pieces) == expected


def test_a_string_without_an_end_does_not_hold_back_all() -> None:
    screen = Screen()
    shown = screen.feed(b"\x1b]" + b"x" * (LONGEST + 10))
    assert shown == "x" * (LONGEST + 10)
    assert screen.feed(b"more") == "more"


LINES = {
    b"": "",
    b"a\r\n>>> ": ">>> ",
    b">>> ab\x08\x08": ">>> ",
    b">>> ab\x08\x1b[K": ">>> a",
    b"one\rtwo": "two",
    b"one\r": "one",
    b"\x08\x08x": "x",
    b"\x1b]0;t\x1b\\>>> ": ">>> ",
    "ü\n\x1b[32m>>> \x1b[0m".encode(): ">>> ",
}


@pytest.mark.parametrize("data", LINES, ids=ascii)
def test_the_last_line(data: bytes) -> None:
    screen = Screen()
    screen.feed(data)
    assert screen.line == LINES[data]
    assert screen.at_prompt == (LINES[data] == ">>> ")


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        (b">>> ", True),
        (b"...     ", True),
        (b"=== ", True),
        (b">>> x", False),
        (b"name? ", False),
        (b"", False),
    ],
    ids=["prompt", "more", "paste", "typed", "input", "nothing"],
)
def test_whether_the_board_waits(line: bytes, waits: bool) -> None:
    screen = Screen()
    screen.feed(b"x\r\n" + line)
    assert screen.waits == waits


def test_a_line_without_an_end_is_not_remembered_whole() -> None:
    screen = Screen()
    for _ in range(100):
        screen.feed(b"x" * 100)
    assert len(screen.line) == 1000
