from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from belay.exceptions import SpecialFunctionNameError, UnsupportedFunctionError
from belay.source import check

PURPOSES = ["task", "setup", "teardown", "thread"]


def plain(a: int) -> None:
    time.sleep(a)


def generator() -> Iterator[int]:
    yield 1


def returning() -> int:
    return 1


async def coroutine() -> None: ...


async def async_generator() -> AsyncIterator[int]:
    yield 1


def named(name: str) -> Callable[[], None]:
    def function() -> None: ...

    function.__name__ = name
    return function


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_plain_function_can_be_sent(purpose: str) -> None:
    check(plain, purpose=purpose)


def test_what_each_purpose_allows() -> None:
    check(generator, purpose="task")
    check(returning, purpose="task")
    check(returning, purpose="thread")
    for purpose in ("setup", "teardown"):
        with pytest.raises(UnsupportedFunctionError, match=r"return at .*test_check\.py:"):
            check(returning, purpose=purpose)
        with pytest.raises(UnsupportedFunctionError, match="yield at "):
            check(generator, purpose=purpose)
    with pytest.raises(UnsupportedFunctionError, match="generator"):
        check(generator, purpose="thread")


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("function", [coroutine, async_generator])
def test_async_functions_are_refused(function: Callable[..., Any], purpose: str) -> None:
    with pytest.raises(UnsupportedFunctionError, match="it is an async def") as raised:
        check(function, purpose=purpose)
    assert raised.value.function == function.__name__
    assert raised.value.hint


def test_a_lambda_is_refused() -> None:
    with pytest.raises(UnsupportedFunctionError, match="it is a lambda") as raised:
        check(lambda: 1, purpose="task")
    assert raised.value.hint


@pytest.mark.parametrize("thing", [len, int, functools.partial(plain, 1), [].append, "text".join, object()])
def test_what_is_no_function_is_refused(thing: Any) -> None:
    with pytest.raises(UnsupportedFunctionError, match="not a function written with def"):
        check(thing, purpose="task")


def test_a_host_variable_is_named() -> None:
    first, pin = 1, 25

    def blink() -> int:
        return pin

    def both() -> int:
        return first + pin

    with pytest.raises(UnsupportedFunctionError, match="it uses pin, ") as raised:
        check(blink, purpose="task")
    assert raised.value.variable == "pin"
    assert raised.value.function == "blink"
    assert "pass pin as an argument" in str(raised.value.hint)
    with pytest.raises(UnsupportedFunctionError, match="it uses first and pin, ") as raised:
        check(both, purpose="task")
    assert raised.value.variable == "first"


def test_names_that_the_board_knows_are_no_host_variables() -> None:
    other = 1

    def task() -> int:
        return other

    check(task, purpose="task", on_board={"other"})


def test_functions_may_call_themselves_and_later_ones() -> None:
    def even(n: int) -> bool:
        return True if n == 0 else odd(n - 1)

    check(even, purpose="task")

    def odd(n: int) -> bool:
        return n != 1 and (odd(n - 2) or even(n - 1))

    check(odd, purpose="task", on_board={"even"})


@pytest.mark.parametrize("name", ["__init__", "__x__", "_belay", "_belay_f", "__belay_f"])
def test_names_that_are_kept(name: str) -> None:
    with pytest.raises(SpecialFunctionNameError, match=name) as raised:
        check(named(name), purpose="task")
    assert raised.value.hint


@pytest.mark.parametrize("name", ["__x", "x__", "belay", "_b"])
def test_names_that_are_not_kept(name: str) -> None:
    check(named(name), purpose="task")


def test_syntax_that_the_board_lacks_is_refused_at_its_line() -> None:
    def function(a: list[int]) -> list[int]:
        a = a or []
        return [*a]

    with pytest.raises(UnsupportedFunctionError, match=r"\* in a tuple, list") as raised:
        check(function, purpose="task")
    line = function.__code__.co_firstlineno + 2
    assert f"{__file__}:{line}" in str(raised.value)


def test_what_was_wrapped_is_looked_at() -> None:
    pin = 1

    def inner() -> int:
        return pin

    @functools.wraps(inner)
    def wrapper() -> int:
        return inner()

    with pytest.raises(UnsupportedFunctionError, match="it uses pin, "):
        check(wrapper, purpose="task")
