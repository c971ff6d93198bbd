"""The thread in which a device is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from belay.exceptions import ConnectionLost
from belay.link import Stop

T = TypeVar("T")


def _nothing() -> None:
    """Do nothing, in turn."""


class Worker:
    """Does one thing after the other in a thread of its own, for tasks that wait for it.

    Args:
        name: The thread's.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._ended = False

    def soon(self, work: Callable[[], T]) -> Future[T]:
        """Do something when its turn comes.

        Raises:
            ConnectionLost: The worker has ended.
        """
        if self._ended:
            raise ConnectionLost("the device is closed", hint="make a new AsyncDevice")
        return self._executor.submit(work)

    async def do(self, work: Callable[[], T]) -> T:
        """Do something when its turn comes, and wait for it.

        A task that is cancelled meanwhile stops it, as Ctrl-C would, and goes on once the board is at its
        prompt; one that is cancelled again does not wait for that. What was not begun does not run.

        Args:
            work: What to do.

        Returns:
            What ``work`` returns; what it raises is raised.

        Raises:
            ConnectionLost: The worker has ended.
        """
        stop = Stop()
        job = self.soon(lambda: stop.run(work))
        future = _awaitable(job)
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            if not job.cancel():
                stop.request()
                await asyncio.wait([future])
            raise
        return future.result()

    async def end(self, work: Callable[[], object] | None) -> None:
        """Take nothing more, do a last thing, and end the thread; a second call does nothing.

        The last thing is not stopped: a task that is cancelled waits for it; one that is cancelled again
        does not.

        Args:
            work: The last thing, if there is one; what it raises is raised.
        """
        if self._ended:
            return
        self._ended = True
        future = _awaitable(self._executor.submit(work or _nothing))
        self._executor.shutdown(wait=False)
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise
        # It has nothing more to do.
        self._executor.shutdown(wait=True)
        future.result()


def _awaitable(job: Future[T]) -> asyncio.Future[T]:
    future = asyncio.wrap_future(job)
    # Else asyncio would complain of what nobody waits for any more.
    future.add_done_callback(_look_at)
    return future


def _look_at(future: asyncio.Future[T]) -> None:
    """Take note of what became of something."""
    if not future.cancelled():
        future.exception()
