"""The main job over WebREPL: a board that is reached as over WiFi, and whose resets end the connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from servers.webrepl import PASSWORD, CutServer, served

from belay import Device
from belay.exceptions import AuthenticationError, BoardTimeoutError, ConnectionLost, PortBusyError
from belay.transports import webrepl
from belay.transports.trace import CountingTransport
from belay.transports.webrepl import WebReplTransport
from belay.virtual.webrepl import WebReplServer

EVERY = bytes(range(256))
LARGE = b"".join(sha256(b"%d" % number).digest() for number in range(2304))
"""More than fits into a request, compressed or not."""


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """On a machine that may do other things as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webrepl, "VERSION_SECONDS", 20.0)
        patch.setattr(webrepl, "LOGIN_SECONDS", 20.0)
        patch.setattr(webrepl, "BUSY_SECONDS", 20.0)
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[CutServer]:
    with served(away=0.05) as serving:
        yield serving


def connect(server: CutServer, **options: object) -> Device:
    return Device(f"ws://{server.address}", password=PASSWORD, **options)  # type: ignore[arg-type]


@pytest.fixture
def device(server: CutServer) -> Iterator[Device]:
    with connect(server) as connected:
        yield connected


def test_a_call_is_one_turn(server: CutServer) -> None:
    counts: list[CountingTransport] = []

    def count(transport: object) -> CountingTransport:
        counts.append(CountingTransport(transport))  # type: ignore[arg-type]
        return counts[-1]

    with connect(server, wrap=count) as device:

        @device.task
        def double(number):  # type: ignore[no-untyped-def]
            return number * 2

        assert double(1) == 2
        counts[0].reset()
        assert [double(number) for number in range(10)] == list(range(0, 20, 2))
        assert counts[0].turns == 10


def test_bulk_of_every_value_both_ways(device: Device, server: CutServer) -> None:
    data = EVERY * 256

    @device.task
    def same(data):  # type: ignore[no-untyped-def]
        return bytes(data)

    assert same(data) == data
    # Three hundred characters of a board's input ring would be too many.
    assert 0 < server.most_in_flight <= 255


def test_generators_and_errors(device: Device) -> None:
    @device.task
    def count(end):  # type: ignore[no-untyped-def]
        yield from range(end)
        raise KeyError("enough")

    numbers = count(20)
    assert [next(numbers) for _ in range(20)] == list(range(20))
    with pytest.raises(KeyError, match="enough"):
        next(numbers)


def test_output_that_is_no_text(device: Device) -> None:
    stream = StringIO()
    device("import sys; sys.stdout.buffer.write(b'\\xff\\xfe \\xc3'); print('Д')", stream_out=stream)
    assert stream.getvalue() == "\ufffd\ufffd \ufffdД\n"


def test_a_loop_is_stopped(device: Device) -> None:
    @device.task(timeout=0.2)
    def forever():  # type: ignore[no-untyped-def]
        while True:
            pass

    with pytest.raises(BoardTimeoutError):
        forever()
    assert device("1 + 1") == 2


def test_files(device: Device, tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"file{number}.py").write_bytes(b"x = %d\n" % number + b"#" * number * 100)
    (tmp_path / "data.bin").write_bytes(EVERY * 16)
    assert len(device.sync(tmp_path, "/synced").sent) == 21
    assert not device.sync(tmp_path, "/synced").sent
    assert (device.files / "synced/data.bin").read_bytes() == EVERY * 16


@pytest.mark.parametrize("agent", [True, False])
def test_large_files_go_by_the_protocol_of_webrepl(server: CutServer, agent: bool, tmp_path: Path) -> None:
    counts: list[CountingTransport] = []

    def count(transport: object) -> CountingTransport:
        counts.append(CountingTransport(transport))  # type: ignore[arg-type]
        return counts[-1]

    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "large.bin").write_bytes(LARGE)
    with connect(server, wrap=count, agent=agent) as device:
        (device.files / "first.bin").write_bytes(b"first")
        counts[0].reset()
        (device.files / "large.bin").write_bytes(LARGE)
        # It did not pass the terminal.
        assert counts[0].bytes_out < len(LARGE) // 10
        assert device.sync(tmp_path, f"/by{agent}").sent == ("deep/large.bin",)
        assert not device.sync(tmp_path, f"/by{agent}").sent
        assert (device.files / f"by{agent}/deep/large.bin").read_bytes() == LARGE


