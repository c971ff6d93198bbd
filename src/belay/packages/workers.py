"""Threads that fetch, and that nothing has to wait for at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

_FEW = 4
"""Threads at least, if there is work for them."""
_OWN_WORK = 0.0015
"""Seconds of a call, about, in which a thread does not wait."""

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A pool of threads, as many as it takes to use the time in which others only wait.

    The longer a call lasts, the more of them run at once: next to a server that answers at once, more threads
    would only take the interpreter from each other.

    Unlike those of :class:`concurrent.futures.ThreadPoolExecutor`, they are daemons: after Ctrl-C the program
    ends at once and not when the last server has answered.

    Args:
        count: The most threads; they are started when there is work for them.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0
        self._useful = _FEW
        self._closed = False

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Has a thread call something.

        Raises:
            RuntimeError: The pool is closed.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool of threads is closed")
            self._unfinished += 1
            self._jobs.put((future, lambda: call(*args, **kwargs)))
            self._start_more()
        return future

    def _start_more(self) -> None:
        for _ in range(min(self._count, self._useful, self._unfinished) - self._threads):
            self._threads += 1
            threading.Thread(target=self._work, name="belay-fetch", daemon=True).start()

    def close(self) -> None:
        """Drops what has not begun yet; the threads end after what they are at."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._run(*job)
            # What was done must not be kept alive until the next job comes.
            del job

    def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
        if self._closed:
            future.cancel()
        if not future.set_running_or_notify_cancel():
            self._finished()
            return
        start = time.monotonic()
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever asks for the result
            self._finished(time.monotonic() - start)
            future.set_exception(error)
        else:
            self._finished(time.monotonic() - start)
            future.set_result(result)

    def _finished(self, seconds: float = 0.0) -> None:
        """Says that this thread has time; before the result is told, for its owner may have more to do."""
        with self._lock:
            self._unfinished -= 1
            self._useful = max(_FEW, int(seconds / _OWN_WORK))
            if not self._closed:
                self._start_more()
