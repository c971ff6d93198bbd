from __future__ import annotations

import errno
import fcntl
import os
import socket
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from belay.exceptions import (
    BelayException,
    ConnectionFailedError,
    ConnectionLost,
    DeviceNotFoundError,
    PortBusyError,
)
from belay.transports import open_transport
from belay.transports import serial as room
from belay.transports.base import Transport
from belay.transports.serial import has_flow_control, lines_asserted, open_serial
from belay.transports.usb import UsbSpecifier


@dataclass
class Port:
    device: str
    vid: int | None = 0x2E8A
    pid: int | None = 5
    serial_number: str | None = "e661"
    manufacturer: str | None = None
    product: str | None = None
    location: str | None = None


@dataclass
class Pty:
    master: int
    path: str


@pytest.fixture
def pty() -> Iterator[Pty]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield Pty(master, os.ttyname(slave))
    for fd in (master, slave):
        with suppress(OSError):
            os.close(fd)


def test_two_opens_of_one_port(pty: Pty) -> None:
    first = open_serial(pty.path)
    with pytest.raises(PortBusyError, match=pty.path) as caught:
        open_serial(pty.path)
    assert caught.value.port == pty.path
    first.close()
    open_serial(pty.path).close()


def test_an_open_that_was_refused_disturbs_nothing(pty: Pty) -> None:
    first = open_serial(pty.path)
    with pytest.raises(PortBusyError):
        open_serial(pty.path)
    os.write(pty.master, b"still here")
    assert first.read(timeout=20) == b"still here"
    first.close()


def test_two_opens_that_are_wanted(pty: Pty) -> None:
    first = open_serial(pty.path)
    open_serial(pty.path, exclusive=False).close()
    first.close()


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(DeviceNotFoundError, match="/dev/ttyNONE0") as caught:
        open_serial("/dev/ttyNONE0", ports=lambda: [Port("/dev/ttyACM3")])
    assert "/dev/ttyACM3" in (caught.value.hint or "")
    with pytest.raises(DeviceNotFoundError) as caught:
        open_serial("/dev/ttyNONE0", ports=list)
    assert caught.value.hint == "no board is connected"


def test_a_file_is_no_port(tmp_path: object) -> None:
    with pytest.raises(ConnectionFailedError, match="cannot be opened"):
        open_serial(f"{tmp_path}")
    with pytest.raises(ConnectionFailedError, match="cannot be opened"):
        open_serial("/etc/passwd")


