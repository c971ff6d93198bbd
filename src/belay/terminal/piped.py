"""A pipe or a file as the input of a terminal session."""

from __future__ import annotations

from belay.terminal.console import Console
from belay.terminal.display import Display
from belay.terminal.flow import Outgoing

QUIET = 0.25
"""Seconds of silence after which the next line is sent to a board that shows no prompt."""


def follow_pipe(console: Console, display: Display, outgoing: Outgoing) -> None:
    """Type each line when the board waits for one; return with its prompt after the last.

    Of an input without a line, return never: the board is watched until it is gone, or until Ctrl-C.

    Raises:
        ConnectionLost: The board is gone.
    """
    rest = b""
    heard: int | None = None
    while True:
        try:
            rest += console.read(None)
        except EOFError:
            break
        display.refuse_end()
        *lines, rest = rest.split(b"\n")
        for line in lines:
            heard = _type(line.removesuffix(b"\r") + b"\r", display, outgoing)
    if rest:
        # Behind a control character at the end, as Ctrl-D, nobody would press Enter.
        heard = _type(rest if rest[-1] < ord(" ") else rest + b"\r", display, outgoing)
    if heard is None:
        display.await_end()
    else:
        display.await_prompt(heard, QUIET)


def _type(line: bytes, display: Display, outgoing: Outgoing) -> int:
    """Type a line; how many bytes had come before."""
    display.await_turn(QUIET)
    before = display.heard
    outgoing.put(line)
    outgoing.settle()
    # Its echo: the prompt before it is not the one that the next line waits for.
    display.await_echo(before + len(line) + 1, QUIET, QUIET)
    return before
