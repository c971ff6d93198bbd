from __future__ import annotations

import json

import pytest

from belay.transports import UsbSpecifier, usb

from .conftest import Belay

PICO = UsbSpecifier(0x2E8A, 5, "e6614c311b137637", "MicroPython", "Board in FS mode", "1-2", "/dev/ttyACM0")
BRIDGE = UsbSpecifier(0x1A86, 0x7523, None, None, "USB Serial", "1-3", "/dev/ttyUSB0")
BUILT_IN = UsbSpecifier(device="/dev/ttyS0")


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "comports", lambda: [BRIDGE, PICO, BUILT_IN])


@pytest.mark.usefixtures("connect")
def test_table(belay: Belay) -> None:
    result = belay("devices")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "port          vid:pid    serial number     manufacturer  product           location",
        "/dev/ttyACM0  2e8a:0005  e6614c311b137637  MicroPython   Board in FS mode  1-2",
        "/dev/ttyUSB0  1a86:7523                                  USB Serial        1-3",
    ]


@pytest.mark.usefixtures("connect")
def test_json(belay: Belay) -> None:
    first, second = json.loads(belay("devices", "--json").out)
    assert first == {
        "vid": 11914,
        "pid": 5,
        "serial_number": "e6614c311b137637",
        "manufacturer": "MicroPython",
        "product": "Board in FS mode",
        "location": "1-2",
        "device": "/dev/ttyACM0",
    }
    assert second["serial_number"] is None


def test_none(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "comports", list)
    result = belay("devices")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("no board is connected by USB\nhint: ")
    assert belay("devices", "--json").out == "[]\n"
