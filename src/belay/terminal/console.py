"""What a terminal session needs of this computer's console, and which console there is."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from typing import Protocol

from belay.exceptions import FeatureUnavailableError

_USUAL = 80


class Console(Protocol):
    """A keyboard and what shows text. Keys come as they are pressed, without an echo.

    Attributes:
        shows: Whether the output is a terminal; if not, it gets the board's bytes as they are.
        typed: Whether the input is a terminal.
    """

    shows: bool
    typed: bool

    def read(self, timeout: float | None) -> bytes:
        """Wait for keys.

        Args:
            timeout: Seconds; None waits for ever.

        Returns:
            Their bytes; none if the time is over or :meth:`wake` was called.

        Raises:
            EOFError: There is no more input.
        """
        ...

    def wake(self) -> None:
        """Let :meth:`read` return; from any thread."""
        ...

    def write(self, data: bytes) -> None:
        """Show or write bytes; text is UTF-8.

        Raises:
            OSError: The output is gone.
        """
        ...

    def say(self, text: str) -> None:
        """Tell the user something, on stderr, in a line of its own or as a prompt."""
        ...


def open_console() -> AbstractContextManager[Console]:
    """The console of this process, which is restored at the end of the block, however that is left.

    Raises:
        FeatureUnavailableError: The standard streams are none of the system's, as in a notebook.
    """
    try:
        for stream in (sys.stdin, sys.stdout):
            stream.fileno()
        flush()
    except (OSError, ValueError, AttributeError) as error:
        raise FeatureUnavailableError(
            "there is no console here: standard input or output is no file of the system",
            hint="belay terminal, in a terminal of its own, does the same",
        ) from error
    if sys.platform == "win32":
        from belay.terminal.windows import WindowsConsole

        return WindowsConsole()
    from belay.terminal.posix import PosixConsole

    return PosixConsole()


def dimmed(text: str) -> str:
    """What belay itself says, where colours are wanted: https://no-color.org."""
    plain = os.environ.get("NO_COLOR") or is_dumb() or not text or not sys.stderr.isatty()
    return text if plain else f"\x1b[2m{text}\x1b[0m"


def flush() -> None:
    """Have everything shown that Python was given before."""
    sys.stdout.flush()
    sys.stderr.flush()


def columns() -> int:
    """How wide the terminal is."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def is_dumb() -> bool:
    """Whether the terminal understands no escape sequences."""
    return os.environ.get("TERM", "") == "dumb"
