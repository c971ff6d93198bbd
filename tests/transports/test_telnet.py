from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from servers.telnet import BINARY, DO, ECHO, IAC, SUPPRESS_GO_AHEAD, WILL, TelnetServer, serving
from servers.webrepl import listening

from belay.exceptions import (
    AddressError,
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLost,
    ReplEntryError,
)
from belay.link import Link
from belay.transports import open_transport, parse_address, telnet
from belay.transports.base import Transport
from belay.transports.telnet import Telnet, open_telnet
from belay.transports.trace import CountingTransport

WONT, DONT = 252, 254
LOGIN = ("micro", "python")
EVERY = bytes(range(256))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that may do other things as well."""
    for name in ("ASKS_SECONDS", "VERDICT_SECONDS", "LOGIN_SECONDS"):
        monkeypatch.setattr(telnet, name, 20.0)


@contextmanager
def board(**options: object) -> Iterator[tuple[TelnetServer, str, socket.socket]]:
    """A telnet server, its ``HOST:PORT``, and the board behind it."""
    theirs, ours = socket.socketpair()
    ours.settimeout(20)
    with theirs, ours:
        server = TelnetServer(theirs.fileno(), theirs.fileno(), **options)  # type: ignore[arg-type]
        with serving(server) as place:
            yield server, place, ours


def read_until(transport: Transport, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += transport.read(timeout=20)
    return data


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "scheme", "rest"),
    [
        ("192.168.1.7", "telnet", "telnet://192.168.1.7"),
        ("192.168.1.7:2323", "telnet", "telnet://192.168.1.7:2323"),
        ("192.168.1.7:8266", "webrepl", "ws://192.168.1.7:8266"),
    ],
)
def test_a_bare_ipv4_address(address: str, scheme: str, rest: str) -> None:
    parsed = parse_address(address)
    assert (parsed.scheme, parsed.rest, parsed.original) == (scheme, rest, address)


def test_where_nobody_listens_webrepl_is_thought_of(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[object] = []

    def refuse(address: object, timeout: float) -> socket.socket:
        wanted.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(ConnectionFailedError, match=r"^10\.0\.0\.1: Connection refused") as caught:
        open_transport("10.0.0.1")
    assert wanted == [("10.0.0.1", 23)]
    assert "ws://10.0.0.1" in str(caught.value.hint)


@pytest.mark.parametrize("url", ["telnet://", "telnet://h:x", "telnet://h/path", "telnet://me:secret@h"])
def test_what_is_refused(url: str) -> None:
    with pytest.raises(AddressError) as caught:
        open_telnet(url)
    assert "secret" not in str(caught.value)


# --- logging in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["", "micro@"])
def test_a_login(user: str) -> None:
    with board(login=LOGIN) as (server, place, ours):
        transport = open_telnet(f"telnet://{user}{place}", user=None if user else "micro", password="python")
        ours.sendall(b"hello")
        assert read_until(transport, b"hello").endswith(b"hello")
        transport.write(b"\x03", timeout=20)
        assert ours.recv(1) == b"\x03"
        transport.close()
        # It may echo, need not say "go ahead", and has no business with our terminal's type.
        assert server.answers == [(DO, ECHO), (DO, SUPPRESS_GO_AHEAD), (WONT, 24)]


@pytest.mark.parametrize(
    ("user", "password", "match"),
    [
        ("micro", "wrong", "user or the password is wrong"),
        ("micro", None, "asks for a password"),
        (None, "python", "asks for a user's name"),
        (None, None, "asks for a user's name"),
    ],
)
def test_a_login_that_fails(user: str | None, password: str | None, match: str) -> None:
    with board(login=LOGIN) as (_, place, _), pytest.raises(AuthenticationError, match=match) as caught:
        open_telnet(f"telnet://{place}", user=user, password=password)
    assert "WiPy" in str(caught.value.hint)


def test_a_server_that_ends_the_connection_after_the_login() -> None:
    def run(connection: socket.socket) -> None:
        with connection:
            connection.sendall(b"Password: ")
            connection.recv(100)

    with listening(run) as place, pytest.raises(AuthenticationError):
        open_telnet(f"telnet://{place}", password="x")


def test_a_server_without_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal server with a board that is silent."""
    monkeypatch.setattr(telnet, "ASKS_SECONDS", 0.05)
    with board() as (_, place, ours):
        transport = open_telnet(f"telnet://{place}")
        ours.sendall(b">>> ")
        assert read_until(transport, b">>> ") == b">>> "
        assert not transport.flow_control
        assert not transport.survives_reset
        transport.close()


