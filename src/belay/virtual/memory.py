"""The memory that the host and the board's hardware share: pins, PWM and ADC readings."""

from __future__ import annotations

import mmap
from enum import IntEnum

PINS = 64
UNDRIVEN = -1
"""Nothing from outside is connected to the pin; also: no PWM on it."""
FULL = 65535
"""An ADC reading of the reference voltage, a duty of always."""


class Field(IntEnum):
    """What is kept for each pin, each a signed word of 32 bits.

    The board's hardware writes all but DRIVE and ADC, which are the outside world's: they outlast resets.
    """

    MODE = 0
    OUT = 1
    PULL = 2
    DRIVE = 3
    DUTY = 4
    FREQ = 5
    ADC = 6
    EDGES = 7


class Mode(IntEnum):
    """How a pin is used, numbered as in ``machine.Pin``."""

    UNSET = -1
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    ALT = 3


class Pull(IntEnum):
    """A pin's resistor, numbered as in ``machine.Pin``."""

    NONE = 0
    UP = 1
    DOWN = 2


MOST_BITS = 768
"""Bytes of a stream of bits that are kept: those of 256 LEDs with three colours."""

_FIELDS = PINS * len(Field) * 4
_STREAM = 4 + MOST_BITS
"""Of each pin: how many bytes, and the bytes."""

SIZE = _FIELDS + PINS * _STREAM

_POWER_ON = {Field.MODE: Mode.UNSET, Field.OUT: 0, Field.PULL: Pull.NONE, Field.DUTY: UNDRIVEN, Field.FREQ: 0}


class PinMemory:
    """Both sides' view of the shared memory.

    Args:
        fd: File descriptor of a file of :data:`SIZE` bytes.
    """

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, SIZE)
        self._words = memoryview(self._map).cast("i")

    def get(self, pin: int, field: Field) -> int:
        """One field of one pin."""
        return self._words[pin * len(Field) + field]

    def set(self, pin: int, field: Field, value: int) -> None:
        """Write one field of one pin."""
        self._words[pin * len(Field) + field] = value

    def level(self, pin: int) -> int:
        """The level on the wire, 0 or 1.

        An output wins over what drives the pin from outside; a floating input reads as its pull, 0
        without one; PWM reads as 1 from half duty on.
        """
        start = pin * len(Field)
        mode, out, pull, drive, duty = self._words[start : start + 5]
        if mode == Mode.OUT:
            return out
        if mode == Mode.ALT and duty >= 0:
            return int(duty > FULL // 2)
        if mode == Mode.OPEN_DRAIN and out == 0:
            return 0
        return drive if drive >= 0 else int(pull == Pull.UP or mode == Mode.OPEN_DRAIN)

    def bits(self, pin: int) -> bytes:
        """The stream of bits that was sent last on a pin."""
        start = _FIELDS + pin * _STREAM
        size = self._words[start // 4]
        return bytes(self._words.cast("B")[start + 4 : start + 4 + size])

    def set_bits(self, pin: int, data: bytes | bytearray) -> None:
        """Keep what was sent; whoever reads meanwhile finds nothing."""
        start = _FIELDS + pin * _STREAM
        kept = data[:MOST_BITS]
        self._words[start // 4] = 0
        self._words.cast("B")[start + 4 : start + 4 + len(kept)] = kept
        self._words[start // 4] = len(kept)

    def connect(self) -> None:
        """Make a new file's zeros mean: no board, nothing outside."""
        for pin in range(PINS):
            self.set(pin, Field.DRIVE, UNDRIVEN)
        self.power_on()

    def power_on(self) -> None:
        """Make all pins what they are after power-up; what is outside stays."""
        for pin in range(PINS):
            for field, value in _POWER_ON.items():
                self.set(pin, field, value)
            self.set_bits(pin, b"")

    def soft_reset(self) -> None:
        """Stop PWM, as a soft reset does; pins keep their modes and levels."""
        for pin in range(PINS):
            if self.get(pin, Field.DUTY) >= 0:
                self.set(pin, Field.DUTY, UNDRIVEN)
                self.set(pin, Field.MODE, Mode.UNSET)

    def close(self) -> None:
        """Give the shared memory back; what it held last can still be read."""
        if not self._map.closed:
            last = bytearray(self._map)
            self._words.release()
            self._map.close()
            self._words = memoryview(last).cast("i")
