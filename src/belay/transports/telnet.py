"""Telnet (RFC 854): ``telnet://[USER@]HOST[:PORT]``.

For boards with a telnet server, as the WiPy has one, and for terminal servers with boards on their serial
lines. Of the protocol these are the few bytes that matter for a byte pipe: a 255 is doubled; a carriage
return is followed by a zero as long as the line is not binary (RFC 856); the other side may echo (RFC 857)
and leave out "go ahead" (RFC 858); whatever else it offers or wants is refused.
"""

from __future__ import annotations

import re
import threading

from belay.deadline import Deadline
from belay.exceptions import AuthenticationError, ConnectionLost
from belay.transports.login import Password, await_words, given
from belay.transports.tcp import TcpStream, connect, parse_place
from belay.transports.threaded import ThreadedTransport

PORT = 23
"""Where a telnet server listens if nobody says otherwise."""

LOGIN_SECONDS = 10.0
"""How long each step of a login may take."""

ASKS_SECONDS = 1.0
"""A server that has said nothing for so long asks for no login, if none is expected: a terminal server."""

VERDICT_SECONDS = 3.0
"""A server that has said nothing for so long after the password has let us in: a silent program runs."""

_WILL, _WONT, _DO, _DONT, _IAC = 251, 252, 253, 254, 255
_TOKEN = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.*?\xff\xf0|[^\xfa-\xfe])|\r|[^\xff\r]+", re.DOTALL)
"""A verb and its option, a subnegotiation, another order, a carriage return, or text."""

_LONE_RETURN = re.compile(rb"\r(?!\n)")

_BINARY, _ECHO, _SUPPRESS_GO_AHEAD = 0, 1, 3
_THEIRS = frozenset({_BINARY, _ECHO, _SUPPRESS_GO_AHEAD})
"""Options that the other side may use."""
_OURS = frozenset({_BINARY, _SUPPRESS_GO_AHEAD})
"""Options that this side uses when it is asked to."""

_ASKS_USER = (b"login as:", b"login:", b"username:")
_ASKS_PASSWORD = (b"password:",)
_REFUSES = (b"incorrect", b"invalid", b"denied", b"failed", *_ASKS_USER)
_LETS_IN = (b"succeeded", b">>> ")

_HINT = 'give user="…" and password="…"; the telnet server of MicroPython\'s WiPy comes with micro and python'


def open_telnet(
    url: str, *, user: str | None = None, password: Password = None, name: str | None = None
) -> ThreadedTransport:
    """Connect to a telnet server, and log in if it asks for that.

    Args:
        url: ``telnet://[USER@]HOST[:PORT]``.
        user: Who logs in, if the URL does not say it.
        password: The password, or what returns it when it is asked for.
        name: The address, for messages.

    Raises:
        AddressError: The URL names no host, or more than a user, a host and a port.
        ConnectionFailedError: No connection could be made.
        ConnectionLost: The server has ended the connection.
        AuthenticationError: The server refused the login, or asks for one and none was given.
    """
    name = name or url
    place = parse_place(url, default_port=PORT, hint="telnet://HOST, as telnet://192.168.1.7", with_user=True)
    # An address alone may well be that of a board with WebREPL.
    webrepl = f"WebREPL is ws://{place.host if place.port == PORT else place}"
    hint = f"is a telnet server running there? {webrepl}"
    transport = TelnetTransport(name, TcpStream(connect(name, place, hint=hint)))
    transport.silence_advice = f"is that a telnet server, with MicroPython behind it? {webrepl}."
    try:
        _log_in(transport, user or place.user, password)
    except BaseException:
        transport.close()
        raise
    return transport


