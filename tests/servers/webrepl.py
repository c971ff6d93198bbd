"""WebREPL servers: the one of the virtual board in a thread, and one that says what it is told to say."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import trustme
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from belay.virtual import VirtualBoard, VirtualOptions
from belay.virtual.webrepl import VERSION, WebReplServer

PASSWORD = "secret"


class CutServer(WebReplServer):
    """Also loses its client when it is told to."""

    def cut(self) -> None:
        """End the connection, as WiFi does that fails."""
        client = self._client
        assert client is not None
        client._connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def served(options: VirtualOptions | None = None, *, away: float = 0.0) -> Iterator[CutServer]:
    """A virtual board behind WebREPL."""
    stop, stopper = os.pipe()
    with VirtualBoard(options) as board:
        server = CutServer(
            socket.create_server(("127.0.0.1", 0)),
            board.stdin_fd,
            board.stdout_fd,
            password=PASSWORD,
            files=board.root,
            away=away,
        )
        thread = threading.Thread(target=server.run, args=(stop,))
        thread.start()
        try:
            yield server
        finally:
            os.close(stopper)
            thread.join()
            os.close(stop)
            server.close()


class Peer:
    """The server's side of one connection, for a test that plays the board.

    Args:
        connection: An accepted connection.

    Attributes:
        controls: The control frames that came.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        self.connection = connection
        self.protocol = ServerProtocol(max_size=None)
        self.controls: list[Frame] = []
        self._frames: list[Frame] = []

    def accept(self) -> None:
        """Agree to a WebSocket."""
        while True:
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionResetError
            self.protocol.receive_data(data)
            for event in self.protocol.events_received():
                self.protocol.send_response(self.protocol.accept(event))  # type: ignore[arg-type]
                self.flush()
                return

    def frame(self) -> Frame | None:
        """The next data frame; None at the end."""
        while not self._frames and self.look():
            pass
        return self._frames.pop(0) if self._frames else None

    def look(self) -> bool:
        """Receive something; False at the end."""
        data = self.connection.recv(65536)
        if not data:
            return False
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            is_data = event.opcode in (Opcode.TEXT, Opcode.BINARY)
            (self._frames if is_data else self.controls).append(event)
        self.flush()
        return True

    def typed(self, count: int, *, answers: bool = True) -> bytes:
        """What is typed, so many bytes at least; questions for the version are answered."""
        data = b""
        while len(data) < count and (frame := self.frame()):
            if frame.opcode is Opcode.TEXT:
                data += frame.data
            elif answers:
                self.say(VERSION, binary=True)
        return data

    def say(self, data: bytes, *, binary: bool = False, fin: bool = True) -> None:
        """Send a message, or the beginning of one."""
        try:
            (self.protocol.send_binary if binary else self.protocol.send_text)(data, fin)
        except InvalidState as error:
            raise ConnectionAbortedError from error
        self.flush()

    def go_on(self, data: bytes, *, fin: bool = True) -> None:
        """Send more of a message."""
        self.protocol.send_continuation(data, fin)
        self.flush()

    def log_in(self, *, answers: bool = True) -> bytes:
        """Let anybody in who says something; what that was."""
        self.accept()
        self.say(b"Password: ")
        said = self.typed(1)
        self.say(b"\r\nWebREPL connected\r\n>>> ")
        if answers:
            # To the question for the version.
            self.frame()
            self.say(VERSION, binary=True)
        return said

    def carry(self, board: socket.socket) -> None:
        """Carry what is typed to a socket, and what comes there back, until one of them ends."""

        def show() -> None:
            with suppress(OSError):
                while data := board.recv(32768):
                    self.say(data)
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        self.connection.settimeout(None)
        showing = threading.Thread(target=show)
        showing.start()
        with board:
            with suppress(OSError):
                while frame := self.frame():
                    if frame.opcode is Opcode.TEXT:
                        board.sendall(frame.data)
            with suppress(OSError):
                board.shutdown(socket.SHUT_RDWR)
            showing.join()

    def flush(self) -> None:
        self.connection.sendall(b"".join(self.protocol.data_to_send()))


@contextmanager
def playing(play: Callable[[Peer], None]) -> Iterator[str]:
    """A server whose connections a test plays, each in a thread; its ``HOST:PORT``."""
    failures: list[BaseException] = []

    def run(connection: socket.socket) -> None:
        with connection:
            try:
                play(Peer(connection))
            except ConnectionError:
                # The other side ended it, which is for it to be sure of.
                pass
            except Exception as error:  # noqa: BLE001 - a test's thread
                failures.append(error)

    with listening(run) as address:
        yield address
    if failures:
        raise failures[0]


@contextmanager
def listening(run: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that has each connection dealt with in a thread; its ``HOST:PORT``."""
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=run, args=(connection,)))
                threads[-1].start()

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        host, port = listener.getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


@contextmanager
def encrypted(address: str, authority: trustme.CA, name: str = "localhost") -> Iterator[int]:
    """What a proxy with a certificate does in front of a server; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    host, _, port = address.partition(":")

    def carry(connection: socket.socket) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(connection, server_side=True) as outer,
            socket.create_connection((host, int(port))) as inner,
        ):
            _carry(outer, inner)

    with listening(carry) as place:
        yield int(place.partition(":")[2])


def _carry(outer: ssl.SSLSocket, inner: socket.socket) -> None:
    """Carry bytes both ways in one thread, as TLS sockets want it."""
    import select

    while True:
        ready = [outer] if outer.pending() else select.select([outer, inner], [], [])[0]
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (inner if source is outer else outer).sendall(data)


def authority_file(authority: trustme.CA, folder: Path) -> str:
    """The file with an authority's certificate."""
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)
