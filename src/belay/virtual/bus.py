"""The registers of what hangs on the board's I2C buses, in the memory that host and board share."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from belay.virtual import meter

BUSES = 2
DEVICES = 16
REGISTERS = 256
HIGHEST = 0x77
"""The last address; those below 8 and above this are reserved (I2C-bus specification, table 4)."""
LOWEST = 0x08

_HEAD = 4
"""Bytes before a device's registers: bus + 1 (0: no device), address, the register that is next, unused."""
_SIZE = _HEAD + REGISTERS

START = meter.END
END = START + DEVICES * _SIZE


class BusMemory:
    """Both sides' view of the devices, which have places from 0 on.

    Args:
        fd: File descriptor of the shared memory, at least :data:`END` bytes.
    """

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, END)
        self._bytes = memoryview(self._map)[START:END]

    def find(self, bus: int, address: int) -> int:
        """The place of a device; -1 if nobody answers at this address."""
        for place in range(DEVICES):
            at = place * _SIZE
            if self._bytes[at] == bus + 1 and self._bytes[at + 1] == address:
                return place
        return -1

    def add(self, bus: int, address: int) -> int:
        """Make a device, its registers all 0; its place, or -1 if there is none left."""
        for place in range(DEVICES):
            at = place * _SIZE
            if not self._bytes[at]:
                self._bytes[at + 1 : at + _SIZE] = bytes([address]) + bytes(_SIZE - 2)
                self._bytes[at] = bus + 1
                return place
        return -1

    def remove(self, place: int) -> None:
        """Take a device off its bus."""
        self._bytes[place * _SIZE] = 0

    def registers(self, place: int) -> memoryview:
        """The registers of a device."""
        at = place * _SIZE + _HEAD
        return self._bytes[at : at + REGISTERS]

    def point(self, place: int, register: int) -> None:
        """Choose the register that is read or written next."""
        self._bytes[place * _SIZE + 2] = register & 0xFF

    def put(self, place: int, value: int) -> None:
        """Write the next register."""
        self.registers(place)[self._next(place)] = value & 0xFF

    def take(self, place: int) -> int:
        """Read the next register."""
        return self.registers(place)[self._next(place)]

    def _next(self, place: int) -> int:
        at = place * _SIZE + 2
        register = self._bytes[at]
        self._bytes[at] = (register + 1) & 0xFF
        return register

    def operations(self) -> list[Callable[[int, int], int | None]]:
        """What shim/_i2c.py asks the host, from number 19 on; last, each byte of that program."""
        return [self.find, self.point, self.put, lambda place, _: self.take(place), self._tell]

    @cached_property
    def _program(self) -> bytes:
        return (Path(__file__).parent / "shim" / "_i2c.py").read_bytes()

    def _tell(self, at: int, _unused: int) -> int:
        """One byte of the program, or with -1 how many there are."""
        return len(self._program) if at < 0 else self._program[at]

    def close(self) -> None:
        """Give the shared memory back; what it held last can still be read."""
        if not self._map.closed:
            last = bytearray(self._bytes)
            self._bytes.release()
            self._map.close()
            self._bytes = memoryview(last)
