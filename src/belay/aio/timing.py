"""What a device for asyncio programs knows of the time."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from belay.aio.worker import Worker
from belay.remote.clock import BURST, TimeEstimate

if TYPE_CHECKING:
    from belay.device import Device


class AsyncTellsTime:
    """Tells the time of what happens on a board; what it needs of a device, a device has."""

    _worker: Worker

    @property
    def blocking(self) -> Device:
        """The device for programs that block."""
        raise NotImplementedError

    async def sync_time(self, samples: int = BURST) -> TimeEstimate:
        """Compare the board's clock with this computer's, see :meth:`belay.Device.sync_time`.

        Args:
            samples: How many exchanges to make; the quickest of them counts most.

        Returns:
            How the clocks stand to each other.

        Raises:
            BoardTimeoutError: The board did not answer.
            ConnectionLost: The board is gone.
            FeatureUnavailableError: The firmware has no clock that counts.
            ValueError: ``samples`` is less than 1.
        """
        return await self._worker.do(partial(self.blocking.sync_time, samples))

    @property
    def time_estimate(self) -> TimeEstimate:
        """How the clocks stand to each other now, from what is known; does not ask the board.

        Raises:
            ClockNotSynchronizedError: Nothing is known yet.
        """
        return self.blocking.time_estimate

    @property
    def time_offset(self) -> float:
        """Seconds to be added to what the board's clock shows, see :attr:`belay.Device.time_offset`.

        Raises:
            ClockNotSynchronizedError: Nothing is known yet.
        """
        return self.blocking.time_offset

    def now(self) -> datetime:
        """The time that a result would bear which the board makes at this moment; does not ask the board.

        Returns:
            The present in UTC, see :meth:`belay.Device.now`.
        """
        return self.blocking.now()

    async def read_rtc(self) -> datetime:
        """Read the board's calendar clock (``machine.RTC``).

        Returns:
            What it says, to the second; without a zone, which boards do not know.

        Raises:
            BoardError: The firmware refuses.
            ConnectionLost: The board is gone.
            FeatureUnavailableError: The firmware has no such clock.
            NotBelayResponseError: What it says is no time.
        """
        return await self._worker.do(self.blocking.read_rtc)

    async def set_rtc(self, when: datetime | None = None) -> None:
        """Set the board's calendar clock (``machine.RTC``), see :meth:`belay.Device.set_rtc`.

        Args:
            when: What it is to say. Of a datetime with a zone, what the clocks say in that zone. None: the
                local time of this computer, when the board is asked.

        Raises:
            BoardError: The firmware refuses.
            ConnectionLost: The board is gone.
            FeatureUnavailableError: The firmware has no such clock.
        """
        await self._worker.do(partial(self.blocking.set_rtc, when))
