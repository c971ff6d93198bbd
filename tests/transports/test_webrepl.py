from __future__ import annotations

import logging
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from servers.webrepl import Peer, authority_file, encrypted, listening, playing
from websockets.frames import Frame, Opcode

from belay.exceptions import (
    AddressError,
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLost,
    PortBusyError,
)
from belay.transports import open_transport, webrepl
from belay.transports.base import Transport
from belay.transports.webrepl import ROOM, open_webrepl
from belay.virtual.webrepl import VERSION

EVERY = bytes(range(256))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that may do other things as well."""
    monkeypatch.setattr(webrepl, "VERSION_SECONDS", 20.0)
    monkeypatch.setattr(webrepl, "LOGIN_SECONDS", 20.0)


def read_until(transport: Transport, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += transport.read(timeout=20)
    return data


def wait_for_end(peer: Peer) -> None:
    while peer.frame():
        pass


# --- addresses -----------------------------------------------------------------------------------


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(AddressError, match="has no place") as caught:
        open_transport("ws://me:secret@192.168.1.7")
    assert "secret" not in str(caught.value)
    assert "BELAY_PASSWORD" in str(caught.value.hint)


@pytest.mark.parametrize("url", ["ws://", "ws://:80", "ws://h:x", "ws://h/path", "ws://me@h", "wss://h?x=1"])
def test_only_a_host_and_a_port_are_understood(url: str) -> None:
    with pytest.raises(AddressError):
        open_webrepl(url)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("ws://board.local", "board.local", 8266),
        ("ws://[fe80::1]:80/", "fe80::1", 80),
        ("WSS://board", "board", 443),
    ],
)
def test_the_ports_that_are_meant(url: str, host: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[object] = []

    def refuse(address: object, timeout: float) -> socket.socket:
        wanted.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(ConnectionFailedError, match="refused") as caught:
        open_transport(url)
    assert wanted == [(host, port)]
    assert "boot.py" in str(caught.value.hint)


def test_an_ipv6_address() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        url = f"ws://[::1]:{server.getsockname()[1]}"

        def play() -> None:
            with server.accept()[0] as connection:
                peer = Peer(connection)
                peer.log_in()
                wait_for_end(peer)

        playing = threading.Thread(target=play)
        playing.start()
        open_webrepl(url, password="x").close()
        playing.join()


# --- logging in ----------------------------------------------------------------------------------


def test_the_password_is_said_once_and_with_it_the_first_question() -> None:
    said: list[Frame | None] = []

    def play(peer: Peer) -> None:
        peer.accept()
        for piece in (b"Pass", b"word: "):
            peer.say(piece)
        said.extend((peer.frame(), peer.frame()))
        peer.say(b"\r\nWebREPL conn")
        peer.say(b"ected\r\n>>> and more")
        peer.say(b"\x01\x1d\x00", binary=True)
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="pass")
        assert transport.firmware == (1, 29, 0)
        assert transport.flow_control
        assert not transport.survives_reset
        assert read_until(transport, b"more") == b"and more"
        transport.close()
    assert [(frame.opcode, bytes(frame.data)) for frame in said if frame] == [
        (Opcode.TEXT, b"pass\r"),
        (Opcode.BINARY, struct.pack("<2sBxQLH64s", b"WA", 3, 0, 0, 0, b"")),
    ]


def deny(peer: Peer) -> None:
    peer.accept()
    peer.say(b"Password: ")
    peer.frame()
    peer.say(b"\r\nAccess denied\r\n")


@pytest.mark.parametrize(("password", "hint"), [("xyzzy", "webrepl_cfg"), ("0123456789", "9 characters")])
def test_a_wrong_password(password: str, hint: str) -> None:
    with playing(deny) as place, pytest.raises(AuthenticationError, match="wrong") as caught:
        open_webrepl(f"ws://{place}", password=password)
    assert hint in str(caught.value.hint)
    assert password not in str(caught.value)


def test_a_password_is_needed() -> None:
    with playing(deny) as place, pytest.raises(AuthenticationError, match="asks for a password") as caught:
        open_webrepl(f"ws://{place}")
    assert "BELAY_PASSWORD" in str(caught.value.hint)


def test_a_password_that_cannot_be_typed() -> None:
    with playing(deny) as place, pytest.raises(AuthenticationError, match="control"):
        open_webrepl(f"ws://{place}", password="a\rb")


def test_somebody_is_asked_for_the_password_only_when_the_board_asks() -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append("")
        return "typed"

    with pytest.raises(ConnectionFailedError):
        open_webrepl("ws://127.0.0.1:1", password=ask)
    assert not asked

    def play(peer: Peer) -> None:
        assert peer.log_in() == b"typed\r"
        wait_for_end(peer)

    with playing(play) as place:
        open_webrepl(f"ws://{place}", password=ask).close()
    assert asked == [""]


def test_the_password_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def play(peer: Peer) -> None:
        peer.log_in()
        wait_for_end(peer)

    with caplog.at_level(logging.DEBUG), playing(play) as place:
        open_webrepl(f"ws://{place}", password="xyzzy").close()
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    assert "xyzzy" not in "".join(record.getMessage() for record in ours)


def accept_and_end(peer: Peer) -> None:
    peer.accept()


def end_with_a_reset(peer: Peer) -> None:
    peer.connection.recv(1)
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("play", [accept_and_end, lambda _: None, end_with_a_reset])
def test_somebody_else_is_connected(play: Callable[[Peer], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrepl, "BUSY_SECONDS", 0.0)
    with playing(play) as place, pytest.raises(PortBusyError) as caught:
        open_webrepl(f"ws://{place}", password="x")
    assert "one connection at a time" in str(caught.value.hint)


def test_somebody_else_is_just_leaving() -> None:
    connections: list[Peer] = []

    def play(peer: Peer) -> None:
        connections.append(peer)
        if len(connections) > 1:
            peer.log_in()
            wait_for_end(peer)

    with playing(play) as place:
        open_webrepl(f"ws://{place}", password="x").close()
    assert len(connections) == 2


def test_another_server() -> None:
    def run(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with listening(run) as place, pytest.raises(ConnectionFailedError, match="404 Not Found"):
        open_webrepl(f"ws://{place}", password="x")


def test_no_http_at_all() -> None:
    def run(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(b">>> \r\n")

    with listening(run) as place, pytest.raises(ConnectionFailedError, match="no WebSocket"):
        open_webrepl(f"ws://{place}", password="x")


# --- time ----------------------------------------------------------------------------------------


def silent(connection: socket.socket) -> None:
    with connection:
        while connection.recv(65536):
            pass


def dripping(connection: socket.socket) -> None:
    """Says one letter after the other of an answer that never ends."""
    with connection:
        try:
            while True:
                connection.sendall(b"H")
        except ConnectionError:
            pass


def asks_nothing(connection: socket.socket) -> None:
    with connection:
        peer = Peer(connection)
        peer.accept()
        wait_for_end(peer)


def asks_and_is_silent(connection: socket.socket) -> None:
    with connection:
        peer = Peer(connection)
        peer.accept()
        peer.say(b"Password: ")
        wait_for_end(peer)


@pytest.mark.parametrize("run", [silent, dripping, asks_nothing, asks_and_is_silent])
def test_each_step_has_its_time(
    run: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webrepl, "LOGIN_SECONDS", 0.2)
    with listening(run) as place, pytest.raises(ConnectionFailedError):
        open_webrepl(f"ws://{place}", password="x")


def test_a_board_that_takes_nothing_lets_a_write_end_and_takes_it_later() -> None:
    go_on = threading.Event()
    came: list[bytes] = []

    def play(peer: Peer) -> None:
        peer.log_in()
        assert go_on.wait(20)
        came.append(peer.typed(1000))
        peer.say(b"all")
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        with pytest.raises(TimeoutError):
            transport.write(b"x" * 1000, timeout=0.05)
        go_on.set()
        assert read_until(transport, b"all") == b"all"
        transport.close()
    assert came == [b"x" * 1000]


# --- the board's input ring ----------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[5000], [1] * 600, [254, 3, 255, 300, 1]])
def test_no_more_is_typed_than_the_board_has_room_for(sizes: list[int]) -> None:
    """The board answers only when nothing more has come for a while."""
    data = (EVERY * 20)[: sum(sizes)]
    most = 0
    came = b""

    def play(peer: Peer) -> None:
        nonlocal most, came
        peer.log_in()
        asked: deque[int] = deque()
        read = 0
        while len(came) < len(data):
            peer.connection.settimeout(0.005 if asked else 20)
            try:
                frame = peer.frame()
            except TimeoutError:
                read = asked.popleft()
                peer.say(VERSION, binary=True)
                continue
            assert frame is not None
            if frame.opcode is Opcode.TEXT:
                came += frame.data
                most = max(most, len(came) - read)
            else:
                asked.append(len(came))
        peer.connection.settimeout(20)
        peer.say(b"all")
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        at = 0
        for size in sizes:
            transport.write(data[at : at + size], timeout=20)
            at += size
        assert read_until(transport, b"all") == b"all"
        transport.close()
    assert came == data
    assert most <= ROOM


def test_a_board_that_does_not_say_its_version_is_written_to_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webrepl, "VERSION_SECONDS", 0.01)
    sizes: list[int] = []

    def play(peer: Peer) -> None:
        peer.log_in(answers=False)
        while sum(sizes) < 70_000 and (frame := peer.frame()):
            if frame.opcode is Opcode.TEXT:
                sizes.append(len(frame.data))
        peer.say(b"all")
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        assert not transport.flow_control
        transport.write(b"x" * 70_000, timeout=20)
        assert read_until(transport, b"all") == b"all"
        transport.close()
    assert sum(sizes) == 70_000
    # MicroPython dies of longer ones.
    assert max(sizes) < 65536


# --- messages ------------------------------------------------------------------------------------


def test_bytes_that_are_no_text_and_messages_in_parts() -> None:
    def play(peer: Peer) -> None:
        peer.log_in()
        peer.say(b"\xff\xfe\xc3")
        peer.say(b"\x80", fin=False)
        peer.go_on(b"", fin=False)
        peer.protocol.send_ping(b"are you there?")
        peer.go_on(b"\x81", fin=False)
        peer.go_on(EVERY)
        peer.say(b"no text", binary=True)
        peer.say(b"end")
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        assert read_until(transport, b"end") == b"\xff\xfe\xc3\x80\x81" + EVERY + b"end"
        transport.close()


def test_a_ping_is_answered_also_while_nothing_is_written() -> None:
    def play(peer: Peer) -> None:
        peer.log_in()
        peer.protocol.send_ping(b"hello")
        peer.flush()
        while not peer.controls:
            peer.look()
        assert (peer.controls[0].opcode, bytes(peer.controls[0].data)) == (Opcode.PONG, b"hello")
        peer.say(b"end")
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        assert read_until(transport, b"end") == b"end"
        transport.close()


def test_no_control_frame_has_content_and_the_end_is_said() -> None:
    """MicroPython would take it for data, and a board that is not told takes no other connection."""
    controls: list[Frame] = []

    def play(peer: Peer) -> None:
        peer.log_in()
        wait_for_end(peer)
        controls.extend(peer.controls)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        transport.write(b"hello", timeout=20)
        transport.close()
    assert [(frame.opcode, bytes(frame.data)) for frame in controls] == [(Opcode.CLOSE, b"")]


def test_the_board_says_the_end() -> None:
    def play(peer: Peer) -> None:
        peer.log_in()
        peer.say(b"bye")
        peer.protocol.send_close()
        peer.flush()
        # Old firmware leaves the connection open.
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        assert transport.read(timeout=20) == b"bye"
        with pytest.raises(ConnectionLost, match="closed the connection"):
            transport.read(timeout=20)
        transport.close()


def test_a_server_that_breaks_the_protocol() -> None:
    def play(peer: Peer) -> None:
        peer.log_in()
        peer.connection.sendall(b"\xf3\x00 what is this")
        wait_for_end(peer)

    with playing(play) as place:
        transport = open_webrepl(f"ws://{place}", password="x")
        with pytest.raises(ConnectionLost):
            transport.read(timeout=20)
        transport.close()


def test_whether_the_board_is_there_is_asked_by_the_system() -> None:
    """A board whose power fails says no goodbye."""
    options: list[int] = []

    def play(peer: Peer) -> None:
        peer.log_in()
        wait_for_end(peer)

    made = socket.create_connection

    with playing(play) as place, pytest.MonkeyPatch.context() as patch:
        sockets: list[socket.socket] = []
        patch.setattr(
            socket, "create_connection", lambda *a, **k: sockets.append(made(*a, **k)) or sockets[0]
        )
        transport = open_webrepl(f"ws://{place}", password="x")
        options.append(sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        options.append(sockets[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        transport.close()
    assert all(options)


# --- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def echo(peer: Peer) -> None:
    peer.log_in()
    while frame := peer.frame():
        if frame.opcode is Opcode.TEXT:
            peer.say(bytes(frame.data))
        else:
            peer.say(VERSION, binary=True)


def test_encrypted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority_file(authority, tmp_path))
    with playing(echo) as place, encrypted(place, authority) as port:
        transport = open_transport(f"wss://localhost:{port}", password="x")
        transport.write(EVERY * 100, timeout=20)
        data = b""
        while len(data) < 25600:
            data += transport.read(timeout=20)
        assert data == EVERY * 100
        with pytest.raises(TimeoutError):
            transport.read(timeout=0)
        transport.close()


def test_a_certificate_that_nobody_trusts(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with playing(echo) as place, encrypted(place, authority) as port:
        with pytest.raises(ConnectionFailedError, match="not trusted") as caught:
            open_webrepl(f"wss://localhost:{port}", password="x")
        assert "SSL_CERT_FILE" in str(caught.value.hint)


def test_the_certificate_of_another(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority_file(authority, tmp_path))
    with (
        playing(echo) as place,
        encrypted(place, authority, "elsewhere.test") as port,
        pytest.raises(ConnectionFailedError, match=r"not trusted.*localhost"),
    ):
        open_webrepl(f"wss://localhost:{port}", password="x")


def test_no_tls_there() -> None:
    def run(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(run) as place, pytest.raises(ConnectionFailedError, match="no TLS") as caught:
        open_webrepl(f"wss://{place}", password="x")
    assert "ws://" in str(caught.value.hint)
