# ruff: noqa: B018, E702, F401, F821, F841, PLW0603, T201 - functions that run on the board
from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from patience import SOON

from belay import BoardError, BoardTimeoutError, Device, FeatureUnavailableError
from belay.exceptions import SpecialFunctionNameError, UnsupportedFunctionError, UntransferableError

PATIENCE = 20.0


def until(condition: Callable[[], object]) -> None:
    """Wait for something on the board; each look is a call, so it is no busy loop."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"


# --- tasks ---------------------------------------------------------------------------------------


def test_a_task_runs_on_the_board(device: Device, capsys: pytest.CaptureFixture[str]) -> None:
    @device.task
    def set_led(state, *more, pin=25, **rest):
        """Set it."""
        print(f"LED to {state}", end="")
        Pin(pin, Pin.OUT).value(state)
        return sys_name(), more, sorted(rest)

    @device.task
    def sys_name():
        import sys

        return sys.implementation.name

    assert set_led(True, 1, 2, b=1, a=2) == ("micropython", (1, 2), ["a", "b"])
    assert capsys.readouterr().out == "LED to True"
    assert device("Pin(25).value()") == 1
    assert device.virtual.pins[25].value == 1
    assert set_led.__name__ == "set_led"
    assert set_led.__doc__ == "Set it."
    assert repr(set_led) == "<task set_led on a board>"
    assert device("sys_name()") == "micropython"


def test_arguments_are_named_as_the_author_did(device: Device) -> None:
    @device.task
    def three(pin, *rest, key=0):
        return pin

    for call, where in (
        (lambda: three(math), "three: argument 'pin'"),
        (lambda: three(1, math), "three: argument 2"),
        (lambda: three(1, 2, [math]), "three: argument 3"),
        (lambda: three(1, key=math), "three: argument 'key'"),
    ):
        with pytest.raises(UntransferableError) as caught:
            call()
        assert (caught.value.where, caught.value.type_name) == (where, "module")
        assert caught.value.hint
        assert caught.value.__cause__ is None
    assert three(5) == 5
    with pytest.raises(TypeError) as refused:
        three(1, 2, nokey=1)
    assert isinstance(refused.value, BoardError)


def test_results_that_cannot_travel_name_the_function(device: Device) -> None:
    @device.task
    def led():
        return [Pin(25)]

    with pytest.raises(UntransferableError, match="led: the result: a value of type Pin cannot travel"):
        led()

    @device.task(trusted=True)
    def trusted():
        class Odd:
            def __repr__(self):
                return "dict(a=1 + 1)"

        return Odd()

    assert trusted() == {"a": 2}


def test_a_task_may_have_its_own_time(device: Device) -> None:
    @device.task(timeout=0.2)
    def forever():
        while True:
            pass

    started = time.monotonic()
    with pytest.raises(BoardTimeoutError):
        forever()
    assert time.monotonic() - started < SOON
    assert device("1 + 1") == 2


@pytest.mark.parametrize("small", [True, False])
def test_a_long_definition(device: Device, small: bool) -> None:
    @device.task(minify=small)
    def long(n):
        text = "0123456789012345678901234567890123456789012345678901234567890123456789"
        more = "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        more += "0123456789012345678901234567890123456789012345678901234567890123456789"
        return len(text + more) + n

    assert long(1) == 70 * 13 + 1


def test_what_cannot_run_on_a_board_is_refused_at_once(device: Device) -> None:
    host = 5

    def closure():
        return host

    async def waits():
        pass

    def _belay_mine():
        pass

    for function in (closure, waits, len, lambda: 1):
        with pytest.raises(UnsupportedFunctionError):
            device.task(function)
    with pytest.raises(UnsupportedFunctionError):
        device.thread(_generator)
    with pytest.raises(SpecialFunctionNameError):
        device.task(_belay_mine)


def _generator():
    yield 1


# --- setups --------------------------------------------------------------------------------------


def test_a_setups_body_is_global_and_so_are_its_arguments(
    device: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    @device.setup
    def prepare(pin_number, scale=2.5, *more, flag=b"x", **rest):
        import sys

        global counter
        counter = 1
        led = Pin(pin_number)
        print("ready")

    assert prepare(25, 3, 4, 5, extra="é") is None
    assert capsys.readouterr().out == "ready\n"
    names = "pin_number, scale, more, flag, rest, counter, sys.implementation.name"
    assert device(names) == (25, 3, (4, 5), b"x", {"extra": "é"}, 1, "micropython")
    prepare(flag=None, pin_number=1)
    assert device(names)[:5] == (1, 2.5, (), None, {})
    with pytest.raises(TypeError, match="pin_number"):
        prepare()
    with pytest.raises(UntransferableError, match="prepare: argument 'scale'"):
        prepare(1, math)


def test_one_line_bodies(device: Device) -> None:
    @device.setup
    def one(): first = 1; second = 2  # fmt: skip

    @device.setup
    def two(x): third = x + 1  # fmt: skip

    @device.setup
    def three():
        """Nothing but this."""

    one()
    two(2)
    three()
    assert device("(first, second, third)") == (1, 2, 3)


def test_a_setup_that_returns_is_refused(device: Device) -> None:
    with pytest.raises(UnsupportedFunctionError, match="return"):

        @device.setup
        def wrong():
            return 1


def test_errors_of_a_setup_can_be_ignored(device: Device) -> None:
    @device.setup(ignore_errors=True)
    def fails():
        before = 1
        1 / 0

    fails()
    assert device("before") == 1
    with pytest.raises(TypeError, match="minifyy"):
        device.setup(minifyy=True)


# --- threads -------------------------------------------------------------------------------------


def test_a_thread_returns_at_once_and_its_output_arrives(
    device: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    device("go = False\ndone = []")

    @device.thread
    def work(a, *, b):
        while not go:
            pass
        print("from the thread")
        done.append((a, b))

    assert work(1, b="x") is None
    assert device("done") == []
    device("go = True")
    until(lambda: device("done"))
    assert device("done") == [(1, "x")]
    until(lambda: device("None") is None and "from the thread\n" in _seen(capsys))
    with pytest.raises(UntransferableError, match="work: argument 'a'"):
        work(math, b=1)
    assert work.__name__ in dir(device.thread)


_SEEN: list[str] = []


def _seen(capsys: pytest.CaptureFixture[str]) -> str:
    _SEEN.append(capsys.readouterr().out)
    return "".join(_SEEN)


@pytest.mark.parametrize("agent", [True, False])
def test_boards_without_threads(agent: bool) -> None:
    with Device("virtual:", agent=agent) as device:

        @device.thread
        def work():
            pass

        device(
            "import builtins\nreal = builtins.__import__\n"
            "def refuse(name, *args):\n"
            "  if name == '_thread': raise ImportError('no module')\n"
            "  return real(name, *args)\n"
            "builtins.__import__ = refuse"
        )
        with pytest.raises(FeatureUnavailableError, match="no threads"):
            work()
        device("builtins.__import__ = real")
        work()


def test_a_function_whose_name_was_deleted() -> None:
    with Device("virtual:", agent=False) as plain, Device("virtual:", agent=True) as quick:
        for device in (plain, quick):

            @device.task
            def work():
                return 1

            device("del work")
            if device is plain:
                with pytest.raises(NameError):
                    work()
            else:
                # The agent knows functions by number.
                assert work() == 1


# --- what is remembered --------------------------------------------------------------------------


def test_what_is_recorded_is_replayed_as_it_was() -> None:
    with Device("virtual:", attempts=1) as device:
        device("log = []")
        device("log.append('dropped')", record=False)

        @device.setup
        def note(items):
            log.append(items)

        @device.setup(record=False)
        def once():
            log.append("once")

        @device.task(record=True)
        def add(items):
            log.append(items)
            return len(log)

        @device.task
        def unrecorded():
            log.append("unrecorded")

        @device.task(record=True)
        def generator():
            yield log.append("generator")

        @device.thread
        def thread(items):
            log.append(items)

        items: list[Any] = [1]
        note(items)
        add(items)
        thread(items)
        items.append("changed later")
        once()
        unrecorded()
        list(generator())
        device.reconnect()
        until(lambda: device("len(log)") == 3)
        assert device("log") == [[1], [1], [1]]
