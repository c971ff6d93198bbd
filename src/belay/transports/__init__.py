"""Bytes to and from a board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belay.exceptions import BelayException
from belay.transports.address import Address, parse_address
from belay.transports.usb import PortLister, UsbSpecifier, comports, find

if TYPE_CHECKING:
    from belay.transports.base import Transport
    from belay.transports.login import Password

__all__ = ["Address", "UsbSpecifier", "open_transport", "parse_address"]


@dataclass(frozen=True)
class _Options:
    baudrate: int
    exclusive: bool
    user: str | None
    password: Password
    ports: PortLister


def open_transport(
    address: str | UsbSpecifier,
    *,
    baudrate: int = 115200,
    exclusive: bool = True,
    user: str | None = None,
    password: Password = None,
    ports: PortLister = comports,
) -> Transport:
    """Open the byte pipe to a board.

    Args:
        address: One of :data:`belay.transports.address.FORMS`, or the fields of a board on USB.
        baudrate: Bits per second of a UART.
        exclusive: Refuse a port that another program has locked, and lock it.
        user: For transports with a login.
        password: For transports with a login; a function is called when the other side asks.
        ports: Lists the serial ports of this machine.

    Raises:
        AddressError: The address is of no known form, or nobody has this name.
        AliasFileError: The file with the names of boards cannot be understood.
        DeviceNotFoundError: There is no such port, board or program.
        InsufficientSpecifierError: Several boards fit.
        PortBusyError: Another program has the port open.
        FeatureUnavailableError: This platform lacks what is needed.
        AuthenticationError: The other side refuses the user or the password, or asks and none was given.
        ConnectionFailedError: The connection could not be made.
    """
    parsed = parse_address(address)
    return _OPENERS[parsed.scheme](parsed, _Options(baudrate, exclusive, user, password, ports))


def _open_alias(address: Address, options: _Options) -> Transport:
    from belay.aliases import config_file, find_alias

    name = f"@{address.rest}"
    meaning = find_alias(address.rest).address
    try:
        meant = parse_address(meaning)
        return _OPENERS[meant.scheme](meant, options)
    except BelayException as error:
        error.add_note(f"{name} is {meaning}, by {config_file()}")
        raise


def _open_serial(address: Address, options: _Options) -> Transport:
    from belay.transports.serial import open_serial

    return open_serial(
        address.rest, baudrate=options.baudrate, exclusive=options.exclusive, ports=options.ports
    )


def _open_usb(address: Address, options: _Options) -> Transport:
    port = find(UsbSpecifier.from_json(address.rest), options.ports)
    return _open_serial(Address("serial", port, address.original), options)


def _open_socket(address: Address, _options: _Options) -> Transport:
    from belay.transports.tcp import open_socket

    return open_socket(address.rest)


def _open_webrepl(address: Address, options: _Options) -> Transport:
    from belay.transports.webrepl import open_webrepl

    return open_webrepl(address.rest, password=options.password)


def _open_telnet(address: Address, options: _Options) -> Transport:
    from belay.transports.telnet import open_telnet

    return open_telnet(address.rest, user=options.user, password=options.password, name=address.original)


def _open_exec(address: Address, _options: _Options) -> Transport:
    from belay.transports.process import open_exec

    return open_exec(address.rest, name=address.original)


def _open_execpty(address: Address, _options: _Options) -> Transport:
    from belay.transports.process import open_execpty

    return open_execpty(address.rest, name=address.original)


def _open_virtual(address: Address, _options: _Options) -> Transport:
    from belay.transports.virtual import open_virtual

    return open_virtual(address.rest, name=address.original)


_OPENERS: dict[str, Callable[[Address, _Options], Transport]] = {
    "alias": _open_alias,
    "serial": _open_serial,
    "usb": _open_usb,
    "socket": _open_socket,
    "webrepl": _open_webrepl,
    "telnet": _open_telnet,
    "exec": _open_exec,
    "execpty": _open_execpty,
    "virtual": _open_virtual,
}
