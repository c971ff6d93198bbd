"""A board behind a TCP port: ``socket://HOST:PORT``."""

from __future__ import annotations

import contextlib
import socket
import sys
from urllib.parse import urlsplit

from belay.exceptions import AddressError, ConnectionFailedError
from belay.transports.base import READ_SIZE, Transport
from belay.transports.fd import FdTransport
from belay.transports.threaded import ThreadedTransport

CONNECT_SECONDS = 10.0
"""How long a host may take to accept a connection."""


def open_socket(url: str) -> Transport:
    """Connect to ``socket://HOST:PORT``, bytes as they are.

    Raises:
        AddressError: It does not name a host and a port, or names more.
        ConnectionFailedError: No connection could be made.
    """
    host, port = _host_and_port(url)
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConnectionFailedError(f"{url}: {reason}", hint="is the server running?") from error
    # A command is a few bytes that an answer is waited for: Nagle's algorithm would hold them back.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(None)
    if sys.platform == "win32":
        return _threaded(url, connection)
    fd = connection.detach()
    return FdTransport(url, fd, fd)


def _host_and_port(url: str) -> tuple[str, int]:
    hint = "socket://HOST:PORT, as socket://192.168.1.7:2000"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(url, str(error), hint=hint) from error
    if not host or not port:
        raise AddressError(url, "host and port are needed", hint=hint)
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise AddressError(url, "only host and port are understood", hint=hint)
    return host, port


def _threaded(url: str, connection: socket.socket) -> Transport:
    """Speak over a socket where it is no file descriptor."""

    def unblock() -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    return ThreadedTransport(
        url,
        receive=lambda: connection.recv(READ_SIZE),
        send=connection.send,
        unblock=unblock,
        release=connection.close,
    )
