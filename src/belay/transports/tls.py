"""A TCP connection that is encrypted, used by two threads."""

from __future__ import annotations

import socket
import ssl
import threading

from belay.deadline import Deadline
from belay.exceptions import ConnectionFailedError
from belay.transports.base import READ_SIZE
from belay.transports.tcp import TcpStream


class TlsStream(TcpStream):
    """A TCP connection with TLS on it.

    An :class:`ssl.SSLSocket` cannot read in one thread while another one writes. So the encryption is done in
    memory, where nothing waits, and one lock is enough; see "Memory BIO Support" in the documentation of
    :mod:`ssl`.

    Args:
        name: The address, for messages.
        connection: Owned by the stream from now on.
        host: Whose certificate it must be.
        deadline: By when both sides must agree.

    Raises:
        ConnectionFailedError: The certificate is not trusted, or there is no TLS on the other side.
        TimeoutError: The other side does not answer.
    """

    def __init__(self, name: str, connection: socket.socket, host: str, deadline: Deadline) -> None:
        super().__init__(connection)
        self.limit(deadline)
        self._lock = threading.Lock()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # With the certificates that the system trusts, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
        context = ssl.create_default_context()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        try:
            self._shake_hands()
        except ssl.SSLCertVerificationError as error:
            raise ConnectionFailedError(
                f"{name}: its certificate is not trusted: {error.verify_message}",
                hint="SSL_CERT_FILE names a file with the certificate of your own authority",
            ) from error
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionFailedError(
                f"{name}: no TLS: {error}", hint="a board's own WebREPL is not encrypted: ws://"
            ) from error

    def receive(self) -> bytes:
        """Wait for bytes; none are the end."""
        while True:
            try:
                with self._lock:
                    return self._tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                self._take_in()
            except ssl.SSLError:
                # It ended, with or without the goodbye of TLS: what came before has its own ends and checks.
                return b""

    def send(self, data: bytes) -> None:
        """Send all of the bytes."""
        with self._lock:
            if data:
                self._tls.write(data)
            encrypted = self._outgoing.read()
        super().send(encrypted)

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                self.send(b"")
                self._take_in()
            finally:
                # The last words of it, or to the other side why it failed.
                self.send(b"")

    def _take_in(self) -> None:
        data = super().receive()
        with self._lock:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()
