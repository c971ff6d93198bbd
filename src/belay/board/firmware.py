"""What the host knows of a board's firmware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from belay.mpy import arch_name

AGENT_NEEDS = frozenset(
    {
        "json",
        "struct",
        "select",
        "StringIO",
        "print_exception",
        "crc32",
        "base64",
        "stdin.buffer",
        "stdout.buffer",
    }
)
"""Without one of these the agent (``onboard/agent.py``) cannot run."""

AGENT_HEAP = 24 * 1024
"""Free bytes that a board must have for it: it takes up to a third, and functions need some too."""


@dataclass(frozen=True)
class Implementation:
    """What runs on a board.

    Attributes:
        name: ``"micropython"`` or ``"circuitpython"``.
        version: Major, minor, patch.
        platform: The port, as ``"rp2"``; CircuitPython names the chip, as ``"RP2040"``.
        emitters: Which of ``"native"`` and ``"viper"`` the board can compile to.
        mpy_version: The version of ``.mpy`` files that it loads, or None if it says none.
        arch: The architecture of native code in ``.mpy`` files, as ``"armv6m"``; empty if none is loaded.
        board: The board's name, as ``"Raspberry Pi Pico with RP2040"``; empty if it says none.
        unique_id: The chip's serial number in hexadecimal; empty if it says none.
        features: What its firmware has of what the agent can use, as ``"json"`` or ``"stdin.buffer"``.
        heap: Bytes of free heap when it was asked, before anything of ours was there; None if it says none.
        double: Whether its floats have double precision; None if it has no floats.
        mpy_sub_version: The version of native code's interface that it has; None if it says none.
    """

    name: str
    version: tuple[int, int, int] = (0, 0, 0)
    platform: str = ""
    emitters: tuple[str, ...] = ()
    mpy_version: int | None = None
    arch: str = ""
    board: str = ""
    unique_id: str = ""
    features: frozenset[str] = frozenset()
    heap: int | None = None
    double: bool | None = None
    mpy_sub_version: int | None = None

    @property
    def lacks_for_agent(self) -> tuple[str, ...]:
        """What keeps the agent from running here; nothing if it can."""
        missing = sorted(AGENT_NEEDS - self.features)
        if self.heap is not None and self.heap < AGENT_HEAP:
            missing.append(f"{AGENT_HEAP - self.heap} bytes of heap")
        return tuple(missing)


def read_probe(answer: Any) -> Implementation:
    """Understand what the probe (``onboard/probe.py``) answers."""
    name, version, platform, emitters, mpy, board, unique_id, features, heap, double = answer
    major, minor, patch = (*version, 0, 0, 0)[:3]
    return Implementation(
        name=name,
        version=(major, minor, patch),
        platform=platform,
        emitters=tuple(emitters),
        mpy_version=None if mpy is None else mpy & 0xFF,
        mpy_sub_version=None if mpy is None else mpy >> 8 & 3,
        arch=arch_name((mpy or 0) >> 10 & 0xF),
        board=board or "",
        unique_id=unique_id.hex() if unique_id else "",
        features=frozenset(features),
        heap=heap,
        double=double,
    )
