"""Partitions for ROMFS. The virtual board's firmware has none: a stand-in keeps them in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from belay import Device
from belay.deploy.rom import Rom
from belay.exceptions import BoardFileError, FeatureUnavailableError, FilesError, ImageError, NoRoomError
from belay.romfs import write_image

STAND_IN = """
import sys
import vfs as _vfs

class StandIn:
    # As MicroPython's documentation has it. `log` is what was asked, `refuses` what is answered instead.
    def __init__(self):
        self.parts = [bytearray(b'\\xff' * 8192), bytearray(b'\\xff' * 512)]
        self.log, self.refuses, self.unit = [], {}, 256
        self.VfsRom, self.mount, self.umount = _vfs.VfsRom, _vfs.mount, _vfs.umount

    def rom_ioctl(self, op, number=0, *more):
        self.log.append((op, number) + more[:1])
        if op in self.refuses:
            return self.refuses[op]
        if op == 1:
            return len(self.parts)
        part = self.parts[number]
        if op == 2:
            return memoryview(part)
        if op == 3:
            part[:more[0]] = b'\\xff' * more[0]
            return self.unit
        if op == 4:
            offset, data = more
            if offset % self.unit or len(data) % self.unit:
                return -22
            part[offset:offset + len(data)] = data
        return 0

sys.modules['vfs'] = rom = StandIn()
"""
IMAGE = write_image({"app/__init__.py": b"VALUE = 42\n", "data.bin": bytes(range(256)) * 20})


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    with Device("virtual:") as device:
        yield device


@pytest.fixture
def board(device: Device) -> Device:
    """A board with two partitions, erased."""
    device("import sys\nsys.modules.pop('vfs', None)\nsys.modules.pop('app', None)")
    device(STAND_IN)
    return device


def test_a_board_without_partitions() -> None:
    with Device("virtual:") as device, pytest.raises(FeatureUnavailableError, match="no partitions"):
        Rom(device)


def test_an_image(board: Device) -> None:
    rom = Rom(board)
    assert [(each.number, each.size, each.image) for each in rom.partitions()] == [
        (0, 8192, None),
        (1, 512, None),
    ]
    told: list[tuple[int, int]] = []
    planned = rom.plan(IMAGE)
    assert (planned.partition.size, planned.image, planned.bytes, planned.alignment) == (
        8192,
        len(IMAGE),
        len(IMAGE),
        None,
    )
    assert {each[0] for each in board("rom.log")} == {1, 2}
    done = rom.deploy(IMAGE, on_progress=lambda done, total: told.append((done, total)))
    assert done == replace(planned, alignment=256)
    assert [each.image for each in rom.partitions()] == [len(IMAGE), None]
    assert told[0] == (0, told[0][1])
    assert told[0][1] >= len(IMAGE)
    assert told[0][1] % 256 == 0
    # The image's first bytes came last, and then only the end.
    asked = [tuple(each) for each in board("[each for each in rom.log if each[0] > 2]")]
    assert asked == [(3, 0, len(IMAGE)), (4, 0, 2048), (4, 0, 4096), (4, 0, 0), (5, 0)]
    board("rom.mount(rom.VfsRom(rom.rom_ioctl(2, 0)), '/rom')\nsys.path.append('/rom')")
    assert board("__import__('app').VALUE") == 42
    board("sys.path.remove('/rom')\nrom.log.clear()")
    assert rom.deploy(IMAGE).bytes == 0
    assert {each[0] for each in board("rom.log")} == {1, 2}
    # What is mounted is let go of before it is erased.
    assert rom.deploy(write_image({"other.py": b""})).bytes
    assert board("[each[1] for each in rom.mount()]").count("/rom") == 0


def test_whenever_it_is_cut_short_there_is_no_image(board: Device) -> None:
    rom = Rom(board)
    for op, left in ((3, None), (4, None), (5, len(IMAGE))):
        board(f"rom.parts[0][:] = b'\\xff' * 8192\nrom.refuses = {{{op}: -5}}")
        with pytest.raises(BoardFileError, match="with error 5") as caught:
            rom.deploy(IMAGE)
        assert caught.value.errno == 5
        assert rom.partitions()[0].image == left
    board("rom.refuses = {}")
    # It is whole by then, and need not be written again.
    assert rom.deploy(IMAGE).bytes == 0


def test_what_does_not_arrive_is_noticed(board: Device) -> None:
    rom = Rom(board)
    board("rom.refuses = {4: 0}")
    with pytest.raises(BoardFileError, match="does not hold what was written"):
        rom.deploy(IMAGE)


def test_what_the_firmware_raises(board: Device) -> None:
    rom = Rom(board)
    board("def fail(*_): raise OSError(19)\nrom.rom_ioctl = fail")
    with pytest.raises(BoardFileError, match="the board refuses"):
        rom.partitions()


@pytest.mark.parametrize("unit", [1, 4, 4096])
def test_the_least_that_can_be_written(board: Device, unit: int) -> None:
    board(f"rom.unit = {unit}")
    assert Rom(board).deploy(IMAGE).alignment == unit


def test_what_is_refused_before_anything_is_erased(board: Device) -> None:
    rom = Rom(board)
    with pytest.raises(NoRoomError, match=r"the image has \d+ bytes, and partition 1 has 512") as caught:
        rom.deploy(IMAGE, 1)
    assert (caught.value.needed, caught.value.free) == (len(IMAGE), 512)
    with pytest.raises(FeatureUnavailableError, match="no ROMFS partition 2: there are 2, counted from 0"):
        rom.deploy(IMAGE, 2)
    with pytest.raises(ImageError, match="damaged"):
        rom.deploy(IMAGE[:-1])
    with pytest.raises(FilesError, match=r"lib/x\.mpy is of mpy version 5"):
        rom.deploy(write_image({"lib/x.mpy": b"M\x05\x00\x1f"}))
    assert {each[0] for each in board("rom.log")} == {1, 2}
    board("rom.parts.clear()")
    with pytest.raises(FeatureUnavailableError, match="there is none"):
        rom.deploy(IMAGE)
