from __future__ import annotations

import pytest

from belay.terminal.menu import ITEMS, Action, Choice, Menu


def chosen(*typed: bytes, logging: bool = False) -> Choice | None:
    menu = Menu(logging=logging)
    for data in typed:
        assert not menu.over
        menu.feed(data)
    assert menu.over
    return menu.choice


CHOICES: dict[bytes, Choice | None] = {
    b"s": Choice(Action.SOFT_RESET),
    b"R": Choice(Action.HARD_RESET),
    b"q": Choice(Action.LEAVE),
    b"h": Choice(Action.HELP),
    b"fblink.py\r": Choice(Action.RUN, ("blink.py",)),
    b"f blank space.py \n": Choice(Action.RUN, ("blank space.py",)),
    b"pa/b.py\r\r": Choice(Action.SEND, ("a/b.py", "/b.py")),
    b"pa/b.py\rlib/\r": Choice(Action.SEND, ("a/b.py", "lib/")),
    b"llog.txt\r": Choice(Action.LOG, ("log.txt",)),
    "fü€.py\r".encode(): Choice(Action.RUN, ("ü€.py",)),
    b"fab\x7f\x08c\x15x\x1b[A\x1b[3~\r": Choice(Action.RUN, ("x",)),
    b"f\r": None,
    b"p\r": None,
    b"fabc\x03": None,
    b"fabc\x1b": None,
    b"x": None,
    b"\x1b": None,
}


@pytest.mark.parametrize("typed", CHOICES, ids=ascii)
def test_choices(typed: bytes) -> None:
    assert chosen(typed) == CHOICES[typed]
    # Of the keys of several bytes each comes whole.
    if b"\x1b[" not in typed:
        assert chosen(*(typed[at : at + 1] for at in range(len(typed)))) == CHOICES[typed]


def test_the_log_is_ended_without_a_question() -> None:
    assert "end the log" in Menu(logging=True).line
    assert chosen(b"l", logging=True) == Choice(Action.LOG)


def test_what_is_typed_after_the_choice_is_not_lost() -> None:
    menu = Menu()
    assert menu.feed(b"fx.py\rprint(1)\r") == b"print(1)\r"
    assert menu.over


def test_what_is_shown() -> None:
    menu = Menu()
    for item in ITEMS:
        assert f"{item.key} {item.say}" in menu.line
    menu.feed(b"pa/x.py")
    assert menu.line == "put which file of this computer? a/x.py"
    menu.feed(b"\r")
    assert menu.line == "where on the board? [/x.py] "


def test_a_paste_is_an_answer_and_no_choice() -> None:
    menu = Menu()
    menu.paste(b"q")
    assert not menu.over
    menu.feed(b"f")
    menu.paste(b"one.py\ntwo\n")
    menu.paste(b"")
    menu.feed(b"\r")
    assert menu.choice == Choice(Action.RUN, ("one.py",))


def test_our_own_keys() -> None:
    menu = Menu()
    menu.press(b"\x1d")
    assert menu.choice == Choice(Action.TYPE_KEY, ("\x1d",))
    menu = Menu()
    menu.feed(b"fx")
    menu.press(b"\x14")
    assert menu.over
    assert menu.choice is None


def test_tab_completes_the_file_of_this_computer_only() -> None:
    menu = Menu(complete=lambda text: text + "!")
    menu.feed(b"pa\t")
    assert menu.line.endswith("? a!")
    menu.feed(b"\rb\t\r")
    assert menu.choice == Choice(Action.SEND, ("a!", "b"))
