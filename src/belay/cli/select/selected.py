"""A board that was selected: what it is, what it can be called, and how that is told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from belay.aliases import find_alias, save_alias
from belay.cli.board import WrongUse, visiting
from belay.cli.known import about_page
from belay.cli.select import ways
from belay.cli.settings import Settings
from belay.exceptions import BelayException, BoardError
from belay.transports import usb
from belay.transports.address import parse_address
from belay.transports.identity import identity, is_lasting
from belay.transports.usb import UsbSpecifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belay.board.firmware import Implementation
    from belay.device import Device

BLINK_SECONDS = 3.0
"""How long a LED blinks where nobody presses a key to end it."""


@dataclass(frozen=True)
class Selected:
    """A board, and what is known of it.

    Attributes:
        address: What names it: an alias, USB fields or whatever else was given.
        usb: The fewest USB fields that name it; None if it is not on USB.
        board: All its USB fields.
        about: What runs on it; None if it did not answer.
        problem: Why it did not.
    """

    address: str
    usb: UsbSpecifier | None
    board: UsbSpecifier | None
    about: Implementation | None
    problem: str | None


def find_selected(
    settings: Settings,
    where: str | UsbSpecifier,
    learned: Mapping[str, Implementation],
    *,
    blink: bool,
    pin: str | None,
) -> Selected:
    """Find out what a board is; one that does not answer is selected all the same.

    Args:
        settings: The shared options.
        where: An address, or all that is known of a board on USB.
        learned: What is known to run on boards, by their port.
        blink: Whether to let a LED blink.
        pin: Its pin; None for what the board knows itself.

    Raises:
        BelayException: There is no such board; or its LED does not blink.
    """
    board = _on_usb(where) if isinstance(where, str) else where
    port = str(board.device if board else where)
    about, problem = learned.get(port), None
    if about is None or blink:
        try:
            with visiting(settings, port) as device:
                about = device.implementation
                if blink:
                    _blink(settings, device, pin)
        except BelayException as error:
            if blink:
                raise
            problem = error.message
    if board is None:
        return Selected(str(where), None, None, about, problem)
    fewest = identity(board, usb.list_boards(usb.comports))
    has_name = isinstance(where, str) and where.startswith("@")
    return Selected(str(where) if has_name else ways.address_of(fewest), fewest, board, about, problem)


def save(settings: Settings, chosen: Selected, name: str) -> Selected:
    """Remember a board as a name; the same board by that name."""
    if chosen.usb and chosen.usb.device is None:
        before = save_alias(name, chosen.usb.given())
    elif chosen.address.startswith("@"):
        before = save_alias(name, find_alias(chosen.address.removeprefix("@")).address)
    else:
        before = save_alias(name, chosen.address)
    if chosen.usb and not is_lasting(chosen.usb):
        settings.say(
            "warning: nothing tells the board from others of its kind wherever it is plugged in: "
            f"@{name} is whichever is at {chosen.usb.location or chosen.usb.device}"
        )
    is_new = before is None or before == find_alias(name)
    settings.say(f"saved as @{name}{'' if is_new else f', which was {before} before'}")
    return replace(chosen, address=f"@{name}")


def page(chosen: Selected) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "address": chosen.address,
        "usb": chosen.usb and chosen.usb.given(),
        "board": chosen.board and asdict(chosen.board),
        "implementation": chosen.about and about_page(chosen.about),
        "problem": chosen.problem,
    }


def text(chosen: Selected, shells: Sequence[str]) -> str:
    """What it is, and the three ways to name it.

    Args:
        chosen: The board.
        shells: Whose words and lines are to be shown.
    """
    about, first = chosen.about, ways.SHELLS[shells[0]]
    lines = [str(chosen.board)] if chosen.board else []
    if about:
        lines.append(
            f"Implementation(name={about.name!r}, version={about.version}, platform={about.platform!r}, "
            f"emitters={about.emitters})"
        )
    by_name = chosen.address.startswith("@") or chosen.usb is None
    code = repr(chosen.address) if by_name or chosen.usb is None else ways.code_of(chosen.usb)
    lines += [""] if lines else []
    return "\n".join(
        (
            *lines,
            "On the command line:",
            f"  belay info {first.word(chosen.address)}",
            "",
            "In a program:",
            f"  device = belay.Device({code})",
            "",
            "Or in the environment, and it need not be named any more:",
            *(f"  {ways.SHELLS[each].setting(chosen.address)}" for each in shells),
            "  device = belay.Device()",
        )
    )


def _on_usb(port: str) -> UsbSpecifier | None:
    """The board on USB that an address names, if it is one."""
    address = parse_address(port)
    if address.scheme == "alias":
        address = parse_address(find_alias(address.rest).address)
    if address.scheme == "usb":
        device = usb.find(UsbSpecifier.from_json(address.rest), usb.comports)
    elif address.scheme == "serial":
        device = address.rest
    else:
        return None
    return next((board for board in usb.list_devices(usb.comports) if board.device == device), None)


def _blink(settings: Settings, device: Device, pin: str | None) -> None:
    from belay.cli.select.blinking import HALF
    from belay.cli.select.light import Light

    try:
        light = Light(device, pin)
    except BoardError as error:
        if pin is None:
            raise
        raise WrongUse(
            f"{pin} is no pin of the board: {error.board_message}",
            "the number or the name of a pin, as --pin 25 or --pin GP25",
        ) from error
    settings.say(f"{light.name} blinks on {device.address}")
    try:
        end = time.monotonic() + BLINK_SECONDS
        on = True
        while time.monotonic() < end:
            light.switch(on=on)
            on = not on
            time.sleep(HALF)
    finally:
        light.put_back()
