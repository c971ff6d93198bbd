"""Names of the board in host code: nothing on this computer, and all that they are on a board."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from belay import Device, names
from belay.board import onboard
from belay.names import Pin, time

STUB = Path(str(names.__file__)).with_suffix(".pyi")


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    with Device("virtual:") as made:
        yield made


def test_they_are_what_a_board_has_from_the_start(device: Device) -> None:
    wanted = set(names.__all__)
    startup = {
        node.value for node in ast.walk(ast.parse(onboard.read("startup"))) if type(node) is ast.Constant
    }
    words = {word for text in startup if isinstance(text, str) for word in text.split()}
    assert words - wanted == {"micropython"}
    assert [name for name in names.__all__ if not device(f"{name!r} in globals()")] == []


def test_the_stub_has_the_same_names() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    imported = {
        alias.asname
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported - {None} == set(names.__all__)
    assert all(hasattr(names, name) for name in names.__all__)


def test_a_task_uses_them(device: Device) -> None:
    led: Pin

    @device.setup
    def setup() -> None:
        global led  # noqa: PLW0603 - in a setup it says that the name is the board's
        led = Pin(25, Pin.OUT)

    @device.task
    def blink(ms: int) -> list[int]:
        from utime import ticks_diff

        began = time.ticks_ms()
        led.value(1)  # noqa: F821
        time.sleep_ms(ms)
        return [led.value(), ticks_diff(time.ticks_ms(), began) >= ms]  # noqa: F821

    setup()
    assert blink(2) == [1, True]


def test_a_task_in_a_function_uses_those_of_the_function(device: Device) -> None:
    from belay.names import const, sleep

    @device.task
    def wait() -> int:
        sleep(0)
        return const(3)

    assert wait() == 3


def test_on_this_computer_they_say_so() -> None:
    with pytest.raises(AttributeError, match="Pin is on the board only: use it in a task") as caught:
        Pin.OUT  # noqa: B018
    assert caught.value.name == "OUT"
    with pytest.raises(TypeError, match="Pin is on the board only"):
        Pin(25)
    assert repr(time) == "<time of a board>"


def test_they_may_stand_in_signatures_and_be_looked_at() -> None:
    def f(pin: Pin | None, other: Pin | None = None) -> Pin: ...

    assert list(inspect.signature(f, eval_str=True).parameters) == ["pin", "other"]
    assert inspect.unwrap(Pin) is Pin  # as doctest does with all that a module has
    assert not hasattr(Pin, "__wrapped__")
    assert repr("x" | Pin) == repr(Pin)  # type: ignore[operator]
    assert repr(copy.copy(Pin)) == repr(Pin)