def test_a_failed_open_leaves_the_port_free(pty: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int, when: int, settings: list[object]) -> None:
        if settings[6][termios.VMIN] == 1:  # type: ignore[index]
            raise termios.error(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(termios, "tcsetattr", fail)
        with pytest.raises(ConnectionFailedError, match="Input/output error"):
            open_serial(pty.path)
    open_serial(pty.path).close()


def test_the_port_hangs_up(pty: Pty) -> None:
    transport = open_serial(pty.path)
    os.close(pty.master)
    with pytest.raises(ConnectionLost):
        transport.read(timeout=20)
    transport.close()


def test_output_that_nobody_takes_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pty never has output that waits, so the system calls are played."""
    flushed = threading.Event()
    calls = []

    def flush(fd: int, what: int) -> None:
        calls.append((fd, what))
        flushed.set()

    monkeypatch.setattr(fcntl, "ioctl", lambda fd, number, buffer: b"\x10\0\0\0")
    monkeypatch.setattr(termios, "tcdrain", lambda fd: flushed.wait(10))
    monkeypatch.setattr(termios, "tcflush", flush)
    room.drop_stuck_output(7, 0.05)
    assert calls == [(7, termios.TCOFLUSH)]
    # Now that it drains, nothing is dropped.
    room.drop_stuck_output(7, 5)
    assert len(calls) == 1


def test_by_usb_fields(pty: Pty) -> None:
    for address in ("2e8a:0005", "id:E661", '{"serial_number": "e661"}', UsbSpecifier(vid=0x2E8A)):
        transport = open_transport(address, ports=lambda: [Port(pty.path)])
        os.write(pty.master, b"x")
        assert transport.read(timeout=20) == b"x"
        assert transport.name == pty.path
        transport.close()


@pytest.mark.parametrize(
    ("port", "vid", "has"),
    [
        ("/dev/ttyACM0", None, True),
        ("/dev/ttyACM0", 0x2E8A, True),
        ("/dev/ttyACM0", 0x1A86, False),  # CH9102: a bridge behind a standard driver
        ("/dev/ttyUSB0", None, False),
        ("/dev/ttyUSB0", 0x10C4, False),
        ("/dev/ttyS0", None, False),
        ("/dev/pts/3", None, True),
        ("/dev/cu.usbmodem1101", None, True),
        ("/dev/cu.usbserial-0001", None, False),
        ("/dev/ttys003", None, True),
        ("COM3", None, False),
        ("COM3", 0x303A, True),
        ("COM3", 0x10C4, False),
        ("rfc2217://host:1", None, False),
        ("loop://", None, True),
    ],
)
def test_flow_control(port: str, vid: int | None, has: bool) -> None:
    assert has_flow_control(port, vid) is has


def test_flow_control_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to("/dev/ttyACM7")
    assert has_flow_control(str(link), None)


@pytest.mark.parametrize(
    ("platform", "vid", "asserted"),
    [
        ("linux", 0x10C4, True),
        ("darwin", None, True),
        ("win32", 0x10C4, False),
        ("win32", 0x2E8A, True),
        ("win32", None, True),
    ],
)
def test_lines(platform: str, vid: int | None, asserted: bool) -> None:
    assert lines_asserted(vid, platform) is asserted


def test_the_vendor_is_looked_up_by_the_real_port(tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to("/dev/ttyUSB3")
    ports = lambda: [Port("/dev/ttyACM0"), Port("/dev/ttyUSB3", vid=0x10C4), Port("COM12", vid=7)]  # noqa: E731
    assert room._vendor(str(link), ports) == 0x10C4
    assert room._vendor(r"\\.\COM12", ports) == 7
    assert room._vendor("com12", ports) == 7
    assert room._vendor("COM1", ports) is None


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (serial.SerialException(errno.EBUSY, "busy"), PortBusyError, "exclusive=False"),
        (
            serial.SerialException(
                "could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)"
            ),
            PortBusyError,
            "exclusive=False",
        ),
        (
            serial.SerialException(
                "could not open port 'COM3': FileNotFoundError(2, 'The system …', None, 2)"
            ),
            DeviceNotFoundError,
            "connected",
        ),
        (serial.SerialException(errno.ENXIO, "gone"), DeviceNotFoundError, "connected"),
        (serial.SerialException(errno.EACCES, "denied"), ConnectionFailedError, "usermod"),
        (serial.SerialException("else"), ConnectionFailedError, ""),
    ],
)
def test_why_a_port_does_not_open(error: Exception, kind: type[BelayException], hint: str) -> None:
    said = room._translated("COM3", error, list)
    assert type(said) is kind
    assert "COM3" in str(said)
    assert hint in (said.hint or "")  # type: ignore[attr-defined]


def test_the_group_that_owns_the_port(pty: Pty) -> None:
    import grp

    owner = grp.getgrgid(Path(pty.path).stat().st_gid).gr_name
    assert f"-aG {owner} $USER" in room._permission_hint(pty.path)
    assert "dialout or uucp" in room._permission_hint("/dev/ttyNONE0")


def test_the_baudrate_is_set(pty: Pty) -> None:
    transport = open_serial(pty.path, baudrate=9600)
    fd = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
    assert termios.tcgetattr(fd)[4:6] == [termios.B9600, termios.B9600]
    os.close(fd)
    transport.close()


def test_no_such_url() -> None:
    with pytest.raises(ConnectionFailedError, match=r"rfc2217://127\.0\.0\.1:1"):
        open_serial("rfc2217://127.0.0.1:1")


class Rfc2217Server:
    """pyserial's own server side, with what is written coming back."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        self.connection = self.listener.accept()[0]
        self.listener.close()
        line = serial.serial_for_url("loop://", timeout=0)
        lock = threading.Lock()

        class Out:
            write = staticmethod(self.connection.sendall)

        with suppress(OSError), lock:
            self.ports = serial.rfc2217.PortManager(line, Out)
            while data := self.connection.recv(1024):
                line.write(b"".join(self.ports.filter(data)))
                if line.in_waiting:
                    self.connection.sendall(b"".join(self.ports.escape(line.read(line.in_waiting))))
        self.connection.close()
        line.close()

    def end(self) -> None:
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def remote() -> Iterator[tuple[Transport, Rfc2217Server]]:
    server = Rfc2217Server()
    transport = open_transport(server.url)
    yield transport, server
    transport.close()
    server.end()


def test_a_serial_port_of_another_machine(remote: tuple[Transport, Rfc2217Server]) -> None:
    transport, server = remote
    assert not transport.flow_control
    with pytest.raises(TimeoutError):
        transport.read(timeout=0.05)
    every = bytes(range(256))
    transport.write(every, timeout=20)
    data = b""
    while len(data) < len(every):
        data += transport.read(timeout=20)
    assert data == every
    server.connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(ConnectionLost):
        transport.read(timeout=20)


def test_where_ports_are_no_descriptors(pty: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, by pyserial's reads in slices."""
    monkeypatch.setattr(room.sys, "platform", "win32")
    transport = open_serial(pty.path)
    monkeypatch.undo()
    os.write(pty.master, b"hello")
    data = b""
    while len(data) < 5:
        data += transport.read(timeout=20)
    assert data == b"hello"
    transport.write(b"x", timeout=20)
    assert os.read(pty.master, 1) == b"x"
    transport.close()
    open_serial(pty.path).close()
