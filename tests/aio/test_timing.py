from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from belay import AsyncDevice
from belay.exceptions import BelayException

from .conftest import run


def test_the_clocks_are_compared_without_blocking_the_loop(device: AsyncDevice) -> None:
    async def main() -> None:
        estimate = await device.sync_time(3)
        assert estimate.exchanges >= 3
        assert device.time_estimate.clock == estimate.clock
        # The clocks drift by far less than a minute meanwhile.
        assert abs(device.time_offset - estimate.offset) < 60
        assert abs(device.now() - datetime.now(UTC)) < timedelta(minutes=1)
        with pytest.raises(ValueError, match="no fewer than one"):
            await device.sync_time(0)

    run(main())


def test_the_calendar_is_set_and_read(device: AsyncDevice) -> None:
    when = datetime(2031, 2, 3, 4, 5, 6)

    async def main() -> None:
        await device.set_rtc(when)
        assert abs(await device.read_rtc() - when) < timedelta(minutes=1)

    run(main())


def test_without_a_connection_there_is_no_time() -> None:
    async def main() -> None:
        device = AsyncDevice("virtual:")
        for ask in (device.now, lambda: device.time_estimate, lambda: device.time_offset):
            with pytest.raises(BelayException, match="not connected"):
                ask()
        with pytest.raises(BelayException, match="not connected"):
            await device.read_rtc()
        await device.close()

    run(main())
