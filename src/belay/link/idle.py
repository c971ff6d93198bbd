"""Reading while nobody asks: what threads, timers and a main.py that runs on print appears as it comes.

Whoever waits for an answer reads. Only while nobody does, a thread of its own waits in the transport. It does
not keep its turn for that: a call that begins meanwhile sends its request at once, and takes what is read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from belay.exceptions import ConnectionLost
from belay.link.dispatch import report
from belay.link.fair import Queue, Ticket
from belay.link.pace import Pace
from belay.link.wire import Read, Wire

LULL = 0.02
"""Seconds without another call before the idle reader goes on after one. In a burst of calls each reads for
itself, which spares it the switches between threads."""


class IdleReader:
    """Reads while nobody else does, in a thread of its own.

    It ends when the link is lost or closed; who reads next is told why by the transport.

    Args:
        wire: The conversation.
        queue: Where those who talk to the board take turns.
        digest: Called in turn; reads what is there and takes note of it. What it raises is reported.
    """

    def __init__(self, wire: Wire, queue: Queue, digest: Callable[[], None]) -> None:
        self._wire = wire
        self._queue = queue
        self._digest = digest
        self._pace = Pace()
        self._stopped = threading.Event()
        name = f"belay listens to {wire.transport.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End; the transport must have been closed.

        Args:
            timeout: Seconds to wait for the end, unless it is this very thread that asks.
        """
        self._stopped.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _run(self) -> None:
        there = True
        while there:
            ticket = self._queue.ticket()
            with ticket.lock, ticket.active:
                ticket.wait()
                if self._stopped.is_set() or not self._take_in():
                    return
                read = self._wire.foresee()
            there = self._perform(read)
            self._wire.lost |= not there
            self._await_lull(ticket)

    def _take_in(self) -> bool:
        """Take in what came; whether the link is there."""
        try:
            self._digest()
            self._pace.look(self._wire.repl)
            if self._pace.show_at is not None and self._pace.show_at <= time.monotonic():
                self._wire.repl.release()
                self._pace.released()
                self._digest()
        except ConnectionLost:
            return False
        except Exception as error:  # noqa: BLE001 - a handler's, and nobody else is there to be told
            report(error)
        return True

    def _perform(self, read: Read) -> bool:
        """Wait in the transport until something comes, or what is held back is to be shown."""
        at = self._pace.show_at
        there = read.perform(None if at is None else max(0.0, at - time.monotonic()))
        if read.data:
            self._pace.heard()
        return there

    def _await_lull(self, own: Ticket) -> None:
        """Let a burst of calls pass, if one has begun since this thread's last turn."""
        latest: Ticket | None = own
        while latest is not self._queue.latest and not self._stopped.is_set():
            latest = self._queue.latest
            self._stopped.wait(LULL)
