from __future__ import annotations

from dataclasses import replace

import pytest

from belay.cli.select.menu import HELP, NONE, Action, Menu, Wish, split_keys
from belay.transports.usb import UsbSpecifier

PICO = UsbSpecifier(0x2E8A, 5, "e6614c311b137637", "MicroPython", "Board in FS mode", "1-2", "/dev/ttyACM0")
BRIDGE = UsbSpecifier(0x1A86, 0x7523, None, None, "USB Serial", "1-3", "/dev/ttyUSB0")
TEN = [replace(PICO, serial_number=str(number), device=f"/dev/ttyACM{number}") for number in range(1, 11)]
TITLES = (
    "      port          name          vid:pid    serial number     manufacturer  product           location"
)
UP, DOWN = "\x1b[A", "\x1bOB"


def pressed(menu: Menu, *keys: str) -> str | None:
    """The port of the board that is meant after some keys, none of which asks for anything."""
    assert [menu.press(key) for key in keys] == [None] * len(keys)
    return menu.board and menu.board.device


def test_keys_are_told_apart() -> None:
    assert list(split_keys("b\x1b[A\x1bOB\x1b[1~12\r\x1b")) == [
        *("b", "\x1b[A", "\x1bOB", "\x1b[1~", "1", "2", "\r", "\x1b")
    ]


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ((), 1),
        ((DOWN,), 2),
        ((DOWN, DOWN, UP), 2),
        ((UP,), 10),
        ((UP, DOWN), 1),
        (("j", "j", "k"), 2),
        (("\x1b[F",), 10),
        (("\x1b[F", "\x1b[H"), 1),
        (("3",), 3),
        (("1", "0"), 10),
        (("1", "2"), 2),
        (("1", "0", "5"), 5),
        (("1", DOWN, "0"), 2),
        (("3", "0"), 3),
        (("x", "\x1b[99~", "\x01", " "), 1),
    ],
)
def test_moving(keys: tuple[str, ...], number: int) -> None:
    assert pressed(Menu(TEN), *keys) == f"/dev/ttyACM{number}"


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("\r", Action.TAKE),
        ("\n", Action.TAKE),
        ("b", Action.BLINK),
        ("\x1b", Action.LEAVE),
        ("q", Action.LEAVE),
        ("\x03", Action.LEAVE),
    ],
)
def test_what_keys_ask_for(key: str, action: Action) -> None:
    assert Menu([PICO]).press(key) == Wish(action)
    nothing = Menu([])
    assert nothing.press(key) == (Wish(action) if action is Action.LEAVE else None)
    assert pressed(nothing, UP, DOWN, "1") is None


def test_what_it_looks_like() -> None:
    menu = Menu([PICO, BRIDGE], lambda board: ["bench", "left"] if board is PICO else [])
    menu.press(DOWN)
    menu.note = "something"
    assert menu.lines(200, 24) == [
        HELP,
        TITLES,
        "   1  /dev/ttyACM0  @bench @left  2e8a:0005  e6614c311b137637  MicroPython   Board in FS mode  1-2",
        "»  2  /dev/ttyUSB0                1a86:7523                                  USB Serial        1-3",
        "something",
    ]
    menu.press("x")
    assert menu.lines(200, 24)[-1].startswith("»")
    assert "name" not in Menu([BRIDGE]).lines(200, 24)[1]
    assert all(len(line) <= 40 for line in menu.lines(40, 24))
    assert Menu([]).lines(200, 24) == [HELP, NONE]


@pytest.mark.parametrize(
    ("at", "height", "shown"), [(1, 6, "123"), (5, 6, "456"), (10, 6, "8910"), (7, 3, "7"), (1, 1, "1")]
)
def test_a_terminal_with_few_lines(at: int, height: int, shown: str) -> None:
    menu = Menu(TEN)
    pressed(menu, *str(at))
    rows = [line for line in menu.lines(200, height, mark=">") if "/dev/" in line]
    assert "".join(row.removeprefix(">").split()[0] for row in rows) == shown
    assert sum(row.startswith(">") for row in rows) == 1


def test_boards_come_and_go() -> None:
    menu = Menu([])
    assert not menu.renew([])
    assert menu.renew([BRIDGE])
    assert menu.board == BRIDGE
    assert menu.renew([PICO, BRIDGE])
    assert menu.board == BRIDGE
    menu.ask_pin("pin?", "")
    assert menu.renew([PICO])
    assert menu.board == PICO
    # Whoever was typing the pin of another board is not asked about this one.
    assert "pin?" not in menu.lines(80, 24)[-1]
    assert menu.renew([])
    assert menu.board is None


def test_the_pin_of_a_led() -> None:
    menu = Menu([PICO])
    menu.ask_pin("Which pin?", "2")
    assert menu.lines(80, 24)[-1] == "Which pin? [2] "
    assert menu.press("\r") == Wish(Action.BLINK, "2")
    menu.ask_pin("Which pin?", "2")
    pressed(menu, "1", "7", "\x7f", "3", UP, "\x01")
    assert menu.lines(80, 24)[-1] == "Which pin? [2] 13"
    assert menu.press("\r") == Wish(Action.BLINK, "13")
    menu.ask_pin("Which pin?", "")
    assert menu.lines(80, 24)[-1] == "Which pin? "
    pressed(menu, "\r")
    menu.ask_pin("Which pin?", "2")
    pressed(menu, "\x1b")
    assert menu.press("\r") == Wish(Action.TAKE)
    menu.ask_pin("Which pin?", "2")
    assert menu.press("\x03") == Wish(Action.LEAVE)
