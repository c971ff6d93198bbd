"""What the board's ``machine`` module asks of this process, and what this process tells it."""

from __future__ import annotations

from collections.abc import Callable

from belay.virtual.native import Native, number, small_int
from belay.virtual.plan import Boot, Plan
from belay.virtual.pump import Pump

# The first argument of every call from the board: what it wants. The same numbers stand in shim/*.py.
READY, SOFT_RESET, HARD_RESET, RESET_CAUSE = range(4)


class Peripherals:
    """The simulated hardware, as one start of the interpreter sees it."""

    def __init__(self, native: Native, plan: Plan, boot: Boot) -> None:
        self._native = native
        self._boot = boot

    def attach(self, pump: Pump, leave: Callable[[bool], None]) -> None:
        self._pump, self._leave = pump, leave

    def call(self, operation: int, first: int, second: int) -> int:
        operation = number(operation)
        if operation == READY:
            self._pump.open()
        elif operation == SOFT_RESET:
            self._leave(False)
        elif operation == HARD_RESET:
            self._leave(True)
        elif operation == RESET_CAUSE:
            return small_int(self._boot.cause)
        return small_int(0)

    def ring(self) -> None:
        pass

    def tick(self) -> float | None:
        return None
