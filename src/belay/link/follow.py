"""Following a program that runs, to its end."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from belay.deadline import Deadline
from belay.link.wire import Late, OutputHandler, Wire, show
from belay.repl import NEED_DATA, Candidate, Finished, Frame, RawRepl, Rebooted

QUIET = 0.25
"""After so many silent seconds a program's output is shown even if it may be the end of it."""

PROOF = 1.0
"""Seconds in which a prompt that is there answers; what was held back for the answer is shown then."""

ASK_AGAIN = 0.5
"""Seconds after which a possible end is asked about (again): the program may have read the challenge as its
input."""

FREE_QUESTIONS = 5
"""So many challenges may go out in that rhythm: they fit into any board's input together. After them each
waits three times as long as the one before: a program that does not read must not find its input full."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Attributes:
        frame: The body of the last frame that it answered with, or None.
        error: The text of an uncaught exception, as the REPL printed it, or empty.
        rebooted: Whether the board started anew; everything defined on it is gone.
    """

    frame: bytes | None = None
    error: bytes = b""
    rebooted: bool = False


def follow(wire: Wire, deadline: Deadline, on_output: OutputHandler | None) -> Outcome:
    """Wait for the end of the program that runs.

    Args:
        wire: The conversation.
        deadline: By when it must have ended.
        on_output: Gets what it prints, as it comes.

    Raises:
        Late: It goes on.
        ConnectionLost: The link is gone.
    """
    pace = _Pace()
    frame = None
    rebooted = late = False
    while True:
        event = wire.repl.next_event()
        if event is NEED_DATA:
            if late:
                raise Late
            # Once more after the end of the time: the answer may have been there all along.
            late = deadline.expired
            _await(wire, deadline, pace)
        elif isinstance(event, Finished):
            return Outcome(frame, event.error, rebooted)
        elif isinstance(event, Frame):
            frame = event.body
        elif isinstance(event, Rebooted):
            rebooted = True
        elif isinstance(event, Candidate):
            _challenge(wire, deadline, pace)
        else:
            show(event, on_output)


def _await(wire: Wire, deadline: Deadline, pace: _Pace) -> None:
    """Receive something, or do what is due when nothing comes."""
    pace.look(wire.repl)
    if pace.ask_at is not None and pace.ask_at <= time.monotonic():
        _challenge(wire, deadline, pace)
    elif pace.show_at is not None and pace.show_at <= time.monotonic():
        wire.repl.release()
        pace.released()
    elif wire.receive(deadline.limit_to(pace.show_at, pace.ask_at).remaining):
        pace.heard()


def _challenge(wire: Wire, deadline: Deadline, pace: _Pace) -> None:
    # A program that does not read may leave no room; then it has not ended either.
    with suppress(Late):
        wire.challenge(deadline.limit(PROOF))
    pace.asked()


class _Pace:
    """When to show what is held back, and when to ask whether the program has ended.

    Attributes:
        show_at: When to show what is held back, by the monotonic clock; None if nothing is.
        ask_at: When to send a challenge; None if there is no reason.
    """

    def __init__(self) -> None:
        self.show_at: float | None = None
        self.ask_at: float | None = None
        self._heard = time.monotonic()
        self._held: float | None = None
        self._doubted: float | None = None
        self._asked: float | None = None
        self._pause = ASK_AGAIN
        self._free = FREE_QUESTIONS

    def look(self, repl: RawRepl) -> None:
        """Decide anew; to be called when all events are read."""
        now = time.monotonic()
        self._held = (self._held or now) if repl.holding else None
        self._doubted = (self._doubted or now) if repl.doubtful else None
        self.show_at = self._show_at()
        self.ask_at = None if self._doubted is None else (self._asked or self._doubted) + self._pause

    def _show_at(self) -> float | None:
        if self._held is None:
            return None
        awaited = self._asked is not None and (self._doubted is not None or self._asked >= self._held)
        return self._held + PROOF if awaited else self._heard + QUIET

    def heard(self) -> None:
        """Something was received."""
        self._heard = time.monotonic()

    def released(self) -> None:
        """What was held back was shown."""
        self._held = None

    def asked(self) -> None:
        """A challenge was sent."""
        self._free -= 1
        if self._free < 0:
            self._pause *= 3
        self._asked = time.monotonic()
        self._doubted = None
