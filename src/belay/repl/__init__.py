"""The language of the REPL, pure: events out of bytes, bytes out of commands. No I/O, no clock.

The protocol is MicroPython's raw REPL and its raw-paste mode
(https://docs.micropython.org/en/latest/reference/repl.html#raw-mode-and-raw-paste-mode).
:class:`~belay.repl.raw.RawRepl` holds the rules; :mod:`belay.repl.events` says what can come out of it.
"""

from __future__ import annotations

from belay.repl.control import ENTER_RAW, INTERRUPT, LEAVE_RAW
from belay.repl.events import (
    NEED_DATA,
    Accepted,
    Answer,
    Candidate,
    Chunk,
    Event,
    Finished,
    Frame,
    NeedData,
    Output,
    PasteAborted,
    PasteRefused,
    Prompt,
    Rebooted,
    Torn,
    Window,
)
from belay.repl.raw import RawRepl, State, check_code

__all__ = [
    "ENTER_RAW",
    "INTERRUPT",
    "LEAVE_RAW",
    "NEED_DATA",
    "Accepted",
    "Answer",
    "Candidate",
    "Chunk",
    "Event",
    "Finished",
    "Frame",
    "NeedData",
    "Output",
    "PasteAborted",
    "PasteRefused",
    "Prompt",
    "RawRepl",
    "Rebooted",
    "State",
    "Torn",
    "Window",
    "check_code",
]
