"""Compiled files, ``.mpy``: what their first bytes tell, and which of them a board can import.

Source: https://docs.micropython.org/en/latest/reference/mpyfiles.html
"""

from __future__ import annotations

from typing import NamedTuple

ARCHES = (
    "",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
)
"""Architectures of native code, by their number in a file; mpy-cross's ``-march=`` knows the same names."""

HEADER = 3
"""Bytes that :func:`read_header` needs."""

_THUMB = ARCHES[ARCHES.index("armv6m") : ARCHES.index("armv7emdp") + 1]


class Header(NamedTuple):
    """What the beginning of a compiled file says.

    Attributes:
        family: Whose it is: ``"M"`` is MicroPython's, ``"C"`` CircuitPython's.
        version: The mpy version; a board imports one only.
        sub_version: The version of native code's interface; of no consequence without any.
        arch: The architecture of its native code; empty if it has none.
    """

    family: str
    version: int
    sub_version: int
    arch: str


def arch_name(number: int) -> str:
    """The name of an architecture by its number."""
    return ARCHES[number] if number < len(ARCHES) else f"unknown ({number})"


def read_header(content: bytes) -> Header | None:
    """Understand the beginning of a compiled file; None if it is none."""
    if len(content) < HEADER or content[:1] not in (b"M", b"C"):
        return None
    flags = content[2]
    return Header(chr(content[0]), content[1], flags & 3, arch_name(flags >> 2 & 0xF))


def runs(native: str, arch: str) -> bool:
    """Whether boards run native code: that of their own architecture, a Cortex-M that of smaller ones too."""
    if native in _THUMB and arch in _THUMB:
        return _THUMB.index(native) <= _THUMB.index(arch)
    return native in {"", arch}
