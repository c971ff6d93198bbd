"""The board's input: bytes from the host to MicroPython, Ctrl-C among them."""

from __future__ import annotations

import fcntl
import os
import select
import sys
import termios
import threading
import time
from typing import Protocol

from belay.virtual.native import Native, Poker
from belay.virtual.plan import EXIT_HOST_GONE, EXIT_NO_START

CTRL_C = 3
_CHUNK = 4096
_POKE_AGAIN = 0.001
"""Seconds between pokes while the interpreter has not noticed: it may go to sleep just after a poke."""
_HOLD = 0.25
"""Seconds that what follows a Ctrl-C waits for the interrupt, so that the interrupted code cannot read it."""
_BOOT_CHECK, _BOOT_CHECKS = 0.5, 4
"""Seconds between two looks at a boot that takes long; so many looks in a row at a sleeper mean failure."""
_COMPILE = 1.0
"""Seconds that a Ctrl-C waits for code that is being compiled, to interrupt it once it runs."""
_SPACING = 0.003
"""Seconds between two interrupts: the second must not touch the exception while the first one rises."""


class Hardware(Protocol):
    """What lives by the pump's clock."""

    def ring(self) -> None:
        """The host changed something."""

    def tick(self) -> float | None:
        """Do what is due; seconds until the next call, None when there is nothing to wait for."""

    def calling_back(self) -> bool:
        """Whether a handler is about to run or runs: it would swallow an interrupt."""


class Pump(threading.Thread):
    """Moves bytes from the host's pipe to MicroPython's stdin and turns Ctrl-C into an interrupt.

    Nothing is moved before :meth:`open`: what arrives while the board boots waits in the pipe, so that
    a Ctrl-C finds the user's ``main.py`` and not the boot.

    Args:
        native: The library.
        poker: Makes blocking calls return.
        host: File descriptor that the host writes to.
        board: File descriptor that MicroPython's stdin reads from; must not block.
        lifeline: File descriptor that is readable once the supervisor wants us to go, or is gone.
        ring: Called when ``doorbell`` is readable, and again after a while as long as it returns True.
    """

    def __init__(self, native: Native, poker: Poker, *, host: int, board: int, lifeline: int) -> None:
        super().__init__(name="belay-pump", daemon=True)
        self._native, self._poker = native, poker
        self._host, self._board, self._lifeline = host, board, lifeline
        self._doorbell = -1
        self._hardware: Hardware | None = None
        self._wake_read, self._wake_write = os.pipe()
        self._lock = threading.Lock()
        self._open = False
        self._data = b""
        self._posted = 0.0
        self._idle_checks = 0
        self._last, self._delivered = b"", 0.0

    def attach(self, hardware: Hardware, doorbell: int) -> None:
        """Serve the simulated hardware too; call it before the pump starts.

        Args:
            hardware: What to ask.
            doorbell: File descriptor that is readable when the host has changed something.
        """
        self._hardware, self._doorbell = hardware, doorbell

    def open(self) -> None:
        """Let the host's bytes in. ``boot.py`` is about to run: a Ctrl-C that has come already is for it."""
        self._last, self._delivered = b"\x04", time.monotonic()
        self._open = True
        self.wake()

    @property
    def opened(self) -> bool:
        """Whether the board's own boot is through."""
        return self._open

    def wake(self) -> None:
        """Have the pump look at the clock and the queue again; from any thread."""
        os.write(self._wake_write, b"w")

    def stop(self) -> None:
        """Leave everything that MicroPython has not read for its next start. Ends the pump for good."""
        self._lock.acquire()
        if self._data:
            try:
                os.write(self._board, self._data)
            except BlockingIOError:
                pass  # MicroPython left a full pipe unread: a board's input would have overflowed long ago

    def run(self) -> None:
        """Move bytes until the host is gone."""
        while True:
            ready = self._wait()
            with self._lock:
                if self._lifeline in ready:
                    os._exit(EXIT_HOST_GONE)
                if self._wake_read in ready:
                    os.read(self._wake_read, _CHUNK)
                if self._hardware and self._doorbell in ready:
                    self._hardware.ring()
                if self._host in ready:
                    self._data = os.read(self._host, _CHUNK)
                    if not self._data:
                        os._exit(EXIT_HOST_GONE)
                self._settle_interrupt()
                self._deliver()
                if not self._open and not ready:
                    self._check_boot()

    def _wait(self) -> set[int]:
        """Wait until there is something to do; the file descriptors that are ready."""
        poller = select.poll()
        for readable in (self._lifeline, self._wake_read, self._doorbell):
            if readable >= 0:
                poller.register(readable, select.POLLIN)
        holding = self._holding  # asked once: it changes with the clock
        if self._data and not holding:
            poller.register(self._board, select.POLLOUT)
        elif not self._data and self._open:
            poller.register(self._host, select.POLLIN)
        soon = self._hardware.tick() if self._hardware else None
        if self._native.pending or holding:
            soon = _POKE_AGAIN if soon is None else min(soon, _POKE_AGAIN)
        if not self._open:
            soon = _BOOT_CHECK if soon is None else min(soon, _BOOT_CHECK)
        return {fd for fd, _ in poller.poll(None if soon is None else soon * 1000)}

    def _check_boot(self) -> None:
        """Leave when the boot has failed: MicroPython then sits at its prompt and waits for input."""
        self._idle_checks = self._idle_checks + 1 if self._poker.asleep() else 0
        if self._idle_checks == _BOOT_CHECKS:
            os._exit(EXIT_NO_START)

    @property
    def _holding(self) -> bool:
        """Whether data has to wait for an interrupt to be raised."""
        since = time.monotonic() - self._posted
        if self._native.pending:
            return since < _HOLD
        if self._data[:1] != b"\x03":
            return False
        if self._about_to_run():
            return True
        return since < _SPACING or bool(self._hardware and self._hardware.calling_back())

    def _about_to_run(self) -> bool:
        """Whether code was just handed over that does not run yet: the Ctrl-C behind it is meant for it."""
        if (
            not self._last
            or self._last not in b"\r\n\x04"
            or time.monotonic() - self._delivered > _COMPILE
            or self._native.armed
        ):
            return False
        return not (self._poker.asleep() and self._unread() == 0)

    def _unread(self) -> int:
        """How many bytes MicroPython has not read yet."""
        return int.from_bytes(fcntl.ioctl(0, termios.FIONREAD, bytes(4)), sys.byteorder)

    def _settle_interrupt(self) -> None:
        """Poke until the interrupt is raised; withdraw it when the code has ended meanwhile."""
        if self._native.pending:
            if self._native.armed:
                self._poker.poke()
            else:
                self._native.withdraw_interrupt()

    def _deliver(self) -> None:
        while self._data and not self._holding:
            at = self._data.find(CTRL_C)
            if at == 0 and self._interrupt():
                self._data = self._data[1:]
                continue
            plain = self._data[:at] if at > 0 else self._data[:1] if at == 0 else self._data
            try:
                sent = os.write(self._board, plain)
            except BlockingIOError:
                return
            self._last, self._delivered = self._data[sent - 1 : sent], time.monotonic()
            self._data = self._data[sent:]

    def _interrupt(self) -> bool:
        """Interrupt the running code; False when Ctrl-C is a byte like any other now."""
        if not self._native.armed:
            return False
        if not self._native.pending:
            self._native.post_interrupt()
            self._posted = time.monotonic()
            self._settle_interrupt()
        return True
