"""Many calls in one request: what they are, how they are written, and what their answers say."""

from __future__ import annotations

import ast
import copy
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import groupby, takewhile
from typing import Any, NamedTuple

from belay.board.arguments import Source
from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.objects import OnBoard
from belay.board.results import read_result, read_stamped
from belay.exceptions import BoardTimeoutError, NotBelayResponseError, UntransferableError

SEPARATOR = ",\n"
"""Behind each result. What ``repr`` writes holds no line feed."""

_SCALARS = frozenset({int, float, bool, str, bytes, complex, type(None)})


class Way(Enum):
    """What a call of many is."""

    CALL = auto()
    """A function is called by its name."""
    SPAWN = auto()
    """The same, in a thread of the board's."""
    EXECUTE = auto()
    """Statements are run."""
    EVALUATE = auto()
    """An expression is evaluated."""


class Call(NamedTuple):
    """One of many calls.

    Attributes:
        way: What it is.
        text: The function's name, or the code.
        args: Arguments of a function.
        kwargs: Its named arguments.
        timeout: Seconds that it may take; None for as long as it likes.
        trusted: Whether a result that is no literal may be evaluated on the host.
        timed: Whether the result is to come with the board's time, as a :class:`Stamped`.
    """

    way: Way
    text: str
    args: Sequence[object] = ()
    kwargs: Mapping[str, object] = {}
    timeout: float | None = None
    trusted: bool = False
    timed: bool = False

    def ask(self, calls: Calls, terms: Terms) -> object:
        """Make this call alone."""
        if self.way is Way.CALL:
            return calls.call(self.text, self.args, self.kwargs, terms)
        if self.way is Way.EVALUATE:
            return calls.evaluate(self.text, terms)
        if self.way is Way.EXECUTE:
            return calls.execute(self.text, terms)
        calls.spawn(self.text, self.args, self.kwargs, terms)
        return None


class Lost(NamedTuple):
    """In the place of a result: the call ran, but its result is not here.

    Attributes:
        error: Why.
    """

    error: Exception


@dataclass(frozen=True)
class Progress:
    """How far many calls came.

    Attributes:
        results: The results of the first ones, which ran; a :class:`Lost` where one could not travel.
        failure: What the call after them raised; None if it was not begun.
    """

    results: Sequence[object]
    failure: Exception | None = None


@dataclass
class Attempt:
    """What was on its way when something went wrong.

    Attributes:
        under_way: So many calls, the first ones, may have run.
    """

    under_way: int = 0


def ask_one(calls: Calls, call: Call, terms: Terms, attempt: Attempt) -> Progress:
    """Make the first of many calls alone.

    Raises:
        ConnectionLost: The board is gone.
    """
    attempt.under_way = 1
    try:
        value = call.ask(calls, replace(terms, timeout=call.timeout, trusted=call.trusted, timed=call.timed))
    except UntransferableError as error:
        return Progress([Lost(error)])
    except (BoardFailure, BoardTimeoutError) as error:
        return Progress([], error)
    return Progress([value])


# --- arguments -----------------------------------------------------------------------------------


def snapshot(
    args: Sequence[object], kwargs: Mapping[str, object]
) -> tuple[Sequence[object], Mapping[str, object]]:
    """Arguments as they are now, for a call that is made later.

    Raises:
        UntransferableError: One of them cannot travel.
    """
    if all(type(value) in _SCALARS for value in (*args, *kwargs.values())):
        return args, kwargs
    Source().write(args, kwargs)
    return _copied(tuple(args)), {name: _copied(value) for name, value in kwargs.items()}


def _copied(value: Any) -> Any:
    """A copy of something that can travel; what travels as something else may become that."""
    if isinstance(value, OnBoard):
        return value
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return kind(map(_copied, value))
    if isinstance(value, dict):
        pairs = [(key, _copied(item)) for key, item in value.items()]
        return OrderedDict(pairs) if isinstance(value, OrderedDict) else dict(pairs)
    if isinstance(value, memoryview):
        return value.tobytes()
    # Bytes that can be changed, and arrays, numpy's too; all else cannot be changed.
    return copy.copy(value) if isinstance(value, bytearray | array) or hasattr(value, "shape") else value


