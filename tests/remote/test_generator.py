# ruff: noqa: T201 - what prints here prints on the board
from __future__ import annotations

import gc
import math
from collections.abc import Generator
from typing import Any

import pytest

from belay import BoardError, BoardTimeoutError, ConnectionLost, Device
from belay.exceptions import BoardResetError, UntransferableError


def define(device: Device) -> Any:
    """A generator that tells what happens to it, in the board's global ``log``."""
    device("log = []")

    @device.task
    def count(limit, step=1):
        log.append("begun")  # noqa: F821 - on the board
        got = []
        n = 0
        try:
            while n != limit:
                try:
                    got.append((yield n))
                except ValueError as error:
                    got.append(error.args)
                n += step
            return got
        finally:
            log.append("closed")  # noqa: F821 - on the board

    return count


def test_items_come_one_by_one(device: Device) -> None:
    count = define(device)
    items = count(3)
    assert device("log") == []
    assert next(items) == 0
    assert device("log") == ["begun"]
    assert list(items) == [1, 2]
    assert device("log") == ["begun", "closed"]
    assert list(items) == []
    with pytest.raises(StopIteration):
        next(items)


def test_values_are_sent_and_exceptions_thrown(device: Device) -> None:
    items = define(device)(4)
    with pytest.raises(TypeError, match="just-started"):
        items.send(1)
    assert next(items) == 0
    assert items.send({"a": [1.5, None]}) == 1
    assert items.throw(ValueError("x", 2)) == 2
    assert items.throw(ValueError, "y") == 3
    with pytest.raises(StopIteration) as caught:
        next(items)
    assert caught.value.value == [{"a": [1.5, None]}, ("x", 2), ("y",), None]


def test_the_return_value_is_that_of_yield_from(device: Device) -> None:
    def outer() -> Generator[Any, Any, Any]:
        return (yield from define(device)(2))

    items = outer()
    assert [next(items), items.send("a")] == [0, 1]
    with pytest.raises(StopIteration) as caught:
        items.send("b")
    assert caught.value.value == ["a", "b"]


def test_two_take_turns(device: Device) -> None:
    count = define(device)
    assert list(zip(count(5), count(50, step=10), strict=True)) == [(n, 10 * n) for n in range(5)]


def test_one_without_end_is_left_early(device: Device) -> None:
    for n in define(device)(-1):
        if n == 5:
            break
    gc.collect()
    assert device("log") == ["begun", "closed"]


def test_closing_runs_the_finally_blocks_now(device: Device) -> None:
    count = define(device)
    items = count(5)
    next(items)
    items.close()
    assert device("log") == ["begun", "closed"]
    items.close()
    with pytest.raises(StopIteration):
        next(items)
    fresh = count(5)
    fresh.close()
    assert list(fresh) == []
    assert device("log") == ["begun", "closed"]


def test_an_exception_before_the_beginning_never_reaches_the_board(device: Device) -> None:
    items = define(device)(5)
    with pytest.raises(OSError, match="mine"):
        items.throw(OSError("mine"))
    assert list(items) == []
    assert device("log") == []


def test_one_that_returns_when_it_is_closed(device: Device) -> None:
    @device.task
    def polite():
        try:
            yield 1
        except GeneratorExit:
            return

    items = polite()
    next(items)
    items.close()
    assert list(items) == []


def test_one_that_will_not_close(device: Device) -> None:
    @device.task
    def stubborn():
        while True:
            try:
                yield 1
            except GeneratorExit:
                pass

    items = stubborn()
    next(items)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        items.close()
    assert list(items) == []


def test_one_that_fails_while_closing(device: Device) -> None:
    @device.task
    def failing():
        try:
            yield 1
        finally:
            1 / 0  # noqa: B018

    items = failing()
    next(items)
    with pytest.raises(ZeroDivisionError):
        items.close()
    assert list(items) == []


def test_an_exception_inside_ends_it(device: Device) -> None:
    @device.task
    def failing(n):
        yield from range(n)
        raise KeyError("lost")

    items = failing(2)
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(KeyError, match="lost") as caught:
        next(items)
    assert isinstance(caught.value, BoardError)
    assert list(items) == []
    with pytest.raises(TypeError):
        next(failing())


def test_thrown_exceptions_come_back(device: Device) -> None:
    count = define(device)
    items = count(5)
    next(items)
    with pytest.raises(OSError, match="EIO") as caught:
        items.throw(OSError(5))
    assert isinstance(caught.value, BoardError)
    assert caught.value.errno == 5
    items = count(5)
    next(items)

    class StrangeError(Exception):
        pass

    with pytest.raises(NameError, match="StrangeError"):
        items.throw(StrangeError())
    assert device("log")[-1] == "closed"


def test_a_value_that_cannot_travel_leaves_it_as_it_was(device: Device) -> None:
    @device.task
    def odd():
        yield 1
        yield object()
        yield 3

    items = odd()
    assert next(items) == 1
    with pytest.raises(UntransferableError, match="odd: the result: a value of type object"):
        next(items)
    with pytest.raises(UntransferableError, match="odd: the value sent: a value of type module"):
        items.send(math)
    with pytest.raises(UntransferableError, match="the exception"):
        items.throw(ValueError(math))
    assert next(items) == 3
    with pytest.raises(UntransferableError, match="argument 'limit'"):
        next(define(device)(math))


def test_a_thousand_that_are_dropped_leave_nothing(device: Device) -> None:
    device("alive = []")

    @device.task
    def endless():
        alive.append(1)  # noqa: F821 - on the board
        try:
            while True:
                yield 0
        finally:
            alive.pop()  # noqa: F821 - on the board

    most = 0
    for n in range(1000):
        items = endless()
        next(items)
        del items
        if n % 100 == 0:
            most = max(most, device("len(alive)"))
    assert (most, device("len(alive)")) == (0, 0)


def test_an_item_that_takes_too_long_ends_it(device: Device) -> None:
    @device.task(timeout=0.2)
    def slow():
        yield 1
        try:
            while True:
                pass
        finally:
            ended.append(1)  # noqa: F821 - on the board

    device("ended = []")
    items = slow()
    assert next(items) == 1
    with pytest.raises(BoardTimeoutError):
        next(items)
    assert list(items) == []
    assert device("ended") == [1]


def test_prints_arrive(device: Device, capsys: pytest.CaptureFixture[str]) -> None:
    @device.task
    def talk():
        print("one")
        yield 1
        print("two", end="")

    items = talk()
    assert capsys.readouterr().out == ""
    next(items)
    assert capsys.readouterr().out == "one\n"
    assert list(items) == []
    assert capsys.readouterr().out == "two"


def test_a_reset_in_the_middle_is_told_and_a_new_one_works(device: Device) -> None:
    count = define(device)
    items, closing = count(5), count(5)
    next(items)
    next(closing)
    device.soft_reset(main=False)
    with pytest.raises(BoardResetError, match="the generator is gone") as caught:
        next(items)
    assert not caught.value.sent
    assert list(items) == []
    with pytest.raises(BoardResetError):
        closing.close()
    device("log = []")
    assert list(count(2)) == [0, 1]


def test_one_whose_device_is_closed() -> None:
    with Device("virtual:") as device:
        items = define(device)(5)
        next(items)
    with pytest.raises(ConnectionLost, match="closed"):
        next(items)
    assert list(items) == []
