"""What type checkers make of devices for asyncio programs; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from typing import Any, assert_type

from belay import AsyncDevice
from belay.remote.batch import BatchFuture

device = AsyncDevice("virtual:", attempts=3, listen=True)


@device.task
def plain(a: int, *, b: str = "") -> float:
    return 1.0


@device.task(minify=False, timeout=3.0, idempotent=True)
def with_options(a: int) -> str:
    return ""


@device.task
def items(n: int) -> Iterator[int]:
    yield n


@device.task(return_time=True)
def timed(a: int) -> str:
    return ""


@device.task(minify=False)
def other_items(n: int) -> Iterator[str]:
    yield ""


@device.task(return_time=True)
def timed_items(n: int) -> Iterator[int]:
    yield n


@device.thread
def work(n: int) -> int:
    return n


@device.setup(ignore_errors=True)
def prepare(pin: int) -> None: ...


class Sensor(AsyncDevice):
    @AsyncDevice.task
    @staticmethod
    def read(channel: int, *, samples: int = 1) -> float:
        return 0.0

    @AsyncDevice.task(minify=False)
    @staticmethod
    def each(n: int) -> Iterator[int]:
        yield n

    @AsyncDevice.setup(autoinit=True)
    @staticmethod
    def begin() -> None: ...

    @AsyncDevice.teardown
    @staticmethod
    def end() -> None: ...

    async def average(self, times: int) -> float:
        return sum([await self.read(1) for _ in range(times)]) / times


call: Callable[[int], Coroutine[Any, Any, str]] = with_options


async def main() -> None:
    async with device as entered:
        assert_type(entered, AsyncDevice)
        assert_type(await plain(1, b="x"), float)
        assert_type(await with_options(1), str)
        assert_type([item async for item in items(3)], list[int])
        assert_type([item async for item in other_items(3)], list[str])
        assert_type(await timed(1), tuple[str, datetime])
        assert_type([item async for item in timed_items(3)], list[tuple[int, datetime]])
        assert_type(await work(1), None)
        assert_type(await prepare(pin=3), None)
        assert_type(await device("1"), Any)
        assert_type(await plain.map([1]), list[float])
        assert_type(await device.to_thread(sum, [1]), int)
        async with device.batch() as batch:
            future = batch.submit(plain, 1, b="x")
        assert_type(future, BatchFuture[float])
    async with Sensor("virtual:") as sensor:
        assert_type(sensor, Sensor)
        assert_type(await sensor.read(0, samples=3), float)
        assert_type([item async for item in sensor.each(3)], list[int])
        assert_type(await sensor.begin(), None)
        assert_type(await sensor.end(), None)
        assert_type(await sensor.average(3), float)
        await plain("x")  # wrong
        await sensor.read("x")  # wrong
        device.task(autoinit=True)  # wrong
        batch.submit(plain, "x")  # wrong
        AsyncDevice("virtual:", attempt=3)  # wrong
        for _item in items(3):  # wrong
            pass
