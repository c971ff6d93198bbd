"""``belay terminal`` and ``Device.terminal`` as programs on a pseudo-terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import SOON

from belay import Device
from belay.cli import exits
from belay.exceptions import BatchError
from belay.terminal.keys import BRACKETS_OFF

from .conftest import BELAY, Belay, Start
from .window import Open, window

__all__ = ["window"]

termios = pytest.importorskip("termios")

ON_A_DEVICE = """
from belay import Device
with Device("virtual:") as device:
    @device.task
    def twice(x):
        return x * 2
    device("x = 5")
    device.terminal(exit_char="!")
    print("twice", twice(21), device("'x' in globals()"))
"""


def test_a_session(window: Open) -> None:
    user = window(*BELAY, "terminal", "virtual:")
    assert b"virtual:: Ctrl-] leaves, Ctrl-T opens a menu\r\n" in user.until(b">>> ")
    user.type(b"6*7\r")
    user.until(b"42\r\n>>> ")
    user.type(b"\x1b[200~for x in range(2):\n    print('x =', x)\n\x1b[201~")
    user.until(b"x = 1\r\n>>> ")
    user.type(b"exec('while True: pass')\r")
    user.until(b"pass')\r\n")
    user.type(b"\x03")
    user.until(b"KeyboardInterrupt")
    user.until(b">>> ")
    user.type(b"\x1d")
    user.until(BRACKETS_OFF)
    assert user.end() == 0


def test_a_signal_leaves_the_terminal_as_it_was(window: Open) -> None:
    user = window(*BELAY, "-q", "terminal", "virtual:")
    assert b"Ctrl-]" not in user.until(b">>> ")
    user.process.send_signal(signal.SIGTERM)
    assert user.end() == 128 + signal.SIGTERM


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A user's, which has a terminal in it."""
    (tmp_path / "program.py").write_text(ON_A_DEVICE, encoding="utf-8")
    return str(tmp_path / "program.py")


def test_a_program_of_a_user(window: Open, program: str) -> None:
    user = window(sys.executable, program)
    user.until(b": ! leaves, Ctrl-T opens a menu")
    user.until(b">>> ")
    user.type(b"x\r")
    user.until(b"5\r\n>>> ")
    # As a shell does when it takes the terminal back and gives it away again.
    termios.tcsetattr(user._inner, termios.TCSANOW, user.before)
    user.process.send_signal(signal.SIGCONT)
    user.await_raw()
    user.type(b"\x1d!")
    # What was defined by hand is gone, tasks are there.
    user.until(b"twice 42 False")
    assert user.end() == 0


def test_a_program_of_a_user_that_is_ended(window: Open, program: str) -> None:
    user = window(sys.executable, program)
    user.until(b"leaves")
    user.until(b">>> ")
    user.process.send_signal(signal.SIGHUP)
    assert user.end() == -signal.SIGHUP


@pytest.mark.parametrize("reset", [None, "--soft-reset", "--hard-reset"], ids=str)
def test_a_file_as_the_input(
    belay: Belay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reset: str | None
) -> None:
    given, shown = tmp_path / "in", tmp_path / "out"
    given.write_bytes(b"import machine\nmachine.reset_cause()\n6*7")
    with given.open(encoding="utf-8") as stdin, shown.open("w", encoding="utf-8") as stdout:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert belay("terminal", "virtual:", *filter(None, [reset])).code == 0
        monkeypatch.undo()
    seen = shown.read_bytes()
    assert seen.endswith(b">>> 6*7\r\n42\r\n>>> ")
    assert (b"soft reboot" in seen) == (reset == "--soft-reset")
    assert (b"import machine; machine.reset()" in seen) == (reset == "--hard-reset")


def test_without_any_input_the_board_is_watched(start: Start) -> None:
    process = start("terminal", "virtual:", stdin=subprocess.DEVNULL)
    seen = b""
    while not seen.endswith(b">>> "):
        seen += os.read(process.stdout.fileno(), 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(SOON) == exits.INTERRUPTED


def test_what_makes_no_sense(belay: Belay) -> None:
    result = belay("terminal", "--soft-reset", "--hard-reset", "virtual:")
    assert (result.code, result.out) == (exits.USAGE, "")
    assert belay("terminal", "/dev/nosuch").code == exits.NOT_FOUND


def test_what_makes_no_sense_in_a_program() -> None:
    with Device("virtual:") as device:
        with pytest.raises(ValueError, match="exit_char"):
            device.terminal(exit_char="")
        with pytest.raises(BatchError), device.batch():
            device.terminal()
