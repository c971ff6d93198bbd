"""What an install tells."""

from __future__ import annotations

import io
import sys

import pytest

from belay.cli import exits
from belay.cli.installing import Planned, showing_each, tell_done, tell_failed, tell_planned
from belay.cli.settings import Settings
from belay.exceptions import ConnectionLost
from belay.files.plan import plan
from belay.files.survey import Wish
from belay.files.sync import Bytes, SyncSummary
from belay.files.tree import File


def test_what_would_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    contents = Bytes({"a.py": b"new"})
    contents.words = ("a.py is sent as it is",)
    found = {"lib/old.py": File(1, 1)}
    planned = Planned(plan(contents.tree, found, may_delete=lambda _: True), Wish(contents))
    tell_planned(Settings(), planned, "COM3: ")
    said = capsys.readouterr()
    assert said.out == "COM3:\n+ a.py\n- lib/old.py\n- lib\n"
    assert said.err == (
        "warning: COM3: a.py is sent as it is\nCOM3: would send: 1 file (3 B); would delete: 2\n"
    )


def test_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    done = SyncSummary(("a",), ("b",), ("c",), (), 5, 1.5, 2048, ("careful",), free_before=4096)
    tell_done(Settings(verbosity=1), done, "COM3: ")
    assert capsys.readouterr().err == (
        "COM3: sent: a\nCOM3: deleted: c\nwarning: COM3: careful\n"
        "COM3: sent: 1 file (5 B); skipped: 1; deleted: 1; 1.50 s; 2.0 KiB free of 4.0 KiB before\n"
    )


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            ConnectionLost("it is gone", hint="look"),
            exits.CONNECTION,
            "error: COM3: it is gone\nhint: look\n",
        ),
        (OSError(13, "Permission denied"), exits.FILE, "error: COM3: Permission denied\n"),
        (ValueError("oops"), exits.MISTAKE, "ValueError: oops"),
    ],
    ids=["ours", "os", "mistake"],
)
def test_what_failed(capsys: pytest.CaptureFixture[str], error: Exception, code: int, said: str) -> None:
    assert tell_failed(Settings(), "COM3: ", error) == code
    assert said in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_for_each_board(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with showing_each(Settings(), ["COM3", "COM4"]) as show:
        show("COM4", "sending x.py", 512, 1024)
    shown = terminal.getvalue()
    assert "COM3: connecting" in shown
    assert "COM4: sending x.py" in shown
    assert "0.5/1.0 KiB" in shown


def test_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_each(Settings(), ["COM3"]) as show:
        show("COM3", "sending x.py", 1, 2)
    assert capsys.readouterr().err == ""
