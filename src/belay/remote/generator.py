"""Generators whose code runs on the board."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from types import TracebackType
from typing import Any

from belay.board.calls import Calls, Item, Return, Terms
from belay.exceptions import BatchError, BelayException, BoardError, BoardResetError, UntransferableError
from belay.remote.clock import BoardClock
from belay.remote.failure import at_home

Ask = Callable[[Callable[[Calls, Terms], Any]], Any]
"""Asks the board one question."""


class RemoteGenerator(Generator[Any, Any, Any]):
    """A generator on the board, in lockstep: each item is asked for when it is wanted.

    Its return value is that of ``yield from``. A generator that is dropped early is closed on the board
    along with the next call, since a destructor must not talk to the board.

    Args:
        ask: Asks the board.
        function: The name of the generator function on the board.
        args: Its arguments.
        kwargs: Its named arguments.
        clock: Tells when an item was there: then each comes as ``(item, datetime)``. None if nobody asks.
    """

    def __init__(
        self,
        ask: Ask,
        function: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        clock: BoardClock | None = None,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._begin = (function, args, kwargs)
        self._calls: Calls | None = None
        self._key = 0
        self._ended = False

    def send(self, value: Any, /) -> Any:
        """Go on, with ``value`` as the result of the ``yield`` on the board; returns the next item.

        Args:
            value: What can travel; None for a generator that has not begun.

        Returns:
            The item; with a clock, ``(item, datetime)``.

        Raises:
            StopIteration: The generator returned; ``value`` holds what.
            BoardError: Its code raised.
            BoardTimeoutError: The item took too long; the generator is over.
            BoardResetError: The board was reset since it began; the generator is over.
            ConnectionLost: The board is gone.
            UntransferableError: The value, or the item, cannot travel; the generator may go on.
            TypeError: A value is sent to a generator that has not begun.
        """
        if self._ended:
            raise StopIteration
        if self._calls is None and value is not None:
            raise TypeError("can't send non-None value to a just-started generator")
        try:
            return self._go(lambda calls, terms: calls.send(self._key, value, terms))
        except BoardError as error:
            raise at_home(error) from None

    def throw(
        self,
        error: Any,
        value: BaseException | object = None,
        _traceback: TracebackType | None = None,
        /,
    ) -> Any:
        """Raise an exception on the board, at the ``yield``; returns the next item.

        Args:
            error: An exception of a type that the board knows too, with arguments that can travel.
            value: For the older form with type, value and traceback; the traceback is not sent.

        Returns:
            The item, as :meth:`send`.

        Raises:
            StopIteration: The generator returned.
            BoardError: Its code raised, perhaps the same exception.
        """
        raised = error if isinstance(error, BaseException) else error(*(() if value is None else (value,)))
        if self._calls is None or self._ended:
            self._ended = True
            raise raised
        try:
            return self._go(lambda calls, terms: calls.throw(self._key, raised, terms))
        except BoardError as problem:
            raise at_home(problem) from None

    def close(self) -> None:
        """End the generator on the board, running its ``finally`` blocks, now.

        Raises:
            BoardError: A ``finally`` block raised.
            RuntimeError: The generator yielded instead of ending.
        """
        if self._ended or self._calls is None:
            self._ended = True
            return
        try:
            self.throw(GeneratorExit())
        except StopIteration:
            return
        except BelayException as error:
            if getattr(error, "board_type", "") != "GeneratorExit":
                raise
            return
        finally:
            self._end()
        raise RuntimeError("generator ignored GeneratorExit")

    def __del__(self) -> None:
        self._end()

    # --------------------------------------------------------------------------------------------

    def _go(self, question: Callable[[Calls, Terms], Item | Return]) -> Any:
        def step(calls: Calls, terms: Terms) -> Item | Return | None:
            if self._calls is None:
                if self._clock:
                    self._clock.prepare(calls, terms)
                self._key = calls.start(*self._begin, replace(terms, timed=self._clock is not None))
                self._calls = calls
            if calls is not self._calls:
                return None
            asked = self._clock.timed(question) if self._clock else question
            answer: Item | Return = asked(calls, terms)
            return answer

        try:
            answer = self._ask(step)
        except (UntransferableError, BatchError):
            # What was sent or yielded cannot travel, or not now; the generator itself is as it was.
            raise
        except BaseException:
            # An exception has ended it on the board, and so has the interrupt that follows a time-out,
            # unless that came before the generator's own code ran.
            self._end()
            raise
        if isinstance(answer, Item):
            return answer.value
        self._ended = True
        if answer is None:
            raise BoardResetError("the generator is gone: the board was reset since it began", sent=False)
        raise StopIteration(answer.value)

    def _end(self) -> None:
        """Be over, here and, with the next call, on the board."""
        if not self._ended and self._calls is not None:
            self._calls.forget(self._key)
        self._ended = True
