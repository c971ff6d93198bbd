"""A transport over calls that block: for what the system cannot wait for together with a deadline."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

from belay.exceptions import ConnectionLost
from belay.transports.base import READ_SIZE

_JOIN_SECONDS = 5.0
"""How long close waits for a thread to leave the system call that ``unblock`` should have ended."""

_SLICE = 0.2 if sys.platform == "win32" else threading.TIMEOUT_MAX
"""Seconds of one wait. On Windows a wait for a lock keeps Ctrl-C out until it ends."""


class ThreadedTransport:
    """Bytes through blocking calls, each direction in a thread of its own.

    For Windows, whose pipes cannot be polled, for pyserial's ports without a descriptor, and for connections
    on which bytes travel in another form, which a Ctrl-C must not leave half written or half read. A board
    that prints while it is being written to cannot block: its output is always taken in.

    Args:
        name: The address, for messages.
        receive: Blocks for at least one byte and returns it; None means that nothing came yet, ``b""`` or
            OSError that the other side is gone.
        send: Writes some of the bytes and returns how many, or all of them and returns None; OSError means
            that the other side is gone. It gets no bytes only after :meth:`nudge`.
        unblock: Makes a ``receive`` and a ``send`` that block return or raise soon; called once, by close,
            after the last write was handed over or given up.
        release: Called once, when both threads have left.
        send_eof: Called by the thread that sends, when it has sent all that it ever will.
        on_eof: Words the loss when the other side is gone; may be called more than once.
        flow_control: See :class:`~belay.transports.base.Transport`.
    """

    survives_reset = True
    transparent = True

    def __init__(
        self,
        name: str,
        *,
        receive: Callable[[], bytes | None],
        send: Callable[[bytes], int | None],
        unblock: Callable[[], None],
        release: Callable[[], None],
        send_eof: Callable[[], None] | None = None,
        on_eof: Callable[[], ConnectionLost] | None = None,
        flow_control: bool = True,
    ) -> None:
        self._name = name
        self._flow_control = flow_control
        self._receive = receive
        self._send = send
        self._unblock = unblock
        self._release = release
        self._send_eof = send_eof
        self._on_eof = on_eof
        self._buffer: deque[bytes] = deque()
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unsent = 0
        # Entered as itself, in C: a Ctrl-C while a condition is entered leaves it locked for all others.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._eof = False
        self._closed = False
        self._threads = [
            threading.Thread(target=target, name=f"belay {what} {name}", daemon=True)
            for what, target in (("reads", self._read_all), ("writes", self._write_all))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def name(self) -> str:
        """The address, for messages."""
        return self._name

    @property
    def flow_control(self) -> bool:
        """Whether a write of any size waits for the board instead of losing bytes."""
        return self._flow_control

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        """Read what is there, waiting for the first byte.

        Args:
            max_bytes: At most so many bytes.
            timeout: Seconds to wait for the first byte; None waits for ever, 0 does not wait.

        Returns:
            At least one byte.

        Raises:
            TimeoutError: Nothing came in time.
            ConnectionLost: The other side is gone, or this one was closed.
        """
        if max_bytes < 1:
            raise ValueError(f"max_bytes must be at least 1, not {max_bytes}")
        with self._lock:
            self._check_open()
            if not self._wait_until(lambda: bool(self._buffer or self._eof), timeout):
                raise TimeoutError(f"{self._name}: nothing came within {timeout} s")
            if not self._buffer:
                raise self._loss()
            chunk = self._buffer[0]
            if len(chunk) <= max_bytes:
                return self._buffer.popleft()
            self._buffer[0] = chunk[max_bytes:]
            return chunk[:max_bytes]

    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Write all of ``data``.

        Args:
            data: The bytes. Those that a TimeoutError left over are still sent when the board takes them:
                a blocking call cannot be taken back.
            timeout: Seconds for the whole write; None waits for ever.

        Raises:
            TimeoutError: The board did not take all of it in time.
            ConnectionLost: The other side is gone, or this one was closed.
        """
        with self._lock:
            self._check_open()
            if self._eof:
                raise self._loss()
            if data:
                self._unsent += len(data)
                self._outgoing.put(bytes(data))
            if not self._wait_until(lambda: not self._unsent or self._eof, timeout):
                raise TimeoutError(f"{self._name}: the board did not take all bytes within {timeout} s")
            if self._unsent:
                raise self._loss()

    def unread(self, data: bytes) -> None:
        """Give back bytes that were read: the next read returns them."""
        with self._lock:
            if data:
                self._buffer.appendleft(data)
                self._changed.notify_all()

    def nudge(self) -> None:
        """Have ``send`` called with nothing, by its thread: what is below has something of its own to say."""
        self._outgoing.put(b"")

    def close(self) -> None:
        """End both threads and release what is below. Never raises; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._outgoing.put(None)
        self._unblock()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_JOIN_SECONDS)
        self._release()

    def _wait_until(self, predicate: Callable[[], bool], timeout: float | None) -> bool:
        """Wait with the lock held; False when the time is up, ConnectionLost when closed meanwhile."""
        deadline = None if timeout is None else monotonic() + timeout
        while not predicate():
            left = _SLICE if deadline is None else deadline - monotonic()
            if left <= 0:
                return False
            self._changed.wait(min(left, _SLICE))
            self._check_open()
        return True

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectionLost(f"{self._name} was closed")

    def _loss(self) -> ConnectionLost:
        if self._on_eof is not None:
            return self._on_eof()
        return ConnectionLost(f"{self._name}: the connection is gone")

    def _read_all(self) -> None:
        try:
            while not self._closed and (chunk := self._receive()) != b"":
                if chunk is None:
                    continue
                with self._lock:
                    self._buffer.append(chunk)
                    self._changed.notify_all()
        except (OSError, ValueError):
            # ValueError is what a closed file object says. Either way the other side is gone.
            pass
        finally:
            self._note_eof()

    def _write_all(self) -> None:
        try:
            while (data := self._outgoing.get()) is not None:
                if not data:
                    self._send(data)
                while data:
                    count = self._send(data)
                    sent = len(data) if count is None else count
                    data = data[sent:]
                    with self._lock:
                        self._unsent -= sent
                        self._changed.notify_all()
        except (OSError, ValueError):
            self._note_eof()
        finally:
            if self._send_eof is not None:
                with contextlib.suppress(OSError):
                    self._send_eof()

    def _note_eof(self) -> None:
        with self._lock:
            self._eof = True
            self._changed.notify_all()
