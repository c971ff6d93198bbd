"""The program's own standard streams and signals: whatever state they are in, no command has to care."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

WIDEST = 100
"""Help texts are no wider than so many characters."""


class Terminated(BaseException):
    """A signal asks the program to end.

    Args:
        number: The signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class NoReader(BaseException):
    """Nobody reads what we write any more. Not an OSError, which click would take for its own."""


def prepare() -> None:
    """Make the standard streams usable, also closed ones and those that cannot encode every character."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # For the program's whole life: a port that is opened must not become its standard output.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123
    for stream in (sys.stdout, sys.stderr):
        lossless = stream.errors == "surrogateescape" and stream.encoding.lower().startswith("utf")
        if isinstance(stream, io.TextIOWrapper) and not lossless:
            stream.reconfigure(errors="backslashreplace")


def columns() -> int:
    """How wide a help text may be, by the environment's COLUMNS or the terminal, and never very wide.

    Click would ask shutil, whose import costs more than the rest of a help text.
    """
    wanted = os.environ.get("COLUMNS", "")
    width = int(wanted) if wanted.isdecimal() else 0
    if not width:
        try:
            width = os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError):
            width = 80
    return max(min(width, WIDEST) - 2, 50)


def forget() -> None:
    """What we write cannot be written: let the rest of it, which Python writes at its end, vanish quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
        except ValueError:
            # It is closed, so nothing will be written.
            continue
    os.close(nowhere)


@contextmanager
def noticing_no_reader() -> Iterator[None]:
    """Raise NoReader where a standard stream lost its reader; a board's connection says ConnectionLost."""
    try:
        yield
    except BrokenPipeError as error:
        raise NoReader from error


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the program as Ctrl-C does: with the board stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated(number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What is ignored stays so: nohup ignores SIGHUP.
    numbers = [n for n in (getattr(signal, name) for name in names) if signal.getsignal(n) == signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in numbers:
            with suppress(ValueError):
                signal.signal(number, signal.SIG_DFL)
