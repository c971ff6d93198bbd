from __future__ import annotations

from pathlib import Path

import pytest

from belay.aliases import save_alias
from belay.cli import exits

from .conftest import Belay


def test_colour_is_for_those_who_want_it(belay: Belay) -> None:
    result = belay("exec", "nowhere", "1")
    assert "\x1b" not in result.err
    result = belay("--color", "exec", "nowhere", "1")
    # The words are the same, so that who does not see colours misses nothing.
    assert "\x1b[31m\x1b[1merror:\x1b[0m 'nowhere'" in result.err


def test_quiet_tells_only_the_error(belay: Belay) -> None:
    result = belay("-q", "run", "virtual:?heap=none", __file__)
    assert result.code == exits.USAGE
    assert result.err.startswith("error: ")
    assert "hint" not in result.err


@pytest.mark.parametrize("how", ["-vv", "BELAY_DEBUG"])
def test_a_python_traceback_for_those_who_want_it(
    belay: Belay, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "-vv":
        result = belay("-vv", "info", "virtual:?speed=9")
    else:
        monkeypatch.setenv("BELAY_DEBUG", "1")
        result = belay("info", "virtual:?speed=9")
    assert "belay.exceptions.AddressError: " in result.err
    assert result.err.count("\nerror: ") == 1
    assert result.err.count("hint: ") == 1


@pytest.mark.parametrize("how", [[], ["-vv"]])
def test_a_hint_and_a_note_are_told_once(
    belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: list[str]
) -> None:
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(tmp_path))
    save_alias("bench", "virtual:?speed=9")
    lines = belay(*how, "info", "@bench").err.splitlines()[-3:]
    assert [line.partition(" ")[0] for line in lines] == ["error:", "hint:", "note:"]
    assert lines[-1].startswith("note: @bench is virtual:")


def test_a_board_error_is_told_once(belay: Belay) -> None:
    result = belay("exec", "virtual:", "raise ValueError('told once')")
    assert result.err.count("told once\n") == 1
    assert result.err.count("Traceback") == 1


def test_a_file_of_the_board_is_not_taken_for_one_of_the_host(
    belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("this_is_the_wrong_file\n", encoding="utf-8")
    files = tmp_path / "board"
    files.mkdir()
    (files / "mine.py").write_text("raise OSError(2)\n", encoding="utf-8")
    result = belay("exec", f"virtual:{files}", "import mine")
    assert result.err.splitlines() == [
        "Traceback (most recent call last):",
        '  File "<code>", line 1, in <module>',
        "    import mine",
        '  File "mine.py", line 1, in <module>',
        "OSError: [Errno 2] ENOENT",
    ]


def test_a_file_error_names_the_file(belay: Belay, tmp_path: Path) -> None:
    result = belay("exec", "virtual:", "1", "--trace", str(tmp_path / "no" / "trace"))
    assert result.code == exits.FILE
    assert result.err == f"error: {tmp_path / 'no' / 'trace'}: No such file or directory\n"
