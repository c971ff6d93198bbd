"""A virtual board behind a relay that cuts the connection where it is told to; the board goes on."""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
import tty
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from belay.transports.usb import PortInfo
from belay.virtual import VirtualBoard, VirtualOptions

CHUNK = 4096
READER_TIME = 5.0
"""Seconds that the board's output waits for the program to read it."""


@dataclass(frozen=True)
class Cut:
    """When and how a connection ends.

    Attributes:
        after: So many bytes pass in that direction.
        upward: Whether bytes to the board are counted, or those from it.
        abruptly: Whether the other side is told of an error (TCP: RST), or of an end (FIN).
    """

    after: int
    upward: bool
    abruptly: bool = False


@dataclass
class Port:
    """A serial port as the operating system lists it."""

    device: str
    vid: int | None = 0x2E8A
    pid: int | None = 5
    serial_number: str | None = "e6614c311b137637"
    manufacturer: str | None = None
    product: str | None = None
    location: str | None = "1-2:1.0"


class TcpSide:
    """A TCP port for one client at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self._forsaken: list[socket.socket] = []
        self.address = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"

    def ports(self) -> Iterable[PortInfo]:
        """What the operating system lists."""
        return []

    def fileno(self) -> int:
        return (self._client or self._listener).fileno()

    @property
    def connected(self) -> bool:
        return self._client is not None

    def receive(self) -> bytes:
        if self._client is None:
            self._client, _ = self._listener.accept()
            self._client.settimeout(READER_TIME)
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b""
        try:
            data = self._client.recv(CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            self.cut(abruptly=False)
        return data

    def send(self, data: bytes) -> None:
        if self._client:
            try:
                self._client.sendall(data)
            except OSError:
                self.cut(abruptly=False)

    def cut(self, abruptly: bool) -> None:
        if self._client is None:
            return
        if abruptly:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._client.close()
        self._client = None

    def forsake(self) -> None:
        """Hear no more of the client, who is not told, as where a cable is cut far away."""
        if self._client:
            self._forsaken.append(self._client)
            self._client = None

    def close(self) -> None:
        self.cut(abruptly=False)
        for client in self._forsaken:
            client.close()
        self._listener.close()


class PtySide:
    """A pty; a new one, of another name, after each cut."""

    def __init__(self) -> None:
        self._new()

    def _new(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.address = os.ttyname(self._slave)

    def ports(self) -> Iterable[PortInfo]:
        """What the operating system lists."""
        return [Port(self.address)]

    def fileno(self) -> int:
        return self._master

    @property
    def connected(self) -> bool:
        return True

    def receive(self) -> bytes:
        return os.read(self._master, CHUNK)

    def send(self, data: bytes) -> None:
        while data:
            if not select.select([], [self._master], [], READER_TIME)[1]:
                return
            # One that blocked would keep the relay from seeing anything else.
            data = data[os.write(self._master, data[:256]) :]

    def cut(self, abruptly: bool) -> None:
        before = self._master, self._slave
        # In this order, so that the new one cannot have the same name.
        self._new()
        for fd in before:
            os.close(fd)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


class Relay:
    """A board and what carries its bytes.

    Args:
        root: The folder of the board's files.
        way: What the program connects to.
        next_cut: Called at the beginning of each connection that is not spared.

    Attributes:
        side: What the program connects to.
        spare: Whether connections that begin from now on live.
        cuts: How many did not.
    """

    def __init__(
        self,
        root: Path,
        way: Literal["tcp", "pty"] = "tcp",
        next_cut: Callable[[], Cut | None] = lambda: None,
    ) -> None:
        self.spare = True
        self.side: TcpSide | PtySide = TcpSide() if way == "tcp" else PtySide()
        self.cuts = 0
        self._options = VirtualOptions(root=root)
        self._next_cut = next_cut
        self._board = VirtualBoard(self._options)
        self._cut: Cut | None = None
        self._passed = 0
        self._wake, self._waker = os.pipe()
        self._wishes: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._over = False
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    @property
    def board(self) -> VirtualBoard:
        """The board; another one after a power cycle."""
        return self._board

    def cut(self, *, abruptly: bool = False) -> None:
        """End the connection, and return when it is."""
        self._do(lambda: self._end(abruptly))

    def forsake(self) -> None:
        """End the connection without telling the other side."""
        side = self.side
        assert isinstance(side, TcpSide)
        self._do(side.forsake)

    def arm(self, cut: Cut) -> None:
        """Have this connection end, counted from now on; not if it ends anyway, or is spared."""

        def arm() -> None:
            if not self.spare and self._cut is None:
                self._cut, self._passed = cut, 0

        self._do(arm)

    def power_cycle(self, *, deaf: bool = False) -> None:
        """Take the board's power and give it back; the port, that of a bridge, stays.

        Args:
            deaf: Whether what it says while it starts does not arrive.
        """

        def cycle() -> None:
            self._board.close()
            self._board = VirtualBoard(self._options)
            said = b""
            while not said.endswith(b">>> "):
                said += os.read(self._board.stdout_fd, CHUNK)
            if not deaf:
                self.side.send(said)

        self._do(cycle)

    def type(self, data: bytes) -> None:
        """Type something, as another program does that has the same port open."""
        self._do(lambda: self._to_board(data))

    def close(self) -> None:
        """End everything."""
        self._over = True
        os.write(self._waker, b".")
        self._thread.join()
        self.side.close()
        self._board.close()
        os.close(self._wake)
        os.close(self._waker)

    def _do(self, wish: Callable[[], None]) -> None:
        done = threading.Event()

        def fulfil() -> None:
            wish()
            done.set()

        self._wishes.put(fulfil)
        os.write(self._waker, b".")
        assert done.wait(30)

    def _carry(self) -> None:
        while not self._over:
            ready, _, _ = select.select([self._wake, self.side, self._board.stdout_fd], [], [])
            if self._wake in ready:
                os.read(self._wake, 1)
                if not self._over:
                    self._wishes.get()()
                continue
            if self._board.stdout_fd in ready:
                data = os.read(self._board.stdout_fd, CHUNK)
                assert data, "the board died"
                if self.side.connected:
                    self._pass(data, self.side.send, upward=False)
                # The other side may be another one now.
                continue
            if self.side in ready:
                before = self.side.connected
                data = self.side.receive()
                if not before:
                    self._begin()
                elif data:
                    self._pass(data, self._to_board, upward=True)

    def _begin(self) -> None:
        self._cut, self._passed = None if self.spare else self._next_cut(), 0

    def _pass(self, data: bytes, on: Callable[[bytes], None], *, upward: bool) -> None:
        if self._cut is None or self._cut.upward != upward:
            on(data)
            return
        left = self._cut.after - self._passed
        on(data[:left])
        self._passed += len(data)
        if left <= len(data):
            self.cuts += 1
            self._end(self._cut.abruptly)

    def _end(self, abruptly: bool) -> None:
        self.side.cut(abruptly)
        if self.side.connected:
            self._begin()

    def _to_board(self, data: bytes) -> None:
        with suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._board.stdin_fd, data) :]
