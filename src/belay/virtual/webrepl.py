"""A board behind WebREPL: what MicroPython's own server does, in front of a virtual board's terminal.

The firmware of the virtual board has no network and so no WebREPL; this is written after `its source
<https://github.com/micropython/micropython/blob/master/extmod/modwebrepl.c>`_ and what starts it (webrepl.py
in micropython-lib): the password, one connection at a time, the REPL in text messages of any bytes, orders
for files in binary ones, and the end of the connection when the board starts anew.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import time
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

PUT: Final = 1
GET: Final = 2
GET_VERSION: Final = 3

RECORD: Final = struct.Struct("<2sBxQLH64s")
"""What an order begins with: signature, what to do, offset (not used), size, length of the name, name."""

LONGEST_PASSWORD: Final = 9
VERSION: Final = bytes((1, 28, 0))

_CHUNK = 65536
_AT_ONCE = 256 * 1024
"""So many bytes wait for the client before the board's output waits too."""

_GET_CHUNK = 256


class WebReplServer:
    """Serves a board's terminal, in the thread that calls :meth:`run`.

    Args:
        listener: The listening socket, owned by the server from now on.
        to_board: The descriptor to which the board's input is written.
        from_board: The descriptor from which the board's output is read.
        password: What it asks for, at most nine bytes.
        files: The folder of the board's files; None if it has none for this server.
        away: Seconds for which nobody can connect after the board was started anew.

    Raises:
        ValueError: The password is too long, or empty.

    Attributes:
        address: ``HOST:PORT``.
        restarts: How often the board was started anew.
        most_in_flight: The most bytes that were typed without a sign that the board has read them.
    """

    def __init__(
        self,
        listener: socket.socket,
        to_board: int,
        from_board: int,
        *,
        password: str,
        files: Path | None = None,
        away: float = 0.0,
    ) -> None:
        self._password = password.encode()
        if not 0 < len(self._password) <= LONGEST_PASSWORD:
            raise ValueError(f"a password has 1 to {LONGEST_PASSWORD} bytes, not {len(self._password)}")
        self._to_board, self._from_board = to_board, from_board
        os.set_blocking(to_board, False)
        self._files = files
        self._away = away
        self._typed = b""
        self._tail = b""
        self._client: Client | None = None
        self._closed_until = 0.0
        self.restarts = self.most_in_flight = 0
        self._listener = listener
        self._listener.setblocking(False)
        name = self._listener.getsockname()
        self.address = f"{name[0]}:{name[1]}"

    def run(self, stop: int) -> bool:
        """Serve until a descriptor is readable.

        Args:
            stop: The descriptor.

        Returns:
            False if the board's output ended before.
        """
        while True:
            ready = self._wait(stop)
            if stop in ready:
                return True
            if self._from_board in ready and not self._take_output():
                return False
            # Whoever has just gone makes room for the next.
            if self._client and self._client.fileno() in ready:
                self._serve(self._client)
            if self._listener.fileno() in ready:
                self._accept()
            self._type()

    def close(self) -> None:
        """End the connection and stop listening."""
        self._drop()
        self._listener.close()

    def hang_up(self) -> None:
        """End the connection without a word, as a board does whose interpreter starts anew."""
        self._drop()
        self._closed_until = time.monotonic() + self._away

    def _wait(self, stop: int) -> set[int]:
        with selectors.DefaultSelector() as selector:
            selector.register(stop, selectors.EVENT_READ)
            wait = self._closed_until - time.monotonic()
            if wait <= 0:
                selector.register(self._listener, selectors.EVENT_READ)
            client = self._client
            if client:
                # What the board does not read the client does not get rid of.
                events = selectors.EVENT_READ * (len(self._typed) < _CHUNK)
                events |= selectors.EVENT_WRITE * bool(client.waiting)
                if events:
                    selector.register(client.fileno(), events)
            if not client or len(client.waiting) < _AT_ONCE:
                selector.register(self._from_board, selectors.EVENT_READ)
            if self._typed:
                selector.register(self._to_board, selectors.EVENT_WRITE)
            return {int(key.fd) for key, _ in selector.select(max(wait, 0.0) or None)}

    def _take_output(self) -> bool:
        data = os.read(self._from_board, _CHUNK)
        if self._client:
            self._client.show(data)
        seen = self._tail + data
        if b"soft reboot\r\n" in seen:
            self.restarts += 1
            self._flush()
            self.hang_up()
            seen = b""
        self._tail = seen[-16:]
        return bool(data)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connection, _ = self._listener.accept()
            if self._client:
                # "Concurrent WebREPL connection from … rejected", the board says elsewhere.
                connection.close()
                return
            self._client = Client(connection, self._password, self._files)

    def _serve(self, client: Client) -> None:
        try:
            self._typed += client.receive()
            self.most_in_flight = max(self.most_in_flight, client.most_in_flight)
            self._flush()
        except (ConnectionError, EOFError):
            self._drop()

    def _flush(self) -> None:
        if self._client:
            with contextlib.suppress(ConnectionError):
                self._client.flush()

    def _type(self) -> None:
        # A dead board's output says so.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            while self._typed:
                self._typed = self._typed[os.write(self._to_board, self._typed) :]

    def _drop(self) -> None:
        if self._client:
            self._client.close()
            self._client = None


