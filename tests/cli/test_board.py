"""From the command line to a board."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from belay.cli import exits
from belay.cli.app import cli
from belay.cli.board import WrongUse, names_board, split_port
from belay.transports import UsbSpecifier, usb

from .conftest import Belay

PICO = UsbSpecifier(0x2E8A, 5, "e661", "MicroPython", "Board in FS mode", "1-2", "/dev/ttyACM7")
OTHER = UsbSpecifier(0x1A86, 0x7523, None, None, "USB Serial", "1-3", "/dev/ttyUSB0")


@pytest.fixture
def two_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "comports", lambda: [PICO, OTHER])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["x"], (None, "x")),
        (["virtual:", "x"], ("virtual:", "x")),
        (["/dev/ttyACM0", "-"], ("/dev/ttyACM0", "-")),
    ],
)
def test_the_port_is_told_by_count(words: list[str], expected: tuple[str | None, str]) -> None:
    assert split_port(words, "CODE") == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Missing argument 'CODE'."),
        (["nowhere", "x"], "'nowhere' is not a board's address: no known form"),
        (["virtual:", "x", "y"], "Got 3 arguments where at most PORT and CODE can be"),
    ],
)
def test_wrong_use_says_what_is_wrong(words: list[str], message: str) -> None:
    with pytest.raises(WrongUse) as caught:
        split_port(words, "CODE")
    assert caught.value.message.startswith(message)


def test_what_names_a_board() -> None:
    assert names_board("id:e661")
    assert not names_board("print(1)")


def complete(words: list[str], incomplete: str) -> list[tuple[str, str]]:
    found = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE").get_completions(words, incomplete)
    return [(item.type, item.value) for item in found]


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        (["info"], "", [("plain", "virtual:"), ("plain", "/dev/ttyACM7"), ("plain", "/dev/ttyUSB0")]),
        (["info"], "/dev/ttyA", [("plain", "/dev/ttyACM7")]),
        (["exec"], "v", [("plain", "virtual:")]),
        (["exec", "virtual:"], "v", []),
        (["run"], "v", [("plain", "virtual:"), ("file", "v")]),
        (["run", "virtual:"], "v", [("file", "v")]),
        (["virtual"], "x", [("dir", "x")]),
        (["latency", "--csv"], "x", [("file", "x")]),
        (["completion"], "z", [("plain", "zsh")]),
    ],
)
def test_completion(words: list[str], incomplete: str, expected: list[tuple[str, str]]) -> None:
    assert complete(words, incomplete) == expected


def test_a_completed_port_says_what_it_is(two_boards: None) -> None:
    found = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE").get_completions(["info"], "/dev/ttyA")
    assert found[0].help == str(PICO)


def test_without_a_port_the_environment_decides(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELAY_DEVICE", "virtual:")
    assert belay("exec", "print(6 * 7)").out == "42\n"


def test_a_bad_address_in_the_environment(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELAY_DEVICE", "nowhere")
    result = belay("exec", "1")
    assert result.code == exits.USAGE
    assert "'nowhere' is not a board's address" in result.err


def test_a_board_that_is_not_there(belay: Belay) -> None:
    result = belay("exec", "id:no-board-has-this-number", "1")
    assert (result.code, result.out) == (exits.NOT_FOUND, "")
    assert result.err.startswith("error: no board on USB is no-board-has-this-number\n")


def test_a_connection_that_fails(belay: Belay) -> None:
    result = belay("exec", "socket://127.0.0.1:1", "1")
    assert result.code == exits.CONNECTION


def test_a_program_that_is_no_board(belay: Belay) -> None:
    result = belay("exec", "exec:true", "1")
    assert result.code == exits.CONNECTION


def test_verbose_tells_of_the_connection(belay: Belay) -> None:
    result = belay("-v", "exec", "virtual:", "1")
    assert result.err.startswith("connected to virtual: in ")


def test_the_wire_is_traced_into_a_file(belay: Belay, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    assert belay("--trace", str(trace), "exec", "virtual:", "print('traced')").out == "traced\n"
    text = trace.read_text(encoding="utf-8")
    assert "print(\\'traced\\')" in text
    assert text.splitlines()[0].endswith("- virtual: flow_control=True")
    assert text.splitlines()[-1].endswith("- close")


def test_the_wire_is_traced_to_stderr(belay: Belay) -> None:
    result = belay("exec", "virtual:", "print('traced')", "--trace", "-")
    assert result.out == "traced\n"
    assert result.err.splitlines()[-1].endswith("- close")


def test_time_out(belay: Belay) -> None:
    result = belay("--timeout", "0.2", "exec", "virtual:", "while True: pass")
    assert result.code == exits.TIMEOUT
    assert "took longer than 0.2 s" in result.err


def test_a_port_is_checked_before_anything_is_opened() -> None:
    context = click.Context(cli)
    with context, pytest.raises(WrongUse) as caught:
        split_port(["nowhere", "x"], "CODE")
    assert caught.value.ctx is context
