# ruff: noqa: B018, F811, F821, N805, T201 - functions that run on the board
from __future__ import annotations

import asyncio
import inspect
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from belay import AsyncDevice, BoardError, ConnectionLost, Device
from belay.aio.device import CallOptions, DeviceOptions, RunOptions, SyncOptions
from belay.exceptions import (
    BelayException,
    ConnectionFailedError,
    DecorationError,
    DeviceNotFoundError,
    NoMatchingExecuterError,
)
from belay.transports.base import Transport

from .conftest import Told, run

LOOPS = [
    "while True: pass",
    "time.sleep(1000)",
    "import sys; sys.stdin.read(1)",
    "while True: print(end='x')",
]


# --- cancelling ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LOOPS)
def test_a_cancelled_task_interrupts_the_board(device: AsyncDevice, code: str) -> None:
    async def main() -> None:
        stream = Told()
        task = asyncio.create_task(
            device(f"print('begun'); {code}".replace("; while", "\nwhile"), stream_out=stream)
        )
        other = asyncio.create_task(device("1 + 1"))
        await stream.told()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await other == 2
        assert await device("3") == 3

    run(main())


def test_a_time_out_interrupts_the_board_and_what_was_defined_stays(device: AsyncDevice) -> None:
    @device.task
    def forever():
        global rounds  # noqa: PLW0603
        while True:
            rounds += 1

    async def main() -> None:
        await device("rounds = 0")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await forever()
        rounds = await device("rounds")
        assert await device("rounds") == rounds

    run(main())


def test_a_generator_that_is_cancelled_is_over(device: AsyncDevice) -> None:
    @device.task
    def once():
        yield 1
        while True:
            pass

    async def main() -> None:
        items = once()
        assert await anext(items) == 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await anext(items)
        with pytest.raises(StopAsyncIteration):
            await anext(items)
        assert await device("2") == 2

    run(main())


def test_connecting_for_ever_can_be_cancelled() -> None:
    async def main() -> None:
        loop, tried = asyncio.get_running_loop(), asyncio.Event()
        opened: list[Transport] = []

        def once(transport: Transport) -> Transport:
            opened.append(transport)
            if len(opened) > 1:
                transport.close()
                loop.call_soon_threadsafe(tried.set)
                raise ConnectionFailedError("no board")
            return transport

        async with AsyncDevice("virtual:", wrap=once) as device:
            connecting = asyncio.create_task(device.reconnect(-1))
            await tried.wait()
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting

    run(main())


@pytest.mark.skipif(os.name == "nt", reason="an interrupt cannot be sent there")
def test_ctrl_c_ends_the_program_and_leaves_the_board_at_its_prompt(device: AsyncDevice) -> None:
    class Pressed(Told):
        def write(self, text: str) -> None:
            if not self.text:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            super().write(text)

    async def main() -> None:
        await device("print('begun')\nwhile True: pass", stream_out=Pressed())

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert device.blocking("1 + 1") == 2
    assert run(asyncio.wait_for(device("1 + 2"), 60)) == 3


# --- life ----------------------------------------------------------------------------------------