class Client:
    """The one connection of a server.

    Args:
        connection: The accepted connection, owned from now on.
        password: What it must say.
        files: The folder of the board's files, or None.

    Attributes:
        waiting: What is to be sent.
        most_in_flight: The most bytes that were typed without a sign that the board has read them.
    """

    def __init__(self, connection: socket.socket, password: bytes, files: Path | None) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._protocol = ServerProtocol(max_size=65535)
        self._password = password
        self._files = files
        self._said: bytes | None = b""
        self._binary = False
        self._record = b""
        self._file: BinaryIO | None = None
        self._to_come = 0
        self._in_flight = 0
        self.most_in_flight = 0
        self.waiting = b""

    def fileno(self) -> int:
        """What becomes readable and writable."""
        return self._connection.fileno()

    def receive(self) -> bytes:
        """Take what has come.

        Returns:
            What was typed.

        Raises:
            EOFError: This is the end of it.
            ConnectionError: It broke.
        """
        try:
            data = self._connection.recv(_CHUNK)
        except BlockingIOError:
            self.flush()
            return b""
        if not data:
            raise EOFError
        self._protocol.receive_data(data)
        typed = b"".join(map(self._take, self._protocol.events_received()))
        self.flush()
        if self._protocol.state is not State.OPEN and self._protocol.state is not State.CONNECTING:
            raise EOFError
        return typed

    def show(self, data: bytes) -> None:
        """Send what the board said; nothing before the password was given."""
        if self._said is None:
            for start in range(0, len(data), _CHUNK - 1):
                self._send(data[start : start + _CHUNK - 1])
            with contextlib.suppress(ConnectionError):
                self.flush()

    def flush(self) -> None:
        """Send what can be sent.

        Raises:
            ConnectionError: It broke.
        """
        self.waiting += b"".join(self._protocol.data_to_send())
        with contextlib.suppress(BlockingIOError):
            while self.waiting:
                self.waiting = self.waiting[self._connection.send(self.waiting) :]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        if self._file:
            self._file.close()

    def _take(self, event: object) -> bytes:
        if not isinstance(event, Frame):
            self._protocol.send_response(self._protocol.accept(event))  # type: ignore[arg-type]
            self._send(b"Password: ")
            return b""
        if event.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._binary = event.opcode is Opcode.BINARY
        elif event.opcode is not Opcode.CONT:
            return b""
        data = bytes(event.data)
        if self._said is not None:
            data = self._check(data)
        if self._binary:
            self._obey(data)
            return b""
        self._in_flight += len(data)
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        return data

    def _check(self, data: bytes) -> bytes:
        """Gather the password, and look at it."""
        assert self._said is not None
        word, end, rest = (self._said + data).replace(b"\n", b"\r").partition(b"\r")
        if not end:
            self._said = word[: LONGEST_PASSWORD + 1]
            return b""
        if word != self._password:
            self._send(b"\r\nAccess denied\r\n")
            self.flush()
            raise EOFError
        self._said = None
        self._send(b"\r\nWebREPL connected\r\n>>> ")
        return rest

    def _obey(self, data: bytes) -> None:
        """Do what a binary message says."""
        while data:
            if self._file and self._to_come:
                piece, data = data[: self._to_come], data[self._to_come :]
                self._file.write(piece)
                self._to_come -= len(piece)
                self._end_put()
            elif self._file:
                self._send_piece()
                data = data[1:]
            else:
                missing = RECORD.size - len(self._record)
                self._record, data = self._record + data[:missing], data[missing:]
                if len(self._record) == RECORD.size:
                    record, self._record = self._record, b""
                    self._begin(record)

    def _begin(self, record: bytes) -> None:
        _, what, _, size, _, name = RECORD.unpack(record)
        if what == GET_VERSION:
            self._in_flight = 0
            self._send(VERSION, binary=True)
            return
        place = PurePosixPath(os.fsdecode(name.partition(b"\0")[0]).lstrip("/"))
        if self._files is None or ".." in place.parts:
            raise EOFError
        path = self._files / place
        try:
            self._file = path.open("wb" if what == PUT else "rb")
        except OSError as error:
            # An exception in the read method: "dupterm: … deactivating", the board says elsewhere.
            raise EOFError from error
        self._confirm()
        self._to_come = size if what == PUT else 0
        if what == PUT:
            self._end_put()

    def _end_put(self) -> None:
        if not self._to_come and self._file:
            self._file.close()
            self._file = None
            self._confirm()

    def _send_piece(self) -> None:
        assert self._file is not None
        piece = self._file.read(_GET_CHUNK)
        self._send(struct.pack("<H", len(piece)) + piece, binary=True)
        if not piece:
            self._file.close()
            self._file = None
            self._confirm()

    def _confirm(self) -> None:
        self._send(b"WB\0\0", binary=True)

    def _send(self, data: bytes, *, binary: bool = False) -> None:
        if self._protocol.state is State.OPEN:
            (self._protocol.send_binary if binary else self._protocol.send_text)(data)
