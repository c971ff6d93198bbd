from __future__ import annotations

import os
import socket
import threading

import pytest

from belay.exceptions import AddressError, ConnectionFailedError, ConnectionLost
from belay.transports import tcp
from belay.transports.tcp import open_socket


@pytest.mark.parametrize("url", ["socket://", "socket://host", "socket://:1", "socket://h:0", "socket://h:x"])
def test_host_and_port_are_needed(url: str) -> None:
    with pytest.raises(AddressError):
        open_socket(url)


@pytest.mark.parametrize("rest", ["/path", "?logging=debug", "#x"])
def test_nothing_more_is_understood(rest: str) -> None:
    with pytest.raises(AddressError, match="only host and port"):
        open_socket(f"socket://host:1{rest}")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConnectionFailedError, match="refused") as caught:
        open_socket(f"socket://127.0.0.1:{port}")
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert caught.value.hint


def test_small_writes_are_sent_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_socket(f"socket://127.0.0.1:{server.getsockname()[1]}/")
        server.accept()[0].close()
    with socket.socket(fileno=os.dup(transport._read_fd)) as ours:  # type: ignore[attr-defined]
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    transport.close()


def test_where_sockets_are_no_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.setattr(tcp.sys, "platform", "win32")
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_socket(f"socket://127.0.0.1:{server.getsockname()[1]}")
        board = server.accept()[0]
    with board:
        transport.write(b"hello", timeout=20)
        assert board.recv(5) == b"hello"
        board.sendall(b"x")
        assert transport.read(timeout=20) == b"x"
        failed = []

        def read() -> None:
            with pytest.raises(ConnectionLost):
                transport.read()
            failed.append(1)

        reading = threading.Thread(target=read)
        reading.start()
        transport.close()
        reading.join(20)
        assert failed
