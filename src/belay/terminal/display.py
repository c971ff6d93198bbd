"""What a terminal session shows: the board's output, what belay says in between, and the log of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from belay.terminal.console import Console, columns
from belay.terminal.screen import Screen

CLEAR = "\r\x1b[K"
"""Begins a line anew."""


class Display:
    """Shows what the board sends, from whichever thread it comes.

    Args:
        console: The user's.
        dim: Makes what belay says tell from what the board says.
    """

    def __init__(self, console: Console, dim: Callable[[str], str]) -> None:
        self._console, self._dim = console, dim
        self._changed = threading.Condition(threading.RLock())
        self._screen = Screen()
        self._held: list[bytes] | None = None
        self._end: BaseException | None = None
        self._log: IO[bytes] | None = None
        self._heard_at = time.monotonic()
        self.heard = 0
        """How many bytes have come so far."""

    # --- what the board sends -------------------------------------------------------------------

    def begin(self) -> None:
        """A board is there."""
        with self._changed:
            self._screen, self._end = Screen(), None

    def take(self, data: bytes) -> None:
        """Show what came.

        Raises:
            OSError: It can be shown or logged no more.
        """
        with self._changed:
            self.heard += len(data)
            self._heard_at = time.monotonic()
            if self._log is not None:
                self._log.write(data)
            if self._held is not None:
                self._held.append(data)
            else:
                self._show(data)
            self._changed.notify_all()

    def end(self, error: BaseException) -> None:
        """Nothing comes any more."""
        with self._changed:
            self._end = error
            self._changed.notify_all()
        self._console.wake()

    def refuse_end(self) -> None:
        """Raise why nothing comes any more, if that is so."""
        if self._end is not None:
            raise self._end

    @contextmanager
    def held(self) -> Iterator[None]:
        """Show what comes in this block at its end."""
        with self._changed:
            self._held = []
        try:
            yield
        finally:
            with self._changed:
                held, self._held = self._held or [], None
                for data in held:
                    self._show(data)

    @property
    def at_prompt(self) -> bool:
        """Whether the board waits at its friendly prompt, of which nothing is typed yet."""
        with self._changed:
            return self._screen.at_prompt

    # --- what others wait for -------------------------------------------------------------------

    def await_turn(self, quiet: float) -> None:
        """Wait until the board shows a prompt of any kind, or is silent for so many seconds.

        Raises:
            ConnectionLost: The board is gone.
        """
        with self._changed:
            while not self._screen.waits and self._end is None and self._await_more(quiet):
                pass
            self.refuse_end()

    def await_echo(self, heard: int, quiet: float, patience: float) -> None:
        """Wait until the board has taken a line, and waits for the next one.

        Args:
            heard: How many bytes have come by then at the least: those before the line, and as many again.
            quiet: Seconds of silence after which it does not echo what it takes.
            patience: Seconds after which it does something else, and talks about it.
        """
        begun = time.monotonic()
        with self._changed:
            while self._end is None and not (self.heard >= heard and self._screen.waits):
                if time.monotonic() - begun > patience or not self._await_more(quiet, begun):
                    return

    def await_prompt(self, heard: int, quiet: float) -> None:
        """Wait until the board has shown its friendly prompt, and nothing behind it, for so many seconds.

        Args:
            heard: How many bytes had come when the board was last told something.
            quiet: Seconds.

        Raises:
            ConnectionLost: The board is gone.
        """
        with self._changed:
            while self._end is None:
                if not self._screen.at_prompt or self.heard <= heard:
                    self._changed.wait()
                elif not self._await_more(quiet):
                    return
            self.refuse_end()

    def await_end(self) -> None:
        """Wait until the board is gone.

        Raises:
            ConnectionLost: It is.
        """
        with self._changed:
            while self._end is None:
                self._changed.wait()
            self.refuse_end()

    def _await_more(self, quiet: float, begun: float = 0.0) -> bool:
        """Whether something comes before there was silence for so many seconds, of those since a moment."""
        left = max(self._heard_at, begun) + quiet - time.monotonic()
        return left > 0 and (self._changed.wait(left) or self._heard_at + quiet > time.monotonic())

    # --- what belay says ------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Say something in lines of its own, before what stands on the board's last line."""
        with self._changed:
            if not self._console.shows:
                self._console.say(f"{text}\n")
                return
            lines = "\r\n".join(self._dim(line) for line in text.splitlines())
            self._console.say(f"{CLEAR}{lines}\r\n")
            self.show_line()

    def show_line(self) -> None:
        """Show again what stands on the board's last line."""
        with self._changed:
            if self._console.shows:
                self._console.write(f"{CLEAR}{self._screen.line}".encode(errors="replace"))

    def close(self) -> None:
        """End the log, and the line on which the board was left."""
        self.stop_log()
        with self._changed:
            if self._console.shows and self._screen.line:
                self._console.write(b"\r\n")

    def ask(self, line: str) -> None:
        """Show a line of the menu in place of the one before; of a long one, its end."""
        with self._changed:
            line = line[1 - columns() :]
            self._console.say(f"{CLEAR}{self._dim(line)}" if self._console.shows else f"\r{line}")

    # --- the log --------------------------------------------------------------------------------

    @property
    def is_logging(self) -> bool:
        """Whether a log is written."""
        return self._log is not None

    def start_log(self, path: str) -> None:
        """Append what the board sends from now on to a file, as it comes.

        Raises:
            OSError: That cannot be.
        """
        log = Path(path).expanduser().open("ab", buffering=0)
        self.stop_log()
        with self._changed:
            self._log = log

    def stop_log(self) -> None:
        """Close the log, if one is written."""
        with self._changed:
            log, self._log = self._log, None
        if log is not None:
            log.close()

    def _show(self, data: bytes) -> None:
        text = self._screen.feed(data)
        self._console.write(text.encode(errors="replace") if self._console.shows else data)
