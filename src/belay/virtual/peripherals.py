"""The board's simulated hardware: what ``machine`` asks of this process, and what it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from belay.virtual.blocks import Blocks
from belay.virtual.bus import BusMemory
from belay.virtual.memory import PINS, UNDRIVEN, Field, Mode, PinMemory
from belay.virtual.native import Native, Poker, number, small_int
from belay.virtual.plan import CAUSE_SOFT, Boot, Plan

IRQ_FALLING, IRQ_RISING = 4, 8
_ASK = -9
"""In place of a new value: only read it."""
_BEGIN, _END = -1, -2
"""In place of a byte of a stream of bits."""
_PATIENCE = 0.05
"""Seconds that Ctrl-C waits for a handler; one that runs longer is interrupted itself."""
_QUEUE = 256
"""So many edges wait for their handlers at the most; more are dropped, as a busy board drops them."""
_FIRST_POKE, _LAST_POKE = 0.001, 0.05
"""Seconds between pokes while a callback waits for the interpreter to notice it."""


@dataclass
class _Timer:
    due: float
    period: float | None


@dataclass
class _Callbacks:
    """The way of an event to its handler: queued, scheduled, taken by the board.

    One call of the board's dispatch function is scheduled at a time, however many events wait: the
    interpreter's own queue has few places.
    """

    function: int = 0
    events: deque[int] = field(default_factory=deque)
    scheduled: bool = False
    since: float = 0.0
    started: bool = False
    masked: bool = False
    poke_after: float = _FIRST_POKE
    dropped: int = 0


class Peripherals:
    """The hardware, as one start of the interpreter sees it.

    :meth:`call` runs on MicroPython's thread, :meth:`ring` and :meth:`tick` on the pump's.

    Args:
        native: The library.
        poker: Makes blocking calls of the interpreter return.
        plan: What the host wants.
        boot: How this start is to go.
        blocks: The flash that holds the board's files, if they lie on one.
        ready: Called once the board's own boot is through and ``boot.py`` begins.
        wake: Makes the pump ask :meth:`tick` again.
        leave: Ends the process as a reset does; told whether it is a hard one.
    """

    def __init__(
        self,
        native: Native,
        plan: Plan,
        boot: Boot,
        *,
        blocks: Blocks | None,
        poker: Poker,
        ready: Callable[[], None],
        wake: Callable[[], None],
        leave: Callable[[bool], None],
    ) -> None:
        self._native, self._poker, self._boot = native, poker, boot
        self._ready, self._wake, self._leave = ready, wake, leave
        self._memory = PinMemory(plan.memory)
        buses = BusMemory(plan.memory)
        self._doorbell = socket.socket(fileno=plan.doorbell)
        self._doorbell.setblocking(False)
        self._lock = threading.Lock()
        self._callbacks = _Callbacks()
        self._timers: dict[int, _Timer] = {}
        self._triggers: dict[int, int] = {}
        self._levels: dict[int, int] = {}
        self._bits = bytearray()
        if boot.cause == CAUSE_SOFT:
            self._memory.soft_reset()
        else:
            self._memory.power_on()
        # By the number that shim/machine.py uses.
        self._operations: list[Callable[[int, int], int | None]] = [
            lambda _a, _b: self._ready(),
            lambda _a, _b: self._leave(False),
            lambda _a, _b: self._leave(True),
            lambda _a, _b: self._boot.cause,
            lambda pin, _b: self._memory.level(pin),
            self._write,
            self._set_mode,
            self._set_pull,
            self._set_trigger,
            lambda pin, _b: self._memory.get(pin, Field.ADC),
            self._set_duty,
            lambda pin, hertz: self._exchange(pin, Field.FREQ, hertz),
            self._set_timer,
            self._next,
            self._done,
            lambda _a, _b: None,
            self._mask,
        ]
        self._operations.append(blocks.tell if blocks is not None else _nothing)
        self._operations.append(self._send_bits)
        self._operations += buses.operations()

    def call(self, operation: int, first: int, second: int) -> int:
        """Serve ``host(operation, first, second)`` of the board; object words in and out."""
        if number(operation) == 15:  # the one whose argument is no number
            self._callbacks.function = first
            return small_int(0)
        return small_int(self._operations[number(operation)](number(first), number(second)) or 0)

    # --- pins --------------------------------------------------------------------------------------

    def _write(self, pin: int, value: int) -> None:
        toggled = value if value < 2 else 1 - self._memory.get(pin, Field.OUT)
        with self._change(pin):
            self._memory.set(pin, Field.OUT, toggled)

    def _set_mode(self, pin: int, mode: int) -> int:
        return self._exchange(pin, Field.MODE, mode)

    def _set_pull(self, pin: int, pull: int) -> int:
        return self._exchange(pin, Field.PULL, pull)

    def _set_duty(self, pin: int, duty: int) -> int:
        if duty == UNDRIVEN:
            self._exchange(pin, Field.MODE, Mode.UNSET)
        return max(0, self._exchange(pin, Field.DUTY, duty))

    def _send_bits(self, pin: int, byte: int) -> None:
        """Take the next byte of a stream, or what says that one begins or is over."""
        if byte == _BEGIN:
            self._bits.clear()
        elif byte == _END:
            with self._change(pin):
                self._memory.set_bits(pin, self._bits)
        else:
            self._bits.append(byte)

    def _exchange(self, pin: int, which: Field, value: int) -> int:
        if value != _ASK:
            with self._change(pin):
                self._memory.set(pin, which, value)
        return self._memory.get(pin, which)

    @contextlib.contextmanager
    def _change(self, pin: int) -> Iterator[None]:
        before = self._memory.level(pin)
        yield
        level = self._memory.level(pin)
        if level != before:
            self._memory.set(pin, Field.EDGES, self._memory.get(pin, Field.EDGES) + 1)
            self._notice(pin, level)
        with contextlib.suppress(BlockingIOError):  # full: the host has enough reason to look already
            self._doorbell.send(b"!")

    def _set_trigger(self, pin: int, trigger: int) -> None:
        with self._lock:
            self._triggers[pin] = trigger
            self._levels[pin] = self._memory.level(pin)

    def _notice(self, pin: int, level: int) -> None:
        """Queue the call of the pin's handler if this change of level is one it waits for."""
        with self._lock:
            if self._levels.get(pin, level) == level:
                return
            self._levels[pin] = level
            edge = IRQ_RISING if level else IRQ_FALLING
            if not self._triggers[pin] & edge:
                return
            if len(self._callbacks.events) >= _QUEUE:
                self._callbacks.dropped += 1
                return
            self._callbacks.events.append(pin | edge << 7)
        self._wake()

    def ring(self) -> None:
        """Look at what the host changed: it sends the pin and its new level, one byte each."""
        changes = b""
        with contextlib.suppress(BlockingIOError):
            while data := self._doorbell.recv(4096):
                changes += data
        for pin, level in zip(changes[::2], changes[1::2], strict=False):
            self._notice(pin, level)
        for pin in range(PINS):
            self._notice(pin, self._memory.level(pin))

    # --- timers and callbacks ------------------------------------------------------------------------

    def _set_timer(self, timer: int, microseconds: int) -> None:
        with self._lock:
            self._timers.pop(timer, None)
            if microseconds:
                period = abs(microseconds) / 1e6
                self._timers[timer] = _Timer(time.monotonic() + period, period if microseconds > 0 else None)
        self._wake()

    def tick(self) -> float | None:
        """Do what is due; the seconds until the next call is needed, None when an event will tell."""
        with self._lock:
            now = time.monotonic()
            for name, timer in list(self._timers.items()):
                if timer.due <= now:
                    self._expire(name, timer, now)
            waits = [timer.due - now for timer in self._timers.values()]
            if (poke := self._pass_on()) is not None:
                waits.append(poke)
            return min(waits, default=None)

    def _expire(self, name: int, timer: _Timer, now: float) -> None:
        if name not in self._callbacks.events:
            self._callbacks.events.append(name)
        else:
            self._callbacks.dropped += 1  # the handler is slower than its timer
        if timer.period is None:
            del self._timers[name]
        else:
            timer.due = max(timer.due + timer.period, now)

    def _pass_on(self) -> float | None:
        """Have the board take its events; seconds until it should be reminded."""
        callbacks = self._callbacks
        if callbacks.masked or not callbacks.function or not callbacks.events or callbacks.started:
            return None
        if not callbacks.scheduled:
            if self._native.pending:  # first things first: see calling_back
                return _FIRST_POKE
            callbacks.scheduled = self._native.schedule(callbacks.function, 0)
            callbacks.since = time.monotonic()
            callbacks.poke_after = _FIRST_POKE
        self._poker.poke()
        callbacks.poke_after = min(callbacks.poke_after * 2, _LAST_POKE)
        return callbacks.poke_after

    def calling_back(self) -> bool:
        """Whether a handler is about to run or runs, and not for long already.

        MicroPython prints what a scheduled call raises and goes on. So no interrupt is posted while one is
        scheduled, and none is scheduled while an interrupt is pending.
        """
        callbacks = self._callbacks
        return callbacks.scheduled and time.monotonic() - callbacks.since < _PATIENCE

    def _next(self, _first: int, _second: int) -> int:
        with self._lock:
            callbacks = self._callbacks
            callbacks.started = True
            return callbacks.events.popleft() if callbacks.events and not callbacks.masked else -1

    def _done(self, interrupted: int, _second: int) -> None:
        with self._lock:
            self._callbacks.scheduled = self._callbacks.started = False
        if interrupted:
            self._native.post_interrupt()
        self._wake()

    def _mask(self, masked: int, _second: int) -> int:
        before, self._callbacks.masked = self._callbacks.masked, bool(masked)
        self._wake()
        return int(before)


def _nothing(_first: int, _second: int) -> None:
    """In the place of what this board does not have."""
