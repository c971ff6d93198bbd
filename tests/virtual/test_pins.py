from __future__ import annotations

import pytest

from .conftest import Keyboard


def test_numbers(keyboard: Keyboard) -> None:
    pins = keyboard.board.pins
    assert len(pins) == 64
    assert [pin.number for pin in pins][-1] == 63
    for number in (-1, 64):
        with pytest.raises(IndexError):
            _ = pins[number]


def test_nonsense_is_refused(keyboard: Keyboard) -> None:
    with pytest.raises(ValueError, match="driven with 0, 1 or None, not 2"):
        keyboard.board.pins[1].drive(2)
    for reading in (-1, 65536):
        with pytest.raises(ValueError, match="0 to 65535"):
            keyboard.board.adc[26].set_u16(reading)


def test_a_closed_board_shows_its_last_state(keyboard: Keyboard) -> None:
    keyboard.run("import machine; machine.Pin(1, machine.Pin.OUT).on()")
    keyboard.board.close()
    pin = keyboard.board.pins[1]
    assert (pin.value, pin.wait_for(1, 0), pin.wait_for(0, 5)) == (1, True, False)
    pin.drive(0)
    assert pin.value == 1
