"""What is typed, however the bytes are cut."""

from __future__ import annotations

import pytest

from belay.terminal.keys import (
    KEY_PATIENCE,
    PASTE_PATIENCE,
    Key,
    Keys,
    Leave,
    OpenMenu,
    Pasted,
    Typed,
)


def pressed(keys: Keys, data: bytes, *, at_once: bool) -> list[Key]:
    """What comes of bytes; typed ones next to each other are one."""
    found: list[Key] = []
    for piece in [data] if at_once else [data[at : at + 1] for at in range(len(data))]:
        found += keys.feed(piece)
    found += keys.expire()
    joined: list[Key] = []
    for key in found:
        if isinstance(key, Typed) and joined and isinstance(joined[-1], Typed):
            joined[-1] = Typed(joined[-1].data + key.data)
        else:
            joined.append(key)
    return joined


CASES: dict[str, tuple[bytes, list[Key]]] = {
    "nothing": (b"", []),
    "letters": (b"1+1\r", [Typed(b"1+1\r")]),
    "control keys are the board's": (b"\x01\x02\x03\x04\x05\x1a", [Typed(b"\x01\x02\x03\x04\x05\x1a")]),
    "arrows": (b"\x1b[A\x1bOP", [Typed(b"\x1b[A\x1bOP")]),
    "escape": (b"\x1b", [Typed(b"\x1b")]),
    "letters of others": ("ü€😀".encode(), [Typed("ü€😀".encode())]),
    "leave": (b"ab\x1dcd", [Typed(b"ab"), Leave(), Typed(b"cd")]),
    "menu": (b"\x14s", [OpenMenu(), Typed(b"s")]),
    "paste": (b"a\x1b[200~x\ny\x1b[201~b", [Typed(b"a"), Pasted(b"x\ny"), Typed(b"b")]),
    "an empty paste": (b"\x1b[200~\x1b[201~", [Pasted(b"")]),
    "our keys in a paste are text": (b"\x1b[200~\x1d\x14\x1b[201~", [Pasted(b"\x1d\x14")]),
    "a paste without an end": (b"\x1b[200~abc", [Pasted(b"abc")]),
    "half a mark": (b"\x1b[20", [Typed(b"\x1b[20")]),
    "another key": (b"\x1b[20~", [Typed(b"\x1b[20~")]),
}


@pytest.mark.parametrize("at_once", [True, False], ids=["whole", "by byte"])
@pytest.mark.parametrize("case", CASES)
def test_keys(case: str, at_once: bool) -> None:
    data, expected = CASES[case]
    assert pressed(Keys(), data, at_once=at_once) == expected


def test_after_the_end_of_a_paste_that_did_not_come_keys_are_keys() -> None:
    keys = Keys()
    assert keys.feed(b"\x1b[200~abc") == []
    assert keys.patience == PASTE_PATIENCE
    assert keys.expire() == [Pasted(b"abc")]
    assert keys.patience is None
    assert keys.feed(b"\x1d") == [Leave()]


def test_only_what_may_go_on_is_held_back() -> None:
    keys = Keys()
    assert keys.feed(b"abc\x1b") == [Typed(b"abc")]
    assert keys.patience == KEY_PATIENCE
    assert keys.feed(b"[A") == [Typed(b"\x1b[A")]
    assert keys.patience is None


def test_other_keys() -> None:
    keys = Keys(b"!", b"ab")
    assert keys.feed(b"\x1d\x14 a") == [Typed(b"\x1d\x14 ")]
    assert keys.feed(b"b!") == [OpenMenu(), Leave()]
    assert Keys(b"x", b"x").feed(b"x") == [Leave()]
    assert Keys(None, None).feed(b"\x1d\x14") == [Typed(b"\x1d\x14")]
