"""A lock that is given in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class FairLock:
    """First come, first served. Python's own locks go to whoever happens to run, often the last holder."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[Turn] = deque()

    def turn(self, timeout: float = -1) -> Turn:
        """Hold the lock in a ``with`` block.

        Args:
            timeout: Seconds to wait for it; -1 waits for ever.
        """
        return Turn(self._mutex, self._queue, timeout)

    @property
    def mine(self) -> bool:
        """Whether the thread that asks holds the lock."""
        with self._mutex:
            return bool(self._queue) and self._queue[0].thread == threading.get_ident()


class Turn:
    """One's place in the queue; the first holds the lock.

    Not a generator's context manager: between ``next`` and the block a Ctrl-C could leave the lock held.

    Args:
        mutex: Guards the queue.
        queue: Who holds the lock and who waits for it.
        timeout: Seconds to wait; -1 waits for ever.
    """

    def __init__(self, mutex: threading.Lock, queue: deque[Turn], timeout: float) -> None:
        self.thread = threading.get_ident()
        self._mutex = mutex
        self._queue = queue
        self._timeout = timeout
        self._come = threading.Lock()
        self._come.acquire()

    def __enter__(self) -> None:
        """Wait for the turn.

        Raises:
            TimeoutError: It did not come in time.
        """
        try:
            with self._mutex:
                self._queue.append(self)
                first = self._queue[0] is self
            if not first and not self._come.acquire(timeout=self._timeout):
                raise TimeoutError("somebody else holds the lock")
        except BaseException:
            self._leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A Ctrl-C may hit anywhere, here too; nobody must wait for ever because of it.
        try:
            self._leave()
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        """Give up the lock, or the place in the queue; a second call does nothing."""
        with self._mutex:
            if self in self._queue:
                self._queue.remove(self)
            if self._queue and self._queue[0]._come.locked():
                self._queue[0]._come.release()
