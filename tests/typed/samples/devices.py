# ruff: noqa: N805, F811
"""What type checkers make of tasks and their like; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import datetime
from typing import Any, assert_type

from belay import Device
from belay.remote.batch import BatchFuture
from belay.remote.functions import Setup, Task, Teardown, Thread
from belay.remote.marks import Marked

device = Device("virtual:", attempts=3)


@device.task
def plain(a: int, *, b: str = "") -> float:
    return 1.0


@device.task(minify=False, record=True, timeout=None, trusted=True, register=False)
def with_options(a: int) -> str:
    return ""


@device.task()
def empty_brackets(a: int) -> bytes:
    return b""


@device.task
def items(n: int) -> Iterator[int]:
    yield n


@device.task(return_time=True, timeout=2.0)
def timed(a: int) -> float:
    return 1.0


@device.task(return_time=True)
def timed_items(n: int) -> Iterator[int]:
    yield n


@device.task(return_time=True)
def timed_generator(n: int) -> Generator[int, str, bytes]:
    yield n
    return b""


@device.task(return_time=False)
def untimed(a: int) -> float:
    return 1.0


@device.task(idempotent=True, return_time=False)
def repeatable(a: int) -> str:
    return ""


@device.task(proxy=True)
def pins(a: int) -> list[int]:
    return [a]


@device.thread
def work(n: int) -> int:
    return n


@device.setup(ignore_errors=True, implementation="micropython")
def prepare(pin: int = 25) -> None: ...


@device.teardown
def tidy() -> None: ...


assert_type(plain(1, b="x"), float)
assert_type(with_options(1), str)
assert_type(empty_brackets(1), bytes)
assert_type(items(3), Iterator[int])
assert_type(timed(1), tuple[float, datetime])
assert_type(next(timed_items(3)), tuple[int, datetime])
assert_type(timed_generator(3), Generator[tuple[int, datetime], str, bytes])
assert_type(timed.map([1, 2]), list[tuple[float, datetime]])
assert_type(untimed(1), float)
assert_type(repeatable(1), str)
assert_type(pins(1), list[int])
assert_type(work(1), None)
assert_type(prepare(pin=3), None)
assert_type(tidy(), None)
assert_type(device("1 + 1"), Any)
assert_type(plain.map([1, 2]), list[float])

with device.batch() as batch:
    future = batch.submit(plain, 1, b="x")
    none = batch.submit(work, 1)
assert_type(future, BatchFuture[float])
assert_type(future.result(), float)
assert_type(none.result(), None)


class Sensor(Device):
    @Device.task
    @staticmethod
    def read(channel: int, *, samples: int = 1) -> float:
        return 0.0

    @Device.task(minify=False)
    @staticmethod
    def name() -> str:
        return ""

    @Device.task(return_time=True)
    @staticmethod
    def when(channel: int) -> float:
        return 0.0

    @Device.task
    @staticmethod
    def each(n: int) -> Iterator[int]:
        yield n

    @Device.task(return_time=True)
    @staticmethod
    def timed(a: int) -> str:
        return ""

    @Device.thread(record=False)
    @staticmethod
    def blink(pin: int) -> None: ...

    @Device.setup(autoinit=True)
    @staticmethod
    def begin() -> None: ...

    @Device.teardown(ignore_errors=True)
    @staticmethod
    def end() -> None: ...

    def average(self, times: int) -> float:
        return sum(self.read(1) for _ in range(times)) / times


class Better(Sensor):
    def average(self, times: int) -> float:
        return super().average(times) + super().read(1)


class Mixin:
    @Device.task
    @staticmethod
    def mixed(a: int) -> bytes:
        return b""


class Both(Mixin, Better):
    pass


with Both("virtual:") as sensor:
    assert_type(sensor, Both)
    assert_type(sensor.read(0, samples=3), float)
    assert_type(sensor.read.map([1, 2]), list[float])
    assert_type(sensor.name(), str)
    assert_type(sensor.when(0), tuple[float, datetime])
    assert_type(sensor.each(3), Iterator[int])
    assert_type(sensor.timed(1), tuple[str, datetime])
    assert_type(sensor.blink(1), None)
    assert_type(sensor.begin(), None)
    assert_type(sensor.end(), None)
    assert_type(sensor.mixed(1), bytes)
    assert_type(sensor.average(3), float)
assert_type(Sensor.name, Marked[Task[[], str]])


class Bare(Device):
    """Without ``@staticmethod``, which is needed only where parameters have no annotations."""

    @Device.task
    def read(channel: int) -> float:  # pyright: ignore[reportGeneralTypeIssues]
        return 0.0

    @Device.setup(autoinit=True)
    def begin() -> None: ...


bare = Bare("virtual:")
assert_type(bare.read(1), float)
assert_type(bare.begin(), None)
assert_type(plain.__wrapped__(1), float)


class Chosen(Device):
    """The same for several implementations: to a type checker it is a redefinition."""

    @Device.task(implementation="circuitpython")
    @staticmethod
    def which(a: int) -> str:  # pyright: ignore[reportRedeclaration]
        return ""

    @Device.task  # type: ignore[no-redef]
    @staticmethod
    def which(a: int) -> str:
        return ""

    @Device.task
    @staticmethod
    def untyped(a):  # type: ignore[no-untyped-def]
        return a


Chosen("virtual:").untyped(1)


def kinds() -> tuple[Task[[int], str], Setup[[int], None], Thread[[int], None], Teardown[[], None]]:
    @device.setup
    def begin(pin: int) -> None: ...

    return with_options, begin, work, tidy
