"""Calling handlers: one after another, in a thread of its own, where they may call the board themselves."""

from __future__ import annotations

import atexit
import queue
import threading
import weakref
from collections.abc import Callable
from typing import TypeVarTuple

Ts = TypeVarTuple("Ts")

CLOSE_TIMEOUT = 1.0
"""Seconds in which :meth:`Dispatcher.close` lets handlers end that were called already."""


class Dispatcher:
    """Calls handlers in the order in which they were posted; the thread is started by the first.

    A handler may take its time, and call the board. What it raises is reported as Python reports what a
    thread raises (:func:`threading.excepthook`), and the next handler is called.
    """

    def __init__(self) -> None:
        self._posted: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def started(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and not self._closed

    def start(self) -> None:
        """Start the thread, if it does not run and this is not closed."""
        with self._mutex:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="belay handlers", daemon=True)
                self._thread.start()
                _started.add(self)

    def post(self, handler: Callable[[*Ts], object], *args: *Ts) -> None:
        """Have a handler called; returns at once. After :meth:`close` it is not called any more."""
        if self._closed:
            return
        self._posted.put(lambda: handler(*args))
        self.start()

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Call what was posted so far, then end; a second call does nothing.

        Args:
            timeout: Seconds to wait for that; a handler that takes longer runs on. A handler that closes its
                own dispatcher does not wait.
        """
        with self._mutex:
            thread = None if self._closed else self._thread
            self._closed = True
        if thread is None:
            return
        self._posted.put(None)
        if threading.current_thread() is not thread:
            thread.join(timeout)

    def _run(self) -> None:
        while (call := self._posted.get()) is not None:
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
                report(error)


def report(error: BaseException) -> None:
    """Tell of an exception that there is nobody to catch, as Python does for threads."""
    args = (type(error), error, error.__traceback__, threading.current_thread())
    threading.excepthook(threading.ExceptHookArgs(args))


_started: weakref.WeakSet[Dispatcher] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """A thread that prints while the interpreter shuts down would end it with a fatal error."""
    for dispatcher in list(_started):
        dispatcher.close()
