"""The menu of ``belay select`` on a terminal: keys in, lines out, and a LED that blinks meanwhile."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from belay.cli.select.blinking import Blinking
from belay.cli.select.light import NoLightError
from belay.cli.select.menu import Action, Menu, Wish, split_keys
from belay.cli.text import can_encode, legible
from belay.exceptions import BoardError
from belay.terminal.keys import Keys, Typed

if TYPE_CHECKING:
    from belay.board.firmware import Implementation
    from belay.device import Device
    from belay.terminal.console import Console
    from belay.transports.usb import UsbSpecifier

REFRESH = 1.0
"""Seconds after which it is looked whether other boards are connected, if no key is pressed."""

Visit = Callable[[str], AbstractContextManager["Device"]]
"""Connects to the board at an address, for as long as the block lasts."""


class Screen:
    """The menu, shown until a board is taken.

    Args:
        console: The terminal.
        menu: The boards.
        look: Lists the boards that are connected.
        visit: Connects to one of them.
        dim: Makes what matters less less conspicuous.
        dumb: Whether the terminal understands no escape sequences; what is meant is written line by line.

    Attributes:
        learned: What runs on the boards that were asked, by their port.
    """

    def __init__(
        self,
        console: Console,
        menu: Menu,
        look: Callable[[], Sequence[UsbSpecifier]],
        visit: Visit,
        *,
        dim: Callable[[str], str] = str,
        dumb: bool = False,
    ) -> None:
        self.learned: dict[str, Implementation] = {}
        self._console, self._menu, self._look, self._visit, self._dumb = console, menu, look, visit, dumb
        self._dim = dim
        self._keys = Keys(None, None)
        self._mark = "»" if can_encode(sys.stderr, "»") else ">"
        self._drawn: list[str] = []
        self._blinking: Blinking | None = None
        self._next = ""

    def run(self) -> UsbSpecifier:
        """Have the user choose.

        Returns:
            The board that was taken.

        Raises:
            KeyboardInterrupt: None was; the user left.
        """
        try:
            while True:
                self._draw()
                for key in self._read():
                    if board := self._press(key):
                        return board
        finally:
            if self._blinking:
                self._blinking.leave()
            self._clear()

    def _read(self) -> list[str]:
        """The keys that were pressed; none after a while, or when the LED has news."""
        patience = self._keys.patience
        try:
            data = self._console.read(REFRESH if patience is None else patience)
        except EOFError:
            # The terminal is gone.
            raise KeyboardInterrupt from None
        events = self._keys.feed(data) if data or patience is None else self._keys.expire()
        if not data:
            self._follow()
            if self._blinking is None:
                self._menu.renew(self._look())
        if self._next and self._blinking is None:
            key, self._next = self._next, ""
            return [key]
        # What is pasted is nothing that anybody means here.
        typed = b"".join(event.data for event in events if isinstance(event, Typed))
        return list(split_keys(typed.decode(errors="replace")))

    def _press(self, key: str) -> UsbSpecifier | None:
        """Do what a key asks for; the board, if it is taken."""
        if self._blinking and key != "\x03":
            # Enter takes the board that blinks, once its port is free.
            self._blinking.stop()
            self._next = key if key in "\r\n" else ""
            return None
        wish = self._menu.press(key)
        if wish is None:
            return None
        if wish.action is Action.LEAVE:
            raise KeyboardInterrupt
        if wish.action is Action.TAKE:
            return self._menu.board
        self._blink(wish)
        return None

    def _blink(self, wish: Wish) -> None:
        board = self._menu.board
        if board is not None:
            port = str(board.device)
            self._blinking = Blinking(lambda: self._visit(port), wish.pin, self._console.wake)
            self._menu.note = f"{port}: {self._blinking.state}"

    def _follow(self) -> None:
        """Tell what the LED does, or why it does nothing."""
        blinking, board = self._blinking, self._menu.board
        if blinking is None or board is None:
            return
        port = str(board.device)
        self._menu.note = f"{port}: {blinking.state}"
        if not blinking.ended:
            return
        self._blinking = None
        if blinking.about:
            self.learned[port] = blinking.about
        self._menu.note = ""
        if isinstance(blinking.error, NoLightError):
            usual = blinking.error.usual
            question = f"{port}: no LED has a name there. Blink on which pin?"
            self._menu.ask_pin(question, "" if usual is None else str(usual))
        elif blinking.error:
            self._menu.note = f"{port}: {_reason(blinking.error)}"

    def _draw(self) -> None:
        width, height = _size()
        lines = [legible(line) for line in self._menu.lines(width, height, mark=self._mark)]
        lines[0] = self._dim(lines[0])
        if lines == self._drawn:
            return
        if self._dumb:
            # Only what is new: where the user is now, and what is said.
            new = [line for line in lines if line not in self._drawn]
            self._console.say("".join(f"{line}\r\n" for line in new))
        else:
            self._console.say(self._up() + "\r\n".join(lines))
        self._drawn = lines

    def _clear(self) -> None:
        if self._drawn and not self._dumb:
            self._console.say(self._up())
        self._drawn = []

    def _up(self) -> str:
        """Go to where the first line begins, and clear all below."""
        above = len(self._drawn) - 1
        return (f"\x1b[{above}A" if above > 0 else "") + "\r\x1b[J"


def _size() -> tuple[int, int]:
    """Columns and lines of the terminal."""
    try:
        size = os.get_terminal_size(sys.stderr.fileno())
    except (OSError, ValueError):
        return 80, 24
    # The last column is left free: some terminals begin a new line after it.
    return (size.columns or 81) - 1, size.lines or 24


def _reason(error: Exception) -> str:
    if isinstance(error, BoardError):
        return str(error).strip().splitlines()[-1] if str(error).strip() else error.board_type
    return str(error).splitlines()[0] if str(error) else type(error).__name__
