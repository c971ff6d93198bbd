# ruff: noqa: F811, F821, F841, N805, T201 - functions that run on the board
from __future__ import annotations

import abc
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from belay import Device
from belay.exceptions import DecorationError, NoMatchingExecuterError
from belay.remote.marks import hidden_in, marked_in

T = TypeVar("T")


class Mixin:
    """No device by itself."""

    @Device.setup(autoinit=True)
    def mixin_setup():
        order.append("mixin")

    @Device.task
    @staticmethod
    def mixed(x):
        return double(x) + 1

    @property
    def address_twice(self) -> str:
        return self.address * 2  # type: ignore[attr-defined, no-any-return]


class Abstract(abc.ABC):
    @staticmethod
    @Device.task
    @abc.abstractmethod
    def read():
        return "abstract"

    @abc.abstractmethod
    def name(self) -> str: ...


class Base(Device):
    @Device.setup(autoinit=True)
    def setup():
        order = ["base"]

    @Device.setup(autoinit=True)
    def replaced():
        order.append("never")

    @Device.task
    def double(x):
        return 2 * x

    @Device.task
    def which():
        return "base"

    @Device.task
    def named_twice():
        return "both"

    again = named_twice


class Sensor(Mixin, Base, Generic[T]):
    limit: T

    @Device.setup(autoinit=True)
    def own():
        order.append("own")

    @Device.setup(autoinit=True)
    def replaced():
        order.append("replaced")

    def double(self, x: int) -> int:  # type: ignore[override]
        return 10 * super().double(x)

    @Device.task(implementation="micropython")
    def which():
        return "sensor"

    def base_which(self) -> Any:
        return super().which()

    def mixed_twice(self) -> Any:
        return super().mixed(1), Mixin.mixed.__get__(self)(2)


@pytest.fixture(scope="module")
def sensor() -> Iterator[Sensor[int]]:
    with Sensor[int]("virtual:") as sensor:
        yield sensor


# --- what a class body becomes -------------------------------------------------------------------


def test_setups_run_bases_first_and_an_override_in_its_own_place(sensor: Sensor[int]) -> None:
    assert [each.__name__ for each in Sensor.__mro__][:4] == ["Sensor", "Mixin", "Base", "Device"]
    assert sensor("order") == ["base", "mixin", "own", "replaced"]


def test_methods_and_tasks_of_bases_and_mixins_go_together(sensor: Sensor[int]) -> None:
    assert sensor.mixed(3) == 7  # on the board, double is that of the base
    assert sensor.double(3) == 60
    assert not hasattr(sensor.task, "double")
    assert Sensor in Base.__subclasses__()
    assert Base in Device.__subclasses__()
    assert sensor.mixed_twice() == (3, 5)
    assert sensor.address_twice == "virtual:virtual:"
    assert sensor.which() == sensor.task.which() == "sensor"
    assert sensor.again is sensor.named_twice is sensor.task.named_twice
    assert sensor.again() == "both"
    with pytest.raises(AttributeError, match=r"which of the base is not on the board: <task Sensor\.which "):
        sensor.base_which()
    assert isinstance(sensor.setup, type(sensor.own))
    assert sensor.__orig_class__ == Sensor[int]  # type: ignore[attr-defined]


def test_a_class_tells_what_it_has() -> None:
    assert repr(Base.which) == "<task Base.which of a device class>"
    assert Base.which.__wrapped__() == "base"
    assert list(inspect.signature(Base.double).parameters) == ["x"]
    with pytest.raises(TypeError, match=r"Base\.which runs on a board: call it on a device"):
        Base.which()

    class Early(Base):
        def __init__(self) -> None:
            self.seen = hasattr(self, "which")
            self.which()

    with pytest.raises(AttributeError, match=r"which runs on a board, and Early is connected to none yet"):
        Early()


