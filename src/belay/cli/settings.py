"""What the options that all commands share ask for; they may stand before or behind the command's name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, TextIO, TypeVar

import click
from click.core import ParameterSource

from belay.cli.text import legible

F = TypeVar("F", bound=Callable[..., Any])

_COLORS = {"hint": "cyan", "note": "cyan", "warning": "yellow"}
"""Of the words that begin a line of talk."""


@dataclass
class Settings:
    """What the shared options say.

    Attributes:
        verbosity: 0 is usual; above it more is told, below it less.
        color: Whether to colour; None for where a person reads.
        trace: The file for the wire's trace, ``-`` for stderr, or None.
        timeout: Seconds that the code on the board may take; None for as long as it likes.
        user: For connections with a login.
        password: For connections with a login.
        baudrate: Bits per second of a UART.
        reset: Whether connecting starts the board's interpreter anew; None for what the command does usually.
        sources: The text of what was sent to the board, by the name that tracebacks have for it.
    """

    verbosity: int = 0
    color: bool | None = None
    trace: str | None = None
    timeout: float | None = None
    user: str | None = None
    password: str | None = None
    baudrate: int = 115200
    reset: bool | None = None
    sources: dict[str, str] = field(default_factory=dict)

    def colored(self, stream: TextIO) -> bool:
        """Whether to colour what goes to a stream.

        See https://no-color.org and https://force-color.org.
        """
        if self.color is not None:
            return self.color
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and os.environ.get("TERM") != "dumb"

    @cached_property
    def secret(self) -> str | Callable[[], str] | None:
        """The password; where there is none and somebody sits at a terminal, what asks for it when needed."""
        if self.password is not None or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return self.password
        return cache(_ask_password)

    def style(self, text: str, **how: Any) -> str:
        """Text for stderr, coloured if that is wanted."""
        return click.style(text, **how) if self.colored(sys.stderr) else text

    def say(self, text: str, *, at: int = 0) -> None:
        """Talk to the user, on stderr.

        Args:
            text: What to say; a ``hint:``, ``note:`` or ``warning:`` at its beginning is coloured.
            at: From which verbosity on.
        """
        if self.verbosity >= at:
            word, colon, rest = text.partition(":")
            if colon and word in _COLORS:
                text = f"{self.style(f'{word}:', fg=_COLORS[word])}{rest}"
            # Not click.echo: it writes UTF-8 to a terminal that said it knows ASCII only.
            print(legible(text), file=sys.stderr, flush=True)


def examples(*lines: str) -> str:
    """Lines for the end of a command's help, left as they are."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def _ask_password() -> str:
    from getpass import getpass

    return getpass("password of the board: ", sys.stderr)


pass_settings = click.make_pass_decorator(Settings, ensure=True)


def talk_options(function: F) -> F:
    """Add the options of every command."""
    return _add(_TALK, function)


def board_options(function: F) -> F:
    """Add the options of every command, and those of commands that talk to a board."""
    return _add(_TALK + _BOARD, function)


def file_options(function: F, *, fresh: bool | None = None) -> F:
    """Add those of commands for a board's files, whose time is bounded anyway.

    Args:
        function: The command.
        fresh: Whether connecting starts the board's interpreter anew if nobody says otherwise; None for
            where a program has left it little memory.
    """
    board = [(names, more) for names, more in _BOARD if names[0] != _TIMEOUT]
    if fresh is None:
        help_text = (
            "Start the board's interpreter anew when connecting, or never; else if it has little memory."
        )
        going_on = {"default": None, "help": help_text}
        board = [(names, {**more, **going_on} if names[0] == _RESET else more) for names, more in board]
    return _add(_TALK + board, function)


def port_options(function: F) -> F:
    """Add those of commands that say themselves what they start anew, and wait for no code."""
    return _add(
        _TALK + [(names, more) for names, more in _BOARD if names[0] not in (_TIMEOUT, _RESET)], function
    )


def group_options(function: F) -> F:
    """Add all of them, as they may stand before the command's name; its help shows those of every command."""
    return _add(_TALK + [(names, {**more, "hidden": True}) for names, more in _BOARD], function)


def _add(options: list[tuple[tuple[str, ...], dict[str, Any]]], function: F) -> F:
    for names, more in reversed(options):
        function = click.option(*names, expose_value=False, callback=_note, **more)(function)
    return function


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    settings = ctx.ensure_object(Settings)
    name = str(param.name)
    source = ctx.get_parameter_source(name)
    if name in ("verbose", "quiet"):
        settings.verbosity += value if name == "verbose" else -value
    elif source is ParameterSource.ENVIRONMENT:
        # What was written on the command line counts for more, also before the command's name.
        setattr(settings, name, getattr(settings, name) or value)
    elif source is not ParameterSource.DEFAULT:
        setattr(settings, name, value)


_TALK: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("-v", "--verbose"), {"count": True, "help": "Tell more; twice: a Python traceback with each error."}),
    (("-q", "--quiet"), {"count": True, "help": "Tell only of errors."}),
    (
        ("--color/--no-color",),
        {
            "default": None,
            "help": "Colour, or none; else as NO_COLOR and FORCE_COLOR say, or if a terminal shows it.",
        },
    ),
]

_TIMEOUT, _RESET = "--timeout", "--reset/--no-reset"

_BOARD: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (
        (_TIMEOUT,),
        {
            "type": click.FloatRange(min=0, min_open=True),
            "metavar": "SECONDS",
            "help": "Stop the code on the board after so long; without it, it may take for ever.",
        },
    ),
    (
        ("--baudrate",),
        {"type": click.IntRange(min=1), "metavar": "N", "help": "Of a UART; 115200 if not given."},
    ),
    (("--user",), {"metavar": "NAME", "help": "For connections with a login."}),
    (
        ("--password",),
        {
            "metavar": "TEXT",
            "envvar": "BELAY_PASSWORD",
            "help": "For connections with a login; better as BELAY_PASSWORD, which other users cannot see.",
        },
    ),
    (
        (_RESET,),
        {"default": True, "help": "Start the board's interpreter anew when connecting; it is the default."},
    ),
    (
        ("--trace",),
        {
            "type": click.Path(dir_okay=False, allow_dash=True),
            "metavar": "FILE",
            "help": "Write what passes over the wire to a file (- is stderr): for bug reports.",
        },
    ),
]

BOARD_OPTIONS = tuple(names[0].lstrip("-").partition("/")[0] for names, _ in _BOARD)
"""The names of the options that are for boards only."""
