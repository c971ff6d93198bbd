"""A virtual board as the host has it in hand."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from belay.exceptions import BoardCrashedError, ConnectionLost, FeatureUnavailableError
from belay.virtual.memory import SIZE, PinMemory
from belay.virtual.options import VirtualOptions, heap_bytes
from belay.virtual.pins import Row, VirtualAdc, VirtualPin, Wires, adc_pin
from belay.virtual.plan import Plan

_PACKAGES = Path(__file__).resolve().parents[2]
# Finds belay where this module was found, whatever the user's directory and sys.path look like.
_COMMAND = (
    "import sys; sys.path.insert(0, {!r}); import belay; del sys.path[0]; "
    "from belay.virtual.supervisor import main; main()"
)
_CLOSE_TIME = 3.0
"""Seconds that a supervisor gets to leave before it is killed."""


class VirtualBoard:
    """A running MicroPython that behaves as a board does.

    Args:
        options: How to make it.

    Attributes:
        stdin_fd: What the host writes here the board receives.
        stdout_fd: What the board sends is read here; end of file means that it is dead.
        root: The folder of its files.

    Raises:
        FeatureUnavailableError: There is no MicroPython to run on this platform.
    """

    def __init__(self, options: VirtualOptions | None = None) -> None:
        self.options = options or VirtualOptions()
        self._lock = threading.Lock()
        self._closed = False
        self._reports = b""
        self._interpreter_pid: int | None = None
        self._died: int | None = None
        library = None if self.options.interpreter else find_library()
        temporary = self.options.root is None
        self.root = Path(
            tempfile.mkdtemp(prefix="belay-virtual-") if temporary else self.options.root
        ).resolve()  # type: ignore[arg-type]
        (self.root / "lib").mkdir(parents=True, exist_ok=True)
        self._temporary = temporary
        self._stderr = tempfile.TemporaryFile()
        self._memory_file = tempfile.TemporaryFile()
        self._memory_file.truncate(SIZE)
        self._memory = PinMemory(self._memory_file.fileno())
        self._memory.connect()
        self._control, control = socket.socketpair()
        self._doorbell, doorbell = socket.socketpair()
        wires = Wires(self._memory, self._doorbell)
        self.pins = Row(lambda number: VirtualPin(wires, number))
        self.adc = Row(lambda number: VirtualAdc(wires, number), adc_pin)
        board_in, self.stdin_fd = os.pipe()
        self.stdout_fd, board_out = os.pipe()
        plan = Plan(
            library=library,
            interpreter=str(self.options.interpreter) if self.options.interpreter else None,
            root=str(self.root),
            temporary=temporary,
            heap=heap_bytes(self.options.heap),
            cooked=self.options.cooked,
            unique_id=hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16],
            control=control.fileno(),
            memory=self._memory_file.fileno(),
            doorbell=doorbell.fileno(),
        )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _COMMAND.format(str(_PACKAGES)), plan.dump()],
                stdin=board_in,
                stdout=board_out,
                stderr=self._stderr,
                pass_fds=(plan.control, plan.memory, plan.doorbell),
                start_new_session=True,
                cwd="/",
            )
        finally:
            control.close()
            doorbell.close()
            os.close(board_in)
            os.close(board_out)

    @property
    def pid(self) -> int:
        """The process id of the supervisor."""
        return self._process.pid

    @property
    def interpreter_pid(self) -> int:
        """The process id of the interpreter; another one after every reset.

        Raises:
            ConnectionLost: There is none any more.
        """
        self._read_reports(0)
        if self._interpreter_pid is None:
            self._read_reports(10)
        if self._interpreter_pid is None:
            raise self.death(0)
        return self._interpreter_pid

    @property
    def returncode(self) -> int | None:
        """How the interpreter died: its exit status, or minus the signal; None while it lives."""
        self._read_reports(0)
        return self._died

    def death(self, timeout: float) -> ConnectionLost:
        """The error that says how the board died; ask once it has stopped sending for good.

        Args:
            timeout: Seconds to wait for the verdict.
        """
        deadline = time.monotonic() + timeout
        while self._died is None and self._read_reports(max(0.0, deadline - time.monotonic())):
            pass
        if self._died is None:
            return ConnectionLost("the virtual board is gone: its supervisor ended without a word")
        return BoardCrashedError(_describe(self._died) + self._last_words(), self._died)

    def close(self) -> None:
        """End the board and free everything it held. Never raises; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        for fd in (self.stdin_fd, self.stdout_fd):
            os.close(fd)
        if not self._gone_within(_CLOSE_TIME):
            self._process.kill()
        self._process.wait()
        self._control.close()
        self._doorbell.close()
        self._stderr.close()
        self._memory.close()
        self._memory_file.close()
        if self._temporary:
            shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self._read_reports(left):
                return select.select([self._control], [], [], 0)[0] != []
        return False

    def _read_reports(self, timeout: float) -> bool:
        """Read what the supervisor reports; False when there is nothing (any more)."""
        if not select.select([self._control], [], [], timeout)[0]:
            return False
        try:
            data = self._control.recv(4096)
        except OSError:
            return False
        if not data:
            return False
        *lines, self._reports = (self._reports + data).split(b"\n")
        for line in lines:
            self._take_report(json.loads(line))
        return True

    def _take_report(self, report: dict[str, Any]) -> None:
        if "interpreter" in report:
            self._interpreter_pid = report["interpreter"]
        if "died" in report:
            self._died, self._interpreter_pid = report["died"], None

    def _last_words(self) -> str:
        size = os.fstat(self._stderr.fileno()).st_size
        tail = os.pread(self._stderr.fileno(), 2000, max(0, size - 2000)).decode(errors="replace").strip()
        return f"; it last said: {tail}" if tail else ""


def find_library() -> str:
    """The path of the MicroPython library.

    Raises:
        FeatureUnavailableError: The package is not installed or has no build for this platform.
    """
    found = importlib.util.find_spec("micropython_run")
    if found is None or found.origin is None:
        raise FeatureUnavailableError(
            "the virtual board has no MicroPython to run here",
            hint="pip install 'belay[virtual]' (Linux x86_64, macOS arm64; CPython up to 3.14), or give a "
            "MicroPython of the unix port: virtual:?interpreter=PATH",
        )
    return found.origin


def _describe(status: int) -> str:
    if status >= 0:
        return f"the interpreter of the virtual board ended with exit code {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    verb = "was killed by" if -status in (signal.SIGKILL, signal.SIGTERM) else "crashed with"
    return f"the interpreter of the virtual board {verb} {name}"
