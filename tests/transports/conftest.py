"""The other side of each transport, and the check that nothing is left behind."""

from __future__ import annotations

import os
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from servers.telnet import TelnetServer, serving
from servers.webrepl import Peer, playing

from belay.transports import open_transport, telnet, webrepl
from belay.transports.base import Transport
from belay.transports.fd import FdTransport
from belay.transports.serial import open_serial
from belay.transports.tcp import open_socket
from belay.transports.threaded import ThreadedTransport
from belay.transports.trace import CountingTransport, TracedTransport


@dataclass
class Wire:
    """A transport, and what its board would hold."""

    transport: Transport
    read_fd: int
    write_fd: int
    hang_up: Callable[[], None]
    end: Callable[[], None] = lambda: None

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.write_fd, data) :]

    def receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = os.read(self.read_fd, count - len(data))
            assert chunk, f"the other side ended after {len(data)} bytes"
            data += chunk
        return data


def _closer(*fds: int) -> Callable[[], None]:
    """Close descriptors, once."""
    left = list(fds)

    def close() -> None:
        while left:
            os.close(left.pop())

    return close


def _pipes() -> Wire:
    board_in, write_fd = os.pipe()
    read_fd, board_out = os.pipe()
    return Wire(FdTransport("pipes", read_fd, write_fd), board_in, board_out, _closer(board_in, board_out))


def _sockets() -> Wire:
    ours, theirs = (end.detach() for end in socket.socketpair())
    return Wire(FdTransport("sockets", ours, ours), theirs, theirs, _closer(theirs))


def _serial() -> Wire:
    master, slave = os.openpty()
    tty.setraw(slave)
    transport = open_serial(os.ttyname(slave))
    os.close(slave)
    return Wire(transport, master, master, _closer(master))


def _tcp() -> Wire:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_socket(f"socket://127.0.0.1:{server.getsockname()[1]}")
        theirs = server.accept()[0].detach()
    return Wire(transport, theirs, theirs, _closer(theirs))


def _threaded() -> Wire:
    board_in, write_fd = os.pipe()
    read_fd, board_out = os.pipe()
    hang_up = _closer(board_in, board_out)
    transport = ThreadedTransport(
        "threads",
        receive=lambda: os.read(read_fd, 65536),
        send=lambda data: os.write(write_fd, data),
        send_eof=lambda: None,
        unblock=hang_up,
        release=_closer(read_fd, write_fd),
    )
    return Wire(transport, board_in, board_out, hang_up)


def _traced() -> Wire:
    wire = _pipes()
    wire.transport = TracedTransport(wire.transport, StringIO())
    return wire


def _counted() -> Wire:
    wire = _pipes()
    wire.transport = CountingTransport(wire.transport)
    return wire


def _webrepl() -> Wire:
    """Over a WebSocket to a server of one connection, which carries it to a socket."""
    board, theirs = socket.socketpair()

    def play(peer: Peer) -> None:
        peer.log_in(answers=False)
        peer.carry(board)

    server = ExitStack()
    url = f"ws://{server.enter_context(playing(play))}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webrepl, "VERSION_SECONDS", 0.0)
        transport = open_transport(url, password="x")
    fd = theirs.detach()
    return Wire(transport, fd, fd, _closer(fd), server.close)


def _telnet() -> Wire:
    board, theirs = socket.socketpair()
    server = ExitStack()
    carrier = TelnetServer(board.fileno(), board.fileno())
    server.callback(board.close)
    url = f"telnet://{server.enter_context(serving(carrier))}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telnet, "ASKS_SECONDS", 0.0)
        transport = open_transport(url)
    fd = theirs.detach()
    return Wire(transport, fd, fd, _closer(fd), server.close)


WIRES = {
    "pipes": _pipes,
    "sockets": _sockets,
    "serial": _serial,
    "tcp": _tcp,
    "threaded": _threaded,
    "traced": _traced,
    "counted": _counted,
    "webrepl": _webrepl,
    "telnet": _telnet,
}


@pytest.fixture(params=list(WIRES))
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    made = WIRES[request.param]()
    with ExitStack() as stack:
        stack.callback(made.end)
        stack.callback(made.hang_up)
        stack.callback(made.transport.close)
        yield made


def _descriptors() -> dict[str, str]:
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found[entry.name] = str(entry.readlink())
    return {fd: target for fd, target in found.items() if not target.startswith("/proc/")}


def _children() -> set[str]:
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread may end while it is looked at.
        with suppress(FileNotFoundError, ProcessLookupError):
            found.update((task / "children").read_text().split())
    return found


def _remains(before: tuple[dict[str, str], set[str], set[threading.Thread]]) -> list[object]:
    descriptors, children, threads = before
    return [
        *(_descriptors().items() - descriptors.items()),
        *(_children() - children),
        *(set(threading.enumerate()) - threads),
    ]


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    if not Path("/proc/self/fd").exists():
        yield
        return
    before = (_descriptors(), _children(), set(threading.enumerate()))
    yield
    deadline = time.monotonic() + 20
    while (remains := _remains(before)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not remains
