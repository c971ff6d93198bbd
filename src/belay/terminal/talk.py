"""A terminal session with a board: what is typed goes there, what it sends is shown."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from belay.exceptions import (
    BelayException,
    ConnectionFailedError,
    ConnectionLost,
    DeviceNotFoundError,
    InsufficientSpecifierError,
)
from belay.link import Lent, Link
from belay.terminal.actions import completed, hard_reset, run_file, send_file, soft_reset, told
from belay.terminal.console import Console
from belay.terminal.display import Display
from belay.terminal.flow import Incoming, Outgoing
from belay.terminal.keys import LEAVE_KEY, MENU_KEY, Key, Keys, Leave, OpenMenu, Pasted, Typed
from belay.terminal.menu import Action, Choice, Menu
from belay.terminal.paste import as_keys
from belay.terminal.piped import follow_pipe

RETRY = 0.5
"""Seconds between two looks whether a board that went away is back."""

INTERRUPT = b"\x03"

_AWAY = (ConnectionLost, ConnectionFailedError, DeviceNotFoundError, InsufficientSpecifierError)

_ACTIONS: dict[Action, Callable[..., str | None]] = {
    Action.SOFT_RESET: soft_reset,
    Action.HARD_RESET: hard_reset,
    Action.RUN: run_file,
    Action.SEND: send_file,
}
"""What the board has a part in."""

HELP = """\
{leave} leaves; {menu} opens the menu; either of them in the menu is typed at the board.
Everything else goes to the board: Ctrl-C interrupts, Ctrl-D at its prompt starts the interpreter anew.
A paste of several lines at the prompt arrives as one program.
In the menu: s soft reset, r reset as by the board's button, f run a file of this computer without storing it,
p put one onto the board, l write what the board sends to a file (l again ends that), q quit."""


class Terminal:
    """One session.

    Args:
        console: The user's.
        leave: The bytes of the key that leaves.
        menu: Those of the key that opens the menu.
        dim: Makes what belay says tell from what the board says.
        greets: Whether to say which keys there are.
    """

    def __init__(
        self,
        console: Console,
        *,
        leave: bytes = LEAVE_KEY,
        menu: bytes = MENU_KEY,
        dim: Callable[[str], str] = str,
        greets: bool = True,
    ) -> None:
        self._console = console
        self._ours = [leave] if menu == leave else [leave, menu]
        self._keys = Keys(leave, menu)
        self._pressed: deque[Key] = deque()
        self._display = Display(console, dim)
        self._greets = greets

    def run(
        self, link: Link, reopen: Callable[[], Link], start: Callable[[Lent], object] | None = None
    ) -> None:
        """Talk to a board until the user leaves, or the input ends.

        Args:
            link: To the board. Nothing is sent before a key is pressed, but to leave a prompt of belay's own.
            reopen: Opens the port again after the board was away.
            start: Done once, first.

        Raises:
            ConnectionLost: The board is gone, and nobody is there who could wait for it.
            OSError: The output is gone.
        """
        if self._greets and self._console.typed:
            keys = f"{name_of(self._ours[0])} leaves" + (
                f", {name_of(self._ours[1])} opens a menu" if len(self._ours) > 1 else ""
            )
            self._display.tell(f"{link.transport.name}: {keys}")
        again: Link | None = link
        try:
            while again is not None:
                again = self._until_lost(again, reopen, start)
                start = None
        except EOFError:
            # The terminal was closed.
            pass
        finally:
            self._display.close()

    def _until_lost(
        self, link: Link, reopen: Callable[[], Link], start: Callable[[Lent], object] | None
    ) -> Link | None:
        """Talk over a link; the next one after a loss, or None when the user leaves."""
        try:
            link.lend(lambda lent: self._talk(lent, start))
        except ConnectionLost:
            if not self._console.typed:
                raise
        else:
            return None
        link.close()
        return self._await_return(link.transport.name, reopen)

    def _talk(self, lent: Lent, start: Callable[[Lent], object] | None) -> None:
        self._display.begin()
        if start is not None:
            start(lent)
        outgoing = Outgoing(lent, self._display, self._tell_dropped)
        incoming = Incoming(lent, self._display.take, self._display.end)
        try:
            if self._console.typed:
                self._follow_keys(lent, incoming, outgoing)
            else:
                follow_pipe(self._console, self._display, outgoing)
        finally:
            incoming.stop()
            outgoing.stop()

    def _tell_dropped(self, size: int) -> None:
        self._display.tell(f"the board does not read: {size} bytes are dropped")

    def _follow_keys(self, lent: Lent, incoming: Incoming, outgoing: Outgoing) -> None:
        while True:
            self._display.refuse_end()
            key = self._next_key()
            if isinstance(key, Leave):
                return
            if isinstance(key, OpenMenu):
                choice = self._choose()
                if choice is not None and self._leaves(choice, lent, incoming, outgoing):
                    return
                self._display.show_line()
            elif key is not None:
                self._send(key, outgoing)

    def _next_key(self, timeout: float | None = None) -> Key | None:
        """What was pressed; None if nothing was yet.

        Raises:
            EOFError: The input has ended.
        """
        if not self._pressed:
            patience = self._keys.patience
            data = self._console.read(timeout if patience is None else patience)
            self._pressed.extend(self._keys.feed(data) if data else self._keys.expire())
        return self._pressed.popleft() if self._pressed else None

    def _send(self, key: Key, outgoing: Outgoing) -> None:
        if isinstance(key, Typed):
            if INTERRUPT in key.data:
                # It is meant for what happens now, and not for when all else was sent.
                outgoing.drop()
            outgoing.put(key.data)
        elif isinstance(key, Pasted):
            outgoing.put_lines(as_keys(key.data, at_prompt=self._display.at_prompt))

    # --- the menu -------------------------------------------------------------------------------

    def _choose(self) -> Choice | None:
        """Show the menu; what the board sends meanwhile is shown afterwards."""
        menu = Menu(logging=self._display.is_logging, complete=completed)
        with self._display.held():
            self._console.say("\r\n")
            while not menu.over:
                self._display.ask(menu.line)
                self._display.refuse_end()
                self._answer(menu, self._next_key())
            self._display.ask("")
        return menu.choice

    def _answer(self, menu: Menu, key: Key | None) -> None:
        if isinstance(key, Typed):
            if rest := menu.feed(key.data):
                self._pressed.appendleft(Typed(rest))
        elif isinstance(key, Pasted):
            menu.paste(key.data)
        elif key is not None:
            menu.press(self._ours[isinstance(key, OpenMenu)])

    def _leaves(self, choice: Choice, lent: Lent, incoming: Incoming, outgoing: Outgoing) -> bool:
        """Do what was chosen; whether that was to leave."""
        action = _ACTIONS.get(choice.action)
        if choice.action is Action.TYPE_KEY:
            outgoing.put(choice.answers[0].encode())
        elif action is None:
            self._tell_of(lambda: self._do_here(choice))
        else:
            # It talks to the board itself: nothing of ours may come in between.
            outgoing.drop()
            outgoing.settle()
            incoming.pause()
            try:
                self._tell_of(lambda: action(lent, *choice.answers))
            finally:
                incoming.resume()
        return choice.action is Action.LEAVE

    def _tell_of(self, deed: Callable[[], str | None]) -> None:
        """Do something, and tell what came of it."""
        try:
            said = deed()
        except ConnectionLost:
            raise
        except (BelayException, OSError, UnicodeDecodeError) as error:
            said = told(error)
        if said:
            self._display.tell(said)

    def _do_here(self, choice: Choice) -> str | None:
        """Do what the board has no part in."""
        if choice.action is Action.HELP:
            return HELP.format(leave=name_of(self._ours[0]), menu=name_of(self._ours[-1]))
        if choice.action is Action.LOG and choice.answers:
            self._display.start_log(choice.answers[0])
            return f"what the board sends is added to {choice.answers[0]}"
        if choice.action is Action.LOG:
            self._display.stop_log()
            return "the log is closed"
        return None

    # --- a board that went away -----------------------------------------------------------------

    def _await_return(self, name: str, reopen: Callable[[], Link]) -> Link | None:
        """The link to the board that came back; None when the user leaves."""
        self._display.tell(f"{name} is gone; waiting for it, {name_of(self._ours[0])} leaves")
        look = time.monotonic() + RETRY
        while True:
            if isinstance(self._next_key(_until(look)), Leave):
                return None
            if time.monotonic() < look:
                continue
            try:
                link = reopen()
            except _AWAY:
                look = time.monotonic() + RETRY
            else:
                self._display.tell(f"{link.transport.name} is back")
                return link


def name_of(key: bytes) -> str:
    """What a key is called, as Ctrl-]."""
    if len(key) == 1 and key[0] < 32:
        return f"Ctrl-{chr(key[0] + 64)}"
    return key.decode(errors="replace")


def _until(moment: float) -> float:
    return max(0.0, moment - time.monotonic())
