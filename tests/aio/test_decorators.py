# ruff: noqa: F841 - names of the board
from __future__ import annotations

import pytest

from belay import AsyncDevice
from belay.exceptions import UnsupportedFunctionError

from .conftest import run

ONLY_HERE = 1


def test_functions_that_cannot_be(device: AsyncDevice) -> None:
    with pytest.raises(UnsupportedFunctionError):
        device.task(lambda: 1)
    with pytest.raises(TypeError, match="task has no option autoinit"):
        device.task(autoinit=True)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="cannot have parameters"):

        @device.setup(autoinit=True)
        def wrong(x=1):
            pass

    @device.task
    def refused(x=ONLY_HERE):
        return x

    async def main() -> None:
        for _ in range(2):
            with pytest.raises(NameError, match="ONLY_HERE"):
                await refused()

    run(main())


def test_what_was_decorated_is_found_by_its_name(device: AsyncDevice) -> None:
    @device.task
    def visible():
        return 1

    @device.setup(register=False)
    def hidden():
        x = 1

    @device.setup(autoinit=True)
    def at_once():
        ran = 5

    assert device.task.visible is visible
    assert "visible" in dir(device.task)
    for decorator, name in ((device.setup, "hidden"), (device.thread, "visible")):
        with pytest.raises(AttributeError, match=f"no (setup|thread) is called '{name}'"):
            getattr(decorator, name)

    async def main() -> None:
        assert await device("ran") == 5

    run(main())
