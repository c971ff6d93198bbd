"""What git says until it has ended: bounded in time and in size."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import IO

from belay.exceptions import FetchError

_RECEIVED = re.compile(rb"^Receiving objects: +([0-9]+%).*?, ([0-9.]+) (bytes|KiB|MiB|GiB)")
_UNITS = {b"bytes": 1, b"KiB": 1 << 10, b"MiB": 1 << 20, b"GiB": 1 << 30}
_MOST_SAID = 64 << 10
"""Bytes that are kept of what is no answer."""
_AFTER_THE_END = 1.0
"""Seconds for what a program that has ended may have said: a child of it may hold its pipes for ever."""


@dataclass(frozen=True)
class GitLimits:
    """What is waited for, and how much is taken.

    Attributes:
        silent: Seconds in which git may say nothing.
        total: Seconds for one run of it.
        output: Bytes of what it answers.
        received: Bytes of what it fetches, about.
        grace: Seconds to end in once asked to.
        attempts: How often a remote is asked that is busy or drops the connection.
        pause: Seconds before the second attempt; doubled for each further one.
    """

    silent: float = 90.0
    total: float = 1800.0
    output: int = 64 << 20
    received: int = 512 << 20
    grace: float = 3.0
    attempts: int = 3
    pause: float = 0.5


class Conversation:
    """What a process says until it has ended.

    Args:
        process: The process.
        url: For messages.
        limits: How long and how much.
        tell: Called with a few words on how far a fetch is, each time that git says so.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        url: str,
        limits: GitLimits,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._process = process
        self._url = f"git+{url}"
        self._limits = limits
        self._tell = tell
        self._told = ""
        self._events: SimpleQueue[tuple[str, bytes]] = SimpleQueue()

    def listen(self) -> tuple[bytes, str, int]:
        """Waits for the end.

        Returns:
            What it answered, what it said of errors, and its exit code.

        Raises:
            FetchError: It took too long, or it was too much.
        """
        for name, call in self._sources():
            threading.Thread(target=call, name=f"belay-git-{name}", daemon=True).start()
        answer, said = bytearray(), bytearray()
        over = time.monotonic() + self._limits.total
        open_streams, code = {"answer", "said"}, None
        while open_streams or code is None:
            patience = _AFTER_THE_END if code is not None else self._limits.silent
            try:
                name, data = self._events.get(timeout=max(0.0, min(patience, over - time.monotonic())))
            except Empty:
                if code is not None:
                    break
                raise self._too_slow(over) from None
            if name == "end":
                code = self._process.returncode
            elif not data:
                open_streams.discard(name)
            else:
                (answer if name == "answer" else said).extend(data)
                self._check(answer, said)
        return bytes(answer), said.decode(errors="replace"), code or 0

    def _sources(self) -> list[tuple[str, Callable[[], None]]]:
        def read(name: str, stream: IO[bytes] | None) -> None:
            assert stream is not None
            with stream:
                while data := os.read(stream.fileno(), 1 << 16):
                    self._events.put((name, data))
            self._events.put((name, b""))

        def wait() -> None:
            self._process.wait()
            self._events.put(("end", b""))

        return [
            ("answer", lambda: read("answer", self._process.stdout)),
            ("said", lambda: read("said", self._process.stderr)),
            ("end", wait),
        ]

    def _too_slow(self, over: float) -> FetchError:
        if time.monotonic() >= over:
            return FetchError(self._url, "timeout", f"git was not done within {self._limits.total:.0f} s")
        return FetchError(self._url, "timeout", f"git said nothing for {self._limits.silent:.0f} s")

    def _check(self, answer: bytearray, said: bytearray) -> None:
        """Refuses too much; of what git says of its progress only the last is kept."""
        *lines, rest = said.replace(b"\r", b"\n").split(b"\n")
        if found := [match for line in lines if (match := _RECEIVED.match(line))]:
            match = found[-1]
            self._say(match[1].decode())
            if float(match[2]) * _UNITS[match[3]] > self._limits.received:
                most = self._limits.received >> 20
                raise FetchError(self._url, "too-large", f"is larger than {most} MiB")
        if len(said) > _MOST_SAID:
            said[:] = b"\n".join([*(line for line in lines if not is_progress(line)), rest])[-_MOST_SAID:]
        if len(answer) > self._limits.output:
            raise FetchError(self._url, "too-large", f"git answers more than {self._limits.output >> 20} MiB")

    def _say(self, percent: str) -> None:
        if self._tell is not None and percent != self._told:
            self._told = percent
            self._tell(f"{self._url.rpartition('/')[2].removesuffix('.git')} {percent}")


def is_progress(line: bytes | bytearray) -> bool:
    """Whether a line only says how far git is."""
    return b"%" in line or line.startswith(b"remote: Counting")