def test_where_no_board_answers_webrepl_is_thought_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telnet, "ASKS_SECONDS", 0.05)
    with board() as (_, place, _ours):
        transport = CountingTransport(open_transport(f"{place}"))
        with pytest.raises(ReplEntryError) as caught:
            Link(transport).enter(0.1)
        transport.close()
    assert f"WebREPL is ws://{place}." in (caught.value.hint or "")
    assert "baud" not in (caught.value.hint or "")


def test_what_a_program_prints_where_a_login_was_expected_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telnet, "ASKS_SECONDS", 0.3)
    with board() as (_, place, ours):
        ours.sendall(b"printing")
        transport = open_telnet(f"telnet://{place}")
        assert read_until(transport, b"printing") == b"printing"
        transport.close()


def test_a_login_after_which_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telnet, "VERDICT_SECONDS", 0.05)

    def run(connection: socket.socket) -> None:
        with connection:
            connection.sendall(b"Password: ")
            while connection.recv(100):
                pass

    with listening(run) as place:
        open_telnet(f"telnet://{place}", password="x").close()


def test_a_server_that_goes() -> None:
    def run(connection: socket.socket) -> None:
        connection.close()

    with listening(run) as place, pytest.raises(ConnectionLost, match="closed the connection"):
        open_telnet(f"telnet://{place}")


# --- what travels --------------------------------------------------------------------------------


def test_every_byte_passes_a_server_that_keeps_to_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telnet, "ASKS_SECONDS", 0.0)
    data = EVERY + b"\r\r\n\r\0\xff\xff\r"
    with board() as (_, place, ours):
        transport = open_telnet(f"telnet://{place}")
        transport.write(data, timeout=20)
        assert ours.recv(len(data), socket.MSG_WAITALL) == data
        ours.sendall(data)
        got = b""
        while len(got) < len(data) - 1:
            got += transport.read(timeout=20)
        # This server does not follow a lone return by a zero, so the zero after one is taken for that.
        assert got == data.replace(b"\r\0", b"\r")
        transport.close()


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
def test_orders_between_bytes_in_pieces_of_any_size(step: int) -> None:
    stream = (
        b"a\xff\xff"
        + bytes((IAC, WILL, ECHO))
        + b"b\r\n"
        + bytes((IAC, 250, 24, 1, IAC, 240))
        + b"c\r\0d\r"
        + bytes((IAC, 249))
        + b"\0"
        + bytes((IAC, DO, 24))
        + b"\0e"
    )
    codec = Telnet()
    got = b"".join(codec.decode(stream[at : at + step]) for at in range(0, len(stream), step))
    assert got == b"a\xffb\r\nc\rd\r\0e"
    assert codec.encode(b"") == bytes((IAC, DO, ECHO, IAC, WONT, 24))


def test_options_are_answered_once() -> None:
    codec = Telnet()
    offers = bytes((IAC, WILL, BINARY, IAC, DO, BINARY))
    assert codec.decode(offers) == b""
    assert codec.encode(b"") == bytes((IAC, DO, BINARY, IAC, WILL, BINARY))
    codec.decode(offers)
    assert not codec.wants_to_send
    # Now a return is a return.
    assert codec.encode(b"\r") == b"\r"
    assert codec.decode(b"\r\0") == b"\r\0"
    codec.decode(bytes((IAC, DONT, BINARY)))
    assert codec.encode(b"\r") == bytes((IAC, WONT, BINARY)) + b"\r\0"


def test_an_answer_is_sent_also_while_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telnet, "ASKS_SECONDS", 0.0)
    answered = threading.Event()

    def run(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            connection.sendall(bytes((IAC, WILL, 99)))
            assert connection.recv(3) == bytes((IAC, DONT, 99))
            answered.set()
            while connection.recv(100):
                pass

    with listening(run) as place:
        transport = open_telnet(f"telnet://{place}")
        assert answered.wait(20)
        transport.close()
