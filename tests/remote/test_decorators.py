# ruff: noqa: F811, F841 - names of the board, for several implementations
from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from belay import Device
from belay.exceptions import NoMatchingExecuterError, UnsupportedFunctionError
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport


def test_what_was_decorated_is_found_by_its_name(device: Device) -> None:
    @device.task
    def double(x):
        return 2 * x

    @device.setup
    def prepare():
        prepared = 1

    @device.thread
    def work():
        pass

    @device.teardown(ignore_errors=True)
    def tidy():
        pass

    @device.task(register=False)
    def hidden():
        return 1

    assert device.task.double is double
    assert device.task.double(4) == 8
    assert device.setup.prepare is prepare
    assert device.thread.work is work
    assert device.teardown.tidy is tidy
    assert {"double"} <= set(dir(device.task))
    assert hidden() == 1
    assert not hasattr(device.task, "hidden")
    with pytest.raises(AttributeError, match="no task is called 'nothing'"):
        device.task.nothing  # noqa: B018
    assert not hasattr(device.teardown, "double")


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("task", "autoinit"),
        ("task", "ignore_errors"),
        ("thread", "ignore_errors"),
        ("teardown", "autoinit"),
        ("setup", "wrong"),
    ],
)
def test_options_that_there_are_not(device: Device, name: str, option: str) -> None:
    with pytest.raises(TypeError, match=f"{name} has no option {option}; it has minify, register"):
        getattr(device, name)(**{option: True})
    with pytest.raises(TypeError, match=option):
        getattr(Device, name)(**{option: True})


@pytest.mark.parametrize("name", ["task", "setup", "teardown", "thread"])
def test_what_is_no_function(device: Device, name: str) -> None:
    for decorator in (
        getattr(device, name),
        getattr(device, name)(implementation="other"),
        getattr(Device, name),
    ):
        for wrong, kind in (("x = 1", "a str"), (42, "an int"), (partial(print), "a partial")):
            with pytest.raises(
                UnsupportedFunctionError, match=f"it is {kind} object, not a function"
            ) as caught:
                decorator(wrong)
            assert ("runs code that is text" in (caught.value.hint or "")) == (wrong == "x = 1")


def test_functions_for_other_implementations_are_left_out(device: Device) -> None:
    @device.task(implementation="micropython")
    def which():
        return "micropython"

    mine = which

    @device.task(implementation="circuitpython")  # type: ignore[no-redef]
    def which():
        return "circuitpython"

    assert which is mine
    assert which() == device.task.which() == "micropython"

    @device.task(implementation="circuitpython")
    def other():
        pass

    assert other.__name__ == "other"
    with pytest.raises(NoMatchingExecuterError, match="other is for circuitpython boards only"):
        other()
    assert not hasattr(device.task, "other")


def test_a_setup_with_autoinit_runs_now_that_the_device_is_there(device: Device) -> None:
    @device.setup(autoinit=True)
    def now():
        ran = 5

    assert device("ran") == 5
    with pytest.raises(ValueError, match="cannot have parameters"):

        @device.setup(autoinit=True)
        def wrong(x=1):
            pass

    with pytest.raises(ValueError, match="cannot have parameters"):

        @Device.setup(autoinit=True)
        def wrong_too(*, x=1):
            pass

    @device.setup(autoinit=True, implementation="circuitpython")
    def never():
        ran = 6

    assert device("ran") == 5


def test_the_one_for_all_others_may_come_first_or_last(device: Device) -> None:
    @device.task(implementation="micropython")
    def last():
        return "micropython"

    @device.task  # type: ignore[no-redef]
    def last():
        return "all"

    @device.task
    def first():
        return "all"

    @device.task(implementation="micropython")  # type: ignore[no-redef]
    def first():
        return "micropython"

    @device.task
    def rest():
        return "all"

    everybody = rest

    @device.task(implementation="circuitpython")  # type: ignore[no-redef]
    def rest():
        return "circuitpython"

    assert first() == last() == device.task.last() == device("first()") == "micropython"
    assert rest is everybody
    assert rest() == "all"


def test_what_is_written_elsewhere_replaces_what_was_there(device: Device, tmp_path: Path) -> None:
    """As a cell of a notebook does that is run again, be it with other options."""

    def cell(number: int, option: str) -> None:
        file = tmp_path / f"cell{number}.py"
        file.write_text(f"@device.task({option})\ndef cell():\n    return {number}\n")
        exec(compile(file.read_text(), file, "exec"), {"device": device})

    cell(1, "implementation='micropython'")
    cell(2, "")
    assert device.task.cell() == device("cell()") == 2
    cell(3, "implementation='micropython'")
    cell(3, "implementation='micropython'")
    assert device.task.cell() == 3


def test_comments_are_sent_only_if_that_is_wanted() -> None:
    def lengthy(x=1):
        y = x
        # A comment of which the board need not know, and which takes its time on the wire, each time.
        z = y

    counted: list[CountingTransport] = []

    def count(transport: Transport) -> Transport:
        counted.append(CountingTransport(transport))
        return counted[-1]

    def sent(device: Device, kind: str, minify: bool) -> int:
        counted[-1].reset()
        getattr(device, kind)(minify=minify)(lengthy)()
        return counted[-1].bytes_out

    with Device("virtual:", wrap=count) as device:
        for kind in ("task", "setup", "teardown", "thread"):
            sent(device, kind, minify=True)  # with what the first of a kind needs besides
            assert sent(device, kind, minify=False) > sent(device, kind, minify=True) + 50
