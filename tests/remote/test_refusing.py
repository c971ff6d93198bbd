# ruff: noqa: F811, F841, N805 - functions that run on the board
from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from belay import AsyncDevice, Device
from belay.exceptions import (
    BelayException,
    DecorationError,
    SpecialFunctionNameError,
    UnsupportedFunctionError,
)


class Base(Device):
    @Device.task
    def double(x):
        return 2 * x


def twice_for_one() -> object:
    class Wrong(Device):
        @Device.task(implementation="micropython")
        def f():
            return 1

        @Device.task(implementation="circuitpython")
        def f():
            return 2

        @Device.task(implementation="micropython")
        def f():
            return 3

    return Wrong


def twice_for_all() -> object:
    class Wrong:
        @Device.task
        def f():
            return 1

        @Device.task(minify=False)
        def f():
            return 2

    return Wrong


def two_kinds() -> object:
    class Wrong(Device):
        @Device.task
        def f():
            return 1

        @Device.setup(implementation="circuitpython")
        def f():
            x = 1

    return Wrong


def taken() -> object:
    class Wrong(Device):
        @Device.task
        def close():
            return 1

    return Wrong


def taken_by_mixin() -> object:
    class Harmless:
        @Device.task
        def sync():
            return 1

    class Wrong(Harmless, Device):
        pass

    return Wrong


def taken_decorator() -> object:
    class Wrong(Device):
        @Device.task
        def setup():
            return 1

    return Wrong


def same_on_board() -> object:
    class Wrong(Base):
        @Device.thread
        def other():
            pass

        other.__wrapped__.__name__ = "double"

    return Wrong


def with_self() -> object:
    class Wrong(Device):
        @Device.task
        def f(self, x):
            return x

    return Wrong


def autoinit_with_parameters() -> object:
    class Wrong(Device):
        @Device.setup(autoinit=True)
        def f(x=1):
            y = x

    return Wrong


def class_method_above() -> object:
    class Wrong(Device):
        @classmethod
        @Device.task
        def f():
            return 1

    return Wrong


def property_above() -> object:
    class Harmless:
        @property
        @Device.task
        def f():
            return 1

    class Wrong(Harmless, Device):
        pass

    return Wrong


def cached_property_above() -> object:
    class Wrong(AsyncDevice):
        @functools.cached_property
        @AsyncDevice.task
        def f():
            return 1

    return Wrong


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        (twice_for_one, "f: it is there twice for micropython", "one for each"),
        (twice_for_all, "f: it is there twice without implementation=", "at most one"),
        (two_kinds, "f: it is a task and a setup in one class body", "of one kind"),
        (taken, "close: Device.close has this name already", "another name"),
        (taken_by_mixin, "sync: Device.sync has this name already", "another name"),
        (taken_decorator, "setup: Device.setup has this name already", "another name"),
        (same_on_board, "double: <task Base.double .*same name on the board", "another name"),
        (with_self, "f: it has a parameter self, but a task runs on the board", "leave self out"),
        (autoinit_with_parameters, "f: a setup with autoinit=True cannot have parameters", "nobody gives"),
        (class_method_above, "f: @classmethod stands above @task; the class is not", "leave @classmethod"),
        (property_above, "f: @property stands above @task, but", "write a property that calls a task"),
        (cached_property_above, "f: @cached_property stands above @task, but", "leave @cached_property out"),
    ],
)
def test_a_class_body_that_cannot_be_is_refused(make: Callable[[], object], message: str, hint: str) -> None:
    with pytest.raises(DecorationError, match=message) as caught:
        make()
    assert isinstance(caught.value, ValueError)
    assert hint in (caught.value.hint or "")


def asynchronous() -> None:
    class Wrong(Device):
        @Device.task
        async def f():
            return 1


def without_name() -> None:
    class Wrong(Device):
        f = Device.task(lambda: 1)


def returning() -> None:
    class Wrong(AsyncDevice):
        @AsyncDevice.setup
        def f():
            return 1


def generating() -> None:
    class Wrong(Device):
        @Device.thread
        def f():
            yield 1


def enclosed() -> None:
    value = 1

    class Wrong(Device):
        @Device.teardown
        def f():
            x = value


def class_method() -> None:
    class Wrong(Device):
        @Device.task
        @classmethod
        def f(cls):
            return 1


def reserved() -> None:
    class Wrong(Device):
        @Device.task
        def __f__():
            return 1


def ours() -> None:
    class Harmless:
        @Device.task
        def _belay_x():
            return 1


@pytest.mark.parametrize(
    ("make", "kind", "message", "hint"),
    [
        (asynchronous, UnsupportedFunctionError, "^f cannot run .* async def", "on the board"),
        (without_name, UnsupportedFunctionError, "^<lambda> cannot run .* it is a lambda", "with def"),
        (returning, UnsupportedFunctionError, "^f cannot run .* return at ", "use a task"),
        (generating, UnsupportedFunctionError, "^f cannot run .* generator", None),
        (enclosed, UnsupportedFunctionError, "^f cannot run .* it uses value", "as an argument"),
        (class_method, UnsupportedFunctionError, "^f cannot run .* class method", "leave @classmethod"),
        (reserved, SpecialFunctionNameError, "^__f__ is a name", "another name"),
        (ours, SpecialFunctionNameError, "^_belay_x is a name", "another name"),
    ],
)
def test_what_cannot_run_on_a_board_is_refused_before_there_is_one(
    make: Callable[[], None], kind: type[BelayException], message: str, hint: str | None
) -> None:
    with pytest.raises(kind, match=message) as caught:
        make()
    assert hint is None or hint in (caught.value.hint or "")


def test_what_no_decorator_takes() -> None:
    with pytest.raises(TypeError, match="teardown has no option autoinit"):

        class Wrong(Device):
            @Device.teardown(autoinit=True)
            def f():
                pass

    for nonsense in (property(lambda self: 1), classmethod(print), 3, len, Device):
        with pytest.raises(UnsupportedFunctionError):
            Device.task(nonsense)  # type: ignore[call-overload]
