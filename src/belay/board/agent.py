"""Calls by the agent: a program of ours that waits on the board and compiles nothing (``onboard/agent.py``).

docs/protocol.md says what travels. Functions are called by number; the parts of the agent that are not
needed at once (``onboard/part_*.py``) are sent when they are first used.
"""

from __future__ import annotations

import ast
import itertools
import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import IntEnum
from typing import Any

from belay.board import onboard
from belay.board.arguments import Source, as_json, blob_number
from belay.board.bulk import AT_ONCE, PIECE, SLOW_PIECE, Piece, batches, pieces
from belay.board.calls import BoardFailure, Item, Return, Terms
from belay.board.firmware import Implementation
from belay.board.literal import encode
from belay.board.many import (
    Attempt,
    Call,
    Lost,
    Packed,
    Progress,
    Way,
    ask_one,
    gather,
    read_many,
    written,
)
from belay.board.plain import error_args, goes_in_string, shifted
from belay.board.results import read_result
from belay.exceptions import BoardResetError, BoardTimeoutError, NotBelayResponseError
from belay.link import AgentEnded, Exchanging, Link, Outcome, Reply
from belay.source import parse_traceback
from belay.source.guard import guard

PART_TIMEOUT = 10.0
"""Seconds in which a board takes a part of the agent, or some pieces of bulk."""

MAX_ATTEMPTS = 3
"""So often bulk is sent piece by piece until it has arrived whole."""

MUCH = 8
"""Bulk that takes more than one byte in so many of a board's heap is much: room is made for it."""

NO_BULK: Mapping[int, memoryview] = {}

MAX_OBJECTS = 1024
"""The arguments of calls that go in one request are at most so many lists, dicts and texts, if the heap is
large; the board needs up to 64 bytes for each."""

SECONDS_AT_ONCE = 1 << 20
"""A longer time-out is none to the board, which counts milliseconds in 30 bits."""

_PADDING = 64
"""Bytes that a request may grow by, so that its header holds no control byte."""

_FAIL, _DONE, _USE_INPUT = "_belay[1]", "_belay[2]()", "_belay[3](True)"
_MIN_REQUEST, _MAX_REQUEST = 512, 16384
_NO_PASTE = 1 << 20


class Fixed(IntEnum):
    """The numbers of the agent's own functions, see ``onboard/agent.py`` and the parts."""

    DEFINE = 35
    PART = 36
    NAMED = 37
    WRITTEN = 38
    KEPT = 39
    EXEC = 40
    EVAL = 41
    MEM_FREE = 42
    START = 43
    START_WRITTEN = 44
    STEP = 45
    STEP_WRITTEN = 46
    DROP = 47
    TAKE = 48
    GIVE = 49
    LONG = 50
    FORGET = 51
    MANY = 52
    MANY_EXEC = 53
    MANY_EVAL = 54
    SPAWN = 55
    SPAWN_WRITTEN = 56
    SO_FAR = 57
    USER = 58
    """The first number of the user's functions."""


_LOOKS_FIRST = frozenset(
    {Fixed.WRITTEN, Fixed.START_WRITTEN, Fixed.STEP_WRITTEN, Fixed.SPAWN_WRITTEN, Fixed.LONG}
)
"""These look for the bulk that they name before anything else: they may be sent along with it."""

_LOST = ("_belay_lost",)
"""The arguments of the exception for bulk that is not there, see ``onboard/part_take.py``."""

_PART_OF = {
    **dict.fromkeys(range(Fixed.START, Fixed.TAKE), "part_items"),
    **dict.fromkeys(range(Fixed.TAKE, Fixed.MANY), "part_take"),
    **dict.fromkeys(range(Fixed.MANY, Fixed.SPAWN), "part_many"),
    **dict.fromkeys(range(Fixed.SPAWN, Fixed.SO_FAR), "part_thread"),
    Fixed.SO_FAR: "part_many",
}


