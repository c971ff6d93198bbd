"""A transport over POSIX file descriptors: pipes, ptys, serial ports, sockets."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from operator import call
from time import monotonic

from belay.exceptions import ConnectionLost
from belay.transports.base import READ_SIZE

_GONE = frozenset({errno.EIO, errno.EPIPE, errno.ECONNRESET, errno.ENXIO, errno.ENODEV, errno.EBADF})
"""What the kernel says of a port whose other side is gone; a pulled USB plug is EIO, ENXIO or ENODEV."""

_LONGEST_WAIT = 3600.0
"""Seconds that one system call waits at the most; poll takes a C int of milliseconds."""

_LEAVE_SECONDS = 5.0
"""How long close waits for other threads to leave; they do so at once, unless the machine is stuck."""


class _Visit:
    """One call that uses the descriptors.

    Its lock is held for as long as that lasts, by a ``with`` statement directly: it is taken and released in
    C, so that a KeyboardInterrupt at any moment leaves it as it should be.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread = threading.get_ident()


class FdTransport:
    """Bytes through one or two file descriptors, which it owns from now on, also when this raises.

    Args:
        name: The address, for messages.
        read_fd: Where the board's bytes come from.
        write_fd: Where bytes to the board go; may be the same descriptor.
        flow_control: See :class:`~belay.transports.base.Transport`.
        on_eof: Words the loss when the other side is gone; may be called more than once.
        on_close: Called once, after the descriptors were closed; must not raise.
    """

    survives_reset = True
    transparent = True

    def __init__(
        self,
        name: str,
        read_fd: int,
        write_fd: int,
        *,
        flow_control: bool = True,
        on_eof: Callable[[], ConnectionLost] | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._name = name
        self._flow_control = flow_control
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._on_eof = on_eof
        # What has come and was not yet read; an empty one is the end.
        self._buffer: deque[bytes] = deque()
        self._reading = threading.Lock()
        # Entered as itself, in C: a Ctrl-C while a condition is entered leaves it locked for all others.
        self._lock = threading.RLock()
        # Those whose lock is not held are over; an interrupt may leave one here.
        self._visits: list[_Visit] = []
        self._closed = False
        self._releasing = threading.RLock()
        to_close = {read_fd, write_fd}
        last = [] if on_close is None else [on_close]
        # An iterator is how each is done once, whoever gets to it: see _do.
        self._release = iter([*map(_closing, to_close), *last])
        try:
            os.set_blocking(read_fd, False)
            os.set_blocking(write_fd, False)
            # Its write end is closed by close(): that makes the read end ready for every thread, for ever.
            self._wake_fd, waker_fd = os.pipe()
        except BaseException:
            _do(self._release)
            raise
        self._release = iter([*map(_closing, to_close | {self._wake_fd}), *last])
        self._wake = iter([_closing(waker_fd)])
        # Made once: most of what a read costs would be the making. Used by whoever holds _reading.
        self._input = None if sys.platform == "darwin" else select.poll()
        if self._input:
            self._input.register(read_fd, select.POLLIN)
            self._input.register(self._wake_fd, select.POLLIN)

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
        deadline = _deadline(timeout)
        visit = _Visit()
        try:
            with visit.lock, self._reading:
                self._begin(visit)
                while not self._buffer:
                    if self._wait_for_input(deadline):
                        self._receive(max_bytes)
                    elif _expired(deadline):
                        raise TimeoutError(f"{self._name}: nothing came within {timeout} s")
                if not self._buffer[0]:
                    raise self._loss()
                return self._take(max_bytes)
        finally:
            self._end(visit)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Write all of ``data``.

        A board that prints while it is being written to may stop reading until its own output has
        gone; if that output had nowhere to go, both sides would wait for ever. So a write that has to
        wait takes in what the board sends, and the next reads return it.

        Args:
            data: The bytes.
            timeout: Seconds for the whole write; None waits for ever.

        Raises:
            TimeoutError: The board did not take all of it in time.
            ConnectionLost: The other side is gone, or this one was closed.
        """
        deadline = _deadline(timeout)
        left = memoryview(data)
        visit = _Visit()
        try:
            with visit.lock:
                self._begin(visit)
                while left:
                    left = left[self._send(left) :]
                    if left:
                        self._wait_to_send(deadline, timeout)
        finally:
            self._end(visit)

    def close(self) -> None:
        """Release the descriptors. Never raises; a second call does nothing.

        A read or a write that waits in another thread ends with ConnectionLost first, so that no thread
        is left with the number of a descriptor that may by then be another file's.
        """
        self._closed = True
        _do(self._wake)
        deadline = monotonic() + _LEAVE_SECONDS
        for visit in list(self._visits):
            # Woken, the others leave at once. A signal handler may close the transport in the middle of a
            # read of its own thread; that read releases the descriptors when it ends.
            if visit.thread != threading.get_ident() and visit.lock.acquire(
                timeout=max(0.0, deadline - monotonic())
            ):
                visit.lock.release()
        if not self._used_by(threading.get_ident()):
            self._release_all()

    def _begin(self, visit: _Visit) -> None:
        """Count this call among those that use the descriptors; it holds its lock already."""
        self._visits.append(visit)
        # Asked after that: whoever closes from now on sees the visit.
        if self._closed:
            raise self._closed_here()

    def _end(self, visit: _Visit) -> None:
        """Forget a call that has released its lock."""
        with contextlib.suppress(ValueError):  # it did not come as far as being counted
            self._visits.remove(visit)
        if self._closed and not self._used_by(None):
            self._release_all()

    def _used_by(self, thread: int | None) -> bool:
        """Whether a thread uses the descriptors, or any thread."""
        return any(visit.lock.locked() for visit in list(self._visits) if thread in (None, visit.thread))

    def _release_all(self) -> None:
        # Others wait for whoever does it, so that all is done when close returns.
        with self._releasing:
            _do(self._release)

    def _wait_for_input(self, deadline: float | None) -> bool:
        """Wait for bytes, for the deadline, or for close; whether there are bytes, or the end of them."""
        if self._input is None:
            return bool(self._wait([self._read_fd], [], deadline)[0])
        events = self._input.poll(_milliseconds(_seconds_until(deadline)))
        if self._closed:
            raise self._closed_here()
        return self._read_fd in dict(events)

    def _wait(
        self, readers: list[int], writers: list[int], deadline: float | None
    ) -> tuple[list[int], list[int]]:
        """Wait for one of the descriptors, for the deadline, or for close."""
        readable, writable = wait_ready([*readers, self._wake_fd], writers, _seconds_until(deadline))
        if self._closed:
            raise self._closed_here()
        return [fd for fd in readable if fd != self._wake_fd], writable

    def _receive(self, max_bytes: int) -> None:
        """Move what has come into the buffer; the caller holds ``_reading``."""
        try:
            # One call into C from the kernel to the buffer: a KeyboardInterrupt between the end of
            # os.read and the storing of its result would lose the bytes.
            self._buffer.extend(map(os.read, (self._read_fd,), (max_bytes,)))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if error.errno not in _GONE:
                raise self._loss() from error
            self._buffer.append(b"")

    def _take(self, max_bytes: int) -> bytes:
        chunk = self._buffer[0]
        if len(chunk) <= max_bytes:
            return self._buffer.popleft()
        self._buffer[0] = chunk[max_bytes:]
        return chunk[:max_bytes]

    def _send(self, data: memoryview) -> int:
        try:
            return os.write(self._write_fd, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise self._loss() from error

    def _wait_to_send(self, deadline: float | None, timeout: float | None) -> None:
        """Wait until the board takes more, taking in what it sends meanwhile."""
        if self._buffer and not self._buffer[-1]:
            # A pty's master would go on taking bytes that nobody reads, and then block for ever.
            raise self._loss()
        readable, writable = self._wait([self._read_fd], [self._write_fd], deadline)
        # A thread that holds the lock waits in read() for these very bytes and is about to take them;
        # taking them from under it would leave it waiting.
        if readable and self._reading.acquire(blocking=False):
            try:
                self._receive(READ_SIZE)
            finally:
                self._reading.release()
        if not writable and _expired(deadline):
            raise TimeoutError(f"{self._name}: the board did not take all bytes within {timeout} s")

    def _loss(self) -> ConnectionLost:
        if self._on_eof is not None:
            return self._on_eof()
        return ConnectionLost(f"{self._name}: the connection is gone")

    def _closed_here(self) -> ConnectionLost:
        return ConnectionLost(f"{self._name} was closed")


def _closing(fd: int) -> Callable[[], None]:
    """What closes a descriptor, and does not mind if that fails."""
    return partial(os.closerange, fd, fd + 1)


def _do(deeds: Iterable[Callable[[], None]]) -> None:
    """Do what an iterator has left to do.

    In one call into C, from taking a deed to doing it: a KeyboardInterrupt in between would lose it, and
    another one after it would have it done twice, to a number that is by then another file's.
    """
    deque(map(call, deeds), maxlen=0)


def wait_ready(
    readers: list[int], writers: list[int], seconds: float, *, by_select: bool = sys.platform == "darwin"
) -> tuple[list[int], list[int]]:
    """Wait until a descriptor is ready, closed by its other side, or broken.

    Args:
        readers: Descriptors to read from.
        writers: Descriptors to write to.
        seconds: How long to wait.
        by_select: Use select, which knows descriptors below 1024 only, instead of poll: poll(2) of
            macOS lists "does not support devices" among its bugs.

    Returns:
        Those of each list with which something can be done now, be it to learn that they are broken.
    """
    if by_select:
        readable, writable, _ = select.select(readers, writers, [], seconds)
        return readable, writable
    poll = select.poll()
    for fd in {*readers, *writers}:
        wanted = (select.POLLIN if fd in readers else 0) | (select.POLLOUT if fd in writers else 0)
        poll.register(fd, wanted)
    events = dict(poll.poll(_milliseconds(seconds)))
    broken = select.POLLERR | select.POLLHUP | select.POLLNVAL
    return (
        [fd for fd in readers if events.get(fd, 0) & (select.POLLIN | broken)],
        [fd for fd in writers if events.get(fd, 0) & (select.POLLOUT | broken)],
    )


def _milliseconds(seconds: float) -> int:
    # Upwards: a wait that ends a fraction early would make the caller spin.
    return -int(-seconds * 1000 // 1)


def _seconds_until(deadline: float | None) -> float:
    return _LONGEST_WAIT if deadline is None else min(max(deadline - monotonic(), 0), _LONGEST_WAIT)


def _deadline(timeout: float | None) -> float | None:
    return None if timeout is None else monotonic() + timeout


def _expired(deadline: float | None) -> bool:
    return deadline is not None and monotonic() >= deadline
