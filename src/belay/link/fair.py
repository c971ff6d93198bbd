"""Taking turns: whoever comes first is first, and a Ctrl-C at any moment leaves nobody waiting for ever.

Python looks for a Ctrl-C whenever a Python function begins, ``__exit__`` among them, so no context manager
that is written in Python is safe from it. Locks of the standard library are: they are entered and left in C.
A ticket therefore holds nothing but such locks, to be used in a ``with`` statement directly.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from belay.exceptions import BelayException
from belay.link.stopping import check_stopped

T = TypeVar("T")


class Ticket:
    """One's place in the queue.

    Use it as ``with ticket.lock, ticket.active: ticket.wait()``; from then on it is one's turn, to the end of
    the block.

    Attributes:
        lock: Held until the turn is over; whoever comes next waits for it.
        active: Held by the same thread; nobody waits for it.
    """

    def __init__(self, queue: Queue) -> None:
        self.lock = threading.Lock()
        self.active = threading.Lock()
        self._queue = queue
        self._before: Ticket | None = None

    def wait(self, timeout: float | None = None) -> None:
        """Join the queue and wait for those who came before.

        Args:
            timeout: Seconds; None waits for ever.

        Raises:
            TimeoutError: It is somebody else's turn.
        """
        self._before = self._queue.join(self)
        end = None if timeout is None else time.monotonic() + timeout
        while self._before is not None:
            _pass(self._before.lock, end)
            # Nobody, unless this one gave up before its turn came.
            self._before = self._before._before


class Queue:
    """Those who wait for their turn, each behind one other."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._last: Ticket | None = None
        self._own = threading.local()

    def ticket(self) -> Ticket:
        """A new ticket for this thread."""
        self._own.ticket = Ticket(self)
        return self._own.ticket  # type: ignore[no-any-return]

    def join(self, ticket: Ticket) -> Ticket | None:
        """Go to the end of the queue.

        Returns:
            Who is before, if anybody.
        """
        with self._mutex:
            # In one step: a Ctrl-C in between would let two have their turns at once.
            ticket._before, self._last = self._last, ticket
        return ticket._before

    def do(self, work: Callable[[], T], timeout: float | None = None) -> T:
        """Do something in one's turn.

        Args:
            work: What to do.
            timeout: Seconds to wait for the turn; None waits for ever.

        Returns:
            What ``work`` returns.

        Raises:
            TimeoutError: It is somebody else's turn.
            BelayException: This thread has its turn already.
            Stopped: Another thread stopped this one.
        """
        if self.mine:
            raise BelayException(
                "a call to a board cannot be made while the output of another one is being handled",
                hint="let the output handler take note of what is to be done, and do it after the call",
            )
        ticket = self.ticket()
        with ticket.lock, ticket.active:
            ticket.wait(timeout)
            check_stopped()
            return work()

    @property
    def latest(self) -> Ticket | None:
        """The ticket of whoever came last, be their turn over or not."""
        return self._last

    @property
    def mine(self) -> bool:
        """Whether the thread that asks has its turn, or waits for it."""
        ticket = getattr(self._own, "ticket", None)
        return ticket is not None and ticket.active.locked()


def _pass(lock: threading.Lock, end: float | None) -> None:
    """Wait until a lock is free."""
    if end is None:
        with lock:
            return
    got: list[bool] = []
    try:
        # In one step in C: a Ctrl-C between the taking and the noting would leave the lock taken for ever.
        got.extend(map(lock.acquire, (True,), (max(0.0, end - time.monotonic()),)))
    finally:
        # Nothing is called before the release: Python looks for a Ctrl-C after each call.
        if got and got[0]:
            lock.release()
    if not got[0]:
        raise TimeoutError("somebody else has the turn")
