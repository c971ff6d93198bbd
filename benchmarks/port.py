"""A virtual board on a pty, with a count of what passes."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from dataclasses import dataclass
from types import TracebackType

from belay.virtual import VirtualBoard, VirtualOptions

CHUNK = 65536
QUIET = 0.02
"""Seconds without traffic after which the wire counts as silent."""


@dataclass(frozen=True)
class Traffic:
    """What passed.

    Attributes:
        turns: How often the board sent data after the host had: what a link's delay is paid for. The same as
            `belay.transports.trace.CountingTransport` counts.
        bytes_out: Bytes to the board.
        bytes_in: Bytes from the board.
        seconds: From the first byte to the last.
    """

    turns: int
    bytes_out: int
    bytes_in: int
    seconds: float

    @property
    def wire(self) -> int:
        return self.bytes_out + self.bytes_in


class CountedPort:
    """A fresh board behind a pty. A context manager; one thread carries the bytes.

    Args:
        heap: The size of the board's heap, as in ``virtual:?heap=128k``.

    Attributes:
        path: What to open.
        sent: The host's writes since the last `reset`, if ``recording``.
        recording: Whether to keep what the host writes.
    """

    def __init__(self, heap: str = "2M") -> None:
        self.recording = False
        self._board = VirtualBoard(VirtualOptions(heap=heap))
        # The slave stays open here: programs may come and go.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._stop_read, self._stop_write = os.pipe()
        self._lock = threading.Lock()
        self._last = time.perf_counter()
        self._clear()
        self._thread = threading.Thread(target=self._carry, name="counted port")
        self._thread.start()

    def reset(self) -> None:
        """Count from zero again, once the wire is silent."""
        self._wait_for_silence()
        with self._lock:
            self._clear()

    def traffic(self) -> Traffic:
        """What passed since the last `reset`, once the wire is silent."""
        self._wait_for_silence()
        with self._lock:
            return Traffic(self._turns, self._out, self._in, self._last - self._first if self._first else 0.0)

    def close(self) -> None:
        os.write(self._stop_write, b"s")
        self._thread.join()
        for fd in (self._master, self._slave, self._stop_read, self._stop_write):
            os.close(fd)
        self._board.close()

    def __enter__(self) -> CountedPort:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _clear(self) -> None:
        self._turns = self._out = self._in = 0
        self._first = 0.0
        self._wrote = False
        self.sent: list[bytes] = []

    def _wait_for_silence(self) -> None:
        while (wait := self._last + QUIET - time.perf_counter()) > 0:
            time.sleep(wait)

    def _carry(self) -> None:
        host, board_in, board_out = self._master, self._board.stdin_fd, self._board.stdout_fd
        os.set_blocking(board_in, False)
        to_board = to_host = b""
        while True:
            # Nothing more is taken from a side while the other has not taken what came before.
            sources = [self._stop_read, *([] if to_host else [board_out]), *([] if to_board else [host])]
            sinks = [*([board_in] if to_board else []), *([host] if to_host else [])]
            ready, _, _ = select.select(sources, sinks, [])
            if self._stop_read in ready:
                return
            # The board's bytes first: it sent them before it could see what the host writes now.
            if board_out in ready:
                to_host = os.read(board_out, CHUNK)
                self._count_in(to_host)
                if not to_host:
                    return  # dead
            if host in ready:
                to_board = os.read(host, CHUNK)
                self._count_out(to_board)
            to_host = _write(host, to_host)
            to_board = _write(board_in, to_board)

    def _count_in(self, data: bytes) -> None:
        with self._lock:
            self._note_time()
            self._in += len(data)
            self._turns += self._wrote
            self._wrote = False

    def _count_out(self, data: bytes) -> None:
        with self._lock:
            self._note_time()
            self._out += len(data)
            self._wrote = True
            if self.recording:
                self.sent.append(data)

    def _note_time(self) -> None:
        self._last = time.perf_counter()
        self._first = self._first or self._last


def _write(fd: int, data: bytes) -> bytes:
    """Write what fits; what is left."""
    try:
        return data[os.write(fd, data) :] if data else data
    except BlockingIOError:
        return data
