from __future__ import annotations

from collections.abc import Iterator

import pytest

from belay.virtual.launch import make_memory
from belay.virtual.memory import PINS, UNDRIVEN, Field, Mode, PinMemory, Pull


@pytest.fixture
def memory() -> Iterator[PinMemory]:
    with make_memory() as file:
        memory = PinMemory(file.fileno())
        memory.connect()
        yield memory
        memory.close()


@pytest.mark.parametrize(
    ("mode", "out", "pull", "drive", "duty", "level"),
    [
        (Mode.UNSET, 0, Pull.NONE, UNDRIVEN, UNDRIVEN, 0),
        (Mode.UNSET, 1, Pull.NONE, UNDRIVEN, UNDRIVEN, 0),
        (Mode.IN, 1, Pull.NONE, 0, UNDRIVEN, 0),
        (Mode.IN, 0, Pull.NONE, 1, UNDRIVEN, 1),
        (Mode.IN, 0, Pull.UP, UNDRIVEN, UNDRIVEN, 1),
        (Mode.IN, 0, Pull.UP, 0, UNDRIVEN, 0),
        (Mode.IN, 0, Pull.DOWN, UNDRIVEN, UNDRIVEN, 0),
        (Mode.IN, 0, Pull.DOWN, 1, UNDRIVEN, 1),
        (Mode.OUT, 1, Pull.NONE, 0, UNDRIVEN, 1),
        (Mode.OUT, 0, Pull.UP, 1, UNDRIVEN, 0),
        (Mode.OPEN_DRAIN, 0, Pull.NONE, 1, UNDRIVEN, 0),
        (Mode.OPEN_DRAIN, 1, Pull.NONE, UNDRIVEN, UNDRIVEN, 1),
        (Mode.OPEN_DRAIN, 1, Pull.NONE, 0, UNDRIVEN, 0),
        (Mode.ALT, 0, Pull.NONE, UNDRIVEN, 65535, 1),
        (Mode.ALT, 0, Pull.NONE, UNDRIVEN, 100, 0),
        (Mode.ALT, 0, Pull.NONE, 1, UNDRIVEN, 1),
    ],
)
def test_level_on_the_wire(  # noqa: PLR0917
    memory: PinMemory, mode: int, out: int, pull: int, drive: int, duty: int, level: int
) -> None:
    for field, value in zip(
        (Field.MODE, Field.OUT, Field.PULL, Field.DRIVE, Field.DUTY),
        (mode, out, pull, drive, duty),
        strict=True,
    ):
        memory.set(PINS - 1, field, value)
    assert memory.level(PINS - 1) == level
    assert memory.level(PINS - 2) == 0


def test_power_on_keeps_what_is_outside(memory: PinMemory) -> None:
    memory.set(3, Field.DRIVE, 1)
    memory.set(3, Field.ADC, 77)
    memory.set(3, Field.MODE, Mode.OUT)
    memory.power_on()
    assert [memory.get(3, field) for field in (Field.DRIVE, Field.ADC, Field.MODE)] == [1, 77, Mode.UNSET]


def test_soft_reset_stops_pwm_only(memory: PinMemory) -> None:
    memory.set(3, Field.MODE, Mode.OUT)
    memory.set(3, Field.OUT, 1)
    memory.set(4, Field.MODE, Mode.ALT)
    memory.set(4, Field.DUTY, 60000)
    memory.soft_reset()
    assert memory.level(3) == 1
    assert (memory.get(4, Field.MODE), memory.get(4, Field.DUTY)) == (Mode.UNSET, UNDRIVEN)


def test_last_state_outlives_the_close(memory: PinMemory) -> None:
    memory.set(3, Field.ADC, 77)
    memory.close()
    memory.close()
    assert memory.get(3, Field.ADC) == 77
