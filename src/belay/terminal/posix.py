"""The console of Linux, macOS and their like."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

from belay.terminal.console import is_dumb
from belay.terminal.keys import BRACKETS_OFF, BRACKETS_ON

_CHUNK = 65536
_RESTORE = BRACKETS_OFF + b"\x1b[0m\x1b[?25h"
"""No more brackets around pastes; the usual colour, and a cursor, whatever a program on the board left."""


class PosixConsole:
    """The standard streams, the input in raw mode if it is a terminal.

    SIGTERM and SIGHUP, where nobody handles them, restore the terminal before they end the process; after a
    stop (SIGTSTP from outside; Ctrl-Z is the board's) SIGCONT makes it raw again.
    """

    def __init__(self) -> None:
        self._in, self._out = sys.stdin.fileno(), sys.stdout.fileno()
        self.typed, self.shows = os.isatty(self._in), os.isatty(self._out)
        self._escapes = self.typed and self.shows and not is_dumb()
        self._before: list[Any] | None = None
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        try:
            if self.typed:
                self._before = termios.tcgetattr(self._in)
                self._handle_signals()
                self._make_raw()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def read(self, timeout: float | None) -> bytes:
        """Wait for keys, the end of the input (EOFError), :meth:`wake`, or the end of the time."""
        readable, _, _ = select.select([self._in, self._wake_read], [], [], timeout)
        if self._wake_read in readable:
            os.read(self._wake_read, _CHUNK)
        if self._in not in readable:
            return b""
        try:
            data = os.read(self._in, _CHUNK)
        except OSError as error:
            # A terminal that was closed.
            raise EOFError from error
        if not data:
            raise EOFError
        return data

    def wake(self) -> None:
        """Let :meth:`read` return."""
        with suppress(BlockingIOError):
            os.write(self._wake_write, b"w")

    def write(self, data: bytes) -> None:
        """Write all of it."""
        while data:
            try:
                data = data[os.write(self._out, data) :]
            except BlockingIOError:
                # Whoever made the terminal may not want it to block.
                select.select([], [self._out], [])

    def say(self, text: str) -> None:
        """Tell the user something."""
        sys.stderr.write(text)
        sys.stderr.flush()

    def _make_raw(self) -> None:
        assert self._before is not None
        raw: list[Any] = [list(part) if isinstance(part, list) else part for part in self._before]
        raw[0] &= ~(
            termios.BRKINT
            | termios.IGNBRK
            | termios.PARMRK
            | termios.ISTRIP
            | termios.INLCR
            | termios.IGNCR
            | termios.ICRNL
            | termios.IXON
            | termios.INPCK
        )
        raw[1] &= ~termios.OPOST
        raw[2] = raw[2] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
        raw[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
        raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
        # Not TCSAFLUSH: what was typed already is meant.
        termios.tcsetattr(self._in, termios.TCSADRAIN, raw)
        if self._escapes:
            self.write(BRACKETS_ON)

    def _restore(self) -> None:
        if self._before is None:
            return
        with suppress(OSError):
            if self._escapes:
                self.write(_RESTORE)
        with suppress(OSError, termios.error):
            termios.tcsetattr(self._in, termios.TCSADRAIN, self._before)

    def _handle_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for name, handler in (("SIGTERM", self._end), ("SIGHUP", self._end), ("SIGCONT", self._go_on)):
            number = getattr(signal, name)
            if signal.getsignal(number) is signal.SIG_DFL:
                self._handlers[number] = signal.signal(number, handler)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._restore()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def _go_on(self, _number: int, _frame: FrameType | None) -> None:
        # A shell may have put a job that goes on into the background, where this would stop it again.
        with suppress(OSError, termios.error):
            if os.tcgetpgrp(self._in) == os.getpgrp():
                self._make_raw()
