"""Stopping what another thread asks of a board, as Ctrl-C stops what the main thread asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_here = threading.local()


class Stopped(BaseException):
    """What this thread asked of a board was stopped by another thread.

    No error that a program would handle: like KeyboardInterrupt, it brings the board back to its prompt on
    its way.
    """


class Stop:
    """Lets other threads stop what one thread asks of a board.

    :class:`Stopped` is raised in that thread where it waits for the board, or is about to; once, so that the
    board can be brought back to its prompt undisturbed. While the thread does anything else, it goes on.
    """

    def __init__(self) -> None:
        self._requested = False
        self._raised = False
        self._wake: Callable[[], None] | None = None

    def run(self, work: Callable[[], T]) -> T:
        """Do something that can be stopped.

        Raises:
            Stopped: It was.
        """
        _here.stop = self
        try:
            self.check()
            return work()
        finally:
            _here.stop = None

    def request(self) -> None:
        """Have it stopped; at most once."""
        self._requested = True
        if wake := self._wake:
            wake()

    def check(self) -> None:
        """Stop here, if that was requested.

        Raises:
            Stopped: It was, and nothing was stopped yet.
        """
        if self._requested and not self._raised:
            self._raised = True
            raise Stopped("another thread stopped it")

    @property
    def pending(self) -> bool:
        """Whether it can still be stopped: whoever waits must look out for it."""
        return not self._raised

    def watch(self, wake: Callable[[], None] | None) -> None:
        """Have something called when it is requested, in the thread that does; None for nothing."""
        self._wake = wake


def current_stop() -> Stop | None:
    """What may stop this thread, if anything may (still)."""
    stop: Stop | None = getattr(_here, "stop", None)
    return stop if stop is not None and stop.pending else None


def check_stopped() -> None:
    """Stop here, if another thread wants that.

    Raises:
        Stopped: It does.
    """
    stop: Stop | None = getattr(_here, "stop", None)
    if stop is not None:
        stop.check()
