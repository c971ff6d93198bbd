"""The console of Linux and macOS, on a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from patience import SOON

from belay.exceptions import FeatureUnavailableError
from belay.terminal.console import columns, dimmed, open_console
from belay.terminal.keys import BRACKETS_OFF, BRACKETS_ON

termios = pytest.importorskip("termios")
posix = pytest.importorskip("belay.terminal.posix")


class Pty:
    """A terminal window.

    Attributes:
        window: What the user has.
        inner: What a program has.
    """

    def __init__(self) -> None:
        self.window, self.inner = os.openpty()
        self._open = [self.window, self.inner]

    @property
    def settings(self) -> Any:
        return termios.tcgetattr(self.inner)

    def shown(self, end: bytes) -> bytes:
        seen = b""
        while end not in seen:
            assert select.select([self.window], [], [], SOON)[0], seen
            seen += os.read(self.window, 1000)
        return seen

    def close(self, *fds: int) -> None:
        for fd in fds or tuple(self._open):
            self._open.remove(fd)
            os.close(fd)


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Pty]]:
    """Makes the standard streams a terminal. To be called in the test itself: pytest has its own before."""
    monkeypatch.setenv("TERM", "xterm")
    pty = Pty()
    streams = [os.fdopen(pty.inner, mode, closefd=False) for mode in ("r", "w", "w")]

    def attach() -> Pty:
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            monkeypatch.setattr(sys, name, stream)
        return pty

    yield attach
    monkeypatch.undo()
    for stream in streams:
        stream.close()
    pty.close()


Attach = Callable[[], Pty]


def is_raw(pty: Pty) -> bool:
    return not pty.settings[3] & (termios.ICANON | termios.ECHO | termios.ISIG)


def test_keys_come_as_they_are_pressed(attach: Attach) -> None:
    terminal = attach()
    before = terminal.settings
    with open_console() as console:
        assert console.typed
        assert console.shows
        assert is_raw(terminal)
        assert terminal.shown(BRACKETS_ON)
        os.write(terminal.window, b"\x03\x04\x1a\x11\x13\r\x1b[A")
        assert console.read(SOON) == b"\x03\x04\x1a\x11\x13\r\x1b[A"
        console.write("ü\n".encode())
        assert terminal.shown(b"\n") == "ü\n".encode()
        console.say("said\r\n")
        terminal.shown(b"said\r\n")
    assert terminal.settings == before
    assert terminal.shown(b"\x1b[?25h").startswith(BRACKETS_OFF)


def test_nothing_comes_in_time_or_somebody_wakes_it(attach: Attach) -> None:
    attach()
    with open_console() as console:
        assert console.read(0) == b""
        waker = threading.Timer(0.01, console.wake)
        waker.start()
        assert console.read(SOON) == b""
        waker.join()
        for _ in range(100_000):
            console.wake()
        assert console.read(SOON) == b""


def test_whatever_goes_wrong_the_terminal_is_as_it_was(attach: Attach) -> None:
    terminal = attach()
    before = terminal.settings
    with pytest.raises(ZeroDivisionError), open_console():
        1 / 0  # noqa: B018
    assert terminal.settings == before


def test_a_window_that_is_closed(attach: Attach) -> None:
    terminal = attach()
    with open_console() as console:
        terminal.shown(BRACKETS_ON)
        terminal.close(terminal.window)
        with pytest.raises(EOFError):
            console.read(SOON)


def test_a_dumb_terminal(attach: Attach, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = attach()
    monkeypatch.setenv("TERM", "dumb")
    with open_console() as console:
        assert dimmed("text") == "text"
        console.write(b"x")
    assert terminal.shown(b"x") == b"x"


def test_what_belay_says_is_dim(attach: Attach, monkeypatch: pytest.MonkeyPatch) -> None:
    attach()
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert dimmed("text") == "\x1b[2mtext\x1b[0m"
    assert dimmed("") == ""
    monkeypatch.setenv("NO_COLOR", "1")
    assert dimmed("text") == "text"


def test_handlers_of_others_are_left_alone(attach: Attach) -> None:
    attach()
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with open_console():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGCONT) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGCONT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_no_signals_are_handled(attach: Attach) -> None:
    terminal = attach()
    seen = []

    def use() -> None:
        with open_console():
            seen.append((is_raw(terminal), signal.getsignal(signal.SIGCONT)))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(SOON)
    assert seen == [(True, signal.SIG_DFL)]


def test_streams_that_are_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(FeatureUnavailableError), open_console():
        pass
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(FeatureUnavailableError), open_console():
        pass


def test_how_wide_it_is(attach: Attach, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = attach()
    termios.tcsetwinsize(terminal.inner, (24, 33))
    assert columns() == 33
    termios.tcsetwinsize(terminal.inner, (0, 0))
    assert columns() == 80
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert columns() == 80


def test_no_terminal_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    out_read, out_write = os.pipe()
    with os.fdopen(read) as stdin, os.fdopen(out_write, "w") as stdout, os.fdopen(out_read, "rb") as out:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        with open_console() as console:
            assert not console.typed
            assert not console.shows
            os.write(write, b"data")
            assert console.read(SOON) == b"data"
            os.close(write)
            with pytest.raises(EOFError):
                console.read(SOON)
            # More than the pipe takes at once, and it does not block.
            os.set_blocking(stdout.fileno(), False)
            reader = threading.Thread(target=lambda: sizes.append(len(out.read(1_000_000))))
            sizes: list[int] = []
            reader.start()
            console.write(b"x" * 1_000_000)
            reader.join(SOON)
            assert sizes == [1_000_000]
        monkeypatch.undo()