class TelnetTransport(ThreadedTransport):
    """Bytes that travel over telnet.

    Nothing is known of how they reach the board behind the server: it has no flow control.

    Args:
        name: The address, for messages.
        stream: The connection, owned from now on.

    Attributes:
        silence_advice: What to ask oneself where no board answers.
    """

    survives_reset = False
    transparent = False
    silence_advice = "is that a telnet server, with MicroPython behind it?"

    def __init__(self, name: str, stream: TcpStream) -> None:
        self._stream = stream
        self._telnet = Telnet()
        super().__init__(
            name,
            receive=self._receive_text,
            send=self._send_text,
            send_eof=stream.goodbye,
            unblock=stream.unblock,
            release=stream.release,
            on_eof=lambda: ConnectionLost(f"{name}: the other side has closed the connection"),
            flow_control=False,
        )

    def _receive_text(self) -> bytes | None:
        data = self._stream.receive()
        if not data:
            return data
        told = self._telnet.decode(data)
        if self._telnet.wants_to_send:
            self.nudge()
        return told or None

    def _send_text(self, data: bytes) -> None:
        if encoded := self._telnet.encode(data):
            self._stream.send(encoded)


def _log_in(transport: ThreadedTransport, user: str | None, password: Password) -> None:
    expected = user is not None or password is not None
    seconds = LOGIN_SECONDS if expected else ASKS_SECONDS
    try:
        asked = await_words(transport, (*_ASKS_USER, *_ASKS_PASSWORD), Deadline(seconds))
        if asked in _ASKS_USER:
            _answer(transport, given(transport.name, user, "a user's name", _HINT))
            asked = await_words(transport, (*_ASKS_PASSWORD, *_REFUSES, *_LETS_IN), Deadline(LOGIN_SECONDS))
    except TimeoutError:
        return
    if asked in _ASKS_PASSWORD:
        asked = _verdict(transport, given(transport.name, password, "a password", _HINT))
    if asked in _REFUSES:
        raise AuthenticationError(f"{transport.name}: the user or the password is wrong", hint=_HINT)


def _verdict(transport: ThreadedTransport, password: str) -> bytes:
    """The word that follows a password; one that lets in if none does, as where a program runs."""
    try:
        _answer(transport, password)
        return await_words(transport, (*_REFUSES, *_LETS_IN), Deadline(VERDICT_SECONDS))
    except TimeoutError:
        return _LETS_IN[0]
    except ConnectionLost:
        return _REFUSES[0]


def _answer(transport: ThreadedTransport, text: str) -> None:
    transport.write(text.encode() + b"\r\n", timeout=LOGIN_SECONDS)


class Telnet:
    """What travels on a telnet connection: one thread decodes, one encodes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies = b""
        self._theirs: set[int] = set()
        self._ours: set[int] = set()
        self._rest = b""
        self._after_return = False

    @property
    def wants_to_send(self) -> bool:
        """Whether there is an answer to an option: :meth:`encode` nothing then."""
        return bool(self._replies)

    def encode(self, data: bytes) -> bytes:
        """What is to be sent for some bytes, behind the answers that are due."""
        with self._lock:
            replies, self._replies = self._replies, b""
            data = data.replace(b"\xff", b"\xff\xff")
            return replies + (data if _BINARY in self._ours else _LONE_RETURN.sub(b"\r\0", data))

    def decode(self, data: bytes) -> bytes:
        """The bytes in what was received; an order that is not complete waits for the rest of it."""
        data, self._rest = self._rest + data, b""
        told, at = bytearray(), 0
        while at < len(data):
            token = _TOKEN.match(data, at)
            if token is None:
                self._rest = data[at:]
                break
            at = token.end()
            told += self._understand(token[0])
        return bytes(told)

    def _understand(self, token: bytes) -> bytes:
        if token[0] != _IAC:
            if self._after_return and token.startswith(b"\0"):
                token = token[1:]
            self._after_return = token == b"\r" and _BINARY not in self._theirs
            return token
        if token[1] == _IAC:
            self._after_return = False
            return b"\xff"
        if _WILL <= token[1] <= _DONT:
            with self._lock:
                self._negotiate(token[1], token[2])
        return b""

    def _negotiate(self, verb: int, option: int) -> None:
        """Answer an offer or a wish, unless nothing changes by it."""
        if verb in (_WILL, _WONT):
            used, allowed, yes, no = self._theirs, _THEIRS, _DO, _DONT
        else:
            used, allowed, yes, no = self._ours, _OURS, _WILL, _WONT
        wanted = verb in (_WILL, _DO)
        if wanted == (option in used):
            return
        agreed = wanted and option in allowed
        (used.add if agreed else used.discard)(option)
        self._replies += bytes((_IAC, yes if agreed else no, option))
