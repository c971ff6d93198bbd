"""What is counted at the flash memory, and when its power is cut: shared by host and board."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from enum import IntEnum

from belay.virtual import memory

START = memory.SIZE
"""Where it begins in the shared memory, in bytes."""


class _Word(IntEnum):
    """What is kept, each a signed word of 64 bits."""

    READS = 0
    WRITES = 1
    ERASES = 2
    BYTES_READ = 3
    BYTES_WRITTEN = 4
    POWER = 5
    TORN = 6


END = START + len(_Word) * 8
FOREVER = -1


@dataclass(frozen=True)
class FlashCounts:
    """How much the board has done to its flash since it was made, boots and formatting included.

    Attributes:
        reads: Calls that read.
        writes: Calls that wrote.
        erases: Blocks erased. FAT erases none: each write takes the place of whole blocks.
        bytes_read: Bytes.
        bytes_written: Bytes.
    """

    reads: int
    writes: int
    erases: int
    bytes_read: int
    bytes_written: int

    def __sub__(self, earlier: FlashCounts) -> FlashCounts:
        """What was done between two readings."""
        return FlashCounts(*(getattr(self, name) - getattr(earlier, name) for name in vars(self)))


class FlashMeter:
    """Both sides' view of the counts.

    Args:
        fd: File descriptor of the shared memory, at least :data:`END` bytes.
    """

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, END)
        self._words = memoryview(self._map)[START:END].cast("q")

    def count_read(self, size: int) -> None:
        """One call read so many bytes."""
        self._words[_Word.READS] += 1
        self._words[_Word.BYTES_READ] += size

    def count_write(self, size: int) -> None:
        """One call wrote so many bytes."""
        self._words[_Word.WRITES] += 1
        self._words[_Word.BYTES_WRITTEN] += size

    def count_erase(self) -> None:
        """One block was erased."""
        self._words[_Word.ERASES] += 1

    @property
    def counts(self) -> FlashCounts:
        """The counts so far."""
        return FlashCounts(*self._words[: _Word.POWER])

    def cut_power(self, after_writes: int, torn: int) -> None:
        """Let so many more writes and erasures happen, and of the next one so many bytes."""
        self._words[_Word.TORN] = torn
        self._words[_Word.POWER] = after_writes

    def keep_power(self) -> None:
        """Let everything happen that comes."""
        self._words[_Word.POWER] = FOREVER

    def next_write(self) -> int | None:
        """Ask before each write and erasure: None to go on, else after how many bytes the power fails."""
        left = self._words[_Word.POWER]
        if left > 0:
            self._words[_Word.POWER] = left - 1
        return self._words[_Word.TORN] if left == 0 else None

    def close(self) -> None:
        """Give the shared memory back; the last counts can still be read."""
        if not self._map.closed:
            last = bytearray(self._words)
            self._words.release()
            self._map.close()
            self._words = memoryview(last).cast("q")
