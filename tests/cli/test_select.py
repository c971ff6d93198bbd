"""``belay select``: without a terminal in this process, and on one as a program."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from serial.tools import list_ports

from belay.aliases import read_aliases, save_alias
from belay.cli import exits
from belay.cli.select import selected
from belay.terminal.keys import BRACKETS_OFF
from belay.transports import UsbSpecifier

from .conftest import Belay
from .window import Open, window

__all__ = ["window"]

PICO = UsbSpecifier(0x2E8A, 5, "e6614c311b137637", "MicroPython", "Board in FS mode", "1-2", "port")
BARE = UsbSpecifier(0x1A86, 0x7523, None, None, "USB Serial", "1-3", "nowhere")

PROGRAM = """
import sys
from serial.tools import list_ports
from belay.transports import UsbSpecifier
from belay.cli import main
boards = {boards}
list_ports.comports = lambda: boards
sys.exit(main())
"""

Connect = Callable[..., list[UsbSpecifier]]


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's settings, of which there are none; the shell is one of many."""
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(tmp_path / "settings"))
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.delenv("POWERSHELL_DISTRIBUTION_CHANNEL", raising=False)
    monkeypatch.setattr(selected, "BLINK_SECONDS", 0.01)
    return tmp_path / "settings" / "config.toml"


