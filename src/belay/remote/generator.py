"""Generators whose code runs on the board."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import Any

from belay.board.calls import Calls, Item, Return, Terms
from belay.exceptions import BelayException, BoardError, BoardResetError, UntransferableError
from belay.remote.caller import Caller
from belay.remote.failure import raise_home


class RemoteGenerator(Generator[Any, Any, Any]):
    """A generator on the board, in lockstep: each item is asked for when it is wanted.

    Its return value is that of ``yield from``. A generator that is dropped early is closed on the board
    along with the next call, since a destructor must not talk to the board.

    Args:
        caller: Asks the board.
        function: The name of the generator function on the board.
        args: Its arguments.
        kwargs: Its named arguments.
        options: What :meth:`Caller.ask` takes, for each item.
    """

    def __init__(
        self,
        caller: Caller,
        function: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        **options: Any,
    ) -> None:
        self._caller = caller
        self._options = options
        self._calls: Calls | None = None
        self._key: int | None = None
        self._begin = (function, args, kwargs)
        self._ended = False

    def send(self, value: Any, /) -> Any:
        """Go on, with ``value`` as the result of the ``yield`` on the board; returns the next item.

        Raises:
            StopIteration: The generator returned; ``value`` holds what.
            BoardError: Its code raised.
            BoardTimeoutError: The item took too long; the generator is over.
            ConnectionLost: The board is gone.
        """
        if self._ended:
            raise StopIteration
        if self._key is None and value is not None:
            raise TypeError("can't send non-None value to a just-started generator")
        return self._go(lambda calls, terms: calls.send(self._started(calls, terms), value, terms))

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

        Raises:
            StopIteration: The generator returned.
            BoardError: Its code raised, perhaps the same exception.
        """
        raised = error if isinstance(error, BaseException) else error(*(() if value is None else (value,)))
        if self._key is None or self._ended:
            self._ended = True
            raise raised
        return self._go(lambda calls, terms: calls.throw(self._started(calls, terms), raised, terms))

    def close(self) -> None:
        """End the generator on the board, running its ``finally`` blocks, now.

        Raises:
            BoardError: A ``finally`` block raised.
            RuntimeError: The generator yielded instead of ending.
        """
        if self._ended or self._key is None:
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
            self._ended = True
        raise RuntimeError("generator ignored GeneratorExit")

    def __del__(self) -> None:
        if not self._ended and self._calls is not None and self._key is not None:
            self._calls.forget(self._key)

    # --------------------------------------------------------------------------------------------

    def _started(self, calls: Calls, terms: Terms) -> int:
        if self._key is None:
            self._key = calls.start(*self._begin, terms)
            self._calls = calls
        self._check(calls)
        return self._key

    def _check(self, calls: Calls) -> None:
        if calls is not self._calls:
            raise BoardResetError("the generator is gone: the board was reset since it began", sent=False)

    def _go(self, question: Any) -> Any:
        answer: Item | Return
        try:
            answer = self._caller.ask(question, **self._options)
        except UntransferableError:
            # What was sent or yielded cannot travel; the generator itself is as it was.
            raise
        except BoardError as error:
            self._ended = True
            raise_home(error)
        except BaseException:
            # Whatever went wrong, the board has ended the generator: an exception ends it, and so does the
            # interrupt that follows a time-out.
            self._ended = True
            raise
        if isinstance(answer, Item):
            return answer.value
        self._ended = True
        raise StopIteration(answer.value)
