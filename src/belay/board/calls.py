"""What can be asked of a board, whichever way the question travels.

:class:`Calls` is the seam between the objects that users hold (:mod:`belay.remote`) and the way to the board:
:class:`belay.board.agent.AgentCalls` asks the agent, :class:`belay.board.plain.PlainCalls` goes over the raw
REPL.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from belay.board.objects import ObjectCalls

if TYPE_CHECKING:
    from belay.board.many import Attempt, Call, Packed, Progress


@dataclass(frozen=True)
class Terms:
    """The terms of one call.

    Attributes:
        on_output: Called with what is printed meanwhile, as bytes; None drops it.
        timeout: Seconds that it may take; None for as long as it likes.
        trusted: Whether a result that is no literal may be evaluated on the host. A hostile board can then
            run any code here.
        on_ask: Answers what the board asks meanwhile: gets the question's name and arguments. None leaves it
            to whoever answers for all calls.
        arrays: Gets each :class:`array.array` in a result, and returns what stands for it; None leaves it.
        timed: Whether results are to come with the board's time, each as a :class:`Stamped`.
    """

    on_output: Callable[[bytes], None] | None = None
    timeout: float | None = None
    trusted: bool = False
    on_ask: Callable[..., object] | None = None
    arrays: Callable[[array[Any]], object] | None = None
    timed: bool = False


class Stamped(NamedTuple):
    """A result, and when it was there.

    Attributes:
        value: The result.
        begun: What the board's clock showed directly before it was made, in ticks.
        ended: And directly afterwards.
    """

    value: object
    begun: int
    ended: int


@dataclass(frozen=True)
class Item:
    """What a generator on the board yielded.

    Attributes:
        value: The item.
    """

    value: object


@dataclass(frozen=True)
class Return:
    """A generator on the board came to its end.

    Attributes:
        value: What it returned.
    """

    value: object


class Ours(Enum):
    """Functions of ours: the program in ``onboard/`` that has each, and its name there."""

    LOOK = "part_files", "_belay_look"
    MORE = "part_files", "_belay_more"
    APPLY = "part_files", "_belay_apply"
    READ = "part_filing", "_belay_read"
    STAT = "part_filing", "_belay_stat"
    HASH = "part_filing", "_belay_hash"
    COPY = "part_filing", "_belay_copy"
    TOUCH = "part_filing", "_belay_touch"
    ROOM = "part_filing", "_belay_room"
    MOUNT = "part_mount", "_belay_m_mount"
    UNMOUNT = "part_mount", "_belay_m_unmount"
    CLOCK = "part_clock", "_belay_clock"
    TICKS = "part_clock", "_belay_ticks"


class BoardFailure(Exception):  # noqa: N818 - not an error of ours: it carries the board's
    """Code on the board raised.

    Args:
        types: The names of the exception's type and its bases, nearest first.
        args: The exception's arguments, as far as they could travel.
        traceback: The traceback as the board printed it.
    """

    def __init__(self, types: Sequence[str], args: tuple[object, ...], traceback: str) -> None:
        super().__init__(traceback)
        self.types = tuple(types)
        self.board_args = args
        self.traceback = traceback


class Calls(ObjectCalls, Protocol):
    """A way to the board. Every method may raise what these say:

    Raises:
        BoardFailure: The code on the board raised.
        belay.exceptions.BoardTimeoutError: It took longer than the terms allow; it was interrupted.
        belay.exceptions.ConnectionLost: The board is gone; what was asked may or may not have run.
        belay.exceptions.UntransferableError: A value cannot travel; nothing was sent in the case of an
            argument.
    """

    @property
    def window(self) -> int:
        """The bits of the window with which the board had better decompress; 0 if it cannot."""
        ...

    @property
    def bulk_size(self) -> int:
        """Bytes that a request of :meth:`ours` had better bring at most."""
        ...

    @property
    def answer_size(self) -> int:
        """Bytes that its answer had better bring at most."""
        ...

    def execute(self, code: str, terms: Terms) -> object:
        """Run statements in the global scope; an exit (SystemExit) is a failure like any other.

        The answer is None, with the board's time if the terms want it.
        """
        ...

    def define(self, name: str, source: str, terms: Terms) -> None:
        """Define a global function, to be called by its name from now on."""
        ...

    def evaluate(self, expression: str, terms: Terms) -> object:
        """The value of an expression."""
        ...

    def call(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call a global function by its name."""
        ...

    def spawn(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> None:
        """Call a global function in a thread of the board's."""
        ...

    def start(self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms) -> int:
        """Call a generator function; the answer is the key to its generator."""
        ...

    def send(self, key: int, value: object, terms: Terms) -> Item | Return:
        """Go on with a generator until its next ``yield``; None begins it."""
        ...

    def throw(self, key: int, error: BaseException, terms: Terms) -> Item | Return:
        """Raise an exception inside a generator, at its ``yield``."""
        ...

    def forget(self, key: int) -> None:
        """Close a generator along with the next call; talks to nobody now."""
        ...

    def ours(self, function: Ours, args: Sequence[object], terms: Terms, blob: bytes | None = None) -> object:
        """Call a function of ours, which is put on the board when it is first needed.

        Args:
            function: Which.
            args: Its arguments; what JSON can say.
            terms: The terms of the call.
            blob: Bytes that it takes as its first argument; only where it takes some.
        """
        ...

    @property
    def longest_put(self) -> int:
        """Bytes of the longest path that :meth:`put_file` takes; 0 where there is nothing like it."""
        ...

    def put_file(self, path: str, data: bytes) -> None:
        """Write a file by a protocol of the connection's own; see :meth:`belay.link.Link.put_file`."""
        ...

    def pack(self, call: Call) -> Packed:
        """Write one of many calls down as it will travel; talks to nobody."""
        ...

    def many(self, packed: Sequence[Packed], terms: Terms, attempt: Attempt) -> Progress:
        """Make the first calls of many, at least one, as many as go at once; up to the first that raises.

        What a call raises, or that it took too long, is told by the answer, and by no exception.

        Args:
            packed: The calls, written down by this very way to the board.
            terms: Where output goes; the time-outs are those of the calls.
            attempt: Is told how many calls may have run, should this raise.
        """
        ...
