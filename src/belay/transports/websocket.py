"""A WebSocket (RFC 6455) over a stream, used by two threads; the library ``websockets`` knows the protocol.

`MicroPython's side <https://github.com/micropython/micropython/blob/master/extmod/modwebsocket.c>`_ decides
how it is used: no extensions, no message in several frames or of 64 KiB and more, and **no ping and no
reason for the end**: it takes the content of such a frame for data.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidState, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from belay.exceptions import ConnectionFailedError
from belay.transports.tcp import TcpStream

_QUIET = logging.Logger("belay.websocket", logging.CRITICAL)
"""``websockets`` logs each frame at the level DEBUG, with the password in one of them."""


class WebSocket:
    """The client's side of a WebSocket.

    Args:
        stream: The bytes; connected.
        url: ``ws://HOST:PORT/`` or ``wss://…``.
        name: The address, for messages.

    Raises:
        ConnectionFailedError: The other side does not agree.
        EOFError: It ended the connection at once.
        TimeoutError: It does not answer.
    """

    def __init__(self, stream: TcpStream, url: str, name: str) -> None:
        self._stream = stream
        self._protocol = ClientProtocol(parse_uri(url), max_size=None, logger=_QUIET)
        self._lock = threading.Lock()
        self._opcode = Opcode.TEXT
        self._early: list[object] = []
        self._heard = False
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        try:
            self._await_response()
        except InvalidStatus as error:
            answer = f"{error.response.status_code} {error.response.reason_phrase}"
            raise ConnectionFailedError(f"{name}: no WebSocket there, but {answer}") from error
        except (InvalidHandshake, ValueError) as error:  # before websockets 15 also what it stems from
            raise ConnectionFailedError(f"{name}: no WebSocket there: {error}") from error

    def receive(self) -> list[tuple[bool, bytes]] | None:
        """Wait for frames.

        Returns:
            Of each whether it is binary, and its data, which may be of any kind also where it is text;
            None at the end. The list may be empty.
        """
        events, self._early = self._early, []
        if not events and not self._has_ended:
            events = self._await_events()
        frames = list(self._data_of(events))
        # What came with the end is read first.
        return None if not frames and self._has_ended else frames

    @property
    def _has_ended(self) -> bool:
        return self._protocol.state is not State.OPEN or self._protocol.close_rcvd is not None

    @property
    def wants_to_send(self) -> bool:
        """Whether it has something to say of its own, as the answer to a ping: :meth:`send` nothing then."""
        return bool(self._protocol.writes)

    def send(self, *messages: tuple[bool, bytes]) -> None:
        """Send messages, each whether it is binary and its data, in one piece.

        Raises:
            OSError: The connection has ended.
        """
        try:
            with self._lock:
                for binary, data in messages:
                    (self._protocol.send_binary if binary else self._protocol.send_text)(data)
        except InvalidState as error:
            raise ConnectionAbortedError(str(error)) from error
        self._flush()

    def goodbye(self) -> None:
        """Say that this is the end; called by the thread that sends."""
        try:
            with contextlib.suppress(OSError), self._lock:
                if self._protocol.state is State.OPEN:
                    self._protocol.send_close()
            with contextlib.suppress(OSError):
                self._flush()
        finally:
            self._stream.goodbye()

    def unblock(self) -> None:
        """Have a ``receive`` and a ``send`` that block end."""
        self._stream.unblock()

    def release(self) -> None:
        """Close what is below."""
        self._stream.release()

    def _await_response(self) -> None:
        while self._protocol.state is State.CONNECTING:
            self._early += self._await_events()
            if not self._heard:
                raise EOFError
            if self._protocol.handshake_exc:
                raise self._protocol.handshake_exc
        self._early = [event for event in self._early if not isinstance(event, Response)]

    def _await_events(self) -> list[object]:
        data = self._stream.receive()
        self._heard |= bool(data)
        with self._lock:
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            return list(self._protocol.events_received())

    def _data_of(self, events: list[object]) -> Iterator[tuple[bool, bytes]]:
        for event in events:
            if not isinstance(event, Frame) or event.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                continue
            if event.opcode is not Opcode.CONT:
                self._opcode = event.opcode
            yield self._opcode is Opcode.BINARY, bytes(event.data)

    def _flush(self) -> None:
        with self._lock:
            data = b"".join(self._protocol.data_to_send())
        if data:
            self._stream.send(data)
