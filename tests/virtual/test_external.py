"""An interpreter of the user's own: the console script of the built-in one serves as such."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from belay.exceptions import BoardCrashedError

from .conftest import PROMPT, RAW_PROMPT, Keyboard, MakeBoard, process_gone, wait_until

PROGRAM = Path(sys.executable).parent / "micropython"
REST = f"?interpreter={PROGRAM}"


@pytest.fixture
def own(make_board: MakeBoard) -> Keyboard:
    return make_board(REST)


def test_runs_code_and_passes_every_byte(own: Keyboard) -> None:
    own.start("import sys\nprint(6 * 7)\nsys.stdout.buffer.write(bytes(range(256)))\nprint('end')")
    assert own.until(b"end\n") == b"42\n" + bytes(range(256)) + b"end\n"
    own.finish()
    own.start("1/0")
    assert b"ZeroDivisionError" in own.finish()[1]


def test_no_trace_of_the_start(make_board: MakeBoard) -> None:
    assert make_board(REST, raw=False).prompt().startswith(b"MicroPython ")


def test_boot_main_and_soft_resets(make_board: MakeBoard, root: Path) -> None:
    root.mkdir()
    (root / "boot.py").write_text("print('boot')")
    (root / "main.py").write_text("print('main')")
    own = make_board(f"{root}{REST}", raw=False)
    assert own.prompt().startswith(b"boot\nmain\nMicroPython ")
    own.type(b"\x04")
    assert own.prompt().startswith(b"\r\nMPY: soft reboot\r\nboot\nmain\nMicroPython ")
    own.raw()
    for _ in range(2):
        own.type(b"\x04")
        assert own.until(RAW_PROMPT) == b"OK\r\nMPY: soft reboot\r\nboot\n" + RAW_PROMPT
    assert own.run("import machine; print(machine.reset_cause() == machine.SOFT_RESET)") == b"True\n"
    own.type(b"\x02")
    own.prompt()
    own.type(b"\x04")
    assert own.prompt().endswith(PROMPT)


def test_hard_reset(own: Keyboard) -> None:
    own.type(b"import machine; machine.reset()\x04")
    assert b"soft reboot" not in own.prompt()


@pytest.mark.parametrize(
    "code", ["while True: pass", "import time; time.sleep(100)", "import sys; sys.stdin.read(1)"]
)
def test_ctrl_c(own: Keyboard, code: str) -> None:
    own.start("print('in')\n" + code)
    own.until(b"in\n")
    own.type(b"\x03")
    assert own.finish()[1].endswith(b"KeyboardInterrupt: \n")


def test_ctrl_c_is_a_byte_when_switched_off(own: Keyboard) -> None:
    own.start(
        "import micropython, sys\nmicropython.kbd_intr(-1)\nprint('go')\n"
        "data = sys.stdin.buffer.read(3)\nmicropython.kbd_intr(3)\nprint(data)"
    )
    own.until(b"go\n")
    own.type(b"a\x03b")
    assert own.finish() == (b"b'a\\x03b'\n", b"")


def test_much_input(own: Keyboard) -> None:
    own.start(
        "import sys, time\ntime.sleep(0.1)\nleft = 300000\n"
        "while left: left -= len(sys.stdin.read(min(left, 1000)))\nprint('all')"
    )
    own.type(b"x" * 300_000)
    assert own.finish()[0] == b"all\n"


def test_peripherals_are_plain_memory(own: Keyboard) -> None:
    own.run("from machine import ADC, I2C, Pin, PWM, SPI, Timer")
    assert own.run("p = Pin(25, Pin.OUT, value=1); p.toggle(); print(p, p())") == b"Pin(GPIO25, mode=OUT) 0\n"
    assert (
        own.run("print(Pin(2, Pin.IN, Pin.PULL_UP)(), Pin(4, Pin.OPEN_DRAIN, value=0)(), ADC(0).read_u16())")
        == b"1 0 0\n"
    )
    assert own.run(
        "w = PWM(3, freq=50, duty_u16=40000); print(w, Pin(3)()); w.deinit(); print(w.duty_u16())"
    ) == (b"<PWM pin=3 freq=50 duty_u16=40000> 1\n0\n")
    assert (
        own.run("import time\np.irq(lambda pin: print('edge'))\np.on()\nfor _ in range(9): time.sleep_ms(1)")
        == b"edge\n"
    )
    own.start("Timer(period=1, callback=print)")
    assert b"ENODEV" in own.finish()[1]


def test_crash_and_close(make_board: MakeBoard) -> None:
    own = make_board(REST)
    own.start("import uctypes; uctypes.bytearray_at(0, 1)[0]")
    own.until_gone()
    assert str(own.board.death(5)).endswith("crashed with SIGSEGV")
    other = make_board(REST)
    pid = other.board.interpreter_pid
    other.start("while True: pass")
    other.board.close()
    wait_until(lambda: process_gone(pid))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo hello", "did not start as one; it said b'hello"),
        ("printf '\\0belay 1 20\\0'; cat", "MicroPython 1.20 is too old"),
    ],
)
def test_a_program_that_is_no_micropython(
    make_board: MakeBoard, tmp_path: Path, script: str, words: str
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    board = make_board(f"?interpreter={program}", raw=False)
    board.until_gone()
    death = board.board.death(5)
    assert isinstance(death, BoardCrashedError)
    assert "did not start" in str(death)
    assert words in str(death)


def test_a_program_that_cannot_be_run(make_board: MakeBoard, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/no/such/shell\n")
    program.chmod(0o755)
    board = make_board(f"?interpreter={program}", raw=False)
    board.until_gone()
    assert "it cannot be run" in str(board.board.death(5))
