from __future__ import annotations

import asyncio
import threading

import pytest
from patience import SOON

from belay.aio.worker import Worker
from belay.exceptions import ConnectionLost
from belay.link import Stop, Stopped
from belay.link.stopping import current_stop

from .conftest import run


def test_it_does_one_thing_after_the_other_and_the_loop_goes_on() -> None:
    async def main() -> None:
        worker = Worker("test")
        done: list[int] = []
        loop_goes_on, first_begun = threading.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def first() -> int:
            loop.call_soon_threadsafe(first_begun.set)
            assert loop_goes_on.wait(SOON)
            done.append(1)
            return threading.get_ident()

        def second() -> int:
            done.append(2)
            return threading.get_ident()

        one, two = asyncio.create_task(worker.do(first)), asyncio.create_task(worker.do(second))
        await first_begun.wait()
        loop_goes_on.set()
        assert await two == await one != threading.get_ident()
        assert done == [1, 2]
        await worker.end(lambda: done.append(3))
        await worker.end(lambda: done.append(4))
        assert done == [1, 2, 3]
        with pytest.raises(ConnectionLost, match="the device is closed"):
            await worker.do(second)

    threads = set(threading.enumerate())
    run(main())
    assert set(threading.enumerate()) <= threads


def test_errors_come_to_whoever_waits() -> None:
    async def main() -> None:
        worker = Worker("test")
        for error in (KeyError("x"), SystemExit(3)):

            def fail(error: BaseException = error) -> None:
                raise error

            with pytest.raises(type(error)):
                await worker.do(fail)
        await worker.end(None)

    run(main())


def test_what_is_cancelled_before_it_begins_is_not_done() -> None:
    async def main() -> None:
        worker = Worker("test")
        done: list[str] = []
        go_on = threading.Event()
        first = asyncio.create_task(worker.do(lambda: go_on.wait(SOON)))
        second = asyncio.create_task(worker.do(lambda: done.append("second")))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        go_on.set()
        assert await first
        await worker.end(lambda: done.append("last"))
        assert done == ["last"]

    run(main())


def test_a_second_cancel_waits_for_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        worker = Worker("test")
        go_on, begun = threading.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        stops: list[Stop | None] = []

        def stubborn() -> None:
            stops.append(current_stop())
            loop.call_soon_threadsafe(begun.set)
            assert go_on.wait(SOON)
            raise Stopped

        task = asyncio.create_task(worker.do(stubborn))
        await begun.wait()
        task.cancel()
        assert stops[0] is not None
        while not stops[0]._requested:
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        await worker.end(lambda: None)

    run(main())
    assert not caplog.records


def test_the_last_thing_is_not_stopped() -> None:
    async def main() -> None:
        worker = Worker("test")
        go_on, begun = threading.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        done: list[str] = []

        def last() -> None:
            loop.call_soon_threadsafe(begun.set)
            assert go_on.wait(SOON)
            done.append("last")

        task = asyncio.create_task(worker.end(last))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == ["last"]

    run(main())
