from __future__ import annotations

from pathlib import Path

import pytest

from belay.cli.demo_show import belay, show_source
from belay.exceptions import InternalError


def test_a_command_is_shown_with_all_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    belay("new", "a b")
    belay("add", "--group", "../x", "y", code=8)
    shown = capsys.readouterr()
    assert shown.out.startswith("    $ belay new 'a b'\nwrote README.md, ")
    assert shown.out.endswith("hint: `belay new` makes a project\n    $ echo $?\n8\n")
    assert shown.err == ""


def test_one_that_ends_otherwise_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InternalError, match="belay verify ended with exit code 8, not 0"):
        belay("verify")


def step() -> None:
    """What it is about."""

    def inner(x):  # type: ignore[no-untyped-def]
        return x


def test_a_source_is_shown_as_a_user_would_write_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_source(step)
    assert capsys.readouterr().out == "    def inner(x):\n        return x\n\n"
