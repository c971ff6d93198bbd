"""A virtual board as the host has it in hand."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from belay.exceptions import BoardCrashedError, ConnectionLost, FeatureUnavailableError
from belay.virtual.bus import BusMemory
from belay.virtual.flash import VirtualFlash
from belay.virtual.i2c import VirtualI2C, buses
from belay.virtual.launch import is_temporary, launch, make_memory
from belay.virtual.memory import PinMemory
from belay.virtual.meter import FlashMeter
from belay.virtual.options import VirtualOptions
from belay.virtual.pins import Row, VirtualAdc, VirtualPin, Wires, adc_pin
from belay.virtual.plan import EXIT_NO_START, EXIT_POWER_CUT

_CLOSE_TIME = 2.0
"""Seconds that a supervisor gets to leave before it is killed."""
_START_TIME = 10.0
"""Seconds that a supervisor gets to start the first interpreter."""
_LAST_WORDS = 2000
"""So many bytes of what the processes complained about are told."""


class VirtualBoard:
    """A running MicroPython that behaves as a board does.

    It is there at once; what it sends while it boots is read from ``stdout_fd`` as everything else.
    A context manager that closes it.

    Args:
        options: How to make it.

    Attributes:
        stdin_fd: What the host writes here the board receives.
        stdout_fd: What the board sends is read here; end of file means that it is dead.
        root: The folder of its files, or of the image of its file system.
        flash: The flash memory that its file system lies on; None: the files lie in ``root``.
        pins: Its pins by number, seen from outside.
        adc: Its analog inputs by pin or channel, seen from outside.
        i2c: Its I2C buses by number, 0 and 1, seen from outside.

    Raises:
        FeatureUnavailableError: There is no MicroPython to run, or no way to run one on this platform.
        ConnectionFailedError: Another board uses the image, or it is another one than was asked for.
        OSError: The folder of the board's files, or the image, cannot be made.
    """

    def __init__(self, options: VirtualOptions | None = None) -> None:
        self.options: VirtualOptions = options or VirtualOptions()
        memory_file = make_memory()
        self._memory = PinMemory(memory_file.fileno())
        self._memory.connect()
        meter = FlashMeter(memory_file.fileno())
        meter.keep_power()
        self._buses = BusMemory(memory_file.fileno())
        try:
            self._launched = launch(self.options, memory_file)
        except BaseException:
            self._memory.close()
            self._buses.close()
            meter.close()
            memory_file.close()
            raise
        self.stdin_fd: int = self._launched.stdin_fd
        self.stdout_fd: int = self._launched.stdout_fd
        self.root: Path = self._launched.root
        self._meter = meter
        image = self._launched.image
        self.flash: VirtualFlash | None = VirtualFlash(image, meter) if image else None
        wires = Wires(self._memory, self._launched.doorbell)
        self.pins: Row[VirtualPin] = Row(lambda number: VirtualPin(wires, number))
        self.adc: Row[VirtualAdc] = Row(lambda number: VirtualAdc(wires, number), adc_pin)
        self.i2c: tuple[VirtualI2C, ...] = buses(self._buses)
        self._reports = _Reports(self._launched.control)
        self._lock = threading.Lock()
        self._closed = False
        self._words = ""

    @property
    def pid(self) -> int:
        """The process id of the supervisor."""
        return self._launched.process.pid

    @property
    def interpreter_pid(self) -> int:
        """The process id of the interpreter; another one after every reset.

        Raises:
            ConnectionLost: There is none any more.
        """
        self._reports.read(0)
        if self._reports.interpreter is None:
            self._reports.read(_START_TIME)
        if self._reports.interpreter is None:
            raise self.death(0)
        return self._reports.interpreter

    @property
    def returncode(self) -> int | None:
        """How the interpreter died: its exit status, or minus the signal; None while it lives."""
        self._reports.read(0)
        return self._reports.died

    def death(self, timeout: float) -> ConnectionLost:
        """The error that says how the board died; ask once it has stopped sending for good.

        Args:
            timeout: Seconds to wait for the supervisor's verdict.
        """
        deadline = time.monotonic() + timeout
        while self._reports.died is None and self._reports.read(max(0.0, deadline - time.monotonic())):
            pass
        status = self._reports.died
        if status is None:
            return ConnectionLost("the virtual board is gone: its supervisor ended" + self._last_words())
        return BoardCrashedError(_describe(status) + self._last_words(), status)

    def power_cut(self, after_writes: int | None = None, *, torn: int = 0) -> None:
        """Pull the plug, now or at a write to the flash. The board dies; its image can be booted again.

        Args:
            after_writes: Let so many more writes and erasures of the flash happen; the power fails at the
                next one. None: it fails at once.
            torn: So many bytes of that one still arrive.

        Raises:
            FeatureUnavailableError: The board has no flash to count at: its files lie in a host's folder.
            ValueError: A number is below zero.
            ConnectionLost: The board is dead already, when the power shall fail at once.
        """
        if after_writes is None:
            os.kill(self.interpreter_pid, signal.SIGKILL)
            return
        if min(after_writes, torn) < 0:
            raise ValueError("after_writes and torn count from 0")
        if self.flash is None:
            raise FeatureUnavailableError(
                "this virtual board has no flash whose writes can be counted", hint="virtual:?fs=lfs2:1M has"
            )
        self._meter.cut_power(after_writes, torn)

    def close(self) -> None:
        """End the board and free everything it held. Never raises; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._words = self._last_words()
        with contextlib.suppress(OSError):
            self._launched.control.shutdown(socket.SHUT_WR)
        for fd in (self.stdin_fd, self.stdout_fd):
            os.close(fd)
        if not self._reports.end(_CLOSE_TIME):
            self._launched.process.kill()
        self._launched.process.wait()
        for thing in (self._launched.control, self._launched.doorbell, self._launched.stderr):
            thing.close()
        self._memory.close()
        self._buses.close()
        self._meter.close()
        self._launched.memory.close()
        if is_temporary(self.options):
            shutil.rmtree(self.root, ignore_errors=True)  # a killed supervisor leaves it

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _last_words(self) -> str:
        if self._launched.stderr.closed:
            return self._words
        fd = self._launched.stderr.fileno()
        tail = os.pread(fd, _LAST_WORDS, max(0, os.fstat(fd).st_size - _LAST_WORDS))
        text = tail.decode(errors="replace").strip()
        return f"; it last said: {text}" if text else ""


