"""Each example runs on a virtual board, and does what its first lines say."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import belay

FOLDER = Path(__file__).resolve().parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))

Run = Callable[..., tuple[Any, list[str]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs an example as a program: its names, and the lines that it printed."""

    def run(name: str, *addresses: str, wire: Callable[[Any], object] | None = None) -> tuple[Any, list[str]]:
        if wire:

            class Bench(belay.Device):
                """A device to whose virtual board something is wired."""

                def __pre_autoinit__(self) -> None:
                    wire(self.virtual)

            monkeypatch.setattr(belay, "Device", Bench)
        monkeypatch.setattr(sys, "argv", [name, *(addresses or ("virtual:",))])
        names = runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
        return names, capsys.readouterr().out.splitlines()

    return run


def test_blink(run: Run) -> None:
    names, out = run("blink")
    led = names["device"].virtual.pins[25]
    # What a board's pins were last can be read after its end.
    assert (led.edges, led.value, led.mode) == (20, 0, "OUT")
    assert out == ["micropython on linux has blinked"]


def test_neopixel(run: Run) -> None:
    names, out = run("neopixel")
    assert out == ["32 pictures of 8 LEDs"]
    assert names["device"].virtual.pins[16].bits == bytes(24)
    assert names["rainbow"](0)[:3] == bytes([0, 51, 0])


def test_adc(run: Run) -> None:
    _, out = run("adc", wire=lambda board: board.adc[26].set_voltage(1.65))
    assert out == [f"1.65 V {'#' * 20}"] * 20 + ["mean 1.65 V, scatter 0 mV"]


def test_generator(run: Run) -> None:
    _, out = run("generator", wire=lambda board: board.adc[26].set_u16(700))
    assert out == ["reading 700"] * 3 + ["the board has measured 3 times"]


def test_thread(run: Run) -> None:
    names, out = run("thread")
    assert [re.sub(r"[\d.]+ s", "T", re.sub(r"^\d+ ", "N ", line)) for line in out] == [
        "N sums in the T of three beats"
    ] * 2
    assert names["device"].virtual.pins[25].edges >= 6


def test_exception(run: Run) -> None:
    _, out = run("exception")
    assert out == [
        "ZeroDivisionError: divide by zero; in share: return cake // guests",
        "OSError 2, raised by the board: True",
        "it took too long, and was stopped",
        "the board goes on: 12 pieces for 4 are 3 each",
    ]


def test_sync(run: Run) -> None:
    _, out = run("sync")
    assert out == [
        "sent greeter.py, words.txt: good morning, Ada",
        "sent nothing: good morning, Ada",
        "sent words.txt: good evening, Ada",
    ]


@pytest.mark.parametrize(("switch", "said"), [(None, "the fan runs"), (0, "the fan is switched off")])
def test_subclass(run: Run, switch: int | None, said: str) -> None:
    names, out = run("subclass", wire=lambda board: board.pins[14].drive(switch))
    assert out == [said]
    motor = names["device"].virtual.pins[15]
    assert (motor.freq, motor.duty) == (20_000, 0)


def test_several(run: Run) -> None:
    names, out = run("several", "virtual:", "virtual:")
    assert re.fullmatch(r"2 boards have pondered 400 ms in \d+ ms", out[0])
    assert [device.virtual.pins[25].edges for device in names["devices"]] == [6, 6]


@pytest.mark.parametrize(("register", "degrees", "led"), [("1f80", "31.5", 1), ("ff00", "-1.0", 0)])
def test_proxies(run: Run, register: str, degrees: str, led: int) -> None:
    names, out = run("proxies", wire=lambda board: board.i2c[0].attach(0x48, bytes.fromhex(register)))
    assert out == ["on the bus: 0x48", f"{degrees} degrees Celsius"]
    pin = names["device"].virtual.pins[25]
    assert (pin.value, pin.mode) == (led, "OUT")


def test_time_sync(run: Run) -> None:
    before = datetime.now(UTC)
    names, out = run("time_sync", wire=lambda board: board.adc[26].set_u16(700))
    moments = names["moments"]
    assert sorted(moments) == moments
    # What else was not known by then, as how far the clocks drift apart, is far less.
    error = timedelta(seconds=names["clock"].error + 0.01)
    assert all(before - error <= moment <= datetime.now(UTC) + error for moment in moments)
    assert re.fullmatch(r"round trip [\d.]+ ms; times are right to \d+ us", out[0])
    assert [line.split()[1] for line in out[1:]] == ["700,"] * 5


def test_webrepl(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "belay", "-q", "virtual", "--webrepl", "0", "--password", "secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            monkeypatch.setenv("BELAY_PASSWORD", "secret")
            _, out = run("webrepl", address)
        finally:
            process.terminate()
    assert (out[0], out[2]) == ("the LED is on", "the LED is off")
    assert out[1].startswith(f"20 calls to {address}")


def test_each_is_tested_and_listed() -> None:
    names = [path.stem for path in EXAMPLES]
    assert [name for name in names if f"test_{name}" not in globals()] == []
    listed = re.findall(
        r"^\| \[(\w+)\.py\]\(\1\.py\) \| .+ \|$", (FOLDER / "README.md").read_text("utf-8"), re.M
    )
    assert sorted(listed) == names


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_says_how_it_is_wired_and_what_one_sees(path: Path) -> None:
    text = path.read_text("utf-8")
    said = ast.get_docstring(ast.parse(text)) or ""
    assert "\n\nWiring: " in said
    assert "\n\nOne sees: " in said
    assert len(text.replace(said, "").splitlines()) <= 60
