"""One boot of a MicroPython of the user's own, with a process of ours between it and the host.

Less faithful than the built-in one, since its insides cannot be reached: Ctrl-C is a SIGINT, which the unix
port takes in the middle of whatever it does; text and bytes leave through one pipe, so nothing is cooked; the
peripherals are plain memory that the host cannot see; timers are refused.
"""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

from belay.virtual.interpreter import REBOOT, SHIM, START, write_all
from belay.virtual.plan import (
    EXIT_HARD,
    EXIT_HOST_GONE,
    EXIT_NO_START,
    EXIT_SOFT,
    EXIT_SOFT_RAW,
    Boot,
    Plan,
)

_CTRL_C = 3
_STARTED = re.compile(rb"\x00belay (\d+) (\d+)\x00")
"""What shim/_local.py writes once the board's own boot is through, with MicroPython's version."""
_OLDEST = (1, 27)
_START_TIME = 10.0
"""Seconds that a program gets to show that it is a MicroPython."""
_TITLES = re.compile(
    rb'(?:\r\n)?(raw REPL; CTRL-B to exit\r\n>)|MicroPython [^\r\n]*\r\nType "help\(\)"[^\r\n]*\r\n>>> '
)
_CHUNK = 65536
_KEEP = 256
"""As much of the output is kept to find a title in it that came in two reads."""


def run(plan: Plan, boot: Boot, lifeline: socket.socket) -> NoReturn:
    """Boot the interpreter and carry its input and output until a reset; leave with its status.

    Args:
        plan: What the host wants.
        boot: How this start is to go.
        lifeline: Socket to the supervisor; readable once this process shall go.
    """
    External(plan, boot, lifeline.fileno()).carry()


class External:
    """A running interpreter and what is known of its state."""

    def __init__(self, plan: Plan, boot: Boot, lifeline: int) -> None:
        self._boot, self._lifeline, self._path = boot, lifeline, plan.interpreter or ""
        arguments = [str(SHIM), plan.root, "0", str(int(boot.raw)), plan.unique_id, str(boot.cause)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MICROPY", "HOME"))}
        try:
            self._process = subprocess.Popen(
                [self._path, "-X", f"heapsize={plan.heap}", "-i", "-c", START, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                env=kept,
            )
        except OSError as error:
            self._give_up(f"it cannot be run: {error}")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        self._raw = boot.raw
        self._tail = b""

    def carry(self) -> NoReturn:
        """Carry bytes both ways until the interpreter ends."""
        self._begin()
        waiting = b""
        while True:
            poller = select.poll()
            poller.register(self._lifeline, select.POLLIN)
            poller.register(self._from, select.POLLIN)
            poller.register(*((self._to, select.POLLOUT) if waiting else (0, select.POLLIN)))
            ready = {fd for fd, _ in poller.poll()}
            if self._lifeline in ready:
                self._abandon()
            if self._from in ready:
                self._pass_output()
            if 0 in ready:
                waiting = os.read(0, _CHUNK)
                if not waiting:
                    self._abandon()
            waiting = self._pass_input(waiting)

    def _begin(self) -> None:
        """Wait for the boot, and put the REPL into raw mode where it was in raw mode before."""
        match = self._await(_STARTED, b"")
        version = int(match[1]), int(match[2])
        if version < _OLDEST:
            self._give_up(f"MicroPython {version[0]}.{version[1]} is too old; 1.27 or newer is needed")
        after = match.string[match.end() :]
        if self._boot.raw:
            os.write(self._to, b"\x01")
            prompt = self._await(re.compile(rb"raw REPL; CTRL-B to exit\r\n>"), after)
            after = _TITLES.sub(lambda title: title[1] or b"", prompt.string)
        self._show(after)

    def _await(self, pattern: re.Pattern[bytes], seen: bytes) -> re.Match[bytes]:
        deadline = time.monotonic() + _START_TIME
        while not (match := pattern.search(seen)):
            left = max(0.0, deadline - time.monotonic())
            ready = select.select([self._from, self._lifeline], [], [], left)[0]
            if self._lifeline in ready:
                self._abandon()
            data = os.read(self._from, _CHUNK) if ready else b""
            if not data:
                self._give_up(f"it did not start as one; it said {seen[-500:]!r}")
            seen += data
        return match

    def _pass_output(self) -> None:
        data = os.read(self._from, _CHUNK)
        if not data:
            self._end()
        self._show(data)

    def _show(self, data: bytes) -> None:
        write_all(data)
        self._tail += data
        for title in _TITLES.finditer(self._tail):
            self._raw = title[1] is not None
        self._tail = self._tail[-_KEEP:]

    def _pass_input(self, data: bytes) -> bytes:
        """Hand over what the interpreter takes now; the rest."""
        while data:
            if data[0] == _CTRL_C and self._armed():
                os.kill(self._process.pid, signal.SIGINT)
                data = data[1:]
                continue
            at = data.find(_CTRL_C, 1)
            try:
                data = data[os.write(self._to, data if at < 0 else data[:at]) :]
            except BlockingIOError:
                return data
            except BrokenPipeError:
                return b""  # it has ended; its output says so
        return b""

    def _armed(self) -> bool:
        """Whether Ctrl-C interrupts now: the unix port catches SIGINT while code runs and only then."""
        caught = 1 << (signal.SIGINT - 1)
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except FileNotFoundError:  # no Linux
            answer = subprocess.run(
                ["/bin/ps", "-o", "caught=", "-p", str(self._process.pid)], capture_output=True, check=False
            )
            return bool(int(answer.stdout.strip() or b"0", 16) & caught)
        found = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
        return bool(found and int(found[1], 16) & caught)

    def _end(self) -> NoReturn:
        """Leave as the interpreter has left."""
        status = self._process.wait()
        if status < 0:
            signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
            os.kill(os.getpid(), -status)
        if status == EXIT_HARD:
            os._exit(EXIT_HARD)
        write_all(REBOOT)
        os._exit(EXIT_SOFT_RAW if self._raw else EXIT_SOFT)

    def _abandon(self) -> NoReturn:
        self._process.kill()
        self._process.wait()
        os._exit(EXIT_HOST_GONE)

    def _give_up(self, reason: str) -> NoReturn:
        sys.stderr.write(f"{self._path} is not a MicroPython that can be a board: {reason}\n")
        sys.stderr.flush()
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
        os._exit(EXIT_NO_START)
