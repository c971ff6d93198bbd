"""The process that starts MicroPython, starts it again after a reset, and says how it died.

It is not in the way of the data: the interpreter has the host's pipes themselves.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import sys
from typing import NoReturn

from belay.virtual import external, interpreter
from belay.virtual.native import Native
from belay.virtual.plan import CAUSE_HARD, CAUSE_SOFT, EXIT_HARD, EXIT_SOFT, EXIT_SOFT_RAW, Boot, Plan

_LEAVE_TIME = 1.0
"""Seconds that an interpreter gets to leave by itself before it is killed."""

_INNER = 256 * 1024


def main() -> None:
    """Serve the host that started this process until it goes away or the interpreter dies."""
    plan = Plan.load(sys.argv[1])
    control = socket.socket(fileno=plan.control)
    try:
        status = Supervisor(plan, control).run()
        if status is not None:
            _tell(control, died=status)
    finally:
        if plan.temporary:
            shutil.rmtree(plan.root, ignore_errors=True)
    os._exit(0 if status is None else 1)


def _tell(control: socket.socket, **facts: object) -> None:
    with contextlib.suppress(OSError):  # the host is gone: the next wait sees it
        control.sendall(json.dumps(facts).encode() + b"\n")


class Supervisor:
    """Starts interpreters one after the other.

    Args:
        plan: What the host wants.
        control: Socket to the host.
    """

    def __init__(self, plan: Plan, control: socket.socket) -> None:
        self._plan, self._control = plan, control
        self._inner = os.pipe()
        os.set_blocking(self._inner[1], False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # The larger it is, the longer a Ctrl-C gets past what a busy program has not read.
            fcntl.fcntl(self._inner[1], fcntl.F_SETPIPE_SZ, _INNER)
        self._native = Native(plan.library) if plan.library else None

    def run(self) -> int | None:
        """Run until the end; the status that the interpreter died with, None when the host went."""
        boot = Boot()
        while True:
            status = self._run_once(boot)
            if status == EXIT_HARD:
                boot = Boot(CAUSE_HARD)
                self._drain()
            elif status in (EXIT_SOFT, EXIT_SOFT_RAW):
                boot = Boot(CAUSE_SOFT, raw=status == EXIT_SOFT_RAW)
            else:
                return status

    def _run_once(self, boot: Boot) -> int | None:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._become_interpreter(boot, theirs)
        theirs.close()
        _tell(self._control, interpreter=pid)
        with ours:
            host_gone = self._wait(ours)
            if host_gone:
                ours.shutdown(socket.SHUT_WR)
                if not select.select([ours], [], [], _LEAVE_TIME)[0]:
                    os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return None if host_gone else os.waitstatus_to_exitcode(status)

    def _wait(self, ours: socket.socket) -> bool:
        """Wait until the interpreter (False) or the host (True) is gone."""
        ready, _, _ = select.select([ours, self._control], [], [])
        return ours not in ready

    def _become_interpreter(self, boot: Boot, lifeline: socket.socket) -> NoReturn:
        self._control.close()
        if self._native is None:
            external.run(self._plan, boot, lifeline)
        interpreter.run(self._native, self._plan, boot, lifeline, self._inner)

    def _drain(self) -> None:
        """Forget what was typed: power was off."""
        os.set_blocking(self._inner[0], False)
        with contextlib.suppress(BlockingIOError):
            while os.read(self._inner[0], 65536):
                pass
        os.set_blocking(self._inner[0], True)
