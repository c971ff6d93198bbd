"""WebREPL: ``ws://HOST[:PORT]`` and ``wss://HOST[:PORT]``.

`The board's side <https://github.com/micropython/micropython/blob/master/extmod/modwebrepl.c>`_ asks for a
password, and then is a terminal: what is typed travels in text messages, which MicroPython takes for bytes of
any kind, as it sends them. Binary messages are orders of its own: put a file, get one, say the version.

On ESP boards everything that has come is moved at once into an input ring of 256 bytes, and what does not
fit is lost (https://github.com/micropython/micropython/issues/2497), whatever TCP has promised. So before
more is sent than it holds, the board is asked for the version: the answer says that it has come so far in
reading. Where nobody answers, the transport says that it has no flow control.
"""

from __future__ import annotations

import struct
import threading
import time
from collections import deque

from belay.deadline import Deadline
from belay.exceptions import (
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLost,
    PortBusyError,
)
from belay.transports.login import Password, await_words, given
from belay.transports.tcp import Place, TcpStream, connect, parse_place
from belay.transports.threaded import ThreadedTransport
from belay.transports.websocket import WebSocket

PORT = 8266
"""Where WebREPL listens; the port of https where it is encrypted, since a proxy does that."""

LOGIN_SECONDS = 10.0
"""How long the other side may take to agree to a WebSocket, to ask for the password, and to check it."""

BUSY_SECONDS = 1.0
"""How long it is tried again where somebody else is connected: the last connection may just be ending."""

BUSY_PAUSE = 0.1
"""Seconds between two attempts."""

VERSION_SECONDS = 2.0
"""How long the answer to the first question for the version may take, after the password was taken."""

ROOM = 255
"""Bytes that any board's input ring has room for."""

ASK_AFTER = 127
"""After so many bytes it is asked whether the board has read them: while the answer travels, others do
too."""

MESSAGE = 4096
"""Bytes of a message where the board's input is not to be spared. MicroPython takes up to 65535."""

PUT_MESSAGE = 1024
"""Bytes of a message with a piece of a file. Firmware loses a byte where, of 512 that it wants, only one is
there yet: sent one by one, these fit into a packet of the network each."""

LONGEST_PASSWORD = 9
"""Characters that a board keeps of its password."""

_ASKED = b"password: "
_WELCOME = b"webrepl connected\r\n>>> "
_DENIED = b"access denied"
_NAME_SIZE = 64
_RECORD = struct.Struct(f"<2sBxQLH{_NAME_SIZE}s")
"""An order: the signature, what to do, an unused offset, a size, the length of a name, and the name."""

_PUT = 1
_GET_VERSION = _RECORD.pack(b"WA", 3, 0, 0, 0, b"")
_CONSENT = b"WB\0\0"
"""The answer to other orders, when it is begun and when it is done."""

_BUSY = (
    "WebREPL serves one connection at a time: is a browser or another program connected, or was one just now?"
)
_IS_IT_ON = "is WebREPL running there? boot.py must start it, see import webrepl_setup"


def open_webrepl(url: str, *, password: Password = None) -> WebReplTransport:
    """Connect to a board's WebREPL and log in.

    Args:
        url: ``ws://HOST[:PORT]``, or ``wss://`` with TLS. The certificate is checked against those that the
            system trusts, or against those in the file that the environment variable SSL_CERT_FILE names.
        password: The board's password, or what returns it when the board asks.

    Raises:
        AddressError: The URL names no host, or more than a host and a port.
        ConnectionFailedError: No connection could be made, or there is no WebREPL.
        PortBusyError: Somebody else is connected.
        AuthenticationError: The board refused the password, or asks for one and none was given.
    """
    scheme = url.partition(":")[0].lower()
    hint = f"{scheme}://HOST[:PORT], as {scheme}://192.168.1.7"
    place = parse_place(url, default_port=443 if scheme == "wss" else PORT, hint=hint)
    deadline = Deadline(BUSY_SECONDS)
    while True:
        try:
            return _connected(url, scheme, place, password)
        except PortBusyError:
            # The board may not have heard the goodbye of the last one yet.
            if deadline.expired:
                raise
            time.sleep(BUSY_PAUSE)