# --- the request ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Packed:
    """A call as the agent gets it.

    Attributes:
        call: What is meant.
        function: The number of the agent's function that does it; None if it must be made alone.
        payload: Its arguments, as JSON.
        blobs: The bulk that they name.
        part: The part of the agent that it needs besides.
    """

    call: Call
    function: int | None = None
    payload: bytes = b"[]"
    blobs: Mapping[int, memoryview] = field(default_factory=dict)
    part: str | None = None

    @property
    def objects(self) -> int:
        """About so many lists, dicts and texts the board makes of the payload."""
        return self.payload.count(b"[") + self.payload.count(b"{") + self.payload.count(b'"') // 2


def gather(packed: Sequence[Packed], most: int, room: int) -> Sequence[Packed]:
    """As many of the first calls as make one request: they may take equally long, and fit.

    Args:
        packed: The calls, at least one.
        most: At most so many lists, dicts and texts in them: on the board each takes far more than here.
        room: Bytes for all of them. The first is taken in any case.
    """
    timeout = packed[0].call.timeout
    left = [most, room, room]

    def fits(item: Packed) -> bool:
        if item.function is None or item.call.timeout != timeout:
            return False
        left[0] -= item.objects
        # Brackets, a comma, and perhaps another function's number.
        left[1] -= len(item.payload) + 8
        left[2] -= sum(data.nbytes for data in item.blobs.values())
        return min(left) >= 0

    return list(takewhile(fits, packed)) or packed[:1]


def written(packed: Iterable[Packed]) -> bytes:
    """The calls as JSON: of each run of calls of one function its number, then the arguments of each."""
    runs = groupby(packed, lambda item: item.function)
    texts = (b"[%d,%b]" % (function, b",".join(item.payload for item in same)) for function, same in runs)
    return b"[" + b",".join(texts) + b"]"


# --- the answer ----------------------------------------------------------------------------------


def read_many(
    text: str, chunks: Sequence[bytes], calls: Sequence[Call], terms: Terms
) -> tuple[list[object], str]:
    """Read the results of many calls.

    Args:
        text: What the board wrote, see ``onboard/part_many.py``.
        chunks: The bytes that it speaks of.
        calls: The calls that were made.
        terms: What becomes of arrays.

    Returns:
        The results of those that came to their end, and what the board says of the next one: the text of
        what it raised, or ``None``.

    Raises:
        NotBelayResponseError: Text and bytes do not fit each other.
    """
    *lines, failed = text.split(SEPARATOR)
    if len(lines) > len(calls):
        raise NotBelayResponseError(f"{len(lines)} results came of {len(calls)} calls")
    if not chunks and not any(call.timed for call in calls):
        with suppress(ValueError):
            # All alike, and the most common.
            return list(map(int, lines)), failed
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return ast.literal_eval(f"[{','.join(lines)}]"), failed
    bulk = memoryview(b"".join(chunks))
    results: list[object] = []
    for line, call in zip(lines, calls, strict=False):
        size, _, rest = line.partition(":")
        own: list[bytes] = []
        if size.isdecimal() and rest:
            own, bulk, line = [bytes(bulk[: int(size)])], bulk[int(size) :], rest  # noqa: PLW2901 - without its size
        if (call.trusted, call.timed) != (terms.trusted, terms.timed):
            terms = replace(terms, trusted=call.trusted, timed=call.timed)
        results.append(_read_one(line, own, terms))
    return results, failed


def _read_one(text: str, chunks: Sequence[bytes], terms: Terms) -> object:
    try:
        return (read_stamped if terms.timed else read_result)(text, chunks, terms)
    except UntransferableError as error:
        return Lost(error)
