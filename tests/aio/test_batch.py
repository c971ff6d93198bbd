# ruff: noqa: PT012 - blocks within blocks
from __future__ import annotations

import asyncio
import threading

import pytest

from belay import AsyncDevice
from belay.exceptions import BatchError, NotRunError, UntransferableError

from .conftest import Told, run


def test_calls_are_gathered_and_sent_together(device: AsyncDevice) -> None:
    @device.task
    def double(x):
        return 2 * x

    @device.task
    def items():
        yield 1

    @device.task
    def fail():
        return 1 // 0

    async def main() -> None:
        async with device.batch() as batch:
            changing = [1]
            lists = batch.submit(double, changing)
            changing.append(2)
            sums = batch("1 + 2")
            with pytest.raises(BatchError, match="before the batch is sent"):
                sums.result()
            assert await double(10) == 20  # by itself, at once
            await batch.flush()
            assert sums.result() == 3
            later = batch.submit(double, x=4)
        assert lists.result() == [1, 1]
        assert (later.result(), later.done()) == (8, True)
        with pytest.raises(ZeroDivisionError) as caught:
            async with device.batch() as batch:
                good, bad, never = batch.submit(double, 1), batch.submit(fail), batch.submit(double, 3)
        assert "call 2 of 3 in the batch: fail()" in caught.value.__notes__[0]
        assert good.result() == 2
        assert isinstance(bad.exception(), ZeroDivisionError)
        with pytest.raises(NotRunError):
            never.result()
        with pytest.raises(BatchError, match="generator"):
            async with device.batch() as batch:
                dropped = batch.submit(double, 1)
                batch.submit(items)  # type: ignore[call-overload]
        assert dropped.cancelled()

    run(main())


def test_what_a_batch_refuses(device: AsyncDevice) -> None:
    @device.task
    def double(x):
        return 2 * x

    async def nothing() -> None: ...

    async def main() -> None:
        batch = device.batch()
        for call in (lambda: batch.submit(double, 1), lambda: batch("1")):
            with pytest.raises(BatchError, match="inside the batch's block"):
                call()
        with pytest.raises(BatchError):
            await batch.flush()
        with pytest.raises(KeyError):
            async with batch:
                kept = batch.submit(double, 1)
                with pytest.raises(UntransferableError):
                    batch.submit(double, asyncio)
                with pytest.raises(TypeError, match="is not a task, setup or thread of this device"):
                    batch.submit(nothing)
                raise KeyError
        assert kept.cancelled()
        async with device.batch():
            pass

    run(main())


def test_a_batch_that_is_cancelled(device: AsyncDevice) -> None:
    async def main() -> None:
        stream = Told()
        async with device.batch() as batch:
            under_way = batch("print('begun')\ntime.sleep(1000)", stream_out=stream)
            behind = batch("1", stream_out=stream)
            sending = asyncio.create_task(batch.flush())
            await stream.told()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
        assert isinstance(under_way.exception(), NotRunError)
        assert isinstance(behind.exception(), NotRunError)
        go_on = threading.Event()
        before = asyncio.create_task(device.to_thread(go_on.wait, 20))
        await asyncio.sleep(0)  # it is in the queue now
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), device.batch() as batch:
                never = batch("there = 1")
        go_on.set()
        assert await before
        assert never.cancelled()
        assert await device("'there' in globals()") is False

    run(main())
