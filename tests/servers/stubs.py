"""Distributions of stubs, as small as can be, in the form that real ones have."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

RP2: dict[str, str] = {
    "machine.pyi": (
        "from _mpy_shed import Ticks\n"
        "class Pin:\n"
        "    OUT: int\n"
        "    def __init__(self, id: int, mode: int = -1) -> None: ...\n"
        "    def value(self, x: int | None = None) -> int: ...\n"
        "class ADC: ...\nclass I2C: ...\nclass PWM: ...\nclass SPI: ...\nclass Timer: ...\n"
    ),
    "micropython.pyi": "def const(value: int) -> int: ...\nbroken: NoSuchName\n",
    "time.pyi": (
        "from _mpy_shed import Ticks\n"
        "def sleep(s: float) -> None: ...\n"
        "def sleep_ms(ms: int) -> None: ...\n"
        "def ticks_ms() -> Ticks: ...\n"
    ),
    "utime.pyi": "from time import *\n",
    "os.pyi": "def statvfs(path: str) -> tuple[int, ...]: ...\ndef dupterm(stream: object) -> None: ...\n",
    "uos.pyi": "from os import *\n",
    "requests/__init__.pyi": "def board_only() -> None: ...\n",
    "urequests.pyi": "from requests import *\n",
    "_mpy_shed/__init__.pyi": "Ticks = int\n",
    "__builtins__.pyi": "",
}
"""Files of stubs for a port: modules of the board, and its own of modules that CPython has."""

CIRCUITPYTHON: dict[str, str] = {
    "board-stubs/__init__.pyi": "board_id: str\n",
    "digitalio-stubs/__init__.pyi": "class DigitalInOut:\n    def __init__(self, pin: object) -> None: ...\n",
    "traceback-stubs/__init__.pyi": "",
    "board_definitions/pico/__init__.pyi": "board_id: str\nLED: object\n",
}
"""The same for CircuitPython."""


def build(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    """Write a distribution's built file into a folder.

    Its form: https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain = name.replace("-", "_")
    info = f"{plain}-{version}.dist-info"
    file = folder / f"{plain}-{version}-py3-none-any.whl"
    every = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*every, f"{info}/RECORD"))
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {**every, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return file


def see_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let installers see distributions in a folder only, whatever the settings of this computer are."""
    settings = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "UV_NO_CONFIG": "1",
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_FIND_LINKS": str(folder),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
