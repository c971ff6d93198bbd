from __future__ import annotations

import os
import pty
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from belay.exceptions import ConnectionFailedError, DeviceNotFoundError
from belay.transports.reopening import BoardOpener
from belay.transports.usb import UsbSpecifier

Open = Callable[[], str]


@dataclass
class Port:
    device: str
    vid: int | None = 0x2E8A
    pid: int | None = 5
    serial_number: str | None = "e6614c311b137637"
    manufacturer: str | None = None
    product: str | None = None
    location: str | None = "1-2:1.0"


@pytest.fixture
def open_port() -> Iterator[Open]:
    """Makes a serial port; its name."""
    with ExitStack() as stack:

        def make() -> str:
            master, slave = pty.openpty()
            tty.setraw(slave)
            stack.callback(os.close, master)
            stack.callback(os.close, slave)
            return os.ttyname(slave)

        yield make


class Machine:
    """The serial ports of a computer."""

    def __init__(self) -> None:
        self.ports: list[Port] = []

    def opener(self, address: str | UsbSpecifier | None, **environ: str) -> Callable[[], str]:
        """Opens a board; the name of the port that it was found at."""
        opener = BoardOpener(address, ports=lambda: self.ports, environ=environ)

        def name() -> str:
            transport = opener()
            transport.close()
            return transport.name

        return name


@pytest.fixture
def machine() -> Machine:
    return Machine()


@contextmanager
def not_there() -> Iterator[None]:
    with pytest.raises(DeviceNotFoundError, match="the board is not connected: 2e8a:0005"):
        yield


def test_a_board_is_found_again_under_another_name(machine: Machine, open_port: Open) -> None:
    first, second = open_port(), open_port()
    board = Port(first)
    machine.ports = [board]
    name = machine.opener(first)
    assert name() == first
    machine.ports = [replace(board, device=second, location="3-1:1.0")]
    assert name() == second
    # Another one has its name now.
    machine.ports.append(replace(board, device=first, serial_number="f00"))
    assert name() == second
    machine.ports.pop(0)
    with not_there():
        name()
    machine.ports = []
    with not_there():
        name()


@pytest.mark.parametrize("how", ["link", "usb", "environment", "only"])
def test_whatever_the_board_was_named_by(machine: Machine, open_port: Open, tmp_path: Path, how: str) -> None:
    first, second = open_port(), open_port()
    machine.ports = [Port(first, serial_number="A")]
    (tmp_path / "link").symlink_to(first)
    name = {
        "link": lambda: machine.opener(str(tmp_path / "link")),
        "usb": lambda: machine.opener(UsbSpecifier(vid=0x2E8A)),
        "environment": lambda: machine.opener(None, BELAY_DEVICE=first),
        "only": lambda: machine.opener(None),
    }[how]()
    name()
    # What was asked for fits another board as well now.
    machine.ports = [Port(first, serial_number="B"), Port(second, serial_number="A", location="9-9:1.0")]
    assert name() == second


def test_without_a_serial_number_the_place_tells(machine: Machine, open_port: Open) -> None:
    first, second = open_port(), open_port()
    bridge = Port(first, serial_number=None)
    machine.ports = [bridge]
    name = machine.opener(first)
    assert name() == first
    machine.ports = [replace(bridge, location="1-3:1.0"), replace(bridge, device=second)]
    assert name() == second
    # Nobody is there; one of the same kind has the name.
    machine.ports = [replace(bridge, location="1-3:1.0")]
    assert name() == first
    machine.ports = [replace(bridge, location="1-3:1.0", pid=6)]
    with not_there():
        name()


def test_where_not_even_the_place_is_known_the_name_tells(machine: Machine, open_port: Open) -> None:
    first, second = open_port(), open_port()
    one, other = (Port(name, serial_number=None, location=None) for name in (first, second))
    machine.ports = [one, other]
    name = machine.opener(second)
    assert name() == second
    machine.ports = [other]
    assert name() == second
    machine.ports = [one]
    with not_there():
        name()


def test_a_serial_number_that_several_have_tells_nothing(machine: Machine, open_port: Open) -> None:
    first, second = open_port(), open_port()
    one, other = Port(first, serial_number="0001"), Port(second, serial_number="0001", location="1-3:1.0")
    machine.ports = [one, other]
    name = machine.opener(second)
    assert name() == second
    machine.ports = [replace(other, device=first), replace(one, device=second)]
    assert name() == first


@pytest.mark.parametrize("locations", [("1-2:1.0", "1-2:1.2"), ("1-2", "1-2"), (None, None)])
def test_a_board_with_two_ports(
    machine: Machine, open_port: Open, locations: tuple[str | None, str | None]
) -> None:
    names = sorted((open_port() for _ in range(4)), key=lambda name: (len(name), name))
    machine.ports = [Port(names[at], location=locations[at]) for at in range(2)]
    name = machine.opener(names[1])
    assert name() == names[1]
    machine.ports = [Port(names[at + 2], location=locations[at]) for at in range(2)]
    assert name() == names[3]
    if locations[0] == "1-2:1.0":
        machine.ports = machine.ports[:1]
        with not_there():
            name()


def test_what_is_not_on_usb_is_opened_as_it_was_named(machine: Machine, open_port: Open) -> None:
    first = open_port()
    name = machine.opener(first)
    machine.ports = [Port("/dev/ttyS0", vid=None)]
    assert name() == first
    assert name() == first


def test_a_board_that_was_never_opened_is_not_remembered(machine: Machine, open_port: Open) -> None:
    machine.ports = [Port("/dev/none")]
    name = machine.opener(None)
    with pytest.raises((DeviceNotFoundError, ConnectionFailedError)):
        name()
    port = open_port()
    machine.ports = [Port(port, serial_number="other")]
    assert name() == port
