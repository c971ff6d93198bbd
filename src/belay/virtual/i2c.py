"""Devices on the I2C buses of a virtual board, as the host makes them and looks into them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import overload

from belay.virtual.bus import BUSES, DEVICES, HIGHEST, LOWEST, REGISTERS, BusMemory


class VirtualI2CDevice:
    """A device of 256 registers of a byte each, as most sensors are seen by a program.

    The first byte that is written to it chooses a register, the next ones are written there and into those
    behind it; what is read begins at the register that is next. After the last register comes the first.
    The host reads and writes registers as items and slices of this object; between two bytes of a transfer
    it may change them, too. It stays through resets.

    Attributes:
        bus: The number of its bus.
        address: Its address, 7 bits.
    """

    def __init__(self, memory: BusMemory, place: int, bus: int, address: int) -> None:
        self._memory, self._place = memory, place
        self.bus: int = bus
        self.address: int = address

    @overload
    def __getitem__(self, register: int) -> int: ...

    @overload
    def __getitem__(self, register: slice) -> bytes: ...

    def __getitem__(self, register: int | slice) -> int | bytes:
        found = self._memory.registers(self._place)[register]
        return found if isinstance(found, int) else bytes(found)

    @overload
    def __setitem__(self, register: int, value: int) -> None: ...

    @overload
    def __setitem__(self, register: slice, value: bytes) -> None: ...

    def __setitem__(self, register: int | slice, value: int | bytes) -> None:
        self._memory.registers(self._place)[register] = value  # type: ignore[index, assignment]

    def __len__(self) -> int:
        return REGISTERS

    def detach(self) -> None:
        """Take it off its bus; a second call does nothing."""
        if self._memory.find(self.bus, self.address) == self._place:
            self._memory.remove(self._place)

    def __repr__(self) -> str:
        return f"<VirtualI2CDevice 0x{self.address:02x} on bus {self.bus}>"


class VirtualI2C:
    """One I2C bus, seen from outside the board."""

    def __init__(self, memory: BusMemory, number: int) -> None:
        self._memory = memory
        self.number: int = number

    def attach(self, address: int, registers: bytes = b"") -> VirtualI2CDevice:
        """Put a device on the bus.

        Args:
            address: Its address, 7 bits: 0x08 to 0x77.
            registers: What its first registers hold; the others hold 0.

        Returns:
            The device, whose registers can be read and set.

        Raises:
            ValueError: The address is none, or is taken; there are too many devices or registers.
        """
        if not LOWEST <= address <= HIGHEST:
            raise ValueError(f"addresses lie in 0x{LOWEST:02x} to 0x{HIGHEST:02x}, not {address!r}")
        if len(registers) > REGISTERS:
            raise ValueError(f"a device has {REGISTERS} registers, not {len(registers)}")
        if self._memory.find(self.number, address) >= 0:
            raise ValueError(f"there is a device at 0x{address:02x} on bus {self.number} already")
        place = self._memory.add(self.number, address)
        if place < 0:
            raise ValueError(f"a virtual board has at most {DEVICES} devices on its buses")
        device = VirtualI2CDevice(self._memory, place, self.number, address)
        device[: len(registers)] = registers
        return device

    def __getitem__(self, address: int) -> VirtualI2CDevice:
        place = self._memory.find(self.number, address)
        if place < 0:
            raise KeyError(address)
        return VirtualI2CDevice(self._memory, place, self.number, address)

    def __iter__(self) -> Iterator[VirtualI2CDevice]:
        """The devices on it, by their addresses."""
        addresses = range(LOWEST, HIGHEST + 1)
        return (self[address] for address in addresses if self._memory.find(self.number, address) >= 0)

    def __repr__(self) -> str:
        return f"<VirtualI2C {self.number}>"


def buses(memory: BusMemory) -> tuple[VirtualI2C, ...]:
    """All buses of a board, by their numbers."""
    return tuple(VirtualI2C(memory, number) for number in range(BUSES))
