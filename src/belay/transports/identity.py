"""What tells a board on USB from all others, and still does when it is plugged in again."""

from __future__ import annotations

from collections.abc import Iterable

from belay.transports.usb import UsbSpecifier


def identity(board: UsbSpecifier, boards: Iterable[UsbSpecifier]) -> UsbSpecifier:
    """The fewest fields that name a board and none of the others.

    That is the serial number, which is the chip's own: it stays through other ports, cables and mostly other
    firmware. A board without one, or with one that several have, as cheap bridges do, is named by where it is
    plugged in; one of which not even that is known, by its port.

    Args:
        board: The board, with all that is known of it.
        boards: All boards that are connected; this one may be among them.
    """
    others = [each for each in boards if each.device != board.device]
    ids = {"vid": board.vid, "pid": board.pid}
    candidates = (
        {"serial_number": board.serial_number} if board.serial_number else None,
        {**ids, "serial_number": board.serial_number} if board.serial_number else None,
        {**ids, "location": board.location} if board.location else None,
    )
    for fields in filter(None, candidates):
        specifier = UsbSpecifier(**fields)  # type: ignore[arg-type]
        if not any(specifier.matches(other) for other in others):
            return specifier
    return UsbSpecifier(device=board.device)


def is_lasting(specifier: UsbSpecifier) -> bool:
    """Whether it names a board wherever it is plugged in."""
    return specifier.serial_number is not None
