# ruff: noqa: F841 - names of the board
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from belay import Device
from belay.exceptions import NoMatchingExecuterError


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

    @device.task(register=False)
    def hidden():
        return 1

    assert device.task.double is double
    assert device.task.double(4) == 8
    assert device.setup.prepare is prepare
    assert device.thread.work is work
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


def test_type_checkers_see_the_functions_signature(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    sample = tmp_path / "sample.py"
    sample.write_text(
        "import belay\n"
        "from collections.abc import Iterator\n"
        "device = belay.Device()\n"
        "@device.task\n"
        "def plain(a: int, *, b: str = '') -> float: return 1.0\n"
        "@device.task(minify=False)\n"
        "def options(a: int) -> str: return ''\n"
        "@device.task\n"
        "def items(n: int) -> Iterator[int]: yield n\n"
        "class Mine(belay.Device):\n"
        "    @belay.Device.task\n"
        "    def method(a: int) -> str: return ''  # type: ignore[misc]\n"
        "    @belay.Device.setup(autoinit=True)\n"
        "    def setup() -> None: ...  # type: ignore[misc, override]\n"
        "reveal_type(plain)\n"
        "reveal_type(options)\n"
        "reveal_type(items)\n"
        "reveal_type(device('1'))\n"
        "with Mine() as mine: reveal_type(mine)\n"
        "plain('x')\n"
        "reveal_type(plain.map([1]))\n"
        "with device.batch() as batch: future = batch.submit(plain, 1, b='')\n"
        "reveal_type(future.result())\n"
        "batch.submit(plain, 'x')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context",
         "--cache-dir", str(tmp_path / "cache"), "--config-file", "", str(sample)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    lines = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert lines == [
        'note: Revealed type is "belay.remote.functions.Task[[a: int, *, b: str =], float]"',
        'note: Revealed type is "belay.remote.functions.Task[[a: int], str]"',
        'note: Revealed type is "belay.remote.functions.Task[[n: int], typing.Iterator[int]]"',
        'note: Revealed type is "Any"',
        'note: Revealed type is "sample.Mine"',
        (
            'error: Argument 1 to "__call__" of "RemoteFunction" has incompatible type "str"; '
            'expected "int"  [arg-type]'
        ),
        'note: Revealed type is "list[float]"',
        'note: Revealed type is "float"',
        'error: Argument 2 to "submit" of "Batch" has incompatible type "str"; expected "int"  [arg-type]',
    ], done.stdout + done.stderr
