from __future__ import annotations

import io
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from belay.cli import streams


def stream(encoding: str, errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)


@pytest.mark.parametrize(
    ("encoding", "errors", "expected"),
    [
        ("ascii", "strict", "backslashreplace"),
        ("ascii", "surrogateescape", "backslashreplace"),
        ("utf-8", "surrogateescape", "surrogateescape"),
        ("utf-8", "strict", "backslashreplace"),
    ],
)
def test_no_character_is_an_error(
    monkeypatch: pytest.MonkeyPatch, encoding: str, errors: str, expected: str
) -> None:
    out = stream(encoding, errors)
    monkeypatch.setattr(sys, "stdout", out)
    streams.prepare()
    assert out.errors == expected


def test_what_is_no_file_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(io.StringIO):
        encoding = "utf-8"
        errors = "strict"

    out = Elsewhere()
    monkeypatch.setattr(sys, "stdout", out)
    streams.prepare()
    assert sys.stdout is out


def test_closed_streams_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stdout", None)
    streams.prepare()
    with sys.stdin as stdin, sys.stdout as stdout:
        assert stdin.read() == ""
        stdout.write("to nobody")
        stdout.flush()


def test_what_nobody_reads_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w", encoding="utf-8") as out:
        os.close(read)
        monkeypatch.setattr(sys, "stdout", out)
        closed = stream("utf-8", "strict")
        closed.close()
        monkeypatch.setattr(sys, "stderr", closed)
        out.write("to nobody")
        streams.forget()
        out.flush()


def test_a_signal_ends_the_block_and_handlers_come_back() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(streams.Terminated) as caught, streams.ending_on_signals():
            signal.raise_signal(signal.SIGTERM)
        assert caught.value.number == signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with streams.ending_on_signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_signals_alone(tmp_path: Path) -> None:
    seen = []

    def inside() -> None:
        with streams.ending_on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize(
    ("given", "width"), [("80", 78), ("300", 98), ("7", 50), ("", 78), ("0", 78), ("wide", 78)]
)
def test_the_width_of_a_help_text(monkeypatch: pytest.MonkeyPatch, given: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", given)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert streams.columns() == width


def test_the_width_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    termios = pytest.importorskip("termios")
    monkeypatch.delenv("COLUMNS")
    ours, theirs = os.openpty()
    try:
        termios.tcsetwinsize(theirs, (24, 70))
        with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
            monkeypatch.setattr(sys, "stdout", terminal)
            assert streams.columns() == 68
    finally:
        os.close(ours)
