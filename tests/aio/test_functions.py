# ruff: noqa: F841, T201 - functions that run on the board
from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from belay import AsyncDevice, BoardError
from belay.exceptions import BatchError

from .conftest import run


def test_tasks_are_awaited(device: AsyncDevice) -> None:
    @device.task
    def double(x):
        return 2 * x

    @device.setup
    def prepare(value=3):
        prepared = [value]

    @device.thread
    def work():
        pass

    async def main() -> None:
        assert await double(4) == await device.task.double(x=4) == 8
        assert await double.map([1, 2, 3]) == [2, 4, 6]
        assert await asyncio.gather(*map(double, range(20))) == [2 * x for x in range(20)]
        assert await prepare(value=5) is None
        assert await device("prepared") == [5]
        assert await work() is None
        with pytest.raises(TypeError, match="argument") as caught:
            await double()
        assert isinstance(caught.value, BoardError)

    run(main())
    assert repr(double) == "<async double on a board>"
    assert double.__wrapped__(2) == 4
    assert not hasattr(device.task, "prepare")


def test_generators_are_looped_over(device: AsyncDevice, capsys: pytest.CaptureFixture[str]) -> None:
    @device.task
    def count(n):
        try:
            for number in range(n):
                try:
                    got = yield number
                    if got:
                        print("got", got)
                except ValueError as error:
                    print("raised", error)
        finally:
            print("closed", n)

    async def main() -> None:
        assert [number async for number in count(3)] == [0, 1, 2]
        assert capsys.readouterr().out == "closed 3\n"
        items = count(9)
        assert await anext(items) == 0
        assert await items.asend("x") == 1
        assert await items.athrow(ValueError("y")) == 2
        await items.aclose()
        assert capsys.readouterr().out == "got x\nraised y\nclosed 9\n"
        with pytest.raises(StopAsyncIteration):
            await anext(items)
        broken = count("no number")
        with pytest.raises(TypeError):
            await anext(broken)
        capsys.readouterr()
        left = count(7)
        assert await anext(left) == 0
        with pytest.raises(BatchError, match="generator"):
            await device.to_thread(device.blocking.task.count.map, [1])
        # What is left open is closed at the end of the loop.

    run(main())
    assert capsys.readouterr().out == "closed 7\n"


def test_a_generator_that_outlives_the_device() -> None:
    async def main() -> None:
        async with AsyncDevice("virtual:") as device:

            @device.task
            def count():
                yield 1
                yield 2

            items = count()
            assert await anext(items) == 1
        await items.aclose()

    run(main())


def test_results_with_their_time(device: AsyncDevice) -> None:
    @device.task(return_time=True)
    def double(x):
        return 2 * x

    @device.task(return_time=True)
    def count(n):
        yield from range(n)

    async def main() -> None:
        value, when = await double(2)
        assert (value, type(when)) == (4, datetime)
        assert [item async for item, _ in count(3)] == [0, 1, 2]
        assert (await device("3", return_time=True))[0] == 3

    run(main())