@pytest.fixture
def connect(served: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Says which boards are connected; the first of them is there."""

    def connect(*boards: UsbSpecifier) -> list[UsbSpecifier]:
        found = [replace(board, device=served[0]) if at == 0 else board for at, board in enumerate(boards)]
        monkeypatch.setattr(list_ports, "comports", lambda: found)
        return found

    return connect


WAYS = """\
{port} 2e8a:0005 e6614c311b137637 (MicroPython Board in FS mode) at 1-2
Implementation(name='micropython', version=({version}), platform='linux', emitters={emitters})

On the command line:
  belay info {word}

In a program:
  device = belay.Device({code})

Or in the environment, and it need not be named any more:
  export BELAY_DEVICE={word}
  device = belay.Device()
"""


def without_version(text: str) -> str:
    """What is printed, without what other interpreters than ours have else."""
    text = re.sub(r"version=\([\d, ]+\)", "version=({version})", text)
    return re.sub(r"emitters=\([^)]*\)", "emitters={emitters}", text)


def test_the_only_board_is_taken_and_three_ways_are_printed(belay: Belay, connect: Connect) -> None:
    port = connect(PICO)[0].device
    result = belay("select")
    assert (result.code, result.err) == (0, "")
    expected = WAYS.replace("{port}", str(port)).replace("{word}", "id:e6614c311b137637")
    expected = expected.replace("{code}", "belay.UsbSpecifier(serial_number='e6614c311b137637')")
    assert without_version(result.out) == expected


def test_a_board_is_saved_and_found_by_its_name(belay: Belay, connect: Connect, settings: Path) -> None:
    connect(PICO, BARE)
    result = belay("select", "--save", "bench-left", "2e8a:0005")
    assert (result.code, result.err) == (0, "saved as @bench-left\n")
    assert "belay.Device('@bench-left')" in result.out
    assert settings.read_text(encoding="utf-8") == (
        '[aliases]\nbench-left = {serial_number = "e6614c311b137637"}\n'
    )
    assert belay("eval", "@bench-left", "6 * 7").out == "42\n"
    assert belay("select", "--export", "@bench-left").out == "export BELAY_DEVICE=@bench-left\n"
    # By another name, it is the board that is saved and not the name.
    assert belay("select", "--save", "other", "@bench-left").code == 0
    assert read_aliases()["other"].meaning == {"serial_number": "e6614c311b137637"}
    assert belay("select", "--save", "other", "@bench-left").err == "saved as @other\n"
    save_alias("other", "a0")
    again = belay("select", "--save", "other", "@bench-left")
    assert (again.code, again.err) == (0, "saved as @other, which was a0 before\n")


def test_a_board_without_a_serial_number(belay: Belay, connect: Connect) -> None:
    connect(replace(PICO, serial_number=None), BARE)
    result = belay("select", "--save", "left", "--json", "2e8a:0005")
    assert result.code == 0
    assert result.err.startswith("warning: nothing tells the board from others")
    assert "@left is whichever is at 1-2\nsaved as @left\n" in result.err
    page = json.loads(result.out)
    assert page["usb"] == {"vid": 11914, "pid": 5, "location": "1-2"} == read_aliases()["left"].meaning
    assert page["address"] == "@left"
    assert page["board"]["product"] == "Board in FS mode"
    assert page["implementation"]["name"] == "micropython"
    assert page["problem"] is None


def test_a_board_of_which_only_the_port_is_known(belay: Belay, connect: Connect) -> None:
    port = str(connect(replace(PICO, serial_number=None, location=None))[0].device)
    result = belay("select", "--save", "left")
    assert f"@left is whichever is at {port}\n" in result.err
    assert read_aliases()["left"].meaning == port
    assert belay("select", "--save", "right", "@left").code == 0


def test_a_board_that_is_not_on_usb(belay: Belay, served: tuple[str, Path], connect: Connect) -> None:
    connect()
    result = belay("select", "--save", "lab", served[0])
    assert (result.code, result.err) == (0, "saved as @lab\n")
    assert read_aliases()["lab"].meaning == served[0]
    assert belay("select", "--save", "garden", "@lab").code == 0
    assert read_aliases()["garden"].meaning == served[0]


def test_a_board_that_does_not_answer_is_selected_all_the_same(belay: Belay, connect: Connect) -> None:
    connect(PICO, replace(BARE, device="exec:true"))
    result = belay("select", "--save", "mute", "1a86:7523")
    assert result.code == 0
    assert "saved as @mute\nwarning: " in result.err
    assert "Implementation" not in result.out
    assert belay("select", "--blink", "1a86:7523").code == exits.CONNECTION


def test_blinking(belay: Belay, connect: Connect) -> None:
    port = connect(PICO)[0].device
    result = belay("select", "--blink")
    assert (result.code, result.err) == (0, f"LED blinks on {port}\n")
    assert belay("select", "--pin", "7").err == f"pin 7 blinks on {port}\n"
    wrong = belay("select", "--pin", "99")
    assert wrong.code == exits.USAGE
    assert "99 is no pin of the board: " in wrong.err
    assert (
        belay("eval", str(port), "[__import__('machine').Pin(n).mode() for n in (7, 25)]").out == "[0, 0]\n"
    )


def test_several_boards_and_nobody_to_choose(belay: Belay, connect: Connect) -> None:
    connect(PICO, BARE)
    save_alias("left", {"serial_number": "E6614C311B137637"})
    result = belay("select")
    assert (result.code, result.out) == (exits.NOT_FOUND, "")
    assert "@left  2e8a:0005  e6614c311b137637" in result.err
    assert (
        'hint: name one, as in: belay select \'{"vid": 6790, "pid": 29987, "location": "1-3"}\'\n'
        in result.err
    )


def test_no_board(belay: Belay, connect: Connect) -> None:
    connect()
    result = belay("select")
    assert (result.code, result.out) == (exits.NOT_FOUND, "")
    assert "virtual:" in result.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--json", "--export"], exits.USAGE),
        (["--save", "a b"], exits.USAGE),
        (["@nobody"], exits.USAGE),
        (["nonsense"], exits.USAGE),
        (["id:nobody"], exits.NOT_FOUND),
    ],
)
def test_wrong_use(belay: Belay, connect: Connect, settings: Path, words: list[str], code: int) -> None:
    connect(PICO)
    result = belay("select", *words)
    assert (result.code, result.out) == (code, "")
    assert not settings.exists()


def test_a_damaged_file_of_names(belay: Belay, connect: Connect, settings: Path) -> None:
    connect(PICO)
    settings.parent.mkdir()
    settings.write_text("[aliases", encoding="utf-8")
    assert belay("select", "--save", "left").code == exits.USAGE
    for command in ("select", "devices"):
        result = belay(command)
        assert result.code == 0
        assert f"warning: the names of boards are not known: {settings}" in result.err


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
def test_on_a_terminal(served: tuple[str, Path], window: Open) -> None:
    boards = [BARE, replace(PICO, device=served[0])]
    user = window(sys.executable, "-c", PROGRAM.format(boards=boards), "select", "--save", "bench")
    user.until(b"arrows or numbers choose")
    user.until("»  1  nowhere".encode())
    user.type(b"\x1b[B")
    user.until("»  2  ".encode())
    user.type(b"b")
    user.until(b": LED blinks; micropython")
    user.type(b"\r")
    user.until(BRACKETS_OFF)
    user.until(b"saved as @bench\r\n")
    user.until(b"export BELAY_DEVICE=@bench\r\n  device = belay.Device()\r\n")
    assert user.end() == 0
    assert read_aliases()["bench"].meaning == {"serial_number": "e6614c311b137637"}


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
def test_leaving_a_terminal(window: Open) -> None:
    user = window(sys.executable, "-c", PROGRAM.format(boards=[]), "select")
    user.until(b"no board is connected")
    user.type(b"\x1b")
    user.until(b"nothing was selected\r\n")
    assert user.end() == exits.INTERRUPTED
