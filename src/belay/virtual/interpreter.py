"""One boot of the built-in MicroPython, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import NoReturn

from belay.virtual.blocks import Blocks
from belay.virtual.meter import FlashMeter
from belay.virtual.native import Native, Poker
from belay.virtual.peripherals import Peripherals
from belay.virtual.plan import EXIT_HARD, EXIT_HOST_GONE, EXIT_SOFT, EXIT_SOFT_RAW, Boot, Plan
from belay.virtual.pump import Pump

SHIM = Path(__file__).parent / "shim"
REBOOT = b"MPY: soft reboot\r\n"

# Runs in the board's __main__ and leaves no name behind in it. The rest is shim/_boot.py.
START = (
    "(lambda v,s:(v.umount('/'),v.mount(v.VfsPosix(s.argv[1]),'/_b'),s.path.insert(0,'/_b'),"
    "__import__('_boot').run(globals())))(__import__('vfs'),__import__('sys'))"
)


def run(native: Native, plan: Plan, boot: Boot, lifeline: socket.socket, inner: tuple[int, int]) -> NoReturn:
    """Boot, run until a reset, and leave the process with the status that says which reset it was.

    Args:
        native: The library, loaded and not yet run.
        plan: What the host wants.
        boot: How this start is to go.
        lifeline: Socket to the supervisor; readable once this process shall go.
        inner: The pipe between the pump and MicroPython: the end to read, the end to write.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    host = os.dup(0)
    os.dup2(inner[0], 0)
    os.environ.clear()  # a board has no environment, and the port reads HOME, MICROPYPATH and others
    native.raw = boot.raw
    poker = Poker()
    pump = Pump(native, poker, host=host, board=inner[1], lifeline=lifeline.fileno())
    peripherals = Peripherals(
        native,
        plan,
        boot,
        blocks=Blocks(native, plan.flash, FlashMeter(plan.memory)) if plan.flash else None,
        poker=poker,
        ready=pump.open,
        wake=pump.wake,
        leave=lambda hard: leave(native, pump, hard=hard, flash=plan.flash is not None),
    )
    if plan.cooked:
        # What is said before boot.py begins can only be why it will not begin: for the supervisor's ears.
        native.redirect_text(lambda text: write_text(text, 1 if pump.opened else 2))
    pump.attach(peripherals, plan.doorbell)
    pump.start()
    native.run(
        [
            b"micropython",
            b"-X",
            b"heapsize=%d" % plan.heap,
            b"-i",
            b"-c",
            START.encode(),
            os.fsencode(SHIM),
            b"" if plan.flash else os.fsencode(plan.root),
            b"%d" % native.function(peripherals.call),
            b"%d" % boot.raw,
            plan.unique_id.encode(),
            b"%d" % boot.cause,
        ]
    )
    leave(native, pump, hard=False)


def leave(native: Native, pump: Pump, *, hard: bool, flash: bool = False) -> NoReturn:
    """End this process as a reset does."""
    pump.stop()
    if flash and not hard:
        native.close_files()
    if hard:
        os._exit(EXIT_HARD)
    write_all(REBOOT)
    os._exit(EXIT_SOFT_RAW if native.raw else EXIT_SOFT)


def write_text(text: bytes, fd: int = 1) -> None:
    """Send text as a board's ``mp_hal_stdout_tx_strn_cooked`` does: every LF becomes CRLF."""
    write_all(text.replace(b"\n", b"\r\n"), fd)


def write_all(data: bytes, fd: int = 1) -> None:
    """Send bytes to the host; a host that is gone ends the process, as there is nobody left to run for."""
    try:
        while data:
            data = data[os.write(fd, data) :]
    except BrokenPipeError:
        os._exit(EXIT_HOST_GONE)
