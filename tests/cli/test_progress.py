"""The bar of commands that move bytes; that of commands that fetch is tried by theirs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from belay.cli.progress import WIDEST, Bar

from .conftest import Belay, write_files


class Terminal(io.StringIO):
    """A terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error is a terminal, from now on; before a test begins, pytest takes it back."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("belay.cli.progress.Bar.__init__.__defaults__", (0.0,))
    return terminal


def test_what_moves_has_a_bar(belay: Belay, board: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    write_files(Path(), {"src/x": "1" * 5000, "src/y": "2" * 5000})
    for words, last in (
        (["fs", "put", "src/x", "src/y"], "src/y -> :y"),
        (["fs", "get", "-r", ":", "back"], f":y -> {Path('back/y')}"),
        (["sync", "src", "--dst", "app"], "sending y"),
    ):
        assert belay(*words).code == 0
        # It is drawn when it begins and when it ends, and not for each step between.
        text = terminal.getvalue()
        assert f"{last} " in text
        assert "9.8/9.8 KiB" in text[text.index(last) :]
        assert "\x1b[2K" in text[text.rindex("9.8/9.8 KiB") :], "it is gone at the end"
        terminal.truncate(terminal.seek(0))


@pytest.mark.parametrize("quiet", [True, False])
def test_who_wants_none_has_none(
    belay: Belay, board: Path, monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    terminal = at_terminal(monkeypatch)
    write_files(Path(), {"x": "1"})
    monkeypatch.setenv("TERM", "xterm" if quiet else "dumb")
    assert belay("fs", "put", "x", *(["-q"] if quiet else [])).code == 0
    assert not terminal.getvalue()


def test_a_long_name_does_not_push_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with Bar(0, in_bytes=True) as bar:
        bar.show("n" * 255, 1, 2)
    assert "n" * (WIDEST - 1) + "…" in terminal.getvalue()
    assert "n" * WIDEST not in terminal.getvalue()
