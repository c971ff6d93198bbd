"""What a device knows of the time: that of results, and the board's own clocks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, SupportsIndex

from belay.remote import rtc
from belay.remote.clock import BURST, TimeEstimate

if TYPE_CHECKING:
    from belay.board.firmware import Implementation
    from belay.remote.caller import Caller


class TellsTime:
    """Tells the time of what happens on a board; what it needs of a device, a device has."""

    _caller: Caller

    @property
    def implementation(self) -> Implementation:
        """What runs on the board."""
        raise NotImplementedError

    def sync_time(self, samples: int = BURST) -> TimeEstimate:
        """Compare the board's clock with this computer's.

        Each exchange takes one turn. What earlier ones told stays known, so that calling this now and then
        makes the drift known, too; so does each call with ``return_time``.

        Args:
            samples: How many exchanges to make; the quickest of them counts most.

        Returns:
            How the clocks stand to each other.

        Raises:
            BatchError: A batch gathers the calls of this thread.
            BoardTimeoutError: The board did not answer.
            ConnectionLost: The board is gone.
            FeatureUnavailableError: The firmware has no clock that counts.
            TypeError: ``samples`` is no whole number.
            ValueError: It is less than 1.
        """
        if not isinstance(samples, SupportsIndex):
            raise TypeError(f"samples is how many exchanges to make, not {samples!r}")
        if samples < 1:
            raise ValueError("a clock can be compared with no fewer than one exchange")
        clock = self._caller.clock
        self._caller.ask(lambda calls, terms: clock.synchronise(calls, terms, samples), timeout=None)
        return clock.estimate

    @property
    def time_estimate(self) -> TimeEstimate:
        """How the clocks stand to each other now, from what is known; does not ask the board.

        Raises:
            ClockNotSynchronizedError: Nothing is known yet.
        """
        return self._caller.clock.estimate

    @property
    def time_offset(self) -> float:
        """Seconds to be added to what the board's clock shows for this computer's Unix time, as of now.

        The board's clock counts from wherever it likes; here it is counted on where it begins anew.

        Raises:
            ClockNotSynchronizedError: Nothing is known yet.
        """
        return self._caller.clock.estimate.offset

    def now(self) -> datetime:
        """The time that a result would bear which the board makes at this moment; does not ask the board.

        Returns:
            The present in UTC, as of the last :meth:`sync_time`. It goes on evenly if somebody sets this
            computer's clock meanwhile, so that differences to the times of results are always right.
        """
        return self._caller.clock.now()

    def read_rtc(self) -> datetime:
        """What the board's calendar clock (``machine.RTC``) says; without a zone, which boards do not know.

        Returns:
            What it says, to the second; without a zone, which boards do not know.

        Raises:
            BatchError: A batch gathers the calls of this thread.
            BoardError: The firmware refuses.
            ConnectionLost: The board is gone.
            FeatureUnavailableError: The firmware has no such clock.
            NotBelayResponseError: What it says is no time.
        """
        return rtc.read(self._evaluate, self.implementation.name)

    def set_rtc(self, when: datetime | None = None) -> None:
        """Set the board's calendar clock (``machine.RTC``), to the second.

        Many boards lose it with the power. It has nothing to do with the times of results.

        Args:
            when: What it is to say. Of a datetime with a zone, what the clocks say in that zone. None: the
                local time of this computer.

        Raises:
            BatchError: A batch gathers the calls of this thread.
            BoardError: The firmware refuses.
            ConnectionLost: The board is gone.
            FeatureUnavailableError: The firmware has no such clock.
            TypeError: ``when`` is no datetime.
        """
        when = datetime.now() if when is None else when
        if not isinstance(when, datetime):
            raise TypeError(f"a clock is set to a datetime, not to {when!r}")
        rtc.write(self._evaluate, self.implementation.name, when)

    def _evaluate(self, expression: str) -> Any:
        """What an expression is on the board."""
        return self._caller.ask(lambda calls, terms: calls.evaluate(expression, terms))
