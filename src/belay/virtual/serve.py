"""A virtual board for other programs: on a pty, on a TCP port, or by WebREPL."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Protocol

from belay.virtual.board import VirtualBoard
from belay.virtual.options import VirtualOptions

_CHUNK = 65536
_READER_TIME = 0.5
"""Seconds that output waits for a reader; then it is dropped, as a board's USB port does."""
_VERDICT_TIME = 2.0


def default_service() -> Literal["pty", "tcp"]:
    """What a board is best served on here: TCP where there are no ptys."""
    return "tcp" if sys.platform == "win32" else "pty"


def serve_pty(options: VirtualOptions, on_ready: Callable[[str], None], link: Path | None = None) -> None:
    """Serve a board on a pty until SIGINT or SIGTERM.

    Args:
        options: How to make the board.
        on_ready: Called with the path to open, once it can be opened.
        link: Where to put a symbolic link to the pty, whose name is another one each time. A link that is
            there is replaced.

    Raises:
        BoardCrashedError: The board died.
        FeatureUnavailableError: There is no MicroPython to run here.
        FileExistsError: ``link`` is there and is no link.
    """
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(_stop_signal())
        board = stack.enter_context(VirtualBoard(options))
        port = stack.enter_context(contextlib.closing(_PtyPort()))
        if link is not None:
            stack.enter_context(_link(link, port.path))
        on_ready(str(link) if link is not None else port.path)
        _carry(board, port, stop)


def serve_tcp(options: VirtualOptions, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve a board on a TCP port until SIGINT or SIGTERM, to one client after the other.

    The board keeps running between two clients.

    Args:
        options: How to make the board.
        host: The address to listen on.
        port: The port to listen on; 0 takes any that is free.
        on_ready: Called with ``HOST:PORT``, once it can be connected to.

    Raises:
        BoardCrashedError: The board died.
        FeatureUnavailableError: There is no MicroPython to run here.
        OSError: The port cannot be had.
    """
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(_stop_signal())
        listener = stack.enter_context(contextlib.closing(_TcpPort(host, port)))
        board = stack.enter_context(VirtualBoard(options))
        on_ready(listener.address)
        _carry(board, listener, stop)


def serve_webrepl(
    options: VirtualOptions, host: str, port: int, password: str, on_ready: Callable[[str], None]
) -> None:
    """Serve a board by WebREPL until SIGINT or SIGTERM, to one client at a time.

    The board keeps running between two clients. When it starts anew, its client loses the connection, as over
    WiFi.

    Args:
        options: How to make the board.
        host: The address to listen on.
        port: The port to listen on; 0 takes any that is free.
        password: What a client must say, at most nine bytes.
        on_ready: Called with ``HOST:PORT``, once it can be connected to.

    Raises:
        BoardCrashedError: The board died.
        FeatureUnavailableError: There is no MicroPython to run here.
        ValueError: The password is empty or too long, or the files lie where no server can write them.
        OSError: The port cannot be had.
    """
    if options.fs != "host":
        raise ValueError("WebREPL needs the files in a folder of the host")
    from belay.virtual.webrepl import WebReplServer

    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(_stop_signal())
        listener = stack.enter_context(contextlib.closing(socket.create_server((host, port))))
        board = stack.enter_context(VirtualBoard(options))
        server = WebReplServer(listener, board.stdin_fd, board.stdout_fd, password=password, files=board.root)
        stack.callback(server.close)
        on_ready(server.address)
        if not server.run(stop):
            raise board.death(_VERDICT_TIME)


class _Port(Protocol):
    """Where the other program is."""

    def fileno(self) -> int:
        """What becomes readable when there is something to receive."""

    def receive(self) -> bytes:
        """What came; nothing when a client came or went."""

    def send(self, data: bytes) -> None:
        """Send, or drop what nobody reads."""


def _carry(board: VirtualBoard, port: _Port, stop: int) -> None:
    """Carry bytes both ways until ``stop`` is readable."""
    os.set_blocking(board.stdin_fd, False)
    to_board = b""
    while True:
        poller = select.poll()
        poller.register(stop, select.POLLIN)
        poller.register(board.stdout_fd, select.POLLIN)
        if to_board:
            poller.register(board.stdin_fd, select.POLLOUT)
        else:
            poller.register(port.fileno(), select.POLLIN)
        ready = {fd for fd, _ in poller.poll()}
        if stop in ready:
            return
        if board.stdout_fd in ready:
            data = os.read(board.stdout_fd, _CHUNK)
            if not data:
                raise board.death(_VERDICT_TIME)
            port.send(data)
        if not to_board and port.fileno() in ready:
            to_board = port.receive()
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # a dead board's output says so
            while to_board:
                to_board = to_board[os.write(board.stdin_fd, to_board) :]


class _Outlet:
    """The way out to a reader that may not read."""

    def __init__(self) -> None:
        self._deserted = False

    def send(self, fd: int, data: bytes) -> None:
        """Write without blocking; give up on a reader that takes nothing for a while."""
        while data:
            try:
                data = data[os.write(fd, data) :]
                self._deserted = False
            except BlockingIOError:
                if self._deserted or not self._writable(fd):
                    self._deserted = True
                    return

    def _writable(self, fd: int) -> bool:
        poller = select.poll()
        poller.register(fd, select.POLLOUT)
        return bool(poller.poll(_READER_TIME * 1000))


class _PtyPort:
    """A pty in raw mode, whose slave end is kept open: clients may come and go.

    Attributes:
        path: What to open.
    """

    def __init__(self) -> None:
        import tty  # not on Windows

        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._outlet = _Outlet()

    def fileno(self) -> int:
        return self._master

    def receive(self) -> bytes:
        return os.read(self._master, _CHUNK)

    def send(self, data: bytes) -> None:
        self._outlet.send(self._master, data)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


class _TcpPort:
    """A listening socket or, while there is one, its only client.

    Attributes:
        address: ``HOST:PORT``.
    """

    def __init__(self, host: str, port: int) -> None:
        self._listener = socket.create_server((host, port))
        name = self._listener.getsockname()
        self.address = f"{name[0]}:{name[1]}"
        self._client: socket.socket | None = None
        self._outlet = _Outlet()

    def fileno(self) -> int:
        return (self._client or self._listener).fileno()

    def receive(self) -> bytes:
        if self._client is None:
            self._client, _ = self._listener.accept()
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client.setblocking(False)
            return b""
        try:
            data = self._client.recv(_CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            self._leave()
        return data

    def send(self, data: bytes) -> None:
        if self._client is None:
            return
        try:
            self._outlet.send(self._client.fileno(), data)
        except ConnectionError:
            self._leave()

    def close(self) -> None:
        self._leave()
        self._listener.close()

    def _leave(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


@contextlib.contextmanager
def _link(link: Path, target: str) -> Iterator[None]:
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if link.readlink() == Path(target):  # not the link of a server that came after us
                link.unlink()


@contextlib.contextmanager
def _stop_signal() -> Iterator[int]:
    """A file descriptor that becomes readable at SIGINT or SIGTERM; only the main thread gets signals."""
    read, write = os.pipe()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda *_: os.write(write, b"s"))
    try:
        yield read
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)
