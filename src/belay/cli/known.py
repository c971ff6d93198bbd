"""The boards that are connected, and the names that the user gave to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from belay.aliases import Alias, read_aliases
from belay.cli.settings import Settings
from belay.exceptions import AddressError, AliasFileError
from belay.transports.address import parse_address
from belay.transports.usb import UsbSpecifier

if TYPE_CHECKING:
    from belay.board.firmware import Implementation

Names = Callable[[UsbSpecifier], Sequence[str]]
"""The names of a board, without the ``@``."""

_TITLES = ("port", "vid:pid", "serial number", "manufacturer", "product", "location")


def known_aliases(settings: Settings) -> list[Alias]:
    """All names; if their file is damaged, none and a warning: what is connected can be told all the same."""
    try:
        return list(read_aliases().values())
    except AliasFileError as error:
        settings.say(f"warning: the names of boards are not known: {error.message}")
        return []


def names_by(aliases: Iterable[Alias]) -> Names:
    """What finds the names of a board."""
    meant = [(alias.name, fits) for alias in aliases if (fits := _fitting(alias))]
    return lambda board: [name for name, fits in meant if fits(board)]


def columns(boards: Sequence[UsbSpecifier], names: Names) -> tuple[list[str], list[list[str]]]:
    """Titles and a row for each board; there is a column for their names if any of them has one."""
    titles, rows = list(_TITLES), [_row(board) for board in boards]
    named = [" ".join(f"@{name}" for name in names(board)) for board in boards]
    if any(named):
        titles.insert(1, "name")
        for row, text in zip(rows, named, strict=True):
            row.insert(1, text)
    return titles, rows


def about_page(about: Implementation) -> dict[str, Any]:
    """What runs on a board, as JSON has it."""
    return {
        "name": about.name,
        "version": list(about.version),
        "platform": about.platform,
        "board": about.board,
        "unique_id": about.unique_id,
    }


def _fitting(alias: Alias) -> Callable[[UsbSpecifier], bool] | None:
    """Whether a board on USB is the one; None for a name that cannot be one's."""
    try:
        address = parse_address(alias.address)
        if address.scheme == "usb":
            return UsbSpecifier.from_json(address.rest).matches
    except AddressError:
        return None
    return (lambda board: board.device == address.rest) if address.scheme == "serial" else None


def _row(board: UsbSpecifier) -> list[str]:
    ids = "" if board.vid is None else f"{board.vid:04x}:{board.pid or 0:04x}"
    rest = (board.serial_number, board.manufacturer, board.product, board.location)
    return [board.device or "", ids, *(value or "" for value in rest)]