def _connected(url: str, scheme: str, place: Place, password: Password) -> WebReplTransport:
    try:
        transport = WebReplTransport(url, _upgraded(url, scheme, place))
    except TimeoutError as error:
        raise ConnectionFailedError(f"{url}: {place} does not answer", hint=_IS_IT_ON) from error
    except (EOFError, ConnectionResetError, BrokenPipeError) as error:
        raise PortBusyError(url, hint=_BUSY) from error
    except OSError as error:
        raise ConnectionFailedError(f"{url}: {error.strerror or error}", hint=_IS_IT_ON) from error
    try:
        transport.log_in(password)
    except BaseException:
        transport.close()
        raise
    return transport


def _upgraded(url: str, scheme: str, place: Place) -> WebSocket:
    connection = connect(url, place, hint=_IS_IT_ON)
    deadline = Deadline(LOGIN_SECONDS)
    try:
        if scheme == "wss":
            from belay.transports.tls import TlsStream

            stream: TcpStream = TlsStream(url, connection, place.host, deadline)
        else:
            stream = TcpStream(connection)
        stream.limit(deadline)
        socket = WebSocket(stream, f"{scheme}://{place}/", url)
        stream.limit(None)
    except BaseException:
        connection.close()
        raise
    return socket


class WebReplTransport(ThreadedTransport):
    """Bytes to and from a board's WebREPL.

    Args:
        name: The address, for messages.
        socket: The WebSocket, which this owns from now on.

    Attributes:
        survives_reset: False: the firmware closes its sockets when its interpreter starts anew.
        transparent: False: a proxy in between may insist on UTF-8.
        firmware: The version of MicroPython that the board says it has, or None.
    """

    survives_reset = False
    transparent = False

    def __init__(self, name: str, socket: WebSocket) -> None:
        self.firmware: tuple[int, ...] | None = None
        self._socket = socket
        self._records: deque[bytes] = deque()
        self._orders: deque[bytes] = deque()
        self._news = threading.Condition()
        self._over = False
        # How many bytes were typed before each question for the version that is not answered, and since.
        self._asked: deque[int] = deque()
        self._unasked = 0
        super().__init__(
            name,
            receive=self._receive_text,
            send=self._send_text,
            send_eof=socket.goodbye,
            unblock=self._unblock,
            release=socket.release,
            on_eof=lambda: ConnectionLost(f"{name}: the board has closed the connection"),
        )

    @property
    def flow_control(self) -> bool:
        """Whether a write of any size waits for the board instead of losing bytes."""
        return self.firmware is not None

    def log_in(self, password: Password) -> None:
        """Give the password when the board asks for it, and find out how its input is to be spared.

        Args:
            password: The password, or what returns it.

        Raises:
            PortBusyError: Somebody else is connected.
            AuthenticationError: The board refuses the password, or asks for one and none is given.
            ConnectionFailedError: There is no WebREPL.
        """
        deadline = Deadline(LOGIN_SECONDS)
        try:
            await_words(self, (_ASKED,), deadline)
        except ConnectionLost as lost:
            raise PortBusyError(self.name, hint=_BUSY) from lost
        except TimeoutError as error:
            raise ConnectionFailedError(f"{self.name} does not ask for a password", hint=_IS_IT_ON) from error
        text = given(self.name, password, "a password", 'give password="…", or set BELAY_PASSWORD')
        # A person may have been asked for it.
        deadline = Deadline(LOGIN_SECONDS)
        try:
            self.write(text.encode() + b"\r", timeout=LOGIN_SECONDS)
            # Whoever is let in is asked at once what flow control depends on.
            self._order(_GET_VERSION)
            word = await_words(self, (_WELCOME, _DENIED), deadline)
        except ConnectionLost:
            # The words may be lost when a connection ends on which not everything was read.
            word = _DENIED
        except TimeoutError as error:
            raise ConnectionFailedError(f"{self.name} does not answer to the password") from error
        if word == _DENIED:
            too_long = f"; a board keeps no more than {LONGEST_PASSWORD} characters of its password"
            hint = (
                f"it is PASS in webrepl_cfg.py on the board{too_long if len(text) > LONGEST_PASSWORD else ''}"
            )
            raise AuthenticationError(f"{self.name}: the password is wrong", hint=hint)
        self.firmware = self._first_version()

    def _first_version(self) -> tuple[int, ...] | None:
        with self._news:
            self._news.wait_for(lambda: self._records or self._over, VERSION_SECONDS)
            return tuple(self._records.popleft()) if self._records else None

    # --- files ----------------------------------------------------------------------------------

    @property
    def longest_path(self) -> int:
        """Bytes of the longest path that fits into a record, where records are answered; else 0."""
        # A zero ends it.
        return _NAME_SIZE - 1 if self.firmware else 0

    def put_file(self, path: str, data: bytes, timeout: float | None = None) -> None:
        """Write a file, past the REPL; see :class:`~belay.transports.base.FilePutter`.

        Raises:
            TimeoutError: It took longer.
            ConnectionLost: The connection has ended, perhaps since the board cannot write there.
        """
        name = path.encode()
        self._records.clear()
        deadline = Deadline(timeout)
        self._order(_RECORD.pack(b"WA", _PUT, 0, len(data), len(name), name))
        self._await_consent(path, deadline)
        self._order(*(data[start : start + PUT_MESSAGE] for start in range(0, len(data), PUT_MESSAGE)))
        self._await_consent(path, deadline)

    def _order(self, *orders: bytes) -> None:
        self._orders.extend(orders)
        self.nudge()

    def _await_consent(self, path: str, deadline: Deadline) -> None:
        with self._news:
            if not self._news.wait_for(lambda: self._records or self._over, deadline.remaining):
                raise TimeoutError(f"{self.name}: the board did not write {path} in time")
            if not self._records or self._records.popleft() != _CONSENT:
                raise ConnectionLost(f"{self.name}: the connection ended when {path} was to be written")

    # --- in the thread that reads -------------------------------------------------------------

    def _receive_text(self) -> bytes | None:
        frames = self._socket.receive()
        if self._socket.wants_to_send:
            self.nudge()
        if frames is None:
            self._end()
            return b""
        text = b"".join(data for binary, data in frames if not binary)
        with self._news:
            for record in (data for binary, data in frames if binary):
                if self._asked:
                    self._asked.popleft()
                else:
                    self._records.append(record)
            self._news.notify_all()
        return text or None

    # --- in the thread that writes ------------------------------------------------------------

    def _send_text(self, data: bytes) -> None:
        if not data:
            while self._orders:
                self._socket.send((True, self._orders.popleft()))
            # What it has to say of its own.
            self._socket.send()
        elif not self.flow_control:
            self._socket.send(
                *((False, data[start : start + MESSAGE]) for start in range(0, len(data), MESSAGE))
            )
            return
        while data:
            room = self._await_room(min(len(data), ASK_AFTER))
            size = len(data) if len(data) <= room else ASK_AFTER
            self._type(data[:size])
            data = data[size:]

    def _type(self, piece: bytes) -> None:
        with self._news:
            self._unasked += len(piece)
            asks = self._unasked >= ASK_AFTER
            if asks:
                self._asked.append(self._unasked)
                self._unasked = 0
        self._socket.send((False, piece), *[(True, _GET_VERSION)] * asks)

    def _await_room(self, size: int) -> int:
        """Wait until the board has room.

        Args:
            size: For how many bytes at least.

        Returns:
            For how many bytes it has room.

        Raises:
            ConnectionAbortedError: The connection ended meanwhile.
        """
        with self._news:
            self._news.wait_for(lambda: self._over or self._room >= size)
            if self._over:
                raise ConnectionAbortedError
            return self._room

    @property
    def _room(self) -> int:
        return ROOM - sum(self._asked) - self._unasked

    def _unblock(self) -> None:
        self._end()
        self._socket.unblock()

    def _end(self) -> None:
        with self._news:
            self._over = True
            self._news.notify_all()