class AgentCalls:
    """A way to the board by the agent; see :class:`belay.board.calls.Calls`.

    Args:
        link: The conversation to use.
        implementation: What runs on the board.
        asks: Whether ``input()`` on the board asks the host.

    Attributes:
        largest: Bytes of the largest payload that the agent takes.
    """

    def __init__(self, link: Link, implementation: Implementation, *, asks: bool = False) -> None:
        self._link = link
        self._asks = asks
        self._keys = itertools.count(1)
        self._batches = itertools.count(1)
        self._forgotten: deque[int] = deque()
        self._left: list[int] = []
        self._numbers: dict[str, int] = {}
        self._parts: set[str] = set()
        self._implementation = implementation
        room = (implementation.heap or 0) // 16
        self.largest = max(_MIN_REQUEST, min(_MAX_REQUEST, room))
        self._most = max(1, min(MAX_OBJECTS, self.largest // 16))

    def install(self, terms: Terms) -> None:
        """Put the agent on the board.

        Raises:
            BoardFailure: The board has no room for it.
        """
        mark, floats = self._link.mark.decode("ascii"), int(not self._implementation.double)
        code = f"{onboard.read('agent')}\n_belay=_belay({mark!r},{self.largest},{floats})\n"
        outcome = self._link.run(code, on_output=terms.on_output, timeout=terms.timeout, paste_from=_NO_PASTE)
        if outcome.error or outcome.rebooted:
            raise _failed_program(outcome)
        self._link.set_largest_request(self.largest)
        if self._asks:
            try:
                self._need("part_ask", terms)
            except BoardFailure:
                # There is no room, or the firmware does not let its input() be replaced.
                self._asks = False

    # --- what can be asked ----------------------------------------------------------------------

    def execute(self, code: str, terms: Terms) -> None:
        """Run statements in the global scope; SystemExit is a failure like any other."""
        if goes_in_string(code):
            self._ask(Fixed.EXEC, [code], terms)
            return
        guarded = guard(code, failed=f"{_FAIL}(_belay_error)", done=_DONE)
        source, shift = (f"{code}\n{_DONE}", 0) if guarded is None else (guarded.source, guarded.shift)
        outcome, shift = self._run(source, shift, terms)
        if outcome.answer and outcome.answer.kind != "e" and not outcome.rebooted:
            return
        if outcome.answer and not outcome.rebooted:
            problem: Exception = _failure(outcome.answer.body)
        else:
            problem = _failed_program(outcome)
        if isinstance(problem, BoardFailure):
            problem = BoardFailure(problem.types, problem.board_args, shifted(problem.traceback, -shift))
        raise problem

    def define(self, name: str, source: str, terms: Terms) -> None:
        """Define a global function; calls by its name reach what it is now."""
        number = self._numbers.get(name, Fixed.USER + len(self._numbers))
        self._ask(Fixed.DEFINE, [source, name, number], terms)
        self._numbers[name] = number

    def evaluate(self, expression: str, terms: Terms) -> object:
        """The value of an expression."""
        return self._ask(Fixed.EVAL, [_evaluable(expression)], terms).value

    def call(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call a function by its name."""
        number = self._number(function, terms)
        if not kwargs and number <= 255 and (payload := as_json(list(args))) is not None:
            return self._send(number, payload, terms).value
        return self._ask_written((Fixed.NAMED, Fixed.WRITTEN), [number], args, kwargs, terms).value

    def spawn(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> None:
        """Call a function in a thread of the board's."""
        number = self._number(function, terms)
        self._ask_written((Fixed.SPAWN, Fixed.SPAWN_WRITTEN), [number], args, kwargs, terms)

    def start(self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms) -> int:
        """Call a generator function; the answer is the key to its generator."""
        key = next(self._keys)
        number = self._number(function, terms)
        try:
            self._ask_written((Fixed.START, Fixed.START_WRITTEN), [key, number], args, kwargs, terms)
        except BaseException:
            # It may have begun all the same.
            self.forget(key)
            raise
        return key

    def send(self, key: int, value: object, terms: Terms) -> Item | Return:
        """Go on with a generator until its next ``yield``."""
        payload = as_json([key, "send", value])
        if payload is not None:
            return self._send(Fixed.STEP, payload, terms).step
        source = Source()
        text = f"({source.value(value, 'the value sent')},)"
        return self._ask(Fixed.STEP_WRITTEN, [key, "send", text], terms, source).step

    def throw(self, key: int, error: BaseException, terms: Terms) -> Item | Return:
        """Raise an exception inside a generator, at its ``yield``."""
        made = f"({type(error).__name__}{encode(error.args, 'the exception')},)"
        return self._ask(Fixed.STEP_WRITTEN, [key, "throw", made], terms).step

    def forget(self, key: int) -> None:
        """Close a generator along with the next call; talks to nobody now."""
        self._forgotten.append(key)

    # --- many calls -----------------------------------------------------------------------------

    def pack(self, call: Call) -> Packed:
        """Write one of many calls down; one that does not fit into a request stays alone."""
        packed = (
            self._pack_code(call) if call.way in (Way.EXECUTE, Way.EVALUATE) else self._pack_function(call)
        )
        return packed if len(packed.payload) <= self._room else Packed(call)

    def _pack_code(self, call: Call) -> Packed:
        if call.way is Way.EXECUTE and not goes_in_string(call.text):
            return Packed(call)
        code = call.text if call.way is Way.EXECUTE else _evaluable(call.text)
        function = Fixed.MANY_EXEC if call.way is Way.EXECUTE else Fixed.MANY_EVAL
        return Packed(call, function, _payload([code]))

    def _pack_function(self, call: Call) -> Packed:
        number = self._numbers.get(call.text)
        if number is None:
            return Packed(call)
        spawns = call.way is Way.SPAWN
        if not call.kwargs and not spawns and (payload := as_json(list(call.args))) is not None:
            return Packed(call, number, payload)
        part = "part_thread" if spawns else None
        payload = as_json([number, list(call.args), dict(call.kwargs)])
        if payload is not None:
            return Packed(call, Fixed.SPAWN if spawns else Fixed.NAMED, payload, part=part)
        source = Source()
        text = source.write(call.args, call.kwargs)
        function = Fixed.SPAWN_WRITTEN if spawns else Fixed.WRITTEN
        return Packed(call, function, _payload([number, text]), source.blobs, part)

    def many(self, packed: Sequence[Packed], terms: Terms, attempt: Attempt) -> Progress:
        """Make the first calls of many: as many as fit into a request and the board has time and room for."""
        most = self._most
        while (group := gather(packed, most, self._room))[0].function is not None:
            attempt.under_way = 0
            progress = self._many(group, terms, attempt)
            if progress is not None:
                return progress
            # There was no memory for so many; nothing ran.
            most = self._most = max(1, sum(item.objects for item in group) // 2)
        return ask_one(self, packed[0].call, terms, attempt)

    @property
    def _room(self) -> int:
        """Bytes for the calls of one request."""
        return self.largest - 2 * _PADDING

    def _many(self, group: Sequence[Packed], terms: Terms, attempt: Attempt) -> Progress | None:
        """Make some calls at once; None if the board has no memory to begin, and fewer might do."""
        for part in {"part_values": None, "part_many": None} | {
            item.part: None for item in group if item.part
        }:
            self._need(part, terms)
        timeout, number = group[0].call.timeout, next(self._batches)
        budget = int(timeout * 1000) if timeout and timeout < SECONDS_AT_ONCE else 0
        payload = b"[%d,%d,%b]" % (number, budget, written(group))
        blobs = {name: data for item in group for name, data in item.blobs.items()}
        # No call begins after the time of one.
        limits = replace(terms, timeout=timeout and timeout * 2)
        attempt.under_way = len(group)
        try:
            return self._progress(self._send(Fixed.MANY, payload, limits, blobs), group)
        except (BoardFailure, BoardTimeoutError) as error:
            return self._so_far(number, group, error, terms)
        except BoardResetError as reset:
            if not reset.sent:
                attempt.under_way = 0
            raise

    def _progress(self, answer: _Answer, group: Sequence[Packed]) -> Progress:
        results, failed = read_many(answer.text, answer.chunks, [item.call for item in group], answer.terms)
        failure = None if failed == "None" else _failure(failed.encode(errors="surrogatepass"))
        return Progress(results, failure)

    def _so_far(
        self, number: int, group: Sequence[Packed], error: BoardFailure | BoardTimeoutError, terms: Terms
    ) -> Progress | None:
        """Find out what became of calls whose answer did not come.

        Returns:
            None if there was no memory to begin any of several.

        Raises:
            Exception: The given one, if that cannot be found out.
        """
        terms = replace(terms, timeout=PART_TIMEOUT)
        try:
            counts = self._ask(Fixed.SO_FAR, [number, False], terms).value
            if not isinstance(counts, str):
                lacks = isinstance(error, BoardFailure) and "MemoryError" in error.types
                return None if lacks and len(group) > 1 else Progress([], error)
            begun, ended = map(int, counts.split())
            results: list[object] = [Lost(error)] * ended
            with suppress(BoardFailure):
                answer = self._ask(Fixed.SO_FAR, [number, True], terms)
                if answer.text != "None":
                    results = [*self._progress(answer, group).results]
        except (BoardFailure, BoardTimeoutError, NotBelayResponseError):
            raise error from None
        except BoardResetError as reset:
            # The request before was sent: it must not be sent again.
            raise BoardResetError(reset.message, sent=True, hint=reset.hint) from None
        if isinstance(error, BoardTimeoutError):
            # It came late, perhaps after the last of them.
            return Progress(results[: len(group) - 1], error)
        return Progress(results, error if begun > len(results) else None)

    # --- requests -------------------------------------------------------------------------------

    def _number(self, function: str, terms: Terms) -> int:
        """The number of a function; one that was not defined as a task gets one now."""
        if function not in self._numbers:
            self.define(function, function, terms)
        return self._numbers[function]

    def _ask_written(
        self,
        forms: tuple[Fixed, Fixed],
        before: list[object],
        args: Sequence[object],
        kwargs: Mapping[str, object],
        terms: Terms,
    ) -> _Answer:
        """Ask with arguments as JSON if that can be, else as source."""
        payload = as_json([*before, list(args), dict(kwargs)])
        if payload is not None:
            return self._send(forms[0], payload, terms)
        source = Source()
        return self._ask(forms[1], [*before, source.write(args, kwargs)], terms, source)

    def _ask(
        self, function: int, payload: list[object], terms: Terms, source: Source | None = None
    ) -> _Answer:
        return self._send(function, _payload(payload), terms, source.blobs if source else {})

    def _send(
        self, function: int, payload: bytes, terms: Terms, blobs: Mapping[int, memoryview] = NO_BULK
    ) -> _Answer:
        """Send a request, and what must be there before it."""
        while self._forgotten:
            keys = [self._forgotten.popleft() for _ in range(min(50, len(self._forgotten)))]
            self._ask(Fixed.DROP, list(keys), terms)
        if function in _PART_OF:
            self._need(_PART_OF[function], terms)
        if len(payload) > self.largest - _PADDING:
            number = blob_number()
            blobs = {**blobs, number: memoryview(payload)}
            function, payload = Fixed.LONG, b"[%d,%d]" % (function, number)
        if blobs:
            answer = self._send_after(blobs, function, payload, terms)
        else:
            answer = self._exchange(function, payload, terms)
        if answer.kind == "m":
            # The result is more than a number or a short text, which only a part of the agent can write.
            self._need("part_values", terms)
            kind, answer = answer.body.decode(), self._exchange(Fixed.KEPT, b"[]", terms)
            answer = replace(answer, kind=kind if answer.kind == "r" else answer.kind)
        if answer.kind == "e":
            raise _failure(answer.body)
        return _Answer(answer, terms)

    def _need(self, part: str, terms: Terms) -> None:
        """Have a part of the agent on the board."""
        if part in self._parts:
            return
        source = onboard.read(part)
        if not self._runs_inside(source, terms):
            # What a board cannot compile at once it may compile bit by bit.
            for statement in onboard.statements(source):
                if not self._runs_inside(statement, terms):
                    raise BoardFailure(["MemoryError"], (), f"MemoryError: no room for {part} of the agent")
        self._parts.add(part)

    def _runs_inside(self, source: str, terms: Terms) -> bool:
        """Run statements among the agent's own names; False if there is no room for them."""
        payload = json.dumps([source], separators=(",", ":")).encode()
        if len(payload) > self.largest - _PADDING:
            return False
        answer = self._exchange(Fixed.PART, payload, replace(terms, timeout=PART_TIMEOUT))
        if answer.kind != "e":
            return True
        failure = _failure(answer.body)
        if "MemoryError" not in failure.types:
            raise failure
        return False

    def _send_after(
        self, blobs: Mapping[int, memoryview], function: int, payload: bytes, terms: Terms
    ) -> Reply:
        """Send a request and the bulk that it names: in one turn where that can be, else piece by piece."""
        self._need("part_take", terms)
        quick = [(PIECE, AT_ONCE)] if self._link.transport.flow_control else []
        numbers, left = [*self._left, *blobs], bool(self._left)
        self._left.clear()
        make_room = Piece(Fixed.FORGET, json.dumps(numbers).encode())
        is_much = sum(map(len, blobs.values())) * MUCH > (self._implementation.heap or 0)
        try:
            for size, at_once in [*quick, *[(SLOW_PIECE, 0)] * MAX_ATTEMPTS]:
                cut = [pieces(name, data, size=size, largest=self.largest) for name, data in blobs.items()]
                first = [make_room] if is_much or left or not at_once else []
                groups = list(batches(itertools.chain(first, *cut), at_once))
                before = groups.pop() if at_once and function in _LOOKS_FIRST else []
                if all(self._arrives(group, terms) for group in groups):
                    answer = self._exchange(function, payload, terms, before=before)
                    if answer.kind != "e" or function not in _LOOKS_FIRST:
                        return answer
                    if (failure := _failure(answer.body)).board_args != _LOST:
                        raise failure
        except BoardFailure as failure:
            if "MemoryError" in failure.types:
                # Some of it may be there.
                self._exchange(*make_room[:2], terms)
            raise
        except BaseException:
            # What is there of it goes with the next bulk.
            self._left += numbers
            raise
        raise NotBelayResponseError("the bytes of an argument never arrived whole")

    def _arrives(self, group: list[Piece], terms: Terms) -> bool:
        """Bring pieces of bulk to the board; whether they arrived whole."""
        *before, last = group
        terms = replace(terms, timeout=PART_TIMEOUT)
        answer = self._exchange(last.function, last.payload, terms, last.blob, before)
        if answer.kind != "e":
            return answer.body == b"True"
        if (failure := _failure(answer.body)).board_args != _LOST:
            raise failure
        return False

    def _run(self, source: str, shift: int, terms: Terms) -> tuple[Outcome, int]:
        """Run a program that is no request; how it ended, and by how many lines it was shifted."""
        if not self._asks:
            return self._link.run(source, on_output=terms.on_output, timeout=terms.timeout), shift

        def reply(asked: bytes) -> bytes:
            return _reply(asked, terms)

        source = f"{_USE_INPUT}\n{source}"
        outcome = self._link.run(source, on_output=terms.on_output, timeout=terms.timeout, on_ask=reply)
        if outcome.answer is None and not outcome.rebooted:
            # It ended without giving input() back.
            self._link.run(_DONE, timeout=PART_TIMEOUT)
        return outcome, shift + 1

    def _exchange(
        self, function: int, payload: bytes, terms: Terms, blob: bytes = b"", before: Sequence[Piece] = ()
    ) -> Reply:
        def reply(asked: bytes) -> bytes:
            return _reply(asked, terms)

        exchanging = Exchanging(payload, reply, blob, terms.timeout, terms.on_output, before)
        try:
            return self._link.exchange(function, exchanging)
        except AgentEnded as ended:
            text = ended.error.decode(errors="replace").replace("\r\n", "\n")
            found = parse_traceback(text)
            if found.type_name:
                failure = BoardFailure([found.type_name], (found.message,) if found.message else (), text)
                raise failure from None
            raise NotBelayResponseError(
                "the call was interrupted on the board, not by this program"
            ) from None


class _Answer:
    """A reply, to be read as what was asked for."""

    def __init__(self, reply: Reply, terms: Terms) -> None:
        self._reply = reply
        self.terms = terms

    @property
    def text(self) -> str:
        return self._reply.body.decode(errors="surrogatepass")

    @property
    def chunks(self) -> tuple[bytes, ...]:
        return self._reply.chunks

    @property
    def value(self) -> Any:
        return read_result(self.text, self.chunks, self.terms)

    @property
    def step(self) -> Item | Return:
        return Item(self.value) if self._reply.kind == "y" else Return(self.value)


def _evaluable(expression: str) -> str:
    """An expression as a board evaluates it: one that has several lines, or is indented, in brackets."""
    if "\n" in expression or expression != expression.lstrip():
        return f"({expression}\n)"
    return expression


def _payload(values: list[object]) -> bytes:
    """The JSON of code and the like, with an escape for each half of a surrogate pair."""
    return as_json(values) or json.dumps(values, separators=(",", ":")).encode()


def _reply(asked: bytes, terms: Terms) -> bytes:
    """The payload that answers a question of the board's: its number, the value, and an error."""
    about, what, args = ast.literal_eval(asked.decode(errors="surrogatepass"))
    try:
        answer, error = (terms.on_ask or _refuse)(what, *args), None
    except NotImplementedError as refused:
        answer, error = None, str(refused)
    return _payload([about, answer, error])


def _refuse(what: str, *_args: object) -> object:
    raise NotImplementedError(f"the host does not answer {what!r}")


def _failure(body: bytes) -> BoardFailure:
    """The exception that an answer tells of."""
    types, args, trace = ast.literal_eval(body.decode(errors="surrogatepass"))
    return BoardFailure(types, error_args(args), trace.replace("\r\n", "\n"))


def _failed_program(outcome: Outcome) -> Exception:
    """Why a program did not come to its end."""
    if outcome.rebooted:
        return BoardResetError("the board was reset while the call ran", sent=True)
    text = outcome.error.decode(errors="replace").replace("\r\n", "\n")
    found = parse_traceback(text)
    if not found.type_name:
        return NotBelayResponseError(f"the call ended without an answer: {text[:80]!r}")
    return BoardFailure([found.type_name], (found.message,) if found.message else (), text)
