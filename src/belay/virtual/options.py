"""What stands after ``virtual:`` in an address, as one value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from belay.exceptions import AddressError

_HEAP = re.compile(r"[1-9][0-9]*[kKmM]?\Z")
_SWITCH = {"0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}

LEAST_HEAP = 64 * 1024
"""Bytes. The board compiles its peripherals when it boots, which needs half of that for a moment."""
MOST_HEAP = 1 << 30


@dataclass(frozen=True)
class VirtualOptions:
    """How a virtual board is to be made.

    Attributes:
        root: The folder that holds the board's files, created when missing. None: a fresh temporary
            folder that is gone afterwards.
        heap: The size of the board's heap in bytes; ``k`` and ``M`` may follow the number.
        interpreter: A MicroPython of the unix port to run instead of the built-in one.
        cooked: Whether text leaves the board with CRLF at line ends, as real boards send it.
    """

    root: Path | None = None
    heap: str = "2M"
    interpreter: Path | None = None
    cooked: bool = True

    def __post_init__(self) -> None:
        wrong = None
        if not _HEAP.match(self.heap):
            wrong = "heap must be a number of bytes, with k or M behind it if you like"
        elif not LEAST_HEAP <= heap_bytes(self.heap) <= MOST_HEAP:
            wrong = f"heap must lie between {LEAST_HEAP // 1024}k and {MOST_HEAP >> 20}M"
        if wrong:
            raise AddressError(f"virtual:?heap={self.heap}", wrong, hint="for example virtual:?heap=128k")

    @classmethod
    def parse(cls, rest: str) -> VirtualOptions:
        """Read what stands after ``virtual:``: ``""``, ``PATH`` or ``PATH?heap=128k&cooked=0``.

        Names and values may be percent-encoded. A path that holds a ``?`` writes it as ``%3F``.

        Raises:
            AddressError: An option is unknown, given twice, or its value makes no sense.
        """
        address = f"virtual:{rest}"
        path, _, query = rest.partition("?")
        given: dict[str, str] = {}
        for part in filter(None, query.split("&")):
            name, _, value = (unquote(piece) for piece in part.partition("="))
            if name not in _KNOWN:
                known = ", ".join(sorted(_KNOWN))
                raise AddressError(address, f"unknown option {name!r}", hint=f"known options: {known}")
            if name in given:
                raise AddressError(address, f"option {name!r} is given twice")
            given[name] = value
        return cls(
            root=Path(unquote(path)).expanduser() if path else None,
            heap=given.get("heap", cls.heap),
            interpreter=_read_interpreter(address, given.get("interpreter")),
            cooked=_read_switch(address, "cooked", given.get("cooked", "1")),
        )


_KNOWN = frozenset({"heap", "interpreter", "cooked"})


def _read_interpreter(address: str, value: str | None) -> Path | None:
    if value is None:
        return None
    if not value:
        raise AddressError(address, "interpreter needs the path of a MicroPython")
    return Path(value).expanduser()


def _read_switch(address: str, name: str, value: str) -> bool:
    try:
        return _SWITCH[value.lower()]
    except KeyError:
        raise AddressError(address, f"{name} must be 0 or 1, not {value!r}") from None


def heap_bytes(heap: str) -> int:
    """The number of bytes that ``heap`` stands for, as ``128k`` for 131072."""
    scale = {"k": 1024, "m": 1024 * 1024}.get(heap[-1].lower(), 1)
    return int(heap.rstrip("kKmM")) * scale
