"""Compiled files: which of them a board can import.

The first three bytes of an ``.mpy`` file tell: ``M``, the mpy version, and the architecture of its native
code if it has any (https://docs.micropython.org/en/latest/reference/mpyfiles.html).
"""

from __future__ import annotations

from collections.abc import Callable

from belay.exceptions import PackageError
from belay.mpy import ARCHES, runs
from belay.packages.model import LockedFile, LockedPackage


def check_compiled(
    package: LockedPackage, read: Callable[[LockedFile], bytes], *, mpy_version: str, arch: str
) -> None:
    """Refuse a package with compiled files that the project's boards could not import.

    Args:
        package: The package.
        read: Gives a file's content.
        mpy_version: The only mpy version that fits, as ``"6"``; ``"py"`` if any does.
        arch: The architecture of the boards, as ``"armv6m"``, or empty if no native code fits.

    Raises:
        PackageError: One is no ``.mpy`` file, is of another mpy version, or has native code of another
            architecture.
    """
    for file in package.files:
        if file.destination.endswith(".mpy") and (reason := _reason(read(file)[:3], mpy_version, arch)):
            where = f"{package.name} {package.version}".rstrip() + f": {file.destination}"
            raise PackageError(f"{where} {reason[0]}", hint=reason[1] or None)


def _reason(head: bytes, mpy_version: str, arch: str) -> tuple[str, str] | None:
    """Why a file does not fit, and what helps; None if it fits."""
    if len(head) < 3 or head[:1] != b"M":
        return "is no .mpy file", ""
    if mpy_version not in ("py", str(head[1])):
        return f"is of mpy version {head[1]}, and the project's is {mpy_version}", ""
    number = head[2] >> 2 & 0x0F
    native = ARCHES[number] if number < len(ARCHES) else f"architecture {number}"
    if runs(native, arch):
        return None
    fits = f"the project is for {arch}" if arch else "the project names none"
    return (
        f"has native code for {native}, and {fits}",
        "set arch in [tool.belay] if all boards of the project have it",
    )