def test_a_block_connects_and_closes(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        everything = asyncio.all_tasks()
        device = AsyncDevice("virtual:", startup="x = 5")
        assert repr(device) == "<AsyncDevice: not connected>"
        assert not device.connected

        @device.task
        def early(y):
            return x + y

        @device.setup(autoinit=True)
        def at_once():
            print("set up")

        with pytest.raises(BelayException, match="not connected") as caught:
            await device("1")
        assert "async with" in (caught.value.hint or "")
        async with device:
            assert await early(2) == 7
            assert device.task.early is early
            assert repr(device) == "<AsyncDevice: <Device virtual: (micropython)>>"
            assert (device.implementation.name, device.address) == ("micropython", "virtual:")
            assert device.connected
            assert device.virtual.pins[3].value in (0, 1, None)

            @device.teardown
            def end():
                print("torn down")

            with pytest.raises(BelayException, match="once only"):
                await device.connect()
        assert capsys.readouterr().out == "set up\ntorn down\n"
        await device.close()
        assert not device.connected
        with pytest.raises(ConnectionLost, match="the device is closed"):
            await device("1")
        assert asyncio.all_tasks() == everything

    before = set(threading.enumerate())
    run(main())
    assert set(threading.enumerate()) <= before


def test_the_error_that_is_on_its_way_matters_more() -> None:
    async def main() -> None:
        async with AsyncDevice("virtual:") as device:

            @device.teardown
            def end():
                1 / 0

            await device("1")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        run(main())
    assert "divide by zero" in caught.value.__notes__[0]


def test_what_cannot_be_connected() -> None:
    async def main() -> None:
        never = AsyncDevice("virtual:")
        await never.close()
        with pytest.raises(ConnectionLost):
            await never.connect()
        with pytest.raises(DeviceNotFoundError):
            await AsyncDevice("/dev/no-such-port").connect()

        class Failing(AsyncDevice):
            @AsyncDevice.setup(autoinit=True)
            def fails():
                1 / 0

        failing = Failing("virtual:")
        with pytest.raises(ZeroDivisionError):
            await failing.connect()
        with pytest.raises(ConnectionLost, match="closed"):
            await failing("1")
        waiting = asyncio.create_task(
            (cancelled := AsyncDevice("virtual:", startup="while True: pass")).connect()
        )
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(BelayException, match="once only"):
            await cancelled.connect()

    before = set(threading.enumerate())
    run(main())
    assert set(threading.enumerate()) <= before


# --- what a device can do ------------------------------------------------------------------------


def test_files_resets_and_threads_of_the_users(device: AsyncDevice, tmp_path: Path) -> None:
    (tmp_path / "synced.py").write_text("value = 41\n")

    async def main() -> None:
        plan = await device.sync(tmp_path, "/lib", dry_run=True)
        assert len(plan.sent) > 0
        await device.sync(tmp_path, "/lib", keep=True, minify=False)
        file = device.blocking.files / "lib" / "synced.py"
        assert await device.to_thread(file.read_text) == "value = 41\n"
        await device.run("import synced\nthere = synced.value + 1")
        assert await device("there") == 42
        assert await device.soft_reset(main=False)
        with pytest.raises(NameError):
            await device("there")
        await device.reconnect()
        assert await device("1") == 1
        with pytest.raises(BoardError):
            await device.to_thread(device.blocking, "1 / 0")

    run(main())


def test_subclasses(capsys: pytest.CaptureFixture[str]) -> None:
    class Mixin:
        @AsyncDevice.task
        def plus(x):
            return x + 1

    class Sensor(Mixin, AsyncDevice):
        @AsyncDevice.task
        def double(x):
            return 2 * x

        @AsyncDevice.task(implementation="circuitpython")
        def which():
            return "circuitpython"

        @AsyncDevice.task
        def which():
            return "all"

        @AsyncDevice.task(implementation="circuitpython")
        def never():
            pass

        @AsyncDevice.task
        def count(n):
            yield from range(n)

        @AsyncDevice.setup(autoinit=True)
        def setup():
            order.append("setup")

        @AsyncDevice.teardown
        def end():
            print("end")

        async def __pre_autoinit__(self) -> None:
            await self("order = ['pre']")

        async def __post_init__(self) -> None:
            self.order = await self("order")

        async def quadruple(self, x: int) -> Any:
            return await self.double(await self.double(x))

    class Better(Sensor):
        async def double(self, x: int) -> Any:  # type: ignore[override]
            return 10 * await super().double(x)

    async def main() -> None:
        async with Better("virtual:") as device:
            assert device.order == ["pre", "setup"]
            assert await device.quadruple(1) == 400
            assert (await device.plus(1), await device.which()) == (2, "all")
            assert [x async for x in device.count(3)] == [0, 1, 2]
            assert await device.task.plus.map([1, 2]) == [2, 3]
            with pytest.raises(NoMatchingExecuterError):
                await device.never()

    run(main())
    assert capsys.readouterr().out == "end\n"
    with pytest.raises(DecorationError, match=r"batch: AsyncDevice\.batch has this name already"):

        class Wrong(AsyncDevice):
            @AsyncDevice.task
            def batch():
                pass


def test_what_blocks_says_how_it_is_done(device: AsyncDevice) -> None:
    for name in ("proxy", "mount", "terminal"):
        with pytest.raises(AttributeError, match=rf"to_thread\(device\.blocking\.{name}, …\)"):
            getattr(device, name)
    for name in ("files", "filesystem", "mip"):
        with pytest.raises(AttributeError, match=rf"to_thread\(device\.blocking\.{name}\.…, …\)") as caught:
            getattr(device, name)
        assert (caught.value.name, caught.value.obj) == (name, device)
    with pytest.raises(AttributeError, match=r"^'AsyncDevice' object has no attribute 'fils'$"):
        device.fils  # type: ignore[attr-defined]

    class Sensor(AsyncDevice):
        @AsyncDevice.task
        def read():
            return 1

    with pytest.raises(AttributeError, match="read runs on a board, and Sensor is connected to none yet"):
        Sensor("virtual:").read


@pytest.mark.parametrize(
    ("options", "method", "others"),
    [
        (DeviceOptions, Device.__init__, {"address"}),
        (CallOptions, Device.__call__, {"code"}),
        (RunOptions, Device.run, {"program"}),
        (SyncOptions, Device.sync, {"folder", "dst", "dry_run"}),
    ],
)
def test_options_are_those_of_a_device(options: type, method: Callable[..., Any], others: set[str]) -> None:
    parameters = inspect.signature(method).parameters
    assert options.__annotations__.keys() == set(parameters) - {"self"} - others
    for name, annotation in options.__annotations__.items():
        if name != "on_reconnect":
            assert annotation.__forward_arg__ == parameters[name].annotation, name
