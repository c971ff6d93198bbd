"""Which type stubs fit a board: the distribution's name, and the versions to ask for, one after the other.

The names are those of https://micropython-stubs.readthedocs.io for MicroPython, a distribution for each port,
and of https://docs.circuitpython.org for CircuitPython. Nothing here installs anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from belay.exceptions import PackageError, RequirementError

CIRCUITPYTHON = "circuitpython"
PORTS = ("esp32", "esp8266", "rp2", "samd", "stm32", "unix", "webassembly", "windows")
"""Ports whose stubs are known to be published; others are asked for all the same."""

_OTHER_NAMES = {"pyboard": "stm32", "linux": "unix", "darwin": "unix", "win32": "windows"}
"""What ``sys.platform`` is on a board, where it is not the port's name."""
_UNIX = (
    "the stubs of the unix port, which virtual boards run, say next to nothing of the classes of machine; "
    "for code that is to run on another board name its port, as --platform rp2"
)
_PLATFORM = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_PACKAGE = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*((?:[=<>!~]=?=?[^;@,\s]+,?\s*)*)")


@dataclass(frozen=True)
class Wanted:
    """Stubs that fit a board.

    Attributes:
        distribution: Its name, as ``"micropython-rp2-stubs"``.
        version: The firmware's version: two or three numbers, or none where it was not asked for.
        requirements: What to ask for, the best first: the next one counts if nobody publishes this one.
    """

    distribution: str
    version: tuple[int, ...]
    requirements: tuple[str, ...]

    @property
    def caution(self) -> str:
        """What surprises users of these stubs, or nothing."""
        return _UNIX if self.distribution == "micropython-unix-stubs" else ""

    def how_near(self, version: str) -> str:
        """In words, how the version that was found fits; nothing if it is the very one."""
        numbers = tuple(int(number) for number in re.findall(r"\d+", version.partition(".post")[0]))[:3]
        wanted = self.version
        if not wanted or numbers[: len(wanted)] == wanted[: len(numbers)]:
            return ""
        there = ".".join(map(str, wanted))
        if numbers[:2] == wanted[:2]:
            return f"there are no stubs of {there}; those of {version} are the nearest of this release"
        return f"there are no stubs of {there}; those of {version} are the nearest below it"


def stubs_for(platform: str, version: tuple[int, ...], *, name: str = "micropython") -> Wanted:
    """The stubs for a firmware.

    The very version counts most, then another of the same release, as 1.24.1 for 1.24.0, then the nearest
    lower release.

    Args:
        platform: What the board calls its port, as ``"rp2"``, ``"pyboard"`` or ``"linux"``.
        version: The firmware's: two numbers, or three; none for the newest there is.
        name: ``"micropython"``, or ``"circuitpython"``, whose stubs are the same for every platform.

    Raises:
        PackageError: The platform's name cannot be that of a distribution, or the version is unknown.
    """
    if version and not any(version):
        raise PackageError("the board does not say its version", hint="belay stubs --version 1.24")
    if CIRCUITPYTHON in {name, platform}:
        return Wanted(f"{CIRCUITPYTHON}-stubs", version, _requirements(f"{CIRCUITPYTHON}-stubs", version))
    port = _OTHER_NAMES.get(platform.lower(), platform.lower())
    if not _PLATFORM.fullmatch(port):
        raise PackageError(
            f"there are no stubs for the platform {platform!r}", hint=f"known are {', '.join(PORTS)}"
        )
    distribution = f"micropython-{port}-stubs"
    return Wanted(distribution, version, _requirements(distribution, version))


def stubs_named(text: str) -> Wanted:
    """The stubs that somebody names himself, as ``micropython-rp2-rpi_pico_w-stubs==1.24.*``.

    Raises:
        RequirementError: It is not a name with versions behind it.
    """
    match = _PACKAGE.fullmatch(text.strip())
    if not match:
        raise RequirementError(
            text, "is no distribution", hint="as micropython-rp2-stubs, or micropython-rp2-stubs==1.24.*"
        )
    return Wanted(match[1], (), (text.strip(),))


def read_version(text: str) -> tuple[int, ...]:
    """A firmware's version: two numbers, or three.

    Raises:
        RequirementError: It is something else.
    """
    match = _VERSION.fullmatch(text.strip())
    if not match:
        raise RequirementError(text, "is no version of a firmware", hint="as 1.24, or 1.24.1")
    return tuple(int(part) for part in match.groups() if part is not None)


def _requirements(distribution: str, version: tuple[int, ...]) -> tuple[str, ...]:
    if not version:
        return (distribution,)
    release = ".".join(map(str, version[:2]))
    very = [f"{distribution}=={'.'.join(map(str, version))}.*"] if len(version) > 2 else []
    return (*very, f"{distribution}=={release}.*", f"{distribution}<{release}")