class _Reports:
    """What the supervisor says about the interpreter.

    Attributes:
        interpreter: The process id of the running one.
        died: How it died, see :attr:`VirtualBoard.returncode`.
    """

    def __init__(self, control: socket.socket) -> None:
        self.interpreter: int | None = None
        self.died: int | None = None
        self._control = control
        self._lock = threading.Lock()
        self._rest = b""
        self._ended = False

    def read(self, timeout: float) -> bool:
        """Read what is there, waiting for it; False when nothing came or will ever come."""
        with self._lock:
            if self._ended or not self._wait(timeout):
                return False
            data = self._receive()
            self._ended = not data
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))
            return not self._ended

    def end(self, timeout: float) -> bool:
        """Wait until the supervisor has left; False when it does not."""
        deadline = time.monotonic() + timeout
        while not self._ended and self.read(max(0.0, deadline - time.monotonic())):
            pass
        return self._ended

    def _wait(self, timeout: float) -> bool:
        poller = select.poll()
        poller.register(self._control.fileno(), select.POLLIN)
        return bool(poller.poll(timeout * 1000))

    def _receive(self) -> bytes:
        try:
            return self._control.recv(4096)
        except OSError:
            return b""

    def _take(self, report: dict[str, Any]) -> None:
        self.interpreter = report.get("interpreter")
        self.died = report.get("died")


def _describe(status: int) -> str:
    if status == EXIT_NO_START:
        return "the virtual board did not start"
    if status == EXIT_POWER_CUT:
        return "the power of the virtual board was cut"
    if status >= 0:
        return f"the interpreter of the virtual board ended with exit code {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    verb = "was killed by" if -status in (signal.SIGKILL, signal.SIGTERM) else "crashed with"
    return f"the interpreter of the virtual board {verb} {name}"
