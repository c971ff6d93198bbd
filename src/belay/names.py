"""Names that every board has from the start, for host code in which tasks use them.

A task's names are looked up on the board, among the board's globals. An editor does not know that, so it is
told what they are by an import, which sends nothing and needs no board::

    from belay.names import Pin, time


    @device.task
    def blink(number: int) -> None:
        led = Pin(number, Pin.OUT)
        led.on()
        time.sleep_ms(100)

What they are on the board is known to a type checker if ``belay stubs`` has been run; else they are of any
type. On this computer they stand for nothing: to use one here is an error that says so.
"""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["ADC", "I2C", "PWM", "SPI", "Pin", "Timer", "const", "machine", "os", "sleep", "time"]


class BoardName:
    """Stands on this computer for what is on the board only.

    Args:
        name: What it is called there.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name} of a board>"

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Raise: only the board can call it.

        Raises:
            TypeError: Always.
        """
        raise TypeError(self.__why())

    def __getattr__(self, name: str) -> NoReturn:
        # Whoever looks at all objects, as doctest does, asks for names with underscores.
        raise AttributeError(self.__why(), name=name, obj=self)

    def __or__(self, other: object) -> Any:
        """Itself: ``Pin | None`` may stand in a signature."""
        return self

    __ror__ = __or__

    def __why(self) -> str:
        name = vars(self).get("_name", "this")  # a copy in the making has none yet
        return f"{name} is on the board only: use it in a task, a setup, a teardown or a thread"


ADC, I2C, PWM, SPI, Pin, Timer = map(BoardName, ("ADC", "I2C", "PWM", "SPI", "Pin", "Timer"))
const, machine, os, sleep, time = map(BoardName, ("const", "machine", "os", "sleep", "time"))
