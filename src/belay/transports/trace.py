"""Transports around a transport: one writes down what passes, one counts it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import TextIO

from belay.transports.base import READ_SIZE, Transport


class TracedTransport:
    r"""Writes a line for each read and write, for bug reports; changes nothing.

    A line is the seconds since the start, the direction (``>`` to the board, ``<`` from it, ``!`` an error),
    and the bytes as Python writes them::

           0.001203 > b'\r\x03'
           0.002916 < b'\r\n>>> '
           1.003120 ! read TimeoutError: virtual:: nothing came within 1.0 s

    Args:
        inner: The transport to watch; closed with this one.
        sink: Where the lines go; flushed after each, left open. When it fails, tracing ends and the
            traffic goes on.
        clock: Seconds.
    """

    def __init__(self, inner: Transport, sink: TextIO, *, clock: Callable[[], float] = monotonic) -> None:
        self.inner = inner
        self._sink: TextIO | None = sink
        self._clock = clock
        self._start = clock()
        self._lock = threading.Lock()
        self._note("-", f"{inner.name} flow_control={inner.flow_control}")

    @property
    def name(self) -> str:
        """The address, for messages."""
        return self.inner.name

    @property
    def flow_control(self) -> bool:
        """Whether a write of any size waits for the board instead of losing bytes."""
        return self.inner.flow_control

    @property
    def survives_reset(self) -> bool:
        """Whether the connection is still there when the board's interpreter was started anew."""
        return self.inner.survives_reset

    @property
    def transparent(self) -> bool:
        """Whether bytes of every value surely arrive as they are."""
        return self.inner.transparent

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        """Read as the transport within does, and write it down.

        The arguments are those of :meth:`belay.transports.base.Transport.read`.
        """
        try:
            data = self.inner.read(max_bytes, timeout)
        except BaseException as error:
            self._note_error("read", error)
            raise
        self._note("<", repr(data))
        return data

    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Write as the transport within does; written down before, so that the order is that of the wire.

        The arguments are those of :meth:`belay.transports.base.Transport.write`.
        """
        self._note(">", repr(bytes(data)))
        try:
            self.inner.write(data, timeout)
        except BaseException as error:
            self._note_error("write", error)
            raise

    def close(self) -> None:
        """Close the transport within, and write it down."""
        self._note("-", "close")
        self.inner.close()

    def _note_error(self, doing: str, error: BaseException) -> None:
        self._note("!", f"{doing} {type(error).__name__}: {error}")

    def _note(self, mark: str, text: str) -> None:
        line = " ".join(text.splitlines())
        with self._lock:
            if self._sink is None:
                return
            try:
                self._sink.write(f"{self._clock() - self._start:11.6f} {mark} {line}\n")
                self._sink.flush()
            except (OSError, ValueError):
                # A full disk, a closed file: a trace must not cost the connection.
                self._sink = None


class CountingTransport:
    """Counts what passes; changes nothing.

    Args:
        inner: The transport to watch; closed with this one.

    Attributes:
        writes: How many writes there were.
        bytes_out: How many bytes were written.
        bytes_in: How many bytes were read.
        turns: How often a read yielded data after a write: what a link's delay is paid for.
    """

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.writes: int
        self.bytes_out: int
        self.bytes_in: int
        self.turns: int
        self.reset()

    def reset(self) -> None:
        """Count from zero again."""
        self.writes = self.bytes_out = self.bytes_in = self.turns = 0
        self._wrote = False

    @property
    def name(self) -> str:
        """The address, for messages."""
        return self.inner.name

    @property
    def flow_control(self) -> bool:
        """Whether a write of any size waits for the board instead of losing bytes."""
        return self.inner.flow_control

    @property
    def survives_reset(self) -> bool:
        """Whether the connection is still there when the board's interpreter was started anew."""
        return self.inner.survives_reset

    @property
    def transparent(self) -> bool:
        """Whether bytes of every value surely arrive as they are."""
        return self.inner.transparent

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        """Read as the transport within does, and count it.

        The arguments are those of :meth:`belay.transports.base.Transport.read`.
        """
        data = self.inner.read(max_bytes, timeout)
        self.bytes_in += len(data)
        self.turns += self._wrote
        self._wrote = False
        return data

    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Write as the transport within does, and count it.

        The arguments are those of :meth:`belay.transports.base.Transport.write`.
        """
        # Before: the answer may be read in another thread before this one goes on.
        self.writes += 1
        self.bytes_out += len(data)
        self._wrote = True
        self.inner.write(data, timeout)

    def close(self) -> None:
        """Close the transport within."""
        self.inner.close()
