"""What comes from a keyboard: keys for the board, whole pastes, and the two keys that are ours. Pure."""

from __future__ import annotations

from dataclasses import dataclass

LEAVE_KEY = b"\x1d"
"""Ctrl-]."""

MENU_KEY = b"\x14"
"""Ctrl-T."""

BRACKETS_ON, BRACKETS_OFF = b"\x1b[?2004h", b"\x1b[?2004l"
"""Ask a terminal to say where a paste begins and ends: https://invisible-island.net/xterm/ctlseqs (2004)."""

PASTE_BEGIN, PASTE_END = b"\x1b[200~", b"\x1b[201~"

KEY_PATIENCE = 0.05
"""Seconds in which the rest of a key's bytes comes. A lone Esc waits so long."""

PASTE_PATIENCE = 1.0
"""Seconds of silence after which a paste counts as whole though its end did not come."""


@dataclass(frozen=True)
class Typed:
    """Keys for the board, as their bytes."""

    data: bytes


@dataclass(frozen=True)
class Pasted:
    """A whole paste."""

    data: bytes


@dataclass(frozen=True)
class Leave:
    """The key that leaves."""


@dataclass(frozen=True)
class OpenMenu:
    """The key that opens the menu."""


Key = Typed | Pasted | Leave | OpenMenu


class Keys:
    """Tells keys from pastes, however the bytes are cut.

    Args:
        leave: The bytes of the key that leaves; None if there is none.
        menu: Those of the key that opens the menu; None if there is none.
    """

    def __init__(self, leave: bytes | None = LEAVE_KEY, menu: bytes | None = MENU_KEY) -> None:
        self._ours: dict[bytes, Leave | OpenMenu] = {}
        if menu:
            self._ours[menu] = OpenMenu()
        if leave:
            self._ours[leave] = Leave()
        self._marks = (*self._ours, PASTE_BEGIN)
        self._held = b""
        self._pasting = False

    @property
    def patience(self) -> float | None:
        """Seconds to wait for more before :meth:`expire` is to be called; None while nothing is held back."""
        if self._pasting:
            return PASTE_PATIENCE
        return KEY_PATIENCE if self._held else None

    def feed(self, data: bytes) -> list[Key]:
        """What bytes of the keyboard mean, together with those that were held back."""
        self._held += data
        found: list[Key] = []
        while self._held and self._step(found):
            pass
        return found

    def expire(self) -> list[Key]:
        """Nothing more came in time: what was held back is what it looks like."""
        held, self._held = self._held, b""
        if self._pasting:
            self._pasting = False
            return [Pasted(held)]
        return [Typed(held)] if held else []

    def _step(self, found: list[Key]) -> bool:
        """Take the next piece; False if more bytes are needed."""
        if self._pasting:
            text, end, rest = self._held.partition(PASTE_END)
            if not end:
                return False
            self._pasting, self._held = False, rest
            found.append(Pasted(text))
            return True
        places = {mark: at for mark in self._marks if (at := self._held.find(mark)) >= 0}
        if not places:
            kept = self._partial()
            if typed := self._held[: len(self._held) - kept]:
                found.append(Typed(typed))
            self._held = self._held[len(self._held) - kept :]
            return False
        mark = min(places, key=lambda mark: places[mark])
        at = places[mark]
        if at:
            found.append(Typed(self._held[:at]))
        self._held = self._held[at + len(mark) :]
        if mark == PASTE_BEGIN:
            self._pasting = True
        else:
            found.append(self._ours[mark])
        return True

    def _partial(self) -> int:
        """How many of the last bytes may be the beginning of a mark."""
        longest = max(map(len, self._marks)) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            if any(mark.startswith(self._held[-size:]) for mark in self._marks):
                return size
        return 0
