"""What decorated functions become on a device for asyncio programs."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar

from belay.aio.worker import Worker
from belay.exceptions import ConnectionLost

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class AsyncRemote(Generic[P]):
    """A function whose code is on the board, for tasks of an event loop.

    Args:
        worker: Asks the board.
        function: The function as the user wrote it.
        remote: Called by the worker: what the function is for programs that block.
    """

    __name__: str

    def __init__(self, worker: Worker, function: Callable[P, Any], remote: Callable[[], Any]) -> None:
        wrapper: Any = self
        functools.update_wrapper(wrapper, function)
        self._worker = worker
        self._remote = remote

    def __repr__(self) -> str:
        return f"<async {self.__name__} on a board>"


class AsyncFunction(AsyncRemote[P], Generic[P, R]):
    """A setup, a teardown or a thread: ``await`` a call of it."""

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it on the board."""
        result: R = await self._worker.do(lambda: self._remote()(*args, **kwargs))
        return result


class AsyncTask(AsyncFunction[P, R]):
    """A task: ``await`` a call of it for its result."""

    async def map(self, items: Iterable[Any], /, *more: Iterable[Any]) -> list[R]:
        """Call it for each item, in as few turns as fit; see :meth:`belay.remote.functions.Task.map`.

        Args:
            items: The first argument of each call.
            more: The second of each, and so on; the shortest decides how many calls there are.

        Returns:
            The results, in their order.

        Raises:
            BoardError: A call raised; a note names the item. Those before it ran, those behind it did not.
            BoardTimeoutError: A call took too long and was interrupted.
            ConnectionLost: The board is gone.
            UntransferableError: An argument cannot travel, so nothing was sent; or a result cannot, and all
                calls ran.
        """
        result: list[R] = await self._worker.do(lambda: self._remote().map(items, *more))
        return result


class AsyncItems(AsyncRemote[P], Generic[P, T]):
    """A generator task: ``async for`` over a call of it.

    The generator is closed on the board when the loop over it is left by ``aclose()``, and at the latest at
    the end of the event loop. Its return value is lost, since asynchronous generators have none.
    """

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, Any]:
        """Begin it; the board is asked for each item when it is wanted.

        Args:
            args: The function's arguments.
            kwargs: Its named arguments.

        Returns:
            An asynchronous generator; ``asend`` and ``athrow`` reach the board, too.

        Raises:
            BoardError: The board's generator raised.
            BoardTimeoutError: An item took too long; the generator is over.
            ConnectionLost: The board is gone.
            UntransferableError: An argument or an item cannot travel.
        """
        made = await self._worker.do(lambda: self._remote()(*args, **kwargs))
        step: Callable[[], Any] = functools.partial(next, made)
        try:
            while True:
                found = await self._worker.do(lambda: _ended_or(step))  # noqa: B023 - done before the next one
                if isinstance(found, _Ended):
                    return
                try:
                    step = functools.partial(made.send, (yield found))
                except GeneratorExit:
                    raise
                except Exception as error:  # noqa: BLE001 - thrown in by the user, for the board to raise
                    step = functools.partial(made.throw, error)
        finally:
            # With the board, or once the device is closed, the generator is gone anyhow.
            with suppress(ConnectionLost):
                await self._worker.do(made.close)


class _Ended:
    """In the place of a StopIteration, which no future can hold."""


def _ended_or(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except StopIteration:
        return _Ended()
