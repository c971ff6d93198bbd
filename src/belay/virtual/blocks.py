"""The flash memory as the interpreter's process has it: the block device below the board's file system.

The protocol is that of MicroPython's ``vfs.AbstractBlockDev``: ``readblocks`` and ``writeblocks``, with an
offset for LittleFS, and ``ioctl``. MicroPython calls these as native functions. Code of its own would not do:
Ctrl-C would be raised in the middle of it, and jump out through the file system.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import Array, c_char
from errno import EIO
from typing import NoReturn

from belay.virtual.meter import FlashMeter
from belay.virtual.native import Native, number, small_int
from belay.virtual.plan import EXIT_NO_START, EXIT_POWER_CUT, FlashPlan

_BLOCK_COUNT, _BLOCK_SIZE, _BLOCK_ERASE = 4, 5, 6
_CLEAN = 8192
"""An image is blank when as many bytes at its start are all 0 or all 0xFF, as new files and flashes are."""


class Blocks:
    """A block device on an image.

    Args:
        native: The library.
        plan: Which image.
        meter: Counts, and says when the power fails.
    """

    def __init__(self, native: Native, plan: FlashPlan, meter: FlashMeter) -> None:
        self._plan, self._meter = plan, meter
        with_offset = plan.kind == "lfs2"
        facts: list[Callable[[], int]] = [
            lambda: int(with_offset),
            lambda: int(self._blank()),
            lambda: read,
            lambda: write,
            lambda: control,
        ]
        read = native.transfer(self._read, with_offset=with_offset)
        write = native.transfer(self._write, with_offset=with_offset)
        control = native.function_of_two(self._control)
        self._facts = facts

    def tell(self, which: int, error: int) -> int:
        """Serve ``host(FLASH, which, error)`` of shim/_blocks.py; -1 says that the file system has failed."""
        if which < 0:
            self._fail(error)
        return self._facts[which]()

    def _read(self, block: int, data: Array[c_char], offset: int) -> int:
        self._meter.count_read(len(data))
        done = os.preadv(self._plan.image, [data], block * self._plan.block + offset)
        return 0 if done == len(data) else -EIO

    def _write(self, block: int, data: Array[c_char], offset: int) -> int:
        self._store(block * self._plan.block + offset, data)
        self._meter.count_write(len(data))
        return 0

    def _control(self, operation: int, argument: int) -> int:
        code, block = number(operation), number(argument)
        if code == _BLOCK_ERASE:
            self._store(block * self._plan.block, b"\xff" * self._plan.block)
            self._meter.count_erase()
        return small_int({_BLOCK_COUNT: self._plan.blocks, _BLOCK_SIZE: self._plan.block}.get(code, 0))

    def _store(self, at: int, data: Array[c_char] | bytes) -> None:
        torn = self._meter.next_write()
        if torn is not None:
            os.pwrite(self._plan.image, bytes(data)[:torn], at)
            os._exit(EXIT_POWER_CUT)
        os.pwrite(self._plan.image, data, at)

    def _blank(self) -> bool:
        start = os.pread(self._plan.image, _CLEAN, 0)
        return start.count(start[:1]) == len(start) and start[:1] in (b"\x00", b"\xff")

    def _fail(self, error: int) -> NoReturn:
        what = f"{self._plan.kind} with blocks of {self._plan.block} bytes"
        os.write(2, f"{self._plan.path} holds no whole {what} (error {abs(error)})\n".encode())
        os._exit(EXIT_NO_START)
