"""Giving a program to the board: as a plain raw command, or by raw paste."""

from __future__ import annotations

from dataclasses import dataclass

from belay.deadline import Deadline
from belay.link.wire import PIECE, Wire, show
from belay.repl import NEED_DATA, Accepted, PasteAborted, PasteRefused, Window

ANSWER_TIMEOUT = 5.0
"""Seconds in which a board takes a command or opens a window."""

PASTE_FROM = 3072
"""From so many bytes on, code is sent by raw paste: a turn a window, but the board compiles while it reads,
and needs no room for the whole. What is shorter, our own functions among it, goes in one turn."""


@dataclass(frozen=True)
class Program:
    """A program and how it is sent.

    Attributes:
        code: Source that the REPL does not take for commands.
        data: What the program reads, sent along with it; then raw paste is not used.
        paste_from: From so many bytes on raw paste is used, where the link has flow control.
    """

    code: bytes
    data: bytes = b""
    paste_from: int = PASTE_FROM


def send(wire: Wire, program: Program) -> None:
    """Give the board a program; returns when it has taken all of it.

    Args:
        wire: The conversation, at the raw prompt.
        program: The program.

    Raises:
        Late: The board did not take it; each step of it has :data:`ANSWER_TIMEOUT`.
        BoardResetError: The board was reset just before.
        ConnectionLost: The link is gone.
    """
    code = program.code
    long = len(code) >= (program.paste_from if wire.transport.flow_control else PIECE)
    if long and not program.data and wire.paste is not False and paste(wire, code):
        return
    wire.write(wire.repl.execute(code) + program.data)
    wire.until(Accepted, Deadline(ANSWER_TIMEOUT), wire.on_idle_output)


def paste(wire: Wire, code: bytes) -> bool:
    """Send code by raw paste, and take note of whether the board knows it.

    Returns:
        Whether it does; else nothing was sent.

    Raises:
        Late: The board did not take it.
        BoardResetError: The board was reset just before.
        ConnectionLost: The link is gone.
    """
    wire.paste = _paste(wire, code)
    return wire.paste


def _paste(wire: Wire, code: bytes) -> bool:
    wire.write(wire.repl.ask_paste())
    room = sent = 0
    while sent < len(code):
        # With room left, only look whether the board gave up; else wait for a window.
        event = wire.poll() if room else wire.event(Deadline(ANSWER_TIMEOUT))
        if event is NEED_DATA:
            piece = code[sent : sent + room]
            wire.write(piece)
            sent += len(piece)
            room -= len(piece)
        elif isinstance(event, Window):
            room += event.size
        elif isinstance(event, PasteRefused):
            return False
        elif isinstance(event, PasteAborted):
            wire.write(wire.repl.paste_end())
            return True
        else:
            show(event, wire.on_idle_output)
    wire.write(wire.repl.paste_end())
    wire.until(Accepted, Deadline(ANSWER_TIMEOUT), wire.on_idle_output)
    return True
