"""A point in time by which something must be done."""

from __future__ import annotations

import time


class Deadline:
    """A time-out that starts now and that nothing can stretch.

    Args:
        seconds: How long from now; None for no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> float | None:
        """Seconds left, never below 0; None for no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return self._end is not None and time.monotonic() >= self._end

    def limit(self, seconds: float) -> Deadline:
        """A deadline after ``seconds``, or this one if it comes earlier."""
        left = self.remaining
        return Deadline(seconds if left is None else min(seconds, left))

    def limit_to(self, *moments: float | None) -> Deadline:
        """A deadline at the earliest of ``moments`` of the monotonic clock, or this one if it is earlier."""
        known = [moment for moment in moments if moment is not None]
        return self.limit(max(0.0, min(known) - time.monotonic())) if known else self
