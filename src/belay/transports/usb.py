"""Boards on USB: what names one, and which port it is on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, Self

from belay.exceptions import AddressError, DeviceNotFoundError, InsufficientSpecifierError


class PortInfo(Protocol):
    """What is known of one serial port; pyserial's ``ListPortInfo`` is one."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    manufacturer: str | None
    product: str | None
    location: str | None


UART_BRIDGES = frozenset(
    {
        0x0403,  # FTDI
        0x067B,  # Prolific
        0x10C4,  # Silicon Labs CP210x
        0x1A86,  # WCH CH340, CH9102; the latter shows up as ttyACM
    }
)
"""USB vendors whose chips are a USB side and a plain UART side with the board behind it."""

PortLister = Callable[[], Iterable[PortInfo]]
"""Lists the serial ports of this machine."""


@dataclass(frozen=True)
class UsbSpecifier:
    """Names a board on USB by any subset of these fields; what is None fits every board.

    Attributes:
        vid: Vendor, 0 to 65535.
        pid: Product, 0 to 65535.
        serial_number: Compared without regard to case, which Windows changes.
        manufacturer: As the board gives it.
        product: As the board gives it.
        location: The hub's port, as ``1-2.3``.
        device: The serial port that it was found on. Not part of the JSON form: it changes when the
            board is plugged in again.
    """

    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    manufacturer: str | None = None
    product: str | None = None
    location: str | None = None
    device: str | None = None

    @classmethod
    def from_port(cls, port: PortInfo) -> Self:
        """Describe the board on a serial port by all that is known of it."""
        return cls(**{field.name: getattr(port, field.name) for field in fields(cls)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the form that ``BELAY_DEVICE`` has.

        Args:
            text: A JSON object with any of the fields.

        Returns:
            A specifier with these fields.

        Raises:
            AddressError: It is not JSON, or has a field that is unknown or of the wrong type.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise AddressError(text, f"not valid JSON ({error})", hint=_JSON_HINT) from error
        if not isinstance(values, dict):
            raise AddressError(text, "not a JSON object", hint=_JSON_HINT)
        for key, value in values.items():
            reason = _json_fault(key, value)
            if reason is not None:
                raise AddressError(text, reason, hint=_JSON_HINT)
        return cls(**values)

    def to_json(self) -> str:
        """Write the form that ``BELAY_DEVICE`` has: the fields that are given, ``device`` left out.

        Returns:
            A JSON object.
        """
        return json.dumps({key: value for key, value in self.given().items() if key != "device"})

    def matches(self, port: PortInfo | UsbSpecifier) -> bool:
        """Say whether a port, or a board, has every field that is given here.

        Args:
            port: What the system says of a port, or the fields of a board.

        Returns:
            Whether it has. A specifier without fields fits everything.
        """
        return all(_same(key, value, getattr(port, key)) for key, value in self.given().items())

    def __str__(self) -> str:
        """The given fields for a person, as ``2e8a:0005 e6614c311b137637 (MicroPython Board in FS mode)``."""
        ids = f"{_hex(self.vid)}:{_hex(self.pid)}" if self.vid is not None or self.pid is not None else None
        words = " ".join(word for word in (self.manufacturer, self.product) if word)
        parts = [
            self.device,
            ids,
            self.serial_number,
            f"({words})" if words else None,
            f"at {self.location}" if self.location else None,
        ]
        return " ".join(part for part in parts if part) or "any board"

    def given(self) -> dict[str, Any]:
        """Return the fields that are given, by name."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def comports() -> Iterable[PortInfo]:
    """List the serial ports of this machine by pyserial."""
    from serial.tools import list_ports

    return list_ports.comports()


def list_devices(ports: PortLister = comports) -> list[UsbSpecifier]:
    """List the boards on USB, by port.

    A serial port that is not on USB is left out: it says nothing of what is behind it.

    Args:
        ports: Lists the serial ports; what the system says, if nothing else is given.

    Returns:
        For each its fields, ``device`` (the port) among them.
    """
    found = (UsbSpecifier.from_port(port) for port in ports() if port.vid is not None)
    return sorted(found, key=lambda board: _natural(board.device or ""))


def list_boards(ports: PortLister = comports) -> list[UsbSpecifier]:
    """List the boards on USB, each once: one that has several serial ports by the first of them."""
    return first_ports(list_devices(ports))


def find(specifier: UsbSpecifier, ports: PortLister = comports) -> str:
    """Find the port of the one board that fits.

    Raises:
        DeviceNotFoundError: None fits.
        InsufficientSpecifierError: More than one fits.
    """
    boards = list_devices(ports)
    fitting = first_ports(board for board in boards if specifier.matches(board))
    if not fitting:
        raise DeviceNotFoundError(f"no board on USB is {specifier}", hint=_connected(boards))
    if len(fitting) > 1:
        raise InsufficientSpecifierError(
            f"{len(fitting)} boards on USB are {specifier}: {_listing(fitting)}",
            hint="add fields until one is left, such as serial_number or location",
        )
    return str(fitting[0].device)


def default_address(
    environ: Mapping[str, str], list_boards: Callable[[], list[UsbSpecifier]] = list_devices
) -> str | UsbSpecifier:
    """Choose the board that is meant when none is named.

    That is ``BELAY_DEVICE`` (USB fields as JSON, or any address), else the only board connected.

    Args:
        environ: The environment's variables.
        list_boards: Lists the boards on USB.

    Raises:
        AddressError: ``BELAY_DEVICE`` looks like JSON and is not what it should be.
        DeviceNotFoundError: No board is connected.
        InsufficientSpecifierError: Several are.
    """
    wish = environ.get("BELAY_DEVICE", "").strip()
    if wish:
        return UsbSpecifier.from_json(wish) if wish.startswith("{") else wish
    boards = first_ports(list_boards())
    if not boards:
        raise DeviceNotFoundError(
            "no board is connected and none was named",
            hint="name one, as /dev/ttyACM0 or COM3, or set BELAY_DEVICE; virtual: needs no hardware",
        )
    if len(boards) > 1:
        raise InsufficientSpecifierError(
            f"{len(boards)} boards are connected and none was named: {_listing(boards)}",
            hint="name one or set BELAY_DEVICE; `belay select` lets them blink and gives them names",
        )
    return boards[0]


_NUMBERS = frozenset({"vid", "pid"})
_FIELDS = tuple(field.name for field in fields(UsbSpecifier))
_JSON_HINT = f"a JSON object with some of: {', '.join(_FIELDS)}"


def _json_fault(key: str, value: object) -> str | None:
    if key not in _FIELDS:
        return f"unknown field {key!r}"
    if value is None:
        return None
    if key in _NUMBERS:
        if type(value) is not int or not 0 <= value <= 0xFFFF:
            return f"{key} must be a number from 0 to 65535, not {value!r}"
    elif not isinstance(value, str):
        return f"{key} must be a string, not {value!r}"
    return None


def _same(key: str, wanted: object, found: object) -> bool:
    if key == "serial_number" and isinstance(wanted, str) and isinstance(found, str):
        return wanted.casefold() == found.casefold()
    return wanted == found


def first_ports(boards: Iterable[UsbSpecifier]) -> list[UsbSpecifier]:
    """Of a board with several serial ports of its own keep the first, which has its REPL.

    So does CircuitPython's ``usb_cdc.data``. The ports of a bridge may each have a board behind them.
    """
    first: dict[object, UsbSpecifier] = {}
    for board in boards:
        # On Linux the interface follows the location, as in 1-2:1.0.
        location = (board.location or "").partition(":")[0]
        whole = (board.vid, board.pid, board.serial_number, location)
        separate = board.vid in UART_BRIDGES or not (board.serial_number or location)
        first.setdefault(board if separate else whole, board)
    return list(first.values())


def _hex(number: int | None) -> str:
    return "*" if number is None else f"{number:04x}"


def _natural(text: str) -> tuple[str, int, str]:
    """Sort COM10 behind COM9."""
    stem = text.rstrip("0123456789")
    return stem, int(text[len(stem) :] or -1), text


def _listing(boards: Iterable[UsbSpecifier]) -> str:
    return "; ".join(str(board) for board in boards)


def _connected(boards: list[UsbSpecifier]) -> str:
    return f"connected: {_listing(boards)}" if boards else "no board is connected"
