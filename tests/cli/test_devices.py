from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from belay.aliases import save_alias
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
        "names": [],
        "implementation": None,
        "problem": None,
    }
    assert second["serial_number"] is None


@pytest.mark.usefixtures("connect")
def test_names(belay: Belay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(tmp_path))
    save_alias("left", {"serial_number": "E6614C311B137637"})
    save_alias("pico", "2e8a:0005")
    save_alias("bridge", "/dev/ttyUSB0")
    save_alias("elsewhere", "socket://10.0.0.7:2000")
    save_alias("nonsense", "nonsense")
    assert [line.split()[1] for line in belay("devices").out.splitlines()] == ["name", "@left", "@bridge"]
    assert [board["names"] for board in json.loads(belay("devices", "--json").out)] == [
        ["left", "pico"],
        ["bridge"],
    ]


def test_what_runs_on_them(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = [
        replace(PICO, device="virtual:"),
        replace(PICO, device="virtual:0"),
        replace(BRIDGE, device="exec:true"),
    ]
    monkeypatch.setattr(usb, "comports", lambda: boards)
    mute, pico, data = belay("devices", "--probe").out.splitlines()[1:]
    assert "  micropython 1." in pico
    assert data.endswith("(the board's first port has its REPL)")
    assert "  no answer: " in mute
    mute, pico, data = json.loads(belay("devices", "--probe", "--json").out)
    assert pico["implementation"]["name"] == "micropython"
    assert (pico["problem"], data["problem"], data["implementation"]) == (None, None, None)
    assert mute["implementation"] is None
    assert mute["problem"]


def test_none(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "comports", list)
    result = belay("devices")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("no board is connected by USB\nhint: ")
    assert belay("devices", "--json").out == "[]\n"