def test_a_file_of_which_firmware_loses_a_byte(server: CutServer, monkeypatch: pytest.MonkeyPatch) -> None:
    put, lost = WebReplTransport.put_file, []

    def lose(self: WebReplTransport, path: str, data: bytes, timeout: float | None = None) -> None:
        lost.append(path)
        put(self, path, data[:1000] + data[1001:], timeout)

    monkeypatch.setattr(WebReplTransport, "put_file", lose)
    with connect(server) as device:
        (device.files / "whole.bin").write_bytes(LARGE)
        assert len(lost) == 1
        assert (device.files / "whole.bin").read_bytes() == LARGE


def test_where_the_board_cannot_write_the_connection_ends(server: CutServer) -> None:
    with connect(server) as device:
        with pytest.raises(ConnectionLost, match="nowhere/file was to be written"):
            device._session.link.put_file("/nowhere/file", b"data")
        with pytest.raises(ConnectionLost):
            device("1")


def test_a_path_that_is_too_long_for_a_record(server: CutServer) -> None:
    with connect(server) as device:
        folder = device.files / ("x" * 40)
        folder.mkdir()
        (folder / ("y" * 40)).write_bytes(LARGE)
        assert (folder / ("y" * 40)).read_bytes() == LARGE


def test_a_reset_ends_the_connection_and_another_one_is_made(device: Device, server: CutServer) -> None:
    @device.task
    def triple(number):  # type: ignore[no-untyped-def]
        return number * 3

    for number, main in enumerate((True, False)):
        device(f"here = {number}")
        before = server.restarts
        device.soft_reset(main=main)
        assert server.restarts == before + 1
        assert triple(4) == 12
        assert device("'here' in globals()") is False


def test_connecting_does_not_reset_but_cleans_up(server: CutServer) -> None:
    before = server.restarts
    with connect(server) as device:
        (device.files / "changing.py").write_text("value = 1\n")
        device("import changing\nleft = changing.value")
    with connect(server, fresh=False) as device:
        assert device("left") == 1
        (device.files / "changing.py").write_text("value = 2\n")
    with connect(server) as device:
        assert device("'left' in globals()") is False
        device("import changing")
        assert device("changing.value") == 2
    assert server.restarts == before


def test_a_connection_that_is_lost_comes_back(server: CutServer) -> None:
    with connect(server, attempts=20) as device:
        device("state = 5")
        server.cut()
        assert device("state") == 5


def test_a_connection_that_is_lost_in_a_call(server: CutServer) -> None:
    with connect(server) as device:
        timer = threading.Timer(0.1, server.cut)
        timer.start()
        with pytest.raises(ConnectionLost):
            device("import time; time.sleep(20)")
        timer.join()


def test_one_client_at_a_time(server: CutServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrepl, "BUSY_SECONDS", 0.0)
    with connect(server), pytest.raises(PortBusyError):
        connect(server)


def test_a_password_is_needed(server: CutServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELAY_PASSWORD", raising=False)
    with pytest.raises(AuthenticationError, match="asks for a password"):
        Device(f"ws://{server.address}")
    monkeypatch.setenv("BELAY_PASSWORD", "wrong")
    with pytest.raises(AuthenticationError, match="wrong"):
        Device(f"ws://{server.address}")
    monkeypatch.setenv("BELAY_PASSWORD", PASSWORD)
    Device(f"ws://{server.address}").close()


def test_without_the_agent(server: CutServer) -> None:
    with connect(server, agent=False) as device:
        (device.files / "plain.bin").write_bytes(EVERY * 10)
        assert (device.files / "plain.bin").read_bytes() == EVERY * 10


@pytest.mark.parametrize("password", ["", "0123456789"])
def test_passwords_that_a_board_cannot_have(password: str) -> None:
    with pytest.raises(ValueError, match="1 to 9 bytes"):
        WebReplServer(None, 0, 0, password=password)  # type: ignore[arg-type]
