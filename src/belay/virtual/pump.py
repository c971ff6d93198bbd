"""The board's input: bytes from the host to MicroPython, Ctrl-C among them."""

from __future__ import annotations

import os
import select
import threading
from typing import Protocol

from belay.virtual.interrupt import Handed, Interrupt, Meaning
from belay.virtual.native import Native, Poker
from belay.virtual.plan import EXIT_HOST_GONE, EXIT_NO_START

CTRL_C = 3
_CHUNK = 4096
_LOOK_AGAIN, _QUICK_LOOKS = 0.001, 50
"""Seconds between two looks at the interpreter while something waits for it: it may go to sleep just after a
poke. The first looks come at once, as it mostly needs some microseconds."""
_BOOT_CHECK, _BOOT_CHECKS = 0.5, 4
"""Seconds between two looks at a boot that takes long; so many looks in a row at a sleeper mean failure."""


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
        self._interrupt, self._handed = Interrupt(native, poker), Handed(native, poker)
        self._held = False
        self._looks = 0
        self._idle_checks = 0

    def attach(self, hardware: Hardware, doorbell: int) -> None:
        """Serve the simulated hardware too; call it before the pump starts.

        Args:
            hardware: What to ask.
            doorbell: File descriptor that is readable when the host has changed something.
        """
        self._hardware, self._doorbell = hardware, doorbell

    def open(self) -> None:
        """Let the host's bytes in. ``boot.py`` is about to run: a Ctrl-C that has come already is for it."""
        self._handed.expect_code()
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
                self._interrupt.look()
                self._deliver()
                if not self._open and not ready:
                    self._check_boot()

    def _wait(self) -> set[int]:
        """Wait until there is something to do; the file descriptors that are ready."""
        poller = select.poll()
        for readable in (self._lifeline, self._wake_read, self._doorbell):
            if readable >= 0:
                poller.register(readable, select.POLLIN)
        if self._data and not self._held:
            poller.register(self._board, select.POLLOUT)
        elif not self._data and self._open:
            poller.register(self._host, select.POLLIN)
        soon = self._hardware.tick() if self._hardware else None
        self._looks = self._looks + 1 if self._native.pending or self._held else 0
        if self._looks:
            again = 0 if self._looks < _QUICK_LOOKS else _LOOK_AGAIN
            soon = again if soon is None else min(soon, again)
        if not self._open:
            soon = _BOOT_CHECK if soon is None else min(soon, _BOOT_CHECK)
        return {fd for fd, _ in poller.poll(None if soon is None else soon * 1000)}

    def _check_boot(self) -> None:
        """Leave when the boot has failed: MicroPython then sits at its prompt and waits for input."""
        self._idle_checks = self._idle_checks + 1 if self._poker.asleep() else 0
        if self._idle_checks == _BOOT_CHECKS:
            os._exit(EXIT_NO_START)

    def _deliver(self) -> None:
        """Hand over as much as can be handed over now."""
        self._held = False
        while self._data and not self._held:
            if self._interrupt.awaited:
                self._held = True
            elif self._data[0] == CTRL_C and (meaning := self._handed.meaning()) is not Meaning.INPUT:
                if meaning is Meaning.INTERRUPT and self._may_interrupt():
                    self._interrupt.post()
                    self._data = self._data[1:]
                else:
                    self._held = True
            elif not self._write():
                return

    def _may_interrupt(self) -> bool:
        """Whether an interrupt that is posted now ends up in the program."""
        return not self._interrupt.rising and not (self._hardware and self._hardware.calling_back())

    def _write(self) -> bool:
        """Write up to the next Ctrl-C, or the one that comes first; False if there is no room."""
        at = self._data.find(CTRL_C, 1)
        try:
            sent = os.write(self._board, self._data[:at] if at > 0 else self._data)
        except BlockingIOError:
            return False
        self._handed.add(self._data[:sent])
        self._data = self._data[sent:]
        return True
