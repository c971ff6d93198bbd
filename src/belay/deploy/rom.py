"""A ROMFS image into a partition of a board's flash, by the firmware's ``vfs.rom_ioctl``.

Source: https://docs.micropython.org/en/latest/library/vfs.html#vfs.rom_ioctl. A partition is erased, and then
written in steps. What makes an image one, its first bytes, is written last: so a board whose cable is pulled
meanwhile starts without an image, and never with half of one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from belay.board.compiled import why_unfit
from belay.board.firmware import Implementation
from belay.device import Device
from belay.exceptions import BoardError, BoardFileError, FeatureUnavailableError, FilesError, NoRoomError
from belay.mpy import HEADER
from belay.romfs import image_size, read_image

PIECE = 2048
"""Bytes that are written at once, if the partition takes them so."""
BEGINNING = 16
"""Bytes of a partition that tell what is in it."""
ERASED = b"\xff"
_TIMEOUT = 60.0
"""Seconds in which a board erases a partition, or does anything else that it is asked."""

Tell = Callable[[int, int], None]
"""Gets how many bytes are written, and how many there are in all."""


@dataclass(frozen=True)
class Partition:
    """A part of a board's flash for an image.

    Attributes:
        number: Counted from 0; the first is the one that is mounted at ``/rom``.
        size: In bytes.
        image: Bytes of the image in it; None if there is none.
    """

    number: int
    size: int
    image: int | None


@dataclass(frozen=True)
class Deployment:
    """What is written for an image, or would be.

    Attributes:
        partition: Where to, as it was before.
        image: Bytes of the image.
        bytes: Bytes of it that are to be written: all, or 0 if the partition holds it already.
        alignment: The board writes multiples of so many bytes; None as long as nothing was written, since
            the firmware says it when it has erased.
    """

    partition: Partition
    image: int
    bytes: int
    alignment: int | None = None


class Rom:
    """The partitions of a board.

    Args:
        device: The board.

    Raises:
        FeatureUnavailableError: Its firmware knows of none.
        ConnectionLost: The board is gone.
    """

    def __init__(self, device: Device) -> None:
        if not device("hasattr(__import__('vfs'),'rom_ioctl')" if _has_vfs(device) else "False"):
            raise FeatureUnavailableError(
                "the board's firmware has no partitions for ROMFS",
                hint="MicroPython has them since 1.25, if it was built for boards with one",
            )
        self._board = device.implementation
        task: Callable[..., Any] = device.task(timeout=_TIMEOUT)
        self._look, self._sum, self._erase = task(_look), task(_sum), task(_erase)
        self._write, self._end = task(_write), task(_end)

    def partitions(self) -> list[Partition]:
        """What there is.

        Raises:
            BoardFileError: The firmware refuses.
            ConnectionLost: The board is gone.
        """
        found = self._do(self._look, BEGINNING)
        return [
            Partition(number, size, _size_in(beginning, size))
            for number, (size, beginning) in enumerate(found)
        ]

    def plan(self, image: bytes, number: int = 0) -> Deployment:
        """Find out what :meth:`deploy` would do; nothing is written.

        Args:
            image: The image.
            number: Which partition.

        Returns:
            What would be written.

        Raises:
            ImageError: It is none, or damaged.
            FilesError: The board could not import a compiled file in it.
            FeatureUnavailableError: There is no such partition.
            NoRoomError: It is larger than the partition.
            BoardFileError: The firmware refuses.
            ConnectionLost: The board is gone.
        """
        _check_fit(image, self._board)
        partition = self._partition(number)
        if len(image) > partition.size:
            raise _no_room(partition, len(image))
        there = partition.image == len(image) and self._holds(number, image)
        return Deployment(partition, len(image), 0 if there else len(image))

    def deploy(self, image: bytes, number: int = 0, *, on_progress: Tell | None = None) -> Deployment:
        """Make a partition hold an image.

        Args:
            image: The image.
            number: Which partition.
            on_progress: Told while it is written.

        Returns:
            What was written; a partition that holds the image already is left as it is.

        Raises:
            BelayException: As :meth:`plan`.
            BoardFileError: The firmware refuses, or what is there afterwards is not the image.
            ConnectionLost: The board is gone.
        """
        planned = self.plan(image, number)
        if not planned.bytes:
            return planned
        unit = self._write_all(number, image, on_progress or _tell_nobody)
        if not self._holds(number, image):
            raise BoardFileError(
                f"partition {number} does not hold what was written to it",
                f"rom:{number}",
                hint="try it again",
            )
        return replace(planned, alignment=unit)

    def _partition(self, number: int) -> Partition:
        known = {partition.number: partition for partition in self.partitions()}
        if number not in known:
            there = f"there are {len(known)}, counted from 0" if known else "there is none"
            raise FeatureUnavailableError(f"the board has no ROMFS partition {number}: {there}")
        return known[number]

    def _holds(self, number: int, image: bytes) -> bool:
        return bool(self._do(self._sum, number, len(image)) == zlib.crc32(image))

    def _write_all(self, number: int, image: bytes, tell: Tell) -> int:
        """Write it; what the board writes are multiples of as many bytes as are returned."""
        unit: int = max(1, self._do(self._erase, number, len(image)))
        step = max(unit, PIECE // unit * unit)
        whole = image + ERASED * (-len(image) % unit)
        done = 0
        for start in [*range(step, len(whole), step), 0]:
            piece = whole[start : start + step]
            tell(done, len(whole))
            self._do(self._write, number, start, piece)
            done += len(piece)
        self._do(self._end, number)
        return unit

    def _do(self, task: Callable[..., Any], *arguments: object) -> Any:
        """Ask the firmware; what it says below zero is the number of an error."""
        try:
            found = task(*arguments)
        except BoardError as error:
            if isinstance(error, OSError):
                raise BoardFileError(f"the board refuses: {error.board_message}", "rom") from error
            raise
        if isinstance(found, int) and found < 0:
            raise BoardFileError(f"the board refuses, with error {-found}", "rom", -found)
        return found


def _has_vfs(device: Device) -> bool:
    try:
        device("import vfs")
    except ImportError:
        return False
    return True


def _size_in(beginning: bytes, size: int) -> int | None:
    found = image_size(beginning)
    return found if found is not None and found <= size else None


def _check_fit(image: bytes, board: Implementation) -> None:
    found = read_image(image)
    for path in found.files:
        if path.endswith(".mpy") and (why := why_unfit(found.read(path)[:HEADER], board)):
            raise FilesError(
                f"{path} {why}",
                hint="build it for the board: --mpy-version, and `arch` in [tool.belay]; or with --raw",
            )


def _no_room(partition: Partition, size: int) -> NoRoomError:
    error = NoRoomError(
        f"the image has {size} bytes, and partition {partition.number} has {partition.size}",
        f"rom:{partition.number}",
        hint="leave groups or files out; `belay build --romfs FILE -v` says how large each is",
    )
    error.needed, error.free = size, partition.size
    return error


def _tell_nobody(done: int, total: int) -> None:
    """Say nothing."""


# --- what runs on the board ------------------------------------------------------------------------


def _look(count):  # type: ignore[no-untyped-def]  # pragma: no cover
    import vfs  # type: ignore[import-not-found]

    found = []
    for number in range(vfs.rom_ioctl(1)):
        memory = vfs.rom_ioctl(2, number)
        found.append((len(memory), bytes(memory[:count])))
    return found


def _sum(number, size):  # type: ignore[no-untyped-def]  # pragma: no cover
    import binascii

    import vfs

    return binascii.crc32(memoryview(vfs.rom_ioctl(2, number))[:size])


def _erase(number, size):  # type: ignore[no-untyped-def]  # pragma: no cover
    import vfs

    try:
        vfs.umount("/rom")
    except OSError:
        pass  # nothing is mounted there
    return vfs.rom_ioctl(3, number, size)


def _write(number, offset, data):  # type: ignore[no-untyped-def]  # pragma: no cover
    import vfs

    return vfs.rom_ioctl(4, number, offset, data)


def _end(number):  # type: ignore[no-untyped-def]  # pragma: no cover
    import vfs

    return vfs.rom_ioctl(5, number)
