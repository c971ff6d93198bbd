"""A program on a pseudo-terminal."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from patience import SOON

termios = pytest.importorskip("termios")

# A process of its own session makes the terminal that it has as its input the one that it is stopped from.
ON_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Window:
    """A terminal window, and what runs in it."""

    def __init__(self, *command: str, **options: Any) -> None:
        self._user, self._inner = os.openpty()
        self.before = self.settings
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), self._inner) | options
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_TERMINAL, *command],
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
            **streams,
        )
        self._seen = b""

    @property
    def settings(self) -> Any:
        return termios.tcgetattr(self._inner)

    def type(self, keys: bytes) -> None:
        while keys:
            keys = keys[os.write(self._user, keys) :]

    def until(self, end: bytes) -> bytes:
        while end not in self._seen:
            assert select.select([self._user], [], [], SOON)[0], self._seen[-2000:]
            self._seen += os.read(self._user, 65536)
        at = self._seen.index(end) + len(end)
        found, self._seen = self._seen[:at], self._seen[at:]
        return found

    def await_raw(self) -> None:
        deadline = time.monotonic() + SOON
        while self.settings[3] & termios.ICANON:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def end(self) -> int:
        """Its exit code; the terminal must be as it was."""
        code = self.process.wait(SOON)
        assert self.settings == self.before
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._user)
        os.close(self._inner)


Open = Callable[..., Window]


@pytest.fixture
def window() -> Iterator[Open]:
    """Opens windows, and leaves none behind."""
    windows: list[Window] = []

    def open_window(*command: str, **options: Any) -> Window:
        windows.append(Window(*command, **options))
        return windows[-1]

    yield open_window
    for each in windows:
        each.close()