def test_ways_to_make_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "sensors_elsewhere.py"
    module.write_text(
        "from belay import Device\n"
        "class Far(Device):\n"
        "    @Device.task\n"
        "    def far(x):\n"
        "        return x + 1\n"
        "    def __post_init__(self):\n"
        "        self.seen = [self.far(1)]\n"
        "def loose(a, b=2):\n"
        "    return a * b\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    elsewhere: Any = importlib.import_module("sensors_elsewhere")

    class Near(elsewhere.Far, Abstract):  # type: ignore[misc]
        @Device.task
        def read():
            return far(2)

        def name(self) -> str:
            return f"near {self.read()}"

        def __post_init__(self) -> None:
            super().__post_init__()
            self.seen.append(self.name())

    made = type("Made", (Near,), {"times": Device.task(elsewhere.loose), "__module__": __name__})
    module.write_text("# What is written into the file later is not what is sent.\n" + module.read_text())
    with made("virtual:") as device:
        assert device.seen == [2, "near 3"]
        assert (device.times(3), device.times(3, b=3)) == (6, 9)
        assert device.task.loose is device.times
    with pytest.raises(TypeError, match="abstract"):
        type("Unfinished", (elsewhere.Far, Abstract), {})("virtual:")


def test_a_device_may_be_a_dataclass() -> None:
    @dataclass(eq=False, repr=False)
    class Configured(Device):
        address_to_use: str
        factor: int = 2

        @Device.task
        def times(x, factor):
            return x * factor

        def __post_init__(self) -> None:
            super().__init__(self.address_to_use)

        def scaled(self, x: int) -> int:
            return self.times(x, self.factor)  # type: ignore[no-any-return]

    with Configured("virtual:", factor=3) as device:
        assert device.scaled(4) == 12
        assert repr(device) == "<Configured virtual: (micropython)>"


def test_a_teardown_that_a_plain_method_replaces_does_not_run_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Tidy(Device):
        @Device.teardown
        def end():
            print("base")

    class Careful(Tidy):
        def end(self) -> None:
            print("careful")
            super().end()

    with Careful("virtual:") as device:
        device.end()
        assert capsys.readouterr().out == "careful\nbase\n"
        assert not hasattr(device.teardown, "end")
    assert capsys.readouterr().out == ""


# --- for several implementations -----------------------------------------------------------------


class Overloads(Device):
    @Device.task
    def first():
        return "all"

    @Device.task(implementation="micropython")
    def first():
        return "micropython"

    @Device.task(implementation="circuitpython")
    def last():
        return "circuitpython"

    @Device.task(implementation="micropython")
    def last():
        return "micropython"

    @Device.task
    def last():
        return "all"

    @Device.task(implementation="circuitpython")
    def rest():
        return "circuitpython"

    @Device.task
    def rest():
        return "all"

    @Device.task(implementation="circuitpython")
    def none():
        return "circuitpython"

    @Device.task(implementation="unix")
    def none():
        return "unix"

    @Device.setup(autoinit=True, implementation="circuitpython")
    def prepare():
        prepared = "circuitpython"

    @Device.setup(autoinit=True)
    def prepare():
        prepared = "all"

    @Device.setup(autoinit=True, implementation="circuitpython")
    def never():
        prepared = "never"

    @Device.teardown(implementation="circuitpython")
    def end():
        print("never")

    @Device.teardown
    def end():
        print("ended")

    @Device.thread(implementation="circuitpython", record=False)
    def work():
        pass


def test_the_one_for_this_board_goes_before_the_one_for_all(capsys: pytest.CaptureFixture[str]) -> None:
    with Overloads("virtual:") as device:
        assert (device.first(), device.last(), device.rest()) == ("micropython", "micropython", "all")
        assert device.task.last() == device("last()") == "micropython"
        assert device("prepared") == "all"
        for call in (device.none, device.never, device.work, lambda: device.none.map([1])):
            with pytest.raises(
                NoMatchingExecuterError, match=r"\w+ is for \w+ boards only, and this one runs micro"
            ):
                call()
        with pytest.raises(NoMatchingExecuterError) as caught, device.batch() as batch:
            batch.submit(device.none)
        assert "implementation='micropython'" in (caught.value.hint or "")
        assert not hasattr(device.task, "none")

        @device.task
        def first():
            return "later"

        assert first() == device.task.first() == "later"
    assert capsys.readouterr().out == "ended\n"


def test_the_order_is_that_of_the_bases_and_what_plain_methods_replace_is_hidden() -> None:
    class Left(Base):
        @staticmethod
        @Device.task
        def left():
            return "left"

        @Device.setup(autoinit=True)
        def begin():
            x = "left"

    class Right(Base):
        @Device.setup(autoinit=True)
        def begin():
            x = "right"

        @Device.task
        def double(x):
            return 3 * x

    class Both(Left, Right):
        def left(self) -> None: ...

        def double(self) -> None: ...

        @Device.setup(autoinit=True)
        def last(): ...

    assert [*marked_in(Both)] == ["setup", "replaced", "which", "named_twice", "again", "begin", "last"]
    assert marked_in(Both)["begin"] is Left.begin
    assert hidden_in(Both) == [Right.double, Left.left]
    assert hidden_in(Left) == []


def test_a_name_that_a_device_uses_itself() -> None:
    class Wrong(Device):
        @Device.task
        def _caller():
            return 1

    with pytest.raises(DecorationError, match="_caller: devices have an attribute of this name"):
        Wrong("virtual:")
