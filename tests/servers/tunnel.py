"""A proxy for tests: whichever hosts a client wants to reach, it reaches ours."""

from __future__ import annotations

import socket
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType


class Tunnel:
    """An HTTP proxy (RFC 9110, 9.3.6: ``CONNECT``) that connects clients to a port of this machine.

    Args:
        port: The port.
        hosts: The hosts that it stands for; others are refused.

    Attributes:
        url: The proxy's address.
        asked: The hosts that clients wanted to reach, in their order.
    """

    def __init__(self, port: int, hosts: tuple[str, ...]) -> None:
        self.asked: list[str] = []
        self._server = _Server(port, hosts, self.asked)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Tunnel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, hosts: tuple[str, ...], asked: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = port
        self.hosts = hosts
        self.asked = asked


class _Handler(StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        words = self.rfile.readline().decode("latin-1").split()
        while self.rfile.readline().strip():
            pass
        host = words[1].rpartition(":")[0] if words[:1] == ["CONNECT"] else ""
        self.server.asked.append(host)
        if host not in self.server.hosts:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.server.port)) as there:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(there, self.connection), daemon=True)
            back.start()
            _pass_on(self.connection, there)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on until one side has no more, or is gone."""
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (source, target):
            side.close()
