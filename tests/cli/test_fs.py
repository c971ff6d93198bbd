"""``belay fs``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from .conftest import Belay


def test_without_a_command_it_shows_its_help(belay: Belay) -> None:
    result = belay("fs")
    assert (result.code, result.out) == (2, "")
    assert result.err == belay("fs", "--help").out


def test_the_name_that_others_have_for_a_command(belay: Belay) -> None:
    assert belay("fs", "sha256sum", "--help").out == belay("fs", "sha256", "--help").out.replace(
        "belay fs sha256 ", "belay fs sha256sum ", 1
    )


def test_the_interpreter_goes_on(belay: Belay, board: Path) -> None:
    assert belay("exec", "answer = 42").code == 0
    for words in (["ls"], ["touch", ":x"], ["rm", ":x"], ["df"]):
        assert belay("fs", *words).err == ""
    assert belay("eval", "--no-reset", "answer").out == "42\n"
    assert belay("fs", "ls", "--reset").code == 0
    assert belay("eval", "--no-reset", "answer").code == 1


def test_the_interpreter_starts_anew_where_a_program_has_left_no_memory(belay: Belay, board: Path) -> None:
    hungry = "import gc\nx = []\nwhile gc.mem_free() > 50_000: x.append(bytearray(5000))"
    assert belay("exec", hungry).code == 0
    assert belay("fs", "ls", "--no-reset").code == 0
    assert belay("eval", "--no-reset", "len(x) > 1").out == "True\n"
    assert belay("fs", "ls").out == "lib/\n"
    assert belay("eval", "--no-reset", "x").code == 1


@pytest.mark.parametrize("agent", ["0", "1"])
def test_it_takes_few_turns(
    belay: Belay, board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    """A turn is a write after something was read."""
    monkeypatch.setenv("BELAY_AGENT", agent)
    trace = tmp_path / "trace"
    assert belay("fs", "ls", "--trace", str(trace)).out == "lib/\n"
    ways = [line.split()[1] for line in trace.read_text(encoding="utf-8").splitlines()[1:]]
    turns = sum(way == ">" and before == "<" for before, way in pairwise(ways))
    assert turns <= 8


def test_errors_of_the_board_have_a_hint_of_ours(belay: Belay, board: Path) -> None:
    result = belay("fs", "rm", ":no")
    assert result.code == 7
    assert result.err == (
        "error: /no: there is no such file or folder on the board\n"
        "hint: `belay fs tree` shows what there is\n"
    )
