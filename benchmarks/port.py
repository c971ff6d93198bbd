"""A virtual board on a pty, with a count of what passes."""

from __future__ import annotations

import os
import termios
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
    """A fresh board behind a pty. A context manager; a thread for each direction carries the bytes.

    Args:
        heap: The size of the board's heap, as in ``virtual:?heap=128k``. None for no board: what is sent
            comes back, which tells what the port itself costs.
        fs: Its file system, as in ``virtual:?fs=lfs2:1M``.

    Attributes:
        path: What to open.
        recording: Whether to keep what the host writes.
        sent: The host's writes since the last `reset`, if ``recording``.
    """

    def __init__(self, heap: str | None = "2M", fs: str = "host") -> None:
        self.recording = False
        self._board = None if heap is None else VirtualBoard(VirtualOptions(heap=heap, fs=fs))
        if self._board is None:
            self._board_out, self._board_in = os.pipe()
        else:
            # Duplicates: the board closes its own while a thread still reads.
            self._board_in, self._board_out = os.dup(self._board.stdin_fd), os.dup(self._board.stdout_fd)
        # The slave stays open here: programs may come and go.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._closing = False
        self._last = time.perf_counter()
        self._clear()
        self._threads = [threading.Thread(target=carry) for carry in (self._to_board, self._to_host)]
        for thread in self._threads:
            thread.start()

    def reset(self) -> None:
        """Count from zero again, once the wire is silent. What nobody has read is forgotten."""
        self._wait_for_silence()
        termios.tcflush(self._slave, termios.TCIFLUSH)
        self._clear()

    def traffic(self) -> Traffic:
        """What passed since the last `reset`, once the wire is silent."""
        self._wait_for_silence()
        return Traffic(self._turns, self._out, self._in, self._last - self._first if self._first else 0.0)

    def close(self) -> None:
        self._closing = True
        if self._board:
            self._board.close()
        termios.tcflush(self._slave, termios.TCIFLUSH)
        os.write(self._slave, b"\n")
        to_board, to_host = self._threads
        to_board.join()
        os.close(self._board_in)
        to_host.join()
        for fd in (self._master, self._slave, self._board_out):
            os.close(fd)

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

    # The two threads share no lock, which would cost time in each call: each has counters of its own, and the
    # one flag that both set is set before the bytes go on, so the other side cannot have answered yet.

    def _to_board(self) -> None:
        while True:
            data = os.read(self._master, CHUNK)
            if self._closing:
                return
            self._last = time.perf_counter()
            self._first = self._first or self._last
            self._out += len(data)
            self._wrote = True
            if self.recording:
                self.sent.append(data)
            if not _write(self._board_in, data):
                return

    def _to_host(self) -> None:
        while data := os.read(self._board_out, CHUNK):
            self._last = time.perf_counter()
            self._first = self._first or self._last
            self._in += len(data)
            self._turns += self._wrote
            self._wrote = False
            if not _write(self._master, data):
                return


def _write(fd: int, data: bytes) -> bool:
    """Write all of ``data``; whether there was somebody to take it."""
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:  # the board, or the port, is closed
        return False
    return True
