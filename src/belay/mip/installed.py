"""What the record on a board says of packages.

In ``/.belay`` (:mod:`belay.files.record`) each folder that packages were put into has an entry by ``mip``,
which says besides its paths::

    "packages": [{"name": "umqtt.simple", "version": "1.6.0", "asked": "umqtt.simple",
                  "source": "index+https://micropython.org/pi/v2", "needs": [], "wants": {},
                  "files": {"umqtt/simple.mpy": [2183, 912837465]}}]

Of each file that is its size and CRC-32. ``asked`` is missing of what only others need.

Whoever can write to the board can write anything there: what could not have been written by us is left out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from belay.files.record import Put, Record
from belay.files.tree import File, parents
from belay.packages.destination import check_destination

BY = "mip"
"""Who put it there, for the record."""

_INDEX = "index+"


@dataclass(frozen=True)
class Installed:
    """A package as it was put into a folder on a board.

    Attributes:
        name: Its name.
        version: Its version, or a commit, or empty.
        source: Where it came from, as the lockfile says it: ``index+https://…``, ``github:…``, an address.
        files: Size and CRC-32 of each file, by path in the folder.
        asked: What the user asked for, if it was this package; empty if only others need it.
        needs: The names of the packages that it needs.
        wants: What it wants of those, by name, unless any version will do.
    """

    name: str
    version: str
    source: str
    files: Mapping[str, File]
    asked: str = ""
    needs: tuple[str, ...] = ()
    wants: Mapping[str, str] = field(default_factory=dict)

    @property
    def index(self) -> str:
        """The index that it came from; empty for none."""
        return self.source.removeprefix(_INDEX) if self.source.startswith(_INDEX) else ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


def installed(record: Record, top: str) -> dict[str, Installed]:
    """What a record says was put into a folder, by name; what it says in another way than ours is left out.

    Args:
        record: The record.
        top: The folder.
    """
    for put in record.put:
        if (put.by, put.top) == (BY, top):
            return {package.name: package for package in _packages(put)}
    return {}


def unknown(record: Record, top: str) -> frozenset[str]:
    """What we have put into a folder, but for files of packages that the record has, and their folders.

    So it is where somebody else has written the record, or lost a part of it: it may be wanted.
    """
    known = {path for package in installed(record, top).values() for path in package.files}
    known |= {folder for path in known for folder in parents(path)}
    return frozenset(path.rstrip("/") for path in record.paths(BY, top)) - known


def tops(record: Record) -> tuple[str, ...]:
    """The folders into which packages were put."""
    return tuple(put.top for put in record.put if put.by == BY and _is_folder(put.top))


def _is_folder(top: str) -> bool:
    """Whether it is a folder as we write it."""
    return top.startswith("/") and top.isprintable() and posixpath.normpath(top) == top


def written(packages: Iterable[Installed]) -> dict[str, Any]:
    """Packages as the record is to have them."""
    return {"packages": [_written(package) for package in sorted(packages, key=lambda each: each.name)]}


def _written(package: Installed) -> dict[str, Any]:
    page: dict[str, Any] = {"name": package.name, "version": package.version, "source": package.source}
    page |= {"asked": package.asked} if package.asked else {}
    page |= {"needs": list(package.needs)} if package.needs else {}
    page |= {"wants": dict(package.wants)} if package.wants else {}
    return page | {"files": {path: [file.size, file.crc] for path, file in sorted(package.files.items())}}


def _packages(put: Put) -> Iterable[Installed]:
    listed = put.more.get("packages")
    for page in listed if isinstance(listed, list) else ():
        try:
            package = _read(page)
        except (KeyError, TypeError, ValueError, AttributeError):
            # Somebody else wrote it.
            continue
        yield package


def _read(page: dict[str, Any]) -> Installed:
    """A package as the record has it.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: We have not written it.
    """
    texts = [page["name"], page["version"], page["source"], page.get("asked", "")]
    needs, wants = page.get("needs", []), page.get("wants", {})
    if not all(isinstance(text, str) for text in [*texts, *needs, *wants, *wants.values()]):
        raise TypeError
    name, version, source, asked = texts
    if not name or not f"{name}{version}".isprintable():
        raise ValueError
    files = {check_destination(path): _file(*facts) for path, facts in page["files"].items()}
    return Installed(name, version, source, files, asked, tuple(needs), dict(wants))


def _file(size: object, crc: object) -> File:
    if not isinstance(size, int) or not isinstance(crc, int):
        raise TypeError
    return File(size, crc)
