"""The outside of a virtual board: what the host sees on its pins and puts on them."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from belay.virtual.memory import FULL, PINS, UNDRIVEN, Field, Mode, PinMemory, Pull

REFERENCE_VOLTAGE = 3.3
"""The voltage, in volts, at which an ADC reads its highest value."""


class Wires:
    """The shared memory and the doorbell, for all pins of one board.

    Args:
        memory: The memory that the board sees too.
        doorbell: Socket to the board's hardware.
    """

    def __init__(self, memory: PinMemory, doorbell: socket.socket) -> None:
        self.memory = memory
        self._doorbell = doorbell
        self._doorbell.setblocking(False)
        self._changed = threading.Condition()
        self._waker: socket.socket | None = None  # wakes the thread that listens to the doorbell

    @property
    def is_listening(self) -> bool:
        """Whether a thread waits for the board to ring."""
        return self._waker is not None

    def drive(self, pin: int, level: int) -> None:
        """Put a level on a pin and tell the board.

        Args:
            pin: Its number.
            level: 0 or 1.
        """
        with self._changed:
            before = self.memory.level(pin)
            self.memory.set(pin, Field.DRIVE, level)
            after = self.memory.level(pin)
            if after != before:
                self.memory.set(pin, Field.EDGES, self.memory.get(pin, Field.EDGES) + 1)
            self._changed.notify_all()
            if self._waker is not None:
                with contextlib.suppress(BlockingIOError):  # full: it has reason enough to look already
                    self._waker.send(b"!")
        # A board that does not listen has a full queue or is gone: it sees the level when it looks.
        with contextlib.suppress(OSError):
            self._doorbell.send(bytes((pin, after)))

    def wait(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until ``condition`` holds; False when the time is over or the board is gone.

        No polling: one of the waiting threads listens to the doorbell, the others to that thread.

        Args:
            condition: Looked at whenever the board did something.
            timeout: Seconds; None for as long as it takes.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not condition():
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                if self.is_listening:
                    self._changed.wait(left)
                elif not self._listen(left):
                    return condition()
        return True

    def _listen(self, timeout: float | None) -> bool:
        """Wait for the doorbell with the lock given up; False when it rings no more."""
        ours, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._changed.release()
        try:
            poller = select.poll()  # select() refuses high descriptors
            poller.register(self._doorbell.fileno(), select.POLLIN)
            poller.register(ours.fileno(), select.POLLIN)
            poller.poll(None if timeout is None else timeout * 1000)
            try:
                return self._doorbell.recv(65536) != b""
            except BlockingIOError:
                return True
        except (OSError, ValueError):  # closed meanwhile
            return False
        finally:
            self._changed.acquire()
            ours.close()
            self._waker.close()
            self._waker = None
            self._changed.notify_all()


class VirtualPin:
    """One pin, seen from outside the board."""

    def __init__(self, wires: Wires, number: int) -> None:
        self._wires, self._memory = wires, wires.memory
        self.number: int = number

    @property
    def value(self) -> int:
        """The level on the wire, 0 or 1: what a meter would show, whoever drives it."""
        return self._memory.level(self.number)

    @property
    def mode(self) -> str | None:
        """What the board uses it as: ``IN``, ``OUT``, ``OPEN_DRAIN``, ``ALT`` (PWM); None before that."""
        mode = Mode(self._memory.get(self.number, Field.MODE))
        return None if mode is Mode.UNSET else mode.name

    @property
    def pull(self) -> str | None:
        """The resistor that the board has switched on: ``UP``, ``DOWN`` or None."""
        pull = Pull(self._memory.get(self.number, Field.PULL))
        return None if pull is Pull.NONE else pull.name

    @property
    def duty(self) -> int | None:
        """The duty of the PWM on the pin, 0 to 65535; None without PWM."""
        duty = self._memory.get(self.number, Field.DUTY)
        return None if duty == UNDRIVEN else duty

    @property
    def freq(self) -> int:
        """The frequency of the PWM on the pin, in hertz; 0 before it was set."""
        return self._memory.get(self.number, Field.FREQ)

    @property
    def bits(self) -> bytes:
        """What ``machine.bitstream`` has sent last, as for a chain of colour LEDs; empty before.

        At most the first 768 bytes. The edges of such a stream are not counted.
        """
        return self._memory.bits(self.number)

    @property
    def edges(self) -> int:
        """How often the level on the wire has changed since the board was made."""
        return self._memory.get(self.number, Field.EDGES)

    def drive(self, level: int | None) -> None:
        """Put a level on the pin from outside: 0, 1, or None to let go of it.

        It stays through resets. A handler that the board has set with ``Pin.irq`` is called.

        Args:
            level: 0, 1 or None.

        Raises:
            ValueError: ``level`` is something else.
        """
        if level not in (0, 1, None):
            raise ValueError(f"a pin is driven with 0, 1 or None, not {level!r}")
        self._wires.drive(self.number, UNDRIVEN if level is None else int(level))

    def wait_for(self, level: int, timeout: float | None = None) -> bool:
        """Wait until the level on the wire is ``level``.

        Args:
            level: 0 or 1.
            timeout: Seconds to wait at the most; None waits as long as the board lives.

        Returns:
            Whether it came. A pulse that is over before this thread looks is not seen; see :attr:`edges`.
        """
        return self._wires.wait(lambda: self.value == level, timeout)

    def __repr__(self) -> str:
        return f"<VirtualPin {self.number} mode={self.mode} value={self.value}>"


class VirtualAdc:
    """One input of the board's analog-to-digital converter, seen from outside."""

    def __init__(self, wires: Wires, number: int) -> None:
        self._memory = wires.memory
        self.number: int = number

    @property
    def value(self) -> int:
        """What ``read_u16`` returns on the board, 0 to 65535."""
        return self._memory.get(self.number, Field.ADC)

    def set_u16(self, reading: int) -> None:
        """Set what ``read_u16`` returns.

        Args:
            reading: 0 to 65535.

        Raises:
            ValueError: It is not in 0 to 65535.
        """
        if not 0 <= reading <= FULL:
            raise ValueError(f"a reading lies in 0 to {FULL}, not {reading!r}")
        self._memory.set(self.number, Field.ADC, reading)

    def set_voltage(self, volts: float) -> None:
        """Put a voltage on the input; below 0 V and above 3.3 V the converter saturates.

        Args:
            volts: In volts.
        """
        self.set_u16(round(min(max(volts / REFERENCE_VOLTAGE, 0.0), 1.0) * FULL))

    def __repr__(self) -> str:
        return f"<VirtualAdc {self.number} value={self.value}>"


_One = TypeVar("_One")


class Row(Generic[_One]):
    """Pins or inputs by their number, 0 to 63."""

    def __init__(
        self, make: Callable[[int], _One], number: Callable[[int], int] = lambda number: number
    ) -> None:
        self._make, self._number = make, number

    def __getitem__(self, number: int) -> _One:
        if not 0 <= number < PINS:
            raise IndexError(f"pins are numbered 0 to {PINS - 1}, not {number!r}")
        return self._make(self._number(number))

    def __len__(self) -> int:
        return PINS

    def __iter__(self) -> Iterator[_One]:
        return (self[number] for number in range(PINS))


def adc_pin(channel: int) -> int:
    """The pin of an ADC channel, as on the RP2040: 0 to 3 are the pins 26 to 29.

    Args:
        channel: Its number.
    """
    return channel + 26 if channel < 4 else channel
