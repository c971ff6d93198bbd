"""A LED that blinks, seen at the pins of a virtual board; CircuitPython's modules are stand-ins on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from patience import SOON

from belay import Device
from belay.board.firmware import Implementation
from belay.cli.select.blinking import Blinking
from belay.cli.select.light import Light, NoLightError, usual_pin
from belay.exceptions import BelayException, BoardError

CIRCUIT = {
    "board.py": "LED = 25\nD13 = 13\nNEOPIXEL = 16\n",
    "digitalio.py": (
        "from machine import Pin\n"
        "class DigitalInOut:\n"
        "    def __init__(self, pin): self.pin = Pin(pin, Pin.IN)\n"
        "    def switch_to_output(self): self.pin.init(Pin.OUT)\n"
        "    def deinit(self): self.pin.init(Pin.IN)\n"
        "    def set(self, value): self.pin.value(value)\n"
        "    value = property(None, set)\n"
    ),
    "neopixel_write.py": "written = []\ndef neopixel_write(pin, data): written.append(bytes(data))\n",
}


COLOUR = """
import machine
kept = machine.Pin.__init__
def named(pin, id, *rest, **more):
    if isinstance(id, str):
        id = {"NEOPIXEL": 16, "NEOPIXEL_POWER": 17}.get(id, 99)
    kept(pin, id, *rest, **more)
machine.Pin.__init__ = named
"""


class Circuit:
    """A device whose board says to have CircuitPython."""

    def __init__(self, device: Device) -> None:
        self._device, self.virtual = device, device.virtual
        self.implementation = replace(device.implementation, name="circuitpython")

    def __call__(self, code: str, **options: Any) -> Any:
        return self._device(code, **options)


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    with Device("virtual:", startup="", agent=False) as device:
        yield device


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """A board that has CircuitPython's modules."""
    folder = tmp_path_factory.mktemp("circuit")
    for name, text in CIRCUIT.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Device(f"virtual:{folder}", startup="", agent=False) as device:
        yield Circuit(device)  # type: ignore[misc]


def switched(device: Device, light: Light, pin: int) -> list[int]:
    """The levels that the pin has as the LED is switched on and off, which it is left as."""
    levels = []
    for on in (True, False):
        light.switch(on=on)
        levels.append(device.virtual.pins[pin].value)
    return levels


def test_the_led_that_the_firmware_has_a_name_for(device: Device) -> None:
    light = Light(device)
    assert light.name == "LED"
    assert switched(device, light, 25) == [1, 0]
    light.switch(on=True)
    light.put_back()
    assert device.virtual.pins[25].mode == "IN"


@pytest.mark.parametrize(("pin", "name"), [("7", "pin 7"), ("GPIO7", "GPIO7")])
def test_the_pin_that_the_user_names(device: Device, pin: str, name: str) -> None:
    light = Light(device, pin)
    assert (light.name, switched(device, light, 7)) == (name, [1, 0])
    light.put_back()
    assert device.virtual.pins[7].mode == "IN"


@pytest.mark.parametrize("level", [0, 1])
def test_an_output_is_put_back_as_it_was(device: Device, level: int) -> None:
    pin = device.virtual.pins[25]
    device(f"from machine import Pin; Pin(25, Pin.OUT).value({level})")
    light = Light(device)
    light.switch(on=not level)
    assert pin.value == 1 - level
    light.put_back()
    assert (pin.mode, pin.value) == ("OUT", level)
    device("from machine import Pin; Pin(25, Pin.IN)")


def test_a_pin_that_is_not_there(device: Device) -> None:
    with pytest.raises(BoardError):
        Light(device, "99")


def test_a_board_whose_firmware_names_no_led(device: Device) -> None:
    device("import machine\nhidden = machine.Pin\nclass Pin:\n  def __init__(self, *_): raise ValueError")
    device("machine.Pin = Pin")
    try:
        with pytest.raises(NoLightError) as caught:
            Light(device)
    finally:
        device("machine.Pin = hidden")
    assert "--pin N" in str(caught.value.hint)


