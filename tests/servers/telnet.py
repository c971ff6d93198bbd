"""A telnet server in front of anything that is read and written by descriptors."""

from __future__ import annotations

import os
import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from servers.webrepl import listening

WILL, WONT, DO, DONT, IAC = 251, 252, 253, 254, 255
BINARY, ECHO, SUPPRESS_GO_AHEAD = 0, 1, 3
_ORDER = re.compile(rb"\xff(?:([\xfb-\xfe])(.)|\xff)|\r\0|(?P<rest>\xff[\xfb-\xfe]?\Z|\r\Z)", re.DOTALL)


class TelnetServer:
    """Speaks telnet with one client after the other.

    Args:
        read_fd: What is read here is sent.
        write_fd: What comes is written here.
        login: The user and the password that it asks for, if any.
        offers: What it says at once.
        doubles: Whether a 255 is doubled, as RFC 854 wants it, and undone; else all above 127 is dropped.

    Attributes:
        answers: The verbs and options that came.
    """

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        *,
        login: tuple[str, str] | None = None,
        offers: bytes = bytes((IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, 24)),
        doubles: bool = True,
    ) -> None:
        self._read_fd, self._write_fd = read_fd, write_fd
        self._login = login
        self._offers = offers
        self._doubles = doubles
        self._rest = b""
        self.answers: list[tuple[int, int]] = []

    def serve(self, connection: socket.socket) -> None:
        """Serve a client."""
        with connection, suppress(ConnectionError):
            connection.settimeout(20)
            connection.sendall(self._offers)
            if self._login and not self._let_in(connection):
                return
            self._carry(connection)

    def _let_in(self, connection: socket.socket) -> bool:
        connection.sendall(b"Login as: ")
        user = self._line(connection)
        connection.sendall(b"\r\nPassword: ")
        word = self._line(connection)
        if (user, word) == self._login:
            connection.sendall(b'\r\nLogin succeeded!\r\nType "help()" for more information.\r\n>>> ')
            return True
        connection.sendall(b"\r\nInvalid credentials, try again.\r\nLogin as: ")
        return False

    def _line(self, connection: socket.socket) -> str:
        line = b""
        while not line.endswith(b"\n"):
            data = connection.recv(1)
            if not data:
                raise ConnectionResetError
            line += self._undo(data)
        return line.decode().strip()

    def _carry(self, connection: socket.socket) -> None:
        """Carry bytes both ways until one side ends, in two threads: one direction may have to wait."""
        stop, stopper = os.pipe()
        showing = threading.Thread(target=self._show, args=(connection, stop))
        showing.start()
        try:
            connection.settimeout(None)
            with suppress(OSError):
                while data := connection.recv(65536):
                    plain = self._undo(data)
                    while plain:
                        plain = plain[os.write(self._write_fd, plain) :]
        finally:
            os.close(stopper)
            showing.join()
            os.close(stop)

    def _show(self, connection: socket.socket, stop: int) -> None:
        with suppress(OSError):
            while stop not in select.select([self._read_fd, stop], [], [])[0]:
                data = os.read(self._read_fd, 65536)
                if not data:
                    break
                connection.sendall(data.replace(b"\xff", b"\xff\xff") if self._doubles else data)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def _undo(self, data: bytes) -> bytes:
        """What was meant; an order that is not complete waits for the rest of it."""
        data, self._rest = self._rest + data, b""

        def one(order: re.Match[bytes]) -> bytes:
            if order["rest"]:
                self._rest = order["rest"]
            elif order[1]:
                self.answers.append((order[1][0], order[2][0]))
            return {b"\xff\xff": b"\xff", b"\r\0": b"\r"}.get(order[0], b"")

        plain = _ORDER.sub(one, data)
        return plain if self._doubles else bytes(byte for byte in plain if byte < 128)


@contextmanager
def serving(server: TelnetServer) -> Iterator[str]:
    """A server that listens; its ``HOST:PORT``."""
    with listening(server.serve) as address:
        yield address
