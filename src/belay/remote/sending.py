"""Making many calls in few turns, and telling what became of each."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.history import Step, Steps
from belay.board.many import Attempt, Call, Lost, Packed, Progress
from belay.exceptions import NotRunError, UntransferableError, notes_of
from belay.remote.caller import DEFAULT, Caller, Default
from belay.remote.failure import Origin, to_exception
from belay.remote.output import TextStream

MAX_LABEL = 100
"""A call is described in so many characters."""


class _Shortener(reprlib.Repr):
    """Describes arguments, without asking the board about those that are there."""

    def repr_Proxy(self, _value: object, _level: int) -> str:  # noqa: N802 - named after the type
        return "<Proxy>"


_SHORT = _Shortener()
_SHORT.maxstring = _SHORT.maxother = 40


@dataclass(frozen=True)
class About:
    """What all calls of one function, or of one piece of code, have in common.

    Attributes:
        name: The function's name; empty for code.
        record: Whether a call that ran is made again after a loss.
        stream: Where its output goes.
        origin: Where the code came from, if it is not that of a function on the board.
        translate: Makes of an error what the user sees.
        ignore_errors: Whether exceptions of the board are dropped.
        ran: Called once a call ran.
        repeatable: Whether a call may be made again if the connection is lost while it may have run.
    """

    name: str = ""
    record: bool = False
    stream: TextStream | Default | None = DEFAULT
    origin: Callable[[], Origin] | None = None
    translate: Callable[[Exception], Exception] | None = None
    ignore_errors: bool = False
    ran: Callable[[], object] | None = None
    repeatable: bool = False


class Entry(NamedTuple):
    """One of many calls.

    Attributes:
        call: What the board is asked.
        about: All else.
    """

    call: Call
    about: About

    def __str__(self) -> str:
        if not self.about.name:
            return f"device({_SHORT.repr(self.call.text)})"
        args = [_SHORT.repr(value) for value in self.call.args]
        args += [f"{name}={_SHORT.repr(value)}" for name, value in self.call.kwargs.items()]
        text = f"{self.about.name}({', '.join(args)})"
        return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…"


class Sending:
    """Makes many calls, in order, up to the first that raises.

    Args:
        caller: Asks the board.
        entries: The calls.
        title: What they are to the user, for messages: ``call {number} of {total} in the batch: {call}``.
        settle: Gets the number of each call, from 0, and its result, or a :class:`Lost` with its error.
    """

    def __init__(
        self, caller: Caller, entries: Sequence[Entry], title: str, settle: Callable[[int, object], None]
    ) -> None:
        self._caller = caller
        self._entries = entries
        self._title = title
        self._settle = settle
        self._at = 0
        self._first: Exception | None = None
        self._way: Calls | None = None
        self._packed: list[Packed] = []
        self._attempt = Attempt()
        self._doubtful = 0
        self._records = sum(entry.about.record for entry in entries)

    def run(self) -> None:
        """Make the calls.

        Raises:
            BoardError: One of them raised; those before it ran, those behind it did not. A note names it.
            UntransferableError: An argument cannot travel, so nothing was sent; or the result of a call
                cannot, and all ran.
            BoardTimeoutError: One of them took too long and was interrupted.
            ConnectionLost: The board is gone.
            MaxHistoryLengthError: They cannot all be recorded; nothing was sent.
        """
        try:
            while self._at < len(self._entries):
                self._advance(self._ask())
        except BaseException as error:
            self._give_up(error)
            raise
        if self._first:
            raise self._first

    def _ask(self) -> Progress:
        """Ask for the next calls whose output goes to the same place."""
        begin = self._at
        stream = self._entries[begin].about.stream
        rest = range(begin, len(self._entries))
        end = next((at for at in rest if self._entries[at].about.stream is not stream), len(self._entries))

        def question(calls: Calls, terms: Terms) -> Progress:
            self._pack(calls)
            packed = self._packed[begin:end]
            if not any(entry.call.timed for entry in self._entries[begin:end]):
                return calls.many(packed, terms, self._attempt)
            dated: Progress = self._caller.clock.watch(
                calls, terms, lambda: calls.many(packed, terms, self._attempt)
            )
            return dated

        self._attempt.under_way = self._doubtful = 0
        steps = Steps(self._records, self._steps) if self._records else None
        progress = self._caller.ask(
            question, timeout=None, stream=stream, replay=steps, repeatable=self._repeatable
        )
        self._attempt.under_way = self._doubtful = 0
        return progress

    def _repeatable(self) -> bool:
        """Whether all calls that may have run may be made again."""
        self._doubtful = max(self._doubtful, self._attempt.under_way)
        doubtful = self._entries[self._at : self._at + self._doubtful]
        return all(entry.about.repeatable for entry in doubtful)

    def _pack(self, calls: Calls) -> None:
        """Write all calls down before the first is sent; again if there is another way to the board now."""
        if self._way is calls:
            return
        packed = self._packed[: self._at]
        for number, entry in enumerate(self._entries[self._at :], self._at):
            try:
                packed.append(calls.pack(entry.call))
            except UntransferableError as error:
                raise self._told(error, number) from None
        self._way, self._packed = calls, packed

    def _steps(self, progress: Progress) -> list[Step]:
        """What is to be done again after a loss, of what was done."""
        done = self._entries[self._at : self._at + len(progress.results)]
        steps = [entry.call.ask for entry in done if entry.about.record]
        self._records -= len(steps)
        return list(steps)

    def _advance(self, progress: Progress) -> None:
        """Take the results of calls, and what the one after them raised."""
        for result in progress.results:
            if isinstance(result, Lost):
                self._settle_error(result.error)
            else:
                self._settle_value(result)
        if progress.failure is None:
            return
        if self._entries[self._at].about.ignore_errors and isinstance(progress.failure, BoardFailure):
            self._settle_value(None)
            return
        self._settle_error(progress.failure)
        raise cast("Exception", self._first)

    def _settle_value(self, value: object) -> None:
        about = self._entries[self._at].about
        self._settle(self._at, value)
        self._at += 1
        if about.ran:
            about.ran()

    def _settle_error(self, problem: Exception) -> None:
        error = self._told(problem, self._at)
        self._settle(self._at, Lost(error))
        self._at += 1
        self._first = self._first or error

    def _told(self, problem: Exception, number: int) -> Exception:
        """An error as the user sees it, with a note that names the call."""
        entry = self._entries[number]
        error = problem
        if isinstance(problem, BoardFailure):
            origin = entry.about.origin and entry.about.origin()
            error = to_exception(problem, self._caller.lines, origin)
        if entry.about.translate:
            error = entry.about.translate(error)
        if not notes_of(error):
            # One error may stand for several calls, whose results were lost together.
            error.add_note(self._title.format(number=number + 1, total=len(self._entries), call=entry))
        return error

    def _give_up(self, cause: BaseException) -> None:
        """Say of the calls that are left that they did not run, as far as that is certain."""
        doubtful = range(self._at, self._at + max(self._doubtful, self._attempt.under_way))
        if doubtful:
            cause.add_note(f"{_calls(doubtful)} of {len(self._entries)} may or may not have run")
        for number in range(self._at, len(self._entries)):
            entry = self._entries[number]
            if number in doubtful:
                error = NotRunError(f"{entry} may or may not have run: {cause}", may_have_run=True)
            else:
                error = NotRunError(f"{entry} did not run")
            error.__cause__ = cause
            self._settle(number, Lost(error))


def send_each(caller: Caller, entries: Sequence[Entry]) -> list[Any]:
    """Make many calls of one function; their results.

    Raises:
        BatchError: A batch gathers calls.
        BoardError: One of them raised; a note names it. So do the errors that :meth:`Sending.run` names.
    """
    results: list[Any] = [None] * len(entries)
    Sending(caller, entries, "item {number} of {total}: {call}", results.__setitem__).run()
    return results


def _calls(numbers: range) -> str:
    first, last = numbers[0] + 1, numbers[-1] + 1
    return f"call {first}" if first == last else f"calls {first} to {last}"
