"""The bytes of a terminal session, each way in a thread of its own, so that neither can hold up the other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from belay.exceptions import ConnectionLost
from belay.link import Lent
from belay.terminal.display import Display
from belay.transports.base import READ_SIZE

PIECE = 256
"""Bytes that any port takes at once where there is no flow control."""

ECHO_PATIENCE = 2.0
"""Seconds to wait for the echo of a line before the next one is sent, where there is no flow control."""

ECHO_QUIET = 0.3
"""Seconds of silence after which a line is not echoed at all."""

WRITE_PATIENCE = 5.0
"""Seconds in which the board makes room for what is typed; then the rest of it is dropped."""


class Incoming:
    """Takes what the board sends, until it is stopped or the board is gone.

    Args:
        lent: Where to read.
        take: Gets the bytes, in this thread. What it raises ends the thread.
        end: Called in this thread when it ends by itself, with why.
    """

    def __init__(
        self, lent: Lent, take: Callable[[bytes], None], end: Callable[[BaseException], None]
    ) -> None:
        self._lent, self._take, self._end = lent, take, end
        self._changed = threading.Condition()
        self._paused = self._stopped = False
        self._thread = threading.Thread(
            target=self._run, name=f"belay shows what {lent.name} sends", daemon=True
        )
        self._thread.start()

    def pause(self) -> None:
        """Leave what comes to somebody else from now on."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Take what comes again."""
        with self._changed:
            self._paused = False
            self._changed.notify()

    def stop(self) -> None:
        """Leave what comes to somebody else, for ever. What this still waits for, whoever reads next gets."""
        with self._changed:
            self._paused = self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._is_wanted():
                    return
                read = self._lent.foresee()
            read.perform(None)
            with self._changed:
                if not self._is_wanted():
                    return
                try:
                    self._take(self._lent.read(READ_SIZE, 0))
                except TimeoutError:
                    # Somebody else has got it.
                    continue
                except (ConnectionLost, OSError) as error:
                    self._end(error)
                    return

    def _is_wanted(self) -> bool:
        """Wait for the end of a pause; False if this is to stop."""
        while self._paused and not self._stopped:
            self._changed.wait()
        return not self._stopped


class _Piece(NamedTuple):
    """Something to send, and whether to wait for its echo."""

    data: bytes
    paced: bool


class Outgoing:
    """Sends what is typed, in its order.

    Args:
        lent: Where to write.
        display: Knows what the board has echoed.
        dropped: Called in this thread when the board did not take something, with how many bytes.
    """

    def __init__(self, lent: Lent, display: Display, dropped: Callable[[int], None]) -> None:
        self._lent, self._display, self._dropped = lent, display, dropped
        self._queue: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._idle = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._run, name=f"belay types at {lent.name}", daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> None:
        """Send bytes when what was put before is sent."""
        self._put([_Piece(data, paced=False)])

    def put_lines(self, lines: Sequence[bytes]) -> None:
        """The same with lines; where the port cannot hold them back, each waits for the echo of the last."""
        self._put([_Piece(line, paced=not self._lent.flow_control) for line in lines])

    def drop(self) -> int:
        """Forget what is not sent yet; how many bytes."""
        size = 0
        while True:
            try:
                piece = self._queue.get_nowait()
            except queue.Empty:
                return size
            size += len(piece.data) if piece else 0
            self._done()

    def settle(self) -> None:
        """Wait until everything is sent, or dropped."""
        with self._idle:
            self._idle.wait_for(lambda: not self._waiting)

    def stop(self) -> None:
        """Forget what is not sent yet, and wait for the end of what is being sent."""
        self.drop()
        self._put([None])
        with self._idle:
            self._idle.wait_for(lambda: not self._waiting, WRITE_PATIENCE + ECHO_PATIENCE)

    def _put(self, pieces: Sequence[_Piece | None]) -> None:
        with self._lock:
            self._waiting += len(pieces)
        for piece in pieces:
            self._queue.put(piece)

    def _run(self) -> None:
        while True:
            piece = self._queue.get()
            try:
                if piece is None:
                    return
                self._send(piece)
            except TimeoutError:
                self._dropped((len(piece.data) if piece else 0) + self.drop())
            except ConnectionLost:
                # Whoever reads is told, and says so.
                self.drop()
            finally:
                self._done()

    def _done(self) -> None:
        with self._idle:
            self._waiting -= 1
            self._idle.notify_all()

    def _send(self, piece: _Piece) -> None:
        size = len(piece.data) if self._lent.flow_control else PIECE
        for start in range(0, len(piece.data), size or 1):
            part = piece.data[start : start + size]
            wanted = self._display.heard + len(part)
            self._lent.write(part, timeout=WRITE_PATIENCE)
            if piece.paced:
                # A board's input without flow control is small, and its echo slower than what is sent.
                self._display.await_echo(wanted, ECHO_QUIET, ECHO_PATIENCE)
