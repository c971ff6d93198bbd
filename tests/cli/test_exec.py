from __future__ import annotations

import io
import sys

import pytest

from belay.cli import exits

from .conftest import Belay, Start


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def test_prints_what_the_code_prints_and_nothing_else(belay: Belay) -> None:
    result = belay("exec", "virtual:", "x = 5\nx\nprint(x, end='')")
    assert (result.code, result.out, result.err) == (0, "5", "")


def test_a_value_that_cannot_travel_does_not_matter(belay: Belay) -> None:
    assert belay("exec", "virtual:", "object()").code == 0


def test_code_from_standard_input(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"for x in range(2):\r\n    print(x)\r\n")
    assert belay("exec", "virtual:", "-").out == "0\n1\n"


def test_code_that_looks_like_an_address_is_code(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELAY_DEVICE", "virtual:")
    result = belay("exec", "a0")
    assert result.code == exits.RAISED
    assert "NameError" in result.err


def test_output_comes_while_the_code_runs(start: Start) -> None:
    process = start("exec", "virtual:", "import sys\nprint('now')\nsys.stdin.read(1)")
    assert process.stdout.readline() == b"now\n"
    assert process.poll() is None


@pytest.mark.parametrize("code", [0, 3, 255])
def test_exit_code(belay: Belay, code: int) -> None:
    result = belay("exec", "virtual:", f"import sys; sys.exit({code})")
    assert (result.code, result.out, result.err) == (code, "", "")


def test_strange_output(belay: Belay) -> None:
    result = belay(
        "exec", "virtual:", r"import sys; sys.stdout.buffer.write(b'\xff\x00\x04>OK\x04\x04>'); print()"
    )
    assert (result.code, result.out) == (0, "�\x00\x04>OK\x04\x04>\n")


def test_input_reads_standard_input(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"Ada\n")
    assert belay("exec", "virtual:", "print('hello', input('who? '))").out == "who? hello Ada\n"


def test_input_where_standard_input_was_the_code(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"input()")
    result = belay("exec", "virtual:", "-")
    assert result.code == exits.RAISED
    assert "EOFError" in result.err
