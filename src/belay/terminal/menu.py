"""The menu of a terminal: which key does what, and the questions that belong to it. Pure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PurePath


class Action(Enum):
    """What can be chosen."""

    SOFT_RESET = auto()
    HARD_RESET = auto()
    RUN = auto()
    SEND = auto()
    LOG = auto()
    LEAVE = auto()
    HELP = auto()
    TYPE_KEY = auto()


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        action: What to do.
        answers: To the questions that belong to it; of TYPE_KEY the key.
    """

    action: Action
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """A line of the menu."""

    key: str
    action: Action
    say: str
    questions: tuple[str, ...] = ()


ITEMS = (
    Item("s", Action.SOFT_RESET, "soft reset"),
    Item("r", Action.HARD_RESET, "reset"),
    Item("f", Action.RUN, "run a file", ("run which file of this computer? ",)),
    Item("p", Action.SEND, "put a file", ("put which file of this computer? ", "where on the board? [{}] ")),
    Item("l", Action.LOG, "log", ("log to which file? ",)),
    Item("h", Action.HELP, "help"),
    Item("q", Action.LEAVE, "quit"),
)
"""Every line, in their order."""

_CANCELS = "\x03\x04\x07"
_ERASES = "\x08\x7f"
_CLEARS = "\x15"
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)")


class Menu:
    """The menu, while it is open.

    Args:
        logging: Whether a log is being written; the key for it ends that one then.
        complete: Completes a path of this computer, at the Tab key.

    Attributes:
        over: Whether it is closed.
        choice: What was chosen; None if nothing was.
    """

    def __init__(self, *, logging: bool = False, complete: Callable[[str], str] = str) -> None:
        self._logging, self._complete = logging, complete
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._item: Item | None = None
        self._answers: list[str] = []
        self._typed = ""
        self.over = False
        self.choice: Choice | None = None

    @property
    def line(self) -> str:
        """What is asked, and what was typed so far."""
        if self._item is None:
            words = [f"{item.key} {self._name(item)}" for item in ITEMS]
            return f"[{'  '.join(words)}] "
        default = self._default()
        return self._item.questions[len(self._answers)].format(default) + self._typed

    def feed(self, data: bytes) -> bytes:
        """Take keys.

        Returns:
            What was typed after the last of them; :attr:`over` says whether that was the last.
        """
        text = _SEQUENCE.sub("", self._decoder.decode(data))
        for at, character in enumerate(text):
            if self._item is None:
                self._choose(character)
            else:
                self._edit(character)
            if self.over:
                return text[at + 1 :].encode()
        return b""

    def paste(self, data: bytes) -> None:
        """Take a paste: the first line of it is an answer's."""
        if self._item is not None:
            first = (data.decode(errors="replace").splitlines() or [""])[0]
            self._typed += "".join(character for character in first if character.isprintable())

    def press(self, key: bytes) -> None:
        """Take one of the keys that have a meaning outside of the menu: here it is typed at the board."""
        if self._item is None:
            self._finish(Choice(Action.TYPE_KEY, (key.decode(),)))
        else:
            self.over = True

    def _name(self, item: Item) -> str:
        return "end the log" if item.action is Action.LOG and self._logging else item.say

    def _choose(self, character: str) -> None:
        item = next((item for item in ITEMS if item.key == character.lower()), None)
        if item is None:
            self.over = True
        elif not item.questions or (item.action is Action.LOG and self._logging):
            self._finish(Choice(item.action))
        else:
            self._item = item

    def _edit(self, character: str) -> None:
        if character in _CANCELS or character == "\x1b":
            self.over = True
        elif character in "\r\n":
            self._answer()
        elif character in _ERASES:
            self._typed = self._typed[:-1]
        elif character == _CLEARS:
            self._typed = ""
        elif character == "\t" and not self._answers:
            # Each first question is for a file of this computer.
            self._typed = self._complete(self._typed)
        elif character.isprintable():
            self._typed += character

    def _answer(self) -> None:
        assert self._item is not None
        answer = self._typed.strip() or self._default()
        self._typed = ""
        if not answer:
            self.over = True
            return
        self._answers.append(answer)
        if len(self._answers) == len(self._item.questions):
            self._finish(Choice(self._item.action, tuple(self._answers)))

    def _default(self) -> str:
        """What an empty answer means: of a file that is put onto the board, its own name."""
        return f"/{PurePath(self._answers[-1]).name}" if self._answers else ""

    def _finish(self, choice: Choice) -> None:
        self.choice = choice
        self.over = True
