"""Asks the board on behalf of everything that the user holds."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.firmware import Implementation
from belay.board.history import Quiet, Step, Steps
from belay.exceptions import BatchError
from belay.remote.clock import BoardClock
from belay.remote.failure import Origin, to_exception
from belay.remote.output import IdleOutput, TextOutput, TextStream
from belay.source import FunctionSource, LineMap
from belay.source.effect import Effect

if TYPE_CHECKING:
    from belay.remote.batch import Batch

T = TypeVar("T")


class Default:
    """Stands for a device's own setting where None has a meaning of its own."""

    def __repr__(self) -> str:
        return "the device's"


DEFAULT = Default()


class BoardSession(Protocol):
    """What a caller needs of a session."""

    @property
    def implementation(self) -> Implementation:
        """What runs on the board."""
        ...

    def ask(
        self,
        question: Callable[[Calls], T],
        *,
        replay: Step | Steps[T] | None = None,
        repeatable: Callable[[], bool] | None = None,
    ) -> T:
        """Ask the board something; ``replay`` is remembered for a reconnect."""
        ...

    def define(self, name: str, source: str) -> None:
        """Define a function, now and after every reset."""
        ...

    def listen(self) -> None:
        """Something on the board prints by itself from now on."""
        ...


@dataclass
class Caller:
    """Asks the board, prints what it prints, and raises its errors as ours.

    Attributes:
        session: The board.
        timeout: Seconds that a call may take if it does not say otherwise; None for no limit.
        lines: Where the functions on the board came from.
        idle: What the board printed while nothing was asked, if anybody shows it; it goes first.
        arrays: Gets each array in a result, and returns what stands for it; None leaves it as it is.
        clock: Tells when results were there.
        latest: The way to the board of the last question; another one once the board was reset.
    """

    session: BoardSession
    timeout: float | None
    lines: LineMap
    idle: IdleOutput | None = None
    arrays: Callable[[array[Any]], object] | None = None
    latest: Calls | None = None
    clock: BoardClock = field(default_factory=BoardClock)
    _here: threading.local = field(default_factory=threading.local)

    @property
    def batch(self) -> Batch | None:
        """The batch that gathers the calls of this thread, if one does."""
        found: Batch | None = getattr(self._here, "batch", None)
        return found

    @batch.setter
    def batch(self, batch: Batch | None) -> None:
        self._here.batch = batch

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Calls of this thread are not gathered for now."""
        batch, self.batch = self.batch, None
        try:
            yield
        finally:
            self.batch = batch

    def refuse_in_batch(self, what: str) -> None:
        """Refuse what cannot wait, where a batch gathers calls.

        Raises:
            BatchError: One does.
        """
        if self.batch is not None:
            raise BatchError(f"{what} cannot be a part of a batch", hint="do it before or after the block")

    def seconds(self, timeout: float | Default | None) -> float | None:
        """How long a call may take."""
        return self.timeout if isinstance(timeout, Default) else timeout

    def ask(
        self,
        question: Callable[[Calls, Terms], T],
        *,
        timeout: float | Default | None = DEFAULT,
        stream: TextStream | Default | None = DEFAULT,
        trusted: bool = False,
        record: bool = False,
        effect: Effect | None = None,
        replay: Step | Steps[T] | None = None,
        repeatable: Callable[[], bool] | None = None,
        origin: Callable[[], Origin] | None = None,
        return_time: bool = False,
    ) -> T:
        """Ask one question.

        Args:
            question: Gets the way to the board and the terms, and makes one call.
            timeout: Seconds; None for no limit.
            stream: Where the output goes; None drops it, the default is ``sys.stdout``.
            trusted: Whether a result that is no literal is evaluated on the host.
            record: Whether it is asked again after a loss.
            effect: All that it does, if that is known: it need not be asked again where others undo it.
            replay: What is done instead after a loss.
            repeatable: Says whether it may be asked again if it is lost while it may have run; None: it must
                not.
            origin: Where the code came from, if it is not that of a function on the board.
            return_time: Whether the answer is to come with its time: ``(answer, datetime)``.

        Raises:
            BatchError: A batch gathers the calls of this thread; this is none of those that can wait.
            BoardError: The code on the board raised.
            BoardTimeoutError: It took longer; it was interrupted.
            ConnectionLost: The board is gone.
            MaxHistoryLengthError: Nothing more can be recorded; nothing was asked.
            UntransferableError: A value cannot travel.
        """
        self.refuse_in_batch("this")
        seconds = self.seconds(timeout)
        output = None
        if stream is not None:
            before = self.idle.flush if self.idle else None
            output = TextOutput(None if isinstance(stream, Default) else stream, before=before)
        terms = Terms(output, seconds, trusted, arrays=self.arrays)
        again = replay
        if record:
            again = Quiet(question, effect) if effect else question
        try:
            asked = self.clock.timed(question) if return_time else question
            return self.session.ask(
                lambda calls: asked(self._noted(calls), terms), replay=again, repeatable=repeatable
            )
        except BoardFailure as failure:
            error = to_exception(failure, self.lines, origin() if origin else None)
        finally:
            if self.idle and self.idle.waiting:
                self.idle.flush()
            if output:
                output.finish()
        raise error

    def _noted(self, calls: Calls) -> Calls:
        self.latest = calls
        return calls

    def define(self, source: FunctionSource, text: str) -> None:
        """Define a function on the board.

        Args:
            source: The function as the user wrote it.
            text: Its definition as it is sent; line by line the same.

        Raises:
            BoardError: The board refuses the definition.
            BoardTimeoutError: It took too long.
            ConnectionLost: The board is gone.
            MaxHistoryLengthError: Nothing more can be recorded.
        """
        try:
            self.session.define(source.name, text)
        except BoardFailure as failure:
            error = to_exception(failure, self.lines, Origin(source.file, source.first_line, whole=True))
        else:
            self.lines.add(source)
            return
        raise error
