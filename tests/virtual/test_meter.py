from __future__ import annotations

from collections.abc import Iterator

import pytest

from belay.virtual.launch import make_memory
from belay.virtual.memory import PINS, Field, PinMemory
from belay.virtual.meter import FlashCounts, FlashMeter


@pytest.fixture
def meter() -> Iterator[FlashMeter]:
    with make_memory() as file:
        meter = FlashMeter(file.fileno())
        meter.keep_power()
        yield meter
        meter.close()


def test_counts(meter: FlashMeter) -> None:
    meter.count_read(10)
    meter.count_read(5)
    before = meter.counts
    meter.count_write(7)
    meter.count_erase()
    assert before == FlashCounts(2, 0, 0, 15, 0)
    assert meter.counts - before == FlashCounts(0, 1, 1, 0, 7)
    meter.close()
    meter.close()
    assert meter.counts == FlashCounts(2, 1, 1, 15, 7)


def test_power(meter: FlashMeter) -> None:
    assert [meter.next_write() for _ in range(3)] == [None] * 3
    meter.cut_power(2, 9)
    assert [meter.next_write() for _ in range(4)] == [None, None, 9, 9]


def test_it_does_not_touch_the_pins() -> None:
    with make_memory() as file:
        pins, meter = PinMemory(file.fileno()), FlashMeter(file.fileno())
        pins.connect()
        last = [pins.get(PINS - 1, field) for field in Field]
        meter.cut_power(-1, -1)
        meter.count_read(-1)
        assert [pins.get(PINS - 1, field) for field in Field] == last
        meter.close()
        pins.close()
