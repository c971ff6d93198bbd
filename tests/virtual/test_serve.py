from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from belay.exceptions import BoardCrashedError
from belay.virtual import VirtualOptions
from belay.virtual.serve import default_service, serve_pty, serve_tcp

from .conftest import PATIENCE, Console

Serve = Callable[[str], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server in a process of its own; the process and what it reported as ready."""
    servers = []

    def start(call: str) -> tuple[subprocess.Popen[str], str]:
        code = (
            "from pathlib import Path\nfrom belay.virtual import VirtualOptions\n"
            "from belay.virtual.serve import *\n"
            "def ready(where): print(where, flush=True)\n" + call
        )
        server = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        servers.append(server)
        assert server.stdout is not None
        return server, server.stdout.readline().strip()

    yield start
    for server in servers:
        server.kill()
        server.communicate()


class Client(Console):
    def __init__(self, fd: int) -> None:
        super().__init__(fd, fd)

    def check(self) -> None:
        self.type(b"\r\x03\x01")
        self.until(b"CTRL-B to exit\r\n>")
        assert self.run("x = globals().get('x', 0) + 1; print('x is', x)").startswith(b"x is ")
        payload = bytes(range(256)) * 100
        self.start(
            "import sys\nfor _ in range(100): sys.stdout.buffer.write(bytes(range(256)))\n"
            "sys.stdout.write('<end>')"
        )
        assert self.until(b"<end>") == payload + b"<end>"
        self.finish()


def test_pty_with_two_clients_one_after_the_other(serve: Serve, tmp_path: Path) -> None:
    server, path = serve("serve_pty(VirtualOptions(), ready)")
    for _ in range(2):
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(fd)
        Client(fd).check()
        os.close(fd)
    server.send_signal(signal.SIGTERM)
    assert server.wait(PATIENCE) == 0


def test_link_to_the_pty(serve: Serve, tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to("stale")
    server, path = serve(f"serve_pty(VirtualOptions(), ready, Path({str(link)!r}))")
    assert path == str(link)
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    Client(fd).check()
    os.close(fd)
    server.send_signal(signal.SIGINT)
    assert server.wait(PATIENCE) == 0
    assert not link.is_symlink()


def test_a_file_in_the_way_of_the_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(FileExistsError):
        serve_pty(VirtualOptions(), print, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"


def test_output_without_a_reader_is_dropped(serve: Serve) -> None:
    """More than the pty holds; the program goes on and the next client is served."""
    _, path = serve("serve_pty(VirtualOptions(), ready)")
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    client = Client(fd)
    client.type(b"\r\x01")
    client.until(b"CTRL-B to exit\r\n>")
    client.start("import time\nfor _ in range(300): print('x' * 1000)\nwhile True: time.sleep(1)")
    os.close(fd)
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    client = Client(fd)
    client.type(b"\x03")
    client.until(b"KeyboardInterrupt: \r\n\x04>")
    client.check()
    os.close(fd)


def connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), PATIENCE)


def test_tcp_with_two_clients_one_after_the_other(serve: Serve) -> None:
    server, address = serve("serve_tcp(VirtualOptions(), '127.0.0.1', 0, ready)")
    for turn in (1, 2):
        with connect(address) as connection:
            client = Client(connection.fileno())
            client.check()
            assert client.run("print(x)") == b"%d\r\n" % turn  # the same board
    server.send_signal(signal.SIGTERM)
    assert server.wait(PATIENCE) == 0


def test_tcp_client_that_vanishes_in_the_middle(serve: Serve) -> None:
    _, address = serve("serve_tcp(VirtualOptions(), '127.0.0.1', 0, ready)")
    with connect(address) as connection:
        client = Client(connection.fileno())
        client.type(b"\r\x01")
        client.until(b"CTRL-B to exit\r\n>")
        client.start("while True: print('x' * 1000)")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    with connect(address) as connection:
        client = Client(connection.fileno())
        client.type(b"\x03")
        client.until(b"KeyboardInterrupt: \r\n\x04>")
        client.check()


def test_much_input_to_a_board_that_does_not_read(serve: Serve) -> None:
    _, address = serve("serve_tcp(VirtualOptions(), '127.0.0.1', 0, ready)")
    with connect(address) as connection:
        client = Client(connection.fileno())
        client.type(b"\r\x01")
        client.until(b"CTRL-B to exit\r\n>")
        client.start(
            "import sys, time\ntime.sleep(0.2)\nleft = 1000000\n"
            "while left: left -= len(sys.stdin.buffer.read(min(left, 5000)))\nprint('all')"
        )
        client.type(b"x" * 1_000_000)
        assert client.finish() == (b"all\r\n", b"")


def test_a_dead_board_ends_the_service() -> None:
    """In a thread: no signals there, and the error comes to the caller."""
    with pytest.raises(BoardCrashedError, match="SIGSEGV"):
        serve_in_thread()


def serve_in_thread() -> None:
    errors: list[BaseException] = []
    ready = threading.Event()
    where: list[str] = []

    def target() -> None:
        try:
            serve_tcp(VirtualOptions(), "127.0.0.1", 0, lambda address: (where.append(address), ready.set()))
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    assert ready.wait(PATIENCE)
    with connect(where[0]) as connection:
        client = Client(connection.fileno())
        client.type(b"\r\x01")
        client.until(b"CTRL-B to exit\r\n>")
        client.type(b"import uctypes; uctypes.bytearray_at(0, 1)[0]\x04")
        thread.join(PATIENCE)
    raise errors[0]


def test_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        serve_tcp(VirtualOptions(), "127.0.0.1", other.getsockname()[1], print)


def test_default_service(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_service() == "pty"
    monkeypatch.setattr("sys.platform", "win32")
    assert default_service() == "tcp"
