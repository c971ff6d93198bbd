"""Batches for asyncio programs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from belay.aio.functions import AsyncFunction, AsyncItems
from belay.aio.worker import Worker
from belay.board.many import snapshot
from belay.exceptions import BatchError
from belay.remote.batch import Batch, BatchFuture

if TYPE_CHECKING:
    from belay.device import Device

P = ParamSpec("P")
R = TypeVar("R")


class AsyncBatch:
    """Gathers calls to a device and sends them together, at the end of an ``async with`` block.

    Unlike in a batch of a :class:`~belay.Device`, only what is submitted is gathered: other tasks may call
    the device meanwhile. If the block is left by an exception, nothing is sent.

    Args:
        worker: Asks the board.
        device: Called by the worker: the device.
    """

    def __init__(self, worker: Worker, device: Callable[[], Device]) -> None:
        self._worker = worker
        self._device = device
        self._gathered: list[tuple[Callable[[Batch], BatchFuture[Any]], BatchFuture[Any]]] = []
        self._open = False

    @property
    def mine(self) -> bool:
        """Whether what was gathered is still to be sent, so that nobody should wait for it."""
        return self._open

    def submit(
        self, function: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> BatchFuture[R]:
        """Add a call.

        Args:
            function: A task, setup or thread of the device.
            args: Its arguments, as they are now.
            kwargs: Its named arguments.

        Returns:
            A future whose ``result()`` is there after the block.

        Raises:
            BatchError: The block is over, or was not entered; or it is a generator.
            TypeError: The function is not one of the device's.
            UntransferableError: An argument cannot travel.
        """
        if isinstance(function, AsyncItems):
            raise BatchError(
                f"{function.__name__} is a generator, whose items come one by one",
                hint="a task that returns a list can be one of many calls",
            )
        if not isinstance(function, AsyncFunction) or function._worker is not self._worker:
            raise TypeError(f"{function!r} is not a task, setup or thread of this device")
        remote, kept = function._remote, snapshot(args, kwargs)
        return self._add(lambda batch: batch.submit(remote(), *kept[0], **kept[1]))

    def __call__(self, code: str, **options: Any) -> BatchFuture[Any]:
        """Add a statement or an expression.

        Args:
            code: As for :meth:`AsyncDevice.__call__ <belay.AsyncDevice.__call__>`.
            options: Likewise.

        Raises:
            BatchError: The block is over, or was not entered.
        """
        return self._add(lambda _: self._device()(code, **options))

    async def flush(self) -> None:
        """Send what was gathered so far, and wait for its end; see :meth:`belay.remote.batch.Batch.flush`.

        Raises:
            BatchError: The block is over, or was not entered.
            BoardError: A call raised; those before it ran, those behind it did not. A note names it.
            ConnectionLost: The board is gone.
        """
        self._check_open()
        await self._send()

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open = False
        if error is None:
            await self._send()
        for _, future in self._gathered:
            future.cancel()

    def _check_open(self) -> None:
        if not self._open:
            raise BatchError("calls can be added only inside the batch's block")

    def _add(self, submit: Callable[[Batch], BatchFuture[Any]]) -> BatchFuture[Any]:
        self._check_open()
        future: BatchFuture[Any] = BatchFuture(self)
        self._gathered.append((submit, future))
        return future

    async def _send(self) -> None:
        gathered, self._gathered = self._gathered, []
        if not gathered:
            return

        def send() -> None:
            inner: list[BatchFuture[Any]] = []
            try:
                with self._device().batch() as batch:
                    for submit, _ in gathered:
                        inner.append(submit(batch))
            finally:
                for (_, future), result in zip(gathered, inner, strict=False):
                    _hand_on(result, future)
                for _, future in gathered[len(inner) :]:
                    future.cancel()

        try:
            await self._worker.do(send)
        finally:
            for _, future in gathered:
                # The worker was told to stop before it began.
                future.cancel()


def _hand_on(result: BatchFuture[Any], future: BatchFuture[Any]) -> None:
    """Settle a future as another one was."""
    if result.cancelled():
        future.cancel()
    elif future.set_running_or_notify_cancel():
        if error := result.exception():
            future.set_exception(error)
        else:
            future.set_result(result.result())
