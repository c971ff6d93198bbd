"""A board behind a TCP port: ``socket://HOST:PORT``, and what other connections over TCP stand on."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from belay.deadline import Deadline
from belay.exceptions import AddressError, ConnectionFailedError
from belay.transports.base import READ_SIZE, Transport
from belay.transports.fd import FdTransport
from belay.transports.threaded import ThreadedTransport

CONNECT_SECONDS = 10.0
"""How long a host may take to accept a connection."""

GOODBYE_SECONDS = 0.25
"""How long closing waits for the last bytes to be taken by the system, where the other side takes none."""

_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPALIVE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""After 10 silent seconds the system asks the other one whether it is there, three times: a board whose power
failed says no goodbye. The names differ: macOS calls the first of them by the second name."""

_UNANSWERED_MS = 25_000
"""After so long without a confirmation of what was sent, the connection is given up (Linux)."""


@dataclass(frozen=True)
class Place:
    """Where a server is.

    Attributes:
        host: Its name or address; an IPv6 address without its brackets.
        port: Its port.
        user: Who is to log in, if the URL says so.
    """

    host: str
    port: int
    user: str | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_place(url: str, *, default_port: int | None, hint: str, with_user: bool = False) -> Place:
    """Understand ``SCHEME://[USER@]HOST[:PORT]``.

    Args:
        url: The address.
        default_port: The port where the URL names none; None if it must.
        hint: What the address should look like.
        with_user: Whether it may name a user.

    Raises:
        AddressError: It names no host (and port), or more.
    """
    shown = _without_login(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(shown, str(error), hint=hint) from error
    if parts.password is not None:
        raise AddressError(
            shown,
            "a password has no place in an address, which is shown in messages and lists of processes",
            hint='give it as password="…", or set BELAY_PASSWORD',
        )
    port = default_port if port is None else port
    if not host or not port:
        needed = "host and port are" if default_port is None else "a host is"
        raise AddressError(shown, f"{needed} needed", hint=hint)
    if parts.path.strip("/") or parts.query or parts.fragment or (parts.username and not with_user):
        raise AddressError(shown, "only host and port are understood", hint=hint)
    return Place(host, port, parts.username)


def _without_login(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{scheme}{separator}…@{place}" if at and ":" in login else url


def connect(name: str, place: Place, *, hint: str = "is the server running?") -> socket.socket:
    """Connect to a TCP port.

    Args:
        name: The address, for messages.
        place: Where to.
        hint: What may help if it cannot be done.

    Raises:
        ConnectionFailedError: No connection could be made.
    """
    try:
        connection = socket.create_connection((place.host, place.port), timeout=CONNECT_SECONDS)
    except (OSError, UnicodeError) as error:
        # UnicodeError is what a name with too long a part is to the encoding of names.
        reason = getattr(error, "strerror", None) or str(error)
        raise ConnectionFailedError(f"{name}: {reason}", hint=hint) from error
    # A command is a few bytes that an answer is waited for: Nagle's algorithm would hold them back.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        _set_if_known(connection, option, value)
    _set_if_known(connection, "TCP_USER_TIMEOUT", _UNANSWERED_MS)
    return connection


def _set_if_known(connection: socket.socket, option: str, value: int) -> None:
    if number := getattr(socket, option, None):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, number, value)


def open_socket(url: str) -> Transport:
    """Connect to ``socket://HOST:PORT``, bytes as they are.

    Raises:
        AddressError: It does not name a host and a port, or names more.
        ConnectionFailedError: No connection could be made.
    """
    place = parse_place(url, default_port=None, hint="socket://HOST:PORT, as socket://192.168.1.7:2000")
    connection = connect(url, place)
    if sys.platform == "win32":
        return TcpStream(connection).transport(url)
    connection.settimeout(None)
    fd = connection.detach()
    return FdTransport(url, fd, fd)


class TcpStream:
    """A TCP connection as a :class:`~belay.transports.threaded.ThreadedTransport` uses it: by two threads.

    Args:
        connection: Owned by the stream from now on.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._all_sent = threading.Event()
        self._deadline: Deadline | None = None
        connection.settimeout(None)

    def receive(self) -> bytes:
        """Wait for bytes; none are the end."""
        self._heed_deadline()
        return self._connection.recv(READ_SIZE)

    def send(self, data: bytes) -> None:
        """Send all of the bytes."""
        self._heed_deadline()
        self._connection.sendall(data)

    def limit(self, deadline: Deadline | None) -> None:
        """Have ``receive`` and ``send`` raise TimeoutError when a deadline is over; None ends that.

        For as long as one thread uses the stream.
        """
        self._deadline = deadline
        self._connection.settimeout(None)

    def _heed_deadline(self) -> None:
        if self._deadline:
            left = self._deadline.remaining
            if left == 0:
                raise TimeoutError("timed out")
            self._connection.settimeout(left)

    def goodbye(self) -> None:
        """All is sent that ever will be; called by the thread that sends."""
        self._all_sent.set()

    def unblock(self) -> None:
        """Have a ``receive`` and a ``send`` that block end, once all is sent or cannot be."""
        self._all_sent.wait(GOODBYE_SECONDS)
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close the connection."""
        self._connection.close()

    def transport(self, name: str) -> ThreadedTransport:
        """A transport of the bytes as they are."""
        return ThreadedTransport(
            name,
            receive=self.receive,
            send=self.send,
            unblock=self.unblock,
            release=self.release,
            send_eof=self.goodbye,
        )
