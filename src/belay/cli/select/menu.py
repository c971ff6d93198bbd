"""The menu of ``belay select``: what keys do, and what it looks like. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from belay.cli.known import Names, columns
from belay.cli.table import table
from belay.cli.text import cut
from belay.transports.usb import UsbSpecifier

HELP = "arrows or numbers choose, Enter takes, b blinks, Esc leaves"
NONE = "no board is connected by USB; this waits for one. `virtual:` names a board that needs no hardware."

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)|.", re.DOTALL)
_KEYS = {
    **dict.fromkeys(("\x1b[A", "\x1bOA", "\x10", "k"), "up"),
    **dict.fromkeys(("\x1b[B", "\x1bOB", "\x0e", "j", "\t"), "down"),
    **dict.fromkeys(("\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[5~"), "first"),
    **dict.fromkeys(("\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[6~"), "last"),
}
_CANCELS = frozenset("\x1b\x03\x04")


class Action(Enum):
    """What a key asks for."""

    TAKE = auto()
    BLINK = auto()
    LEAVE = auto()


_ACTIONS = {
    **dict.fromkeys("\r\n", Action.TAKE),
    **dict.fromkeys("bB", Action.BLINK),
    **dict.fromkeys("\x1b\x03\x04q", Action.LEAVE),
}


@dataclass(frozen=True)
class Wish:
    """What is to be done.

    Attributes:
        action: What.
        pin: On which pin to blink; None for what the board knows itself.
    """

    action: Action
    pin: str | None = None


def split_keys(text: str) -> Iterator[str]:
    """The keys, each by what a terminal sends for it."""
    return (match[0] for match in _SEQUENCE.finditer(text))


class Menu:
    """The boards, and which of them is meant.

    Args:
        boards: Those that are connected.
        names: The names that the user gave to a board.

    Attributes:
        boards: As given, or as :meth:`renew` was told.
        note: A line below them, up to the next key.
    """

    def __init__(self, boards: Sequence[UsbSpecifier], names: Names = lambda _: ()) -> None:
        self.boards = list(boards)
        self.note = ""
        self._names = names
        self._at = 0
        self._digits = ""
        self._question: str | None = None
        self._typed = ""
        self._default = ""

    @property
    def board(self) -> UsbSpecifier | None:
        """The one that is meant."""
        return self.boards[self._at] if self.boards else None

    def renew(self, boards: Sequence[UsbSpecifier]) -> bool:
        """Take the boards that are connected now; whether that is a change. The one meant stays it."""
        if list(boards) == self.boards:
            return False
        meant = self.board
        self.boards = list(boards)
        if meant in self.boards:
            self._at = self.boards.index(meant)
        else:
            self._at = max(0, min(self._at, len(self.boards) - 1))
            self._question = None
        self._digits = ""
        return True

    def ask_pin(self, question: str, default: str) -> None:
        """Ask for the pin to blink on.

        Args:
            question: What to ask.
            default: What an empty answer means; if it is empty too, nothing blinks.
        """
        self._question, self._default, self._typed = question, default, ""

    def press(self, key: str) -> Wish | None:
        """Take a key; what it asks for, if anything."""
        if self._question is not None:
            return self._answer(key)
        self.note = ""
        if key.isdecimal():
            self._choose(key)
            return None
        self._digits = ""
        action = _ACTIONS.get(key)
        if action and (self.boards or action is Action.LEAVE):
            return Wish(action)
        self._move(_KEYS.get(key, ""))
        return None

    def lines(self, width: int, height: int, *, mark: str = "»") -> list[str]:
        """What it looks like, each line no wider than the terminal.

        Args:
            width: Columns.
            height: Lines that there are.
            mark: Stands before the board that is meant.
        """
        titles, rows = columns(self.boards, self._names)
        found = [HELP]
        if rows:
            marked = [[mark if at == self._at else "", str(at + 1), *row] for at, row in enumerate(rows)]
            title, *below = table(("", "", *titles), marked).split("\n")
            room = max(height - 3, 1)
            first = max(0, min(self._at - room // 2, len(below) - room))
            found += [title, *below[first : first + room]]
        else:
            found.append(NONE)
        if self._question is not None:
            found.append(f"{self._question}{f' [{self._default}]' if self._default else ''} {self._typed}")
        elif self.note:
            found.append(self.note)
        return [cut(line, width) for line in found]

    def _choose(self, digit: str) -> None:
        """Numbers may have several digits: what makes no number with those before begins a new one."""
        for digits in (self._digits + digit, digit):
            if 0 < int(digits) <= len(self.boards):
                self._at, self._digits = int(digits) - 1, digits
                return
        self._digits = ""

    def _move(self, where: str) -> None:
        count = len(self.boards)
        if not count:
            return
        if where in ("up", "down"):
            self._at = (self._at + (1 if where == "down" else -1)) % count
        elif where:
            self._at = 0 if where == "first" else count - 1

    def _answer(self, key: str) -> Wish | None:
        if key == "\x03":
            return Wish(Action.LEAVE)
        if key in _CANCELS:
            self._question = None
        elif key in "\r\n":
            pin = self._typed.strip() or self._default
            self._question = None
            return Wish(Action.BLINK, pin) if pin else None
        elif key in "\x7f\b":
            self._typed = self._typed[:-1]
        elif len(key) == 1 and key.isprintable():
            self._typed += key
        return None
