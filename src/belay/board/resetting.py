"""Resets that the board does not come back from as it was: the hard one, and the one into its bootloader.

Both are typed at the friendly prompt, where nothing waits for an answer: a program that main.py starts
afterwards is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass

from belay.deadline import Deadline
from belay.exceptions import BoardTimeoutError, ConnectionLost, FeatureUnavailableError
from belay.link import ENTER_TIMEOUT, Lent, Link

WATCHED = 2.0
"""Seconds in which a board complains, goes away or greets; one with a silent main.py does none of these."""

_IMPLEMENTATION = "import sys\nprint(sys.implementation.name)"
_PROMPT = b">>> "
_GREETINGS = (b"MicroPython", b"CircuitPython")
_FAILED = b"Traceback"


@dataclass(frozen=True)
class _Reset:
    """What to type for a reset, by what runs on the board."""

    lines: dict[str, bytes]
    otherwise: bytes

    def line(self, implementation: str) -> bytes:
        return self.lines.get(implementation, self.otherwise)


_HARD = _Reset(
    {"circuitpython": b"import microcontroller; microcontroller.reset()"}, b"import machine; machine.reset()"
)
_BOOTLOADER = _Reset(
    {
        # https://docs.circuitpython.org/en/latest/shared-bindings/microcontroller/#microcontroller.RunMode
        "circuitpython": b"import microcontroller as m; m.on_next_reset(m.RunMode.BOOTLOADER); m.reset()"
    },
    b"import machine; machine.bootloader()",
)


def hard_reset_line(link: Link) -> bytes:
    """What to type at the friendly prompt to reset the board, without the key that ends the line.

    Whatever the board ran is interrupted.

    Raises:
        ReplEntryError: No prompt came.
        BoardTimeoutError: The board does not say what runs on it.
        ConnectionLost: The link is gone.
    """
    return _HARD.line(_implementation(link))


def hard_reset(link: Link) -> bool:
    """Reset a board as its button does. What it ran is interrupted; boot.py and main.py run afterwards.

    Returns:
        Whether the port is still there. It goes away with a board that is a USB device itself.

    Raises:
        FeatureUnavailableError: The board cannot reset itself.
        ReplEntryError: No prompt came.
        BoardTimeoutError: The board does not say what runs on it.
        ConnectionLost: The link was gone before.
    """
    line = hard_reset_line(link)
    found = link.lend(lambda lent: _watch(lent, line))
    if found.complaint:
        raise FeatureUnavailableError(f"this board cannot reset itself: {found.complaint}")
    return found.there


def start_bootloader(link: Link) -> None:
    """Have a board wait for new firmware. What it ran is interrupted.

    Raises:
        FeatureUnavailableError: Its firmware cannot start the bootloader.
        ReplEntryError: No prompt came.
        BoardTimeoutError: The board does not say what runs on it.
        ConnectionLost: The link was gone before.
    """
    line = _BOOTLOADER.line(_implementation(link))
    found = link.lend(lambda lent: _watch(lent, line))
    complaint = found.complaint or ("nothing happened" if found.back and not found.greeted else "")
    if complaint:
        raise FeatureUnavailableError(
            f"this board cannot start its bootloader: {complaint}",
            hint="many boards do when a button (BOOT, BOOTSEL) is held while they are plugged in, or RESET "
            "is pressed twice",
        )


def _implementation(link: Link) -> str:
    link.enter(ENTER_TIMEOUT)
    said = bytearray()
    link.run(_IMPLEMENTATION, on_output=said.extend, timeout=WATCHED)
    return said.decode(errors="replace").strip()


@dataclass(frozen=True)
class _Found:
    """What became of a reset.

    Attributes:
        there: Whether the port is.
        seen: What the board said after the line was typed.
    """

    there: bool
    seen: bytes = b""

    @property
    def back(self) -> bool:
        """Whether the board waits at its prompt."""
        return self.seen.endswith(_PROMPT)

    @property
    def greeted(self) -> bool:
        """Whether it started anew."""
        return any(word in self.seen for word in _GREETINGS)

    @property
    def complaint(self) -> str:
        """The exception that was raised, or nothing; one of main.py's comes before a greeting."""
        if _FAILED not in self.seen or not self.back or self.greeted:
            return ""
        lines = self.seen.decode(errors="replace").split("\r\n")
        return lines[-2].strip() if len(lines) > 1 else ""


def _watch(lent: Lent, line: bytes) -> _Found:
    """Type a line, and see what becomes of the board."""
    deadline = Deadline(WATCHED)
    seen = b""
    try:
        try:
            lent.write(line + b"\r", timeout=WATCHED)
        except TimeoutError:
            raise BoardTimeoutError("the reset", WATCHED, b"") from None
        while not _after(line, seen).endswith(_PROMPT):
            seen += lent.read(timeout=deadline.remaining)
    except TimeoutError:
        # Silent, or chatty without end: a main.py.
        pass
    except ConnectionLost:
        return _Found(there=False)
    return _Found(there=True, seen=_after(line, seen))


def _after(line: bytes, seen: bytes) -> bytes:
    """What came after the echo of a line."""
    return seen.partition(line + b"\r\n")[2]
