"""Virtual boards with trees of files on them, seen without the product's own way of looking."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from belay import Device
from belay.files.sync import Bytes, SyncSummary, Wish
from belay.files.tree import FOLDER
from belay.transports.base import READ_SIZE, Transport

KINDS = ["host", "lfs2", "fat"]
Files = Mapping[str, bytes | None]
"""What each file holds; None is a folder."""
Look = dict[str, str | None]

# A folder at a time, so that little memory will do.
_LOOK = """
import os
from hashlib import sha256
from binascii import hexlify
def look(folder):
    return [(entry[0], None if entry[1] == 0x4000 else check(folder + "/" + entry[0]))
        for entry in os.ilistdir(folder or "/")]
def check(path):
    made, buffer = sha256(), bytearray(512)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        while True:
            got = file.readinto(buffer)
            if not got:
                return hexlify(made.digest()).decode()[:16]
            made.update(view[:got])
def put(path, data):
    with open(path, "wb") as file:
        file.write(data)
"""

# os.mount makes another file system of memory.
_MOUNT = """
import os
class Ram:
    def __init__(self, blocks):
        self.data = bytearray(blocks * 512)
    def readblocks(self, number, into, at=0):
        start = number * 512 + at
        into[:] = memoryview(self.data)[start:start + len(into)]
    def writeblocks(self, number, data, at=0):
        start = number * 512 + at
        self.data[start:start + len(data)] = data
    def ioctl(self, what, argument):
        return {4: len(self.data) // 512, 5: 512}.get(what, 0)
def mount(kind, place, blocks, readonly=False):
    make = os.VfsFat if kind == "fat" else os.VfsLfs2
    disk = Ram(blocks)
    make.mkfs(disk)
    os.mount(make(disk), place, readonly=readonly)
"""


class Line:
    """Passes everything on; changes nothing."""

    survives_reset = True
    transparent = True

    def __init__(self, inner: Transport) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def flow_control(self) -> bool:
        return self.inner.flow_control

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, timeout)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self.inner.write(data, timeout)

    def close(self) -> None:
        self.inner.close()


def address(kind: str, place: Path, *, size: str = "256k", heap: str = "128k") -> str:
    """A board whose files lie in a place, a folder or an image."""
    if kind == "host":
        return f"virtual:{place}?heap={heap}"
    sized = "" if place.exists() else f":{size}"
    return f"virtual:?heap={heap}&fs={kind}{sized}&image={place}"


@contextmanager
def board(kind: str, place: Path, *, size: str = "256k", heap: str = "128k", **more: Any) -> Iterator[Device]:
    with Device(address(kind, place, size=size, heap=heap), **more) as device:
        device(_LOOK)
        yield device


def mount(device: Device, kind: str, place: str, blocks: int = 64, *, readonly: bool = False) -> None:
    device(_MOUNT)
    device(f"mount({kind!r}, {place!r}, {blocks}, {readonly})")


def look(device: Device, folder: str = "") -> Look:
    """What is on the board, without the record."""
    found: Look = {}
    for name, check in device(f"look({folder!r})"):
        path = f"{folder}/{name}"
        found[path[1:]] = check
        if check is None:
            found |= look(device, path)
    found.pop(".belay", None)
    return found


def looked(files: Files, top: str = "") -> Look:
    """What :func:`look` finds where files are as they should be."""
    found: Look = {}
    for inner, data in files.items():
        path = f"{top}/{inner}" if top else inner
        names = path.split("/")
        found |= dict.fromkeys("/".join(names[:at]) for at in range(1, len(names)))
        found[path] = None if data is None else hashlib.sha256(data).hexdigest()[:16]
    return found


def put(device: Device, files: Files) -> None:
    """Put files on the board as another tool does, in folders that are there."""
    for path, data in files.items():
        device(f"os.mkdir({path!r})" if data is None else f"put({path!r}, {data!r})")


class Wanted(Bytes):
    """Files, and folders that may be empty."""

    def __init__(self, files: Files) -> None:
        super().__init__({path: data for path, data in files.items() if data is not None})
        self.tree = {**self.tree, **{path: FOLDER for path, data in files.items() if data is None}}


def sync(device: Device, files: Files, **more: Any) -> SyncSummary:
    return device.filesystem.sync(Wish(Wanted(files), **more))
