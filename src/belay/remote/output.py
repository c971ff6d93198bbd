"""What a board prints, as text."""

from __future__ import annotations

import atexit
import codecs
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Protocol

from belay.link import Dispatcher

PATIENCE = 1.0
"""Seconds to wait for another thread that writes what came earlier. Where the stream is one that calls the
board, it may itself wait for this one."""


class TextStream(Protocol):
    """Something to print to, as ``sys.stdout``."""

    def write(self, text: str, /) -> object:
        """Take text.

        Args:
            text: Some of it, not necessarily a line.
        """
        ...

    def flush(self) -> object:
        """Show it."""
        ...


class TextOutput:
    """Takes a board's output as bytes and writes it as text, as it comes.

    A board may cut a character or a line end in two, and print what is no UTF-8 at all: such bytes become
    U+FFFD. A board's text streams end lines with CRLF, which becomes a plain newline.

    Args:
        stream: Where to write; None for what ``sys.stdout`` is at that moment.
        before: Called before anything is written.
    """

    def __init__(self, stream: TextStream | None = None, *, before: Callable[[], None] | None = None) -> None:
        self._stream = stream
        self._before = before
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._return = ""

    def __call__(self, data: bytes) -> None:
        """Write what ``data`` completes."""
        if self._before:
            self._before()
        self._write(self._decoder.decode(data))

    def finish(self) -> None:
        """Write what is left of an unfinished character or line end."""
        self._write(self._decoder.decode(b"", final=True), final=True)

    def _write(self, text: str, *, final: bool = False) -> None:
        text = self._return + text
        self._return = ""
        if text.endswith("\r") and not final:
            text, self._return = text[:-1], "\r"
        text = text.replace("\r\n", "\n")
        stream = sys.stdout if self._stream is None else self._stream
        # A windowed program on Windows has no standard output.
        if text and stream is not None:
            stream.write(text)
            stream.flush()


class IdleOutput:
    """Takes what a board prints while nothing is asked of it, in the thread that reads.

    Once the dispatcher runs, it is written there, so that a stream that blocks keeps nobody from reading.
    Calls write it too, before their own output (:meth:`flush`): what came first is shown first.

    Args:
        dispatcher: Calls handlers, once it was started; until then what comes is written at once.
        stream: Where to write; None for what ``sys.stdout`` is at that moment.
    """

    def __init__(self, dispatcher: Dispatcher, stream: TextStream | None = None) -> None:
        self._dispatcher = dispatcher
        self._output = TextOutput(stream)
        self._waiting: deque[bytes] = deque()
        self._writing = threading.RLock()
        self._ended = False
        _outputs.add(self)

    def __call__(self, data: bytes) -> None:
        """Take what was printed."""
        if self._ended:
            return
        self._waiting.append(data)
        if self._dispatcher.started:
            self._dispatcher.post(self.flush)
        else:
            self.flush()

    @property
    def waiting(self) -> bool:
        """Whether something was not written yet."""
        return bool(self._waiting)

    def flush(self) -> None:
        """Write what was not written yet; wait for another thread that is doing so."""
        got: list[bool] = []
        try:
            # In one step in C, so that a Ctrl-C cannot leave the lock taken.
            got.extend(map(self._writing.acquire, (True,), (PATIENCE,)))
            while self._waiting and not self._ended:
                self._output(self._waiting.popleft())
        finally:
            if got and got[0]:
                self._writing.release()

    def end(self) -> None:
        """Write what is there, and nothing more from now on."""
        # It is not released: whoever waits for it finds that this has ended.
        if self._writing.acquire(timeout=PATIENCE):
            for _ in range(len(self._waiting)):
                self._output(self._waiting.popleft())
        self._ended = True


_outputs: weakref.WeakSet[IdleOutput] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """A thread that writes while the interpreter shuts down would end it with a fatal error."""
    for output in list(_outputs):
        output.end()
