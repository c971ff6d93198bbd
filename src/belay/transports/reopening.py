"""Opening a board's port, and after a loss the same board's, whatever name it has then."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from belay.exceptions import DeviceNotFoundError
from belay.transports import open_transport
from belay.transports.usb import PortLister, UsbSpecifier, comports, default_address, list_devices

if TYPE_CHECKING:
    from belay.transports.base import Transport


class BoardOpener:
    """Opens the port of one board, as often as it is called.

    A board on USB is remembered when its port is opened for the first time, by vendor, product and serial
    number; where it has no serial number, or another board has the same one, by where it is plugged in. From
    then on that board is opened, under whatever name it is found; another one that has taken its name is not.

    Without a serial number a board that was plugged in elsewhere cannot be told from others of its kind: what
    has the old name is taken for it if vendor and product are the same.

    Args:
        address: As for :func:`belay.transports.open_transport`; None for ``BELAY_DEVICE``, else the only
            board.
        ports: Lists the serial ports of this machine; None for pyserial.
        environ: The environment's variables; where no password is given, ``BELAY_PASSWORD`` is it.
        options: For :func:`belay.transports.open_transport`.
    """

    def __init__(
        self,
        address: str | UsbSpecifier | None,
        *,
        ports: PortLister | None = None,
        environ: Mapping[str, str] = os.environ,
        **options: Any,
    ) -> None:
        self._address = address
        self._ports = ports or comports
        self._environ = environ
        if options.get("password") is None:
            options["password"] = environ.get("BELAY_PASSWORD")
        self._options = options
        self._board: _Known | None = None
        self._opened = False

    def __call__(self) -> Transport:
        """Open the port.

        Raises:
            DeviceNotFoundError: There is no such board, or the one that was there is not.
            ConnectionFailedError: The port cannot be opened.
            BelayException: What else :func:`belay.transports.open_transport` raises.
        """
        where = self._board.find(list_devices(self._ports)) if self._board else self._given()
        transport = open_transport(where, ports=self._ports, **self._options)
        if not self._opened:
            self._opened = True
            self._board = _known(transport.name, self._ports)
        return transport

    def _given(self) -> str | UsbSpecifier:
        if self._address is None:
            return default_address(self._environ, lambda: list_devices(self._ports))
        return self._address


class _Known:
    """One of the ports of a board on USB.

    Args:
        port: All that is known of the port.
        boards: All ports on USB, this one among them.
    """

    def __init__(self, port: UsbSpecifier, boards: Sequence[UsbSpecifier]) -> None:
        self._port = port
        self._kind = UsbSpecifier(port.vid, port.pid, port.serial_number)
        same = [board for board in boards if self._kind.matches(board)]
        # Cheap bridges all have the same number, or none.
        alone = len({_place(board) for board in same}) == 1
        self._is_unique = port.serial_number is not None and alone
        self._at = [board for board in same if _place(board) == _place(port)].index(port)

    def find(self, boards: Sequence[UsbSpecifier]) -> str:
        """The name that the port has now.

        Raises:
            DeviceNotFoundError: The board is not there.
        """
        same = [board for board in boards if self._kind.matches(board)]
        if not self._is_unique:
            place = _place(self._port)
            here = [board for board in same if place and _place(board) == place]
            same = here or [board for board in same if board.device == self._port.device]
        if own := self._own(same):
            return str(own.device)
        raise DeviceNotFoundError(
            f"the board is not connected: {replace(self._port, device=None)}",
            hint=f"connected: {'; '.join(map(str, boards))}" if boards else "no board is connected",
        )

    def _own(self, same: Sequence[UsbSpecifier]) -> UsbSpecifier | None:
        """Of the ports of the board the one that was opened first, which need not be its first."""
        interface = _interface(self._port)
        if interface:
            return next((board for board in same if _interface(board) == interface), None)
        if len(same) == 1 and not self._is_unique:
            return same[0]
        return same[self._at] if self._at < len(same) else None


def _known(name: str, ports: PortLister) -> _Known | None:
    """What is to be remembered of a port; None for what is not on USB."""
    if ":" in name:
        return None
    real = os.path.realpath(name) if name.startswith("/") else name.removeprefix("\\\\.\\")
    boards = list_devices(ports)
    port = next((board for board in boards if (board.device or "").lower() == real.lower()), None)
    return _Known(port, boards) if port else None


def _place(board: UsbSpecifier) -> str | None:
    """Where it is plugged in, without the interface, which Linux adds: ``1-2`` of ``1-2:1.0``."""
    return board.location.partition(":")[0] if board.location else None


def _interface(board: UsbSpecifier) -> str:
    return (board.location or "").partition(":")[2]