def test_a_colour_led(device: Device) -> None:
    device(COLOUR)
    pins = device.virtual.pins
    try:
        light = Light(device)
        assert light.name == "NEOPIXEL"
        light.switch(on=True)
        assert (pins[16].bits, pins[17].value, pins[17].mode) == (b"\x18" * 3, 1, "OUT")
        light.switch(on=False)
        assert pins[16].bits == bytes(3)
        light.switch(on=True)
        light.put_back()
    finally:
        device("machine.Pin.__init__ = kept")
    assert (pins[16].bits, pins[16].mode, pins[17].mode) == (bytes(3), "IN", "IN")


def test_a_board_that_cannot_say_how_its_pin_is_used(device: Device) -> None:
    """As ESP32s: there a pin is put back as it is after power-up."""
    device("import machine\nhidden = machine.Pin.mode\ndel machine.Pin.mode")
    device("machine.Pin.shown = machine.Pin.__repr__\nmachine.Pin.__repr__ = lambda pin: 'Pin(25)'")
    try:
        light = Light(device)
        assert switched(device, light, 25) == [1, 0]
        light.put_back()
    finally:
        device("machine.Pin.mode = hidden\nmachine.Pin.__repr__ = machine.Pin.shown")
    assert device.virtual.pins[25].mode == "IN"


@pytest.mark.parametrize(
    ("pin", "name", "number"), [(None, "LED", 25), ("13", "D13", 13), ("D13", "D13", 13)]
)
def test_circuitpython(circuit: Device, pin: str | None, name: str, number: int) -> None:
    light = Light(circuit, pin)
    assert (light.name, switched(circuit, light, number)) == (name, [1, 0])
    light.put_back()
    assert circuit.virtual.pins[number].mode == "IN"


def test_a_colour_led_of_circuitpython(circuit: Device) -> None:
    circuit("import board, neopixel_write; kept = board.LED; del board.LED")
    light = Light(circuit)
    assert light.name == "NEOPIXEL"
    light.switch(on=True)
    light.put_back()
    assert circuit("neopixel_write.written") == [b"\x18" * 3, bytes(3)]
    assert circuit.virtual.pins[16].mode == "IN"
    circuit("board.LED = kept")


def test_a_pin_that_circuitpython_does_not_have(circuit: Device) -> None:
    with pytest.raises(BoardError, match="board has no pin 99"):
        Light(circuit, "99")


def test_where_boards_mostly_have_one() -> None:
    def about(platform: str, board: str = "") -> Implementation:
        return Implementation("micropython", platform=platform, board=board)

    assert usual_pin(about("esp32", "Generic ESP32 module with ESP32")) == 2
    assert usual_pin(about("esp32", "ESP32C3 module with ESP32C3")) == 8
    assert usual_pin(about("linux")) is None
    assert "on many of its kind that is 2" in str(NoLightError(about("esp8266")).hint)


def test_blinking_goes_on_until_it_is_stopped(device: Device) -> None:
    changed = threading.Semaphore(0)

    @contextmanager
    def visit() -> Iterator[Device]:
        yield device

    blinking = Blinking(visit, None, changed.release)
    assert changed.acquire(timeout=SOON)
    assert blinking.state.startswith("LED blinks; micropython 1.")
    pin = device.virtual.pins[25]
    for level in (1, 0, 1, 0):
        assert pin.wait_for(level, SOON)
    blinking.stop()
    assert changed.acquire(timeout=SOON)
    assert blinking.ended
    assert (blinking.error, blinking.about) == (None, device.implementation)
    assert pin.mode == "IN"
    blinking.leave()


@pytest.mark.parametrize("error", [BelayException("busy"), OSError("gone")])
def test_a_board_that_does_not_answer(error: Exception) -> None:
    changed = threading.Semaphore(0)

    def visit() -> Device:
        raise error

    blinking = Blinking(visit, None, changed.release)
    assert changed.acquire(timeout=SOON)
    assert blinking.ended
    assert blinking.error is error


def test_who_has_left_hears_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.cli.select.blinking.STOP_PATIENCE", 0.01)
    go_on, heard = threading.Event(), []

    @contextmanager
    def visit() -> Iterator[Device]:
        go_on.wait(SOON)
        raise OSError
        yield

    blinking = Blinking(visit, None, lambda: heard.append(1))
    blinking.leave()
    go_on.set()
    blinking._thread.join(SOON)
    assert blinking.ended
    assert heard == []
