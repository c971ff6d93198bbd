"""Drivers by proxy: one that runs here and talks to the board's bus, and one that lives on the board."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from belay import Device
from belay.transports.trace import CountingTransport

ADDRESS = 0x68
CHIP = 0xA5


class Motion:
    """A driver in the style of MicroPython's: it gets a bus, keeps its buffers, and reads by registers."""

    def __init__(self, i2c: Any, address: int = ADDRESS) -> None:
        self.i2c = i2c
        self.address = address
        self.buffer = bytearray(6)
        self.one = memoryview(self.buffer)[:1]
        self.i2c.readfrom_mem_into(self.address, 0x75, self.one)
        if self.buffer[0] != CHIP:
            raise RuntimeError(f"no such chip: {self.buffer[0]:#x}")
        self.i2c.writeto_mem(self.address, 0x6B, b"\x01")
        self.i2c.writeto(self.address, bytearray((0x1C, 0x10)))

    @property
    def acceleration(self) -> tuple[int, int, int]:
        self.i2c.readfrom_mem_into(self.address, 0x3B, self.buffer)
        return struct.unpack(">hhh", self.buffer)

    @property
    def temperature(self) -> float:
        (raw,) = struct.unpack(">h", self.i2c.readfrom_mem(self.address, 0x41, 2))
        return raw / 340 + 36.53


ON_BOARD = """
import struct
class Motion:
    def __init__(self, i2c, address=0x68):
        self.i2c = i2c
        self.address = address
        self.buffer = bytearray(6)
        if i2c.readfrom_mem(address, 0x75, 1)[0] != 0xA5:
            raise RuntimeError("no such chip")
        i2c.writeto_mem(address, 0x6b, b"\\x01")
    @property
    def acceleration(self):
        self.i2c.readfrom_mem_into(self.address, 0x3b, self.buffer)
        return struct.unpack(">hhh", self.buffer)
"""


@pytest.fixture
def chip(device: Device) -> Any:
    chip = device.virtual.i2c[0].attach(ADDRESS)
    chip[0x75] = CHIP
    chip[0x3B:0x41] = struct.pack(">hhh", 16384, -200, 7)
    chip[0x41:0x43] = struct.pack(">h", -3400)
    yield chip
    chip.detach()


def test_a_driver_runs_here_with_the_boards_bus(device: Device, chip: Any) -> None:
    machine = device.proxy("import machine")
    i2c = machine.I2C(0, scl=machine.Pin(1), sda=machine.Pin(0))
    assert device(i2c.scan()) == [ADDRESS]
    motion = Motion(i2c)
    assert (chip[0x6B], chip[0x1C]) == (1, 0x10)
    assert motion.acceleration == (16384, -200, 7)
    assert motion.temperature == pytest.approx(26.53)
    chip[0x3B:0x41] = struct.pack(">hhh", 1, 2, -3)
    assert motion.acceleration == (1, 2, -3)
    chip.detach()
    with pytest.raises(OSError, match="ENODEV") as caught:
        _ = motion.temperature
    assert caught.value.errno == 19


def test_a_driver_lives_on_the_board(device: Device, chip: Any) -> None:
    device(ON_BOARD)
    i2c = device.proxy("I2C(0)")
    motion = device.proxy("Motion")(i2c)
    assert motion.acceleration == (16384, -200, 7)
    assert chip[0x6B] == 1
    chip[0x75] = 0
    with pytest.raises(RuntimeError, match="no such chip"):
        device.proxy("Motion")(i2c)


def test_buffers_are_filled_as_the_board_fills_them(device: Device) -> None:
    device(
        "def fill(first, count=1, into=None, *, keep=False):\n"
        "  if keep: return first\n"
        "  for at in range(count):\n"
        "    first[at] = at + 1\n"
        "  if into: into[0] = first[0]"
    )
    from array import array

    fill = device.proxy("fill")
    text, words = bytearray(3), array("h", [7, 8])
    large = bytearray(range(200))
    assert fill(text, 2, into=words) is None
    assert (text, words) == (bytearray(b"\x01\x02\x00"), array("h", [1, 8]))
    fill(memoryview(large)[100:], 3)
    assert large[98:104] == bytes([98, 99, 1, 2, 3, 103])
    # What is not changed stays the same object's content, and what is returned stays on the board.
    kept = fill(text, keep=True)
    assert device(kept) == text == bytearray(b"\x01\x02\x00")
    # What holds a buffer, and what cannot be changed, go as copies.
    with pytest.raises(TypeError):
        fill(bytes(3))
    own = device.proxy("bytearray")(3)
    fill(own, 3)
    assert bytes(own) == b"\x01\x02\x03"


def test_a_driver_takes_a_turn_for_each_transfer(chip: Any, device: Device) -> None:
    wires: list[CountingTransport] = []

    def wrap(transport: Any) -> CountingTransport:
        wires.append(CountingTransport(transport))
        return wires[-1]

    with Device("virtual:", wrap=wrap, agent=device._session.has_agent) as other:
        other.virtual.i2c[0].attach(ADDRESS)[0x75] = CHIP
        motion = Motion(other.proxy("I2C(0)"))
        _ = motion.acceleration, motion.temperature
        wires[-1].reset()
        _ = motion.acceleration, motion.temperature
        assert wires[-1].turns == 2
