"""Waiting for a program: when to show what is held back, and when to ask whether it has ended."""

from __future__ import annotations

import time
from contextlib import suppress

from belay.deadline import Deadline
from belay.link.wire import Late, Wire
from belay.repl import RawRepl

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


class Pace:
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


def await_more(wire: Wire, deadline: Deadline, pace: Pace, until: float | None = None) -> bool:
    """Receive something, or do what is due when nothing comes.

    Args:
        wire: The conversation.
        deadline: By when something must have come.
        pace: What is due when.
        until: When to return at the latest, by the monotonic clock.

    Returns:
        Whether something came.

    Raises:
        ConnectionLost: The link is gone.
    """
    pace.look(wire.repl)
    if pace.ask_at is not None and pace.ask_at <= time.monotonic():
        challenge(wire, deadline, pace)
    elif pace.show_at is not None and pace.show_at <= time.monotonic():
        wire.repl.release()
        pace.released()
    elif wire.receive(deadline.limit_to(pace.show_at, pace.ask_at, until).remaining):
        pace.heard()
        return True
    return False


def challenge(wire: Wire, deadline: Deadline, pace: Pace) -> None:
    """Ask whether the program has ended.

    Raises:
        ConnectionLost: The link is gone.
    """
    # A program that does not read may leave no room; then it has not ended either.
    with suppress(Late):
        wire.challenge(deadline.limit(PROOF))
    pace.asked()
