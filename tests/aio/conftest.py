from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from belay import AsyncDevice

T = TypeVar("T")

PATIENCE = 60.0


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program to its end, which must come."""
    return asyncio.run(asyncio.wait_for(main, PATIENCE))


@pytest.fixture(scope="module", params=[True, False], ids=["agent", "plain"])
def device(request: pytest.FixtureRequest) -> Iterator[AsyncDevice]:
    """A board that the tests of a module share, each with an event loop of its own."""
    device = AsyncDevice("virtual:", agent=request.param)
    run(device.connect())
    yield device
    run(device.close())


class Told:
    """A stream that says when something was written to it, to tasks of an event loop."""

    def __init__(self) -> None:
        self.text = ""
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def write(self, text: str) -> None:
        self.text += text
        self._loop.call_soon_threadsafe(self._event.set)

    def flush(self) -> None: ...

    async def told(self) -> None:
        await self._event.wait()
