"""What a proxy can be asked for, by code or by a task."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from belay import BoardError, Device, Proxy
from belay.exceptions import BatchError, FeatureUnavailableError, UnsupportedFunctionError


def test_imports_give_what_they_bind(device: Device) -> None:
    math = device.proxy("import math")
    assert math.floor(2.5) == 2
    sin, root = device.proxy("from math import sin, sqrt as root")
    assert (sin(0.0), root(9.0)) == (0.0, 3.0)
    pi = device.proxy("from math import pi")
    assert isinstance(pi, Proxy)
    assert device(pi) == pytest.approx(3.14159, abs=1e-4)
    time, clock = device.proxy("import time, time as clock")
    assert time == clock
    # As Python binds them, on the board as well.
    assert device("math is not None and root(16.0) == 4.0 and clock is time")
    with pytest.raises(ImportError, match="nosuch"):
        device.proxy("import nosuch")
    with pytest.raises(ImportError, match="nosuch"):
        device.proxy("from math import nosuch")


def test_a_package_is_bound_by_its_first_name(device: Device) -> None:
    package = device.files / "outer"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("x = 5")
    outer = device.proxy("import outer.inner")
    assert outer.__name__ == "outer"
    assert outer.inner.x == 5
    assert device.proxy("import outer.inner as leaf").__name__ == "outer.inner"


def test_an_expression_may_be_anything(device: Device) -> None:
    device("number = 5")
    number = device.proxy("number")
    assert isinstance(number, Proxy)
    # It is the object that has the name now, and not the name.
    device("number = 6")
    assert (number + 0, device("number")) == (5, 6)
    assert device(device("None", proxy=True)) is None
    assert device(device.proxy("[\n1,\n2\n]")) == [1, 2]
    for wrong in ("x = 1", "for", "from math import *", ""):
        with pytest.raises(ValueError, match="proxy"):
            device.proxy(wrong)
    with pytest.raises(NameError) as caught:
        device.proxy("nosuch + 1")
    assert isinstance(caught.value, BoardError)


def test_tasks_return_proxies_where_they_are_asked_to(device: Device) -> None:
    @device.task(proxy=True)
    def pair(first, *, second=2):
        return [first, second] if second else first

    made = pair(1)
    assert isinstance(made, Proxy)
    made.append(3)
    assert device(made) == [1, 2, 3]
    assert pair(7, second=None) == 7
    assert device(pair(made, second=[made])[1]) == [[1, 2, 3]]

    @device.task(proxy=True)
    def numbers(n):
        for i in range(n):
            yield [i]

    assert [device(item) for item in numbers(2)] == [[0], [1]]
    with pytest.raises(BatchError, match="proxy"):
        pair.map([1, 2])
    with device.batch(), pytest.raises(BatchError, match="proxy"):
        pair(1)
    with pytest.raises(ValueError, match="remembered"):

        @device.task(proxy=True, record=True)
        def never():
            return []

    with pytest.raises(ValueError, match="time"):

        @device.task(proxy=True, return_time=True)
        def timed():
            return []

    with pytest.raises(ValueError, match="time"):
        device("[1]", proxy=True, return_time=True)
    with pytest.raises(TypeError, match="proxy"):

        @device.setup(proxy=True)
        def neither():
            pass


ASYNC = """
import asyncio
async def later(value, error=None):
    await asyncio.sleep(0)
    if error:
        raise error
    return value
"""


def test_coroutines_are_awaited(device: Device) -> None:
    device(ASYNC)

    async def use() -> list[Any]:
        later = device.proxy("later")
        assert await later(5) == 5
        kept = await later([1])
        kept.append(2)
        results = await asyncio.gather(later("a"), later(b"b"), device.proxy("later((1,))"))
        for error, kind in (
            ("ZeroDivisionError('none')", ZeroDivisionError),
            ("ImportError('x')", ImportError),
        ):
            with pytest.raises(kind):
                await later(0, device.proxy(error))
        return [device(kept), *results]

    assert asyncio.run(use()) == [[1, 2], "a", b"b", (1,)]
    with pytest.raises(TypeError):
        asyncio.run(awaiting(device.proxy("5")))


async def awaiting(proxy: Any) -> Any:
    return await proxy


def test_the_loop_here_goes_on_while_the_board_is_busy(device: Device) -> None:
    device(
        ASYNC
        + "async def ask():\n  global go\n  while not go.value(): await asyncio.sleep(0)\n  return 'done'"
    )
    device("go = Pin(3, Pin.IN)")
    pin = device.virtual.pins[3]
    pin.drive(0)
    went_on = threading.Event()

    async def meanwhile() -> None:
        await asyncio.sleep(0)
        went_on.set()
        pin.drive(1)

    async def use() -> Any:
        result, _ = await asyncio.gather(device.proxy("ask()"), meanwhile())
        return result

    assert asyncio.run(use()) == "done"
    assert went_on.is_set()


def test_a_board_without_asyncio(device: Device) -> None:
    device("import sys\nkept_path = sys.path[:]\nsys.path[:] = []\nhidden = sys.modules.pop('asyncio', None)")
    try:
        coroutine = device.proxy("iter([])")
        with pytest.raises(FeatureUnavailableError, match="asyncio"):
            asyncio.run(awaiting(coroutine))
    finally:
        device("sys.path[:] = kept_path")


def test_a_proxy_cannot_be_caught_in_a_task(device: Device) -> None:
    caught = device.proxy("[1]")
    with pytest.raises(UnsupportedFunctionError, match="caught"):

        @device.task
        def use():
            return caught
