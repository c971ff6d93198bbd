"""Batches: calls that are gathered, to be sent in few turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, Self, TypeVar, cast

from belay.board.many import Lost
from belay.exceptions import BatchError, BoardError
from belay.remote.caller import Caller
from belay.remote.failure import at_home
from belay.remote.sending import Entry, Sending

if TYPE_CHECKING:
    from belay.remote.functions import RemoteFunction

P = ParamSpec("P")
R = TypeVar("R")


class Gathering(Protocol):
    """What a future needs of its batch."""

    @property
    def mine(self) -> bool:
        """Whether it gathers calls of whoever asks, who would wait for ever."""
        ...


class BatchFuture(Future[R]):
    """The result of a call in a batch, there once the batch was sent.

    Args:
        batch: The batch that will be sent.
    """

    def __init__(self, batch: Gathering) -> None:
        super().__init__()
        self._batch = batch

    def result(self, timeout: float | None = None) -> R:
        """What the call returned.

        Args:
            timeout: Seconds to wait, for another thread than that of the batch.

        Raises:
            BatchError: The batch was not sent yet.
            BoardError: The call raised.
            BoardTimeoutError: It took too long.
            UntransferableError: Its result cannot travel.
            NotRunError: It did not run.
            concurrent.futures.CancelledError: The block was left by an exception before it was sent.
        """
        self._check()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the call raised, or what kept it from running; None if it ran.

        Args:
            timeout: Seconds to wait, for another thread than that of the batch.

        Raises:
            BatchError: The batch was not sent yet.
            concurrent.futures.CancelledError: The block was left by an exception before it was sent.
        """
        self._check()
        return super().exception(timeout)

    def _check(self) -> None:
        if not self.done() and self._batch.mine:
            raise BatchError("there is no result before the batch is sent", hint="batch.flush() sends it now")


class Batch:
    """Gathers calls to a device and sends them together, at the end of a ``with`` block.

    Inside the block, calls that this thread makes to the device (tasks, setups, threads, ``device("…")``)
    return :class:`BatchFuture` objects at once. The calls are made in their order, each at most once, up to
    the first that raises. If the block is left by an exception, nothing is sent.

    Args:
        caller: Asks the board.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._outer: Batch | None = None
        self._thread: int | None = None
        self._open = False
        self._entries: list[Entry] = []
        self._futures: list[BatchFuture[Any]] = []

    @property
    def mine(self) -> bool:
        """Whether the thread that asks gathers calls in it."""
        return self._open and self._thread == threading.get_ident()

    def submit(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> BatchFuture[R]:
        """Add a call; the same as calling the function in the block, as type checkers understand it.

        Args:
            function: A task, setup or thread of the device.
            args: Its arguments.
            kwargs: Its named arguments.

        Returns:
            A future: the result, once the batch was sent.

        Raises:
            BatchError: The block is over, or this is another thread.
            TypeError: The function is not one of the device's.
            UntransferableError: An argument cannot travel.
        """
        if not self.mine:
            raise BatchError(
                "calls can be added only inside the batch's block, by the thread that entered it"
            )
        if getattr(function, "_caller", None) is not self._caller:
            raise TypeError(f"{function!r} is not a task, setup or thread of this device")
        return self.add(cast("RemoteFunction[P, R]", function).entry(args, kwargs))

    def add(self, entry: Entry) -> BatchFuture[Any]:
        """Add a call."""
        future: BatchFuture[Any] = BatchFuture(self)
        self._entries.append(entry)
        self._futures.append(future)
        return future

    def flush(self) -> None:
        """Send what was gathered so far, and wait for its end.

        Raises:
            BatchError: The block is over, or this is another thread.
            BoardError: A call raised; those before it ran, those behind it did not. A note names it.
            UntransferableError: The result of a call cannot travel; all ran.
            BoardTimeoutError: A call took too long and was interrupted.
            ConnectionLost: The board is gone.
            MaxHistoryLengthError: The calls cannot all be recorded; nothing was sent.
        """
        if not self.mine:
            raise BatchError("only the thread that entered the batch's block can send it, inside the block")
        try:
            self._send()
        except BoardError as error:
            raise at_home(error) from None

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise BatchError("a batch can be entered once only", hint="device.batch() makes another one")
        self._thread = threading.get_ident()
        self._outer = self._caller.batch
        self._caller.batch = self
        self._open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open = False
        self._caller.batch = self._outer
        if error is not None:
            self._cancel()
            return
        try:
            self._send()
        except BoardError as problem:
            raise at_home(problem) from None

    def _send(self) -> None:
        """Send what was gathered; what an outer batch gathered before comes first."""
        try:
            if self._outer:
                self._outer._send()
        except BaseException:
            self._cancel()
            raise
        gathered = list(zip(self._entries, self._futures, strict=True))
        self._entries, self._futures = [], []
        going = [(entry, future) for entry, future in gathered if future.set_running_or_notify_cancel()]
        futures = [future for _, future in going]

        def settle(number: int, result: object) -> None:
            if isinstance(result, Lost):
                futures[number].set_exception(result.error)
            else:
                futures[number].set_result(result)

        title = "call {number} of {total} in the batch: {call}"
        with self._caller.at_once():
            Sending(self._caller, [entry for entry, _ in going], title, settle).run()

    def _cancel(self) -> None:
        for future in self._futures:
            future.cancel()
        self._entries, self._futures = [], []
