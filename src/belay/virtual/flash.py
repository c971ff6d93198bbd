"""The flash memory of a virtual board as the host sees it."""

from __future__ import annotations

from pathlib import Path

from belay.virtual.meter import FlashCounts, FlashMeter


class VirtualFlash:
    """The flash memory that the board's file system lies on.

    Args:
        image: The file that holds it.
        meter: The counts.

    Attributes:
        image: The file that holds it; whole only while no board runs.
    """

    def __init__(self, image: Path, meter: FlashMeter) -> None:
        self.image = image
        self._meter = meter

    @property
    def counts(self) -> FlashCounts:
        """What was read, written and erased so far."""
        return self._meter.counts
