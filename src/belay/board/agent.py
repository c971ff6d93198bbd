"""Calls by the agent: a program of ours that waits on the board and compiles nothing (``onboard/agent.py``).

docs/protocol.md says what travels. Functions are called by number; the parts of the agent that are not
needed at once (``onboard/part_*.py``) are sent when they are first used.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from belay.board import onboard
from belay.board.agent_objects import ObjectRequests
from belay.board.arguments import Source, as_json, blob_number
from belay.board.bulk import SLOW_PIECE
from belay.board.calls import BoardFailure, Item, Ours, Return, Terms
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
from belay.board.objects import stand_ins
from belay.board.plain import goes_in_string, shifted
from belay.board.requests import PADDING, PART_TIMEOUT, Answer, Fixed, failure_of, json_of, timed
from belay.exceptions import BoardResetError, BoardTimeoutError, NotBelayResponseError
from belay.link import Link, Outcome
from belay.source import parse_traceback
from belay.source.guard import guard

MAX_OBJECTS = 1024
"""The arguments of calls that go in one request are at most so many lists, dicts and texts, if the heap is
large; the board needs up to 64 bytes for each."""

_CHANGE_NOTHING = {Ours.LOOK, Ours.READ, Ours.STAT, Ours.HASH, Ours.ROOM}
"""These may be asked twice."""

LARGE_HEAP = 1024 * 1024
"""Bytes of a heap in which the largest window of all is no more than a small part."""

MOST_WINDOW = 15
"""Bits of that: deflate has no larger one."""

MAX_ANSWER = 64 * 1024
"""Bytes of a file in one answer: over a slow UART they take six seconds."""

SECONDS_AT_ONCE = 1 << 20
"""A longer time-out is none to the board, which counts milliseconds in 30 bits."""

_FAIL, _DONE, _MAY_ASK = "_belay[1]", "_belay[2]()", "_belay[3](2)"


class AgentCalls(ObjectRequests):
    """A way to the board by the agent; see :class:`belay.board.calls.Calls`.

    Args:
        link: The conversation to use.
        implementation: What runs on the board.
        on_ask: Answers what the board asks where the terms of a call name nobody else.
        asks: Whether ``input()`` on the board asks the host.
    """

    def __init__(
        self,
        link: Link,
        implementation: Implementation,
        on_ask: Callable[..., object] | None = None,
        *,
        asks: bool = False,
    ) -> None:
        super().__init__(link, implementation, on_ask)
        self._asks = asks
        self._batches = itertools.count(1)
        self._numbers: dict[str, int] = {}
        self._most = max(1, min(MAX_OBJECTS, self.largest // 16))

    def install(self, terms: Terms) -> None:
        """Put the agent on the board.

        Raises:
            BoardFailure: The board has no room for it.
        """
        mark, floats = self._link.mark.decode("ascii"), int(not self._implementation.double)
        source = onboard.read("agent").encode()
        # Read by a short program: the REPL would keep the text of a long one for as long as the agent runs.
        self._link.tidy()
        code = (
            f"exec(__import__('sys').stdin.buffer.read({len(source)}))\n"
            f"_belay=_belay({mark!r},{self.largest},{floats})\n{_DONE}"
        )
        outcome = self._link.run(code, on_output=terms.on_output, timeout=terms.timeout, data=source)
        if outcome.error or outcome.rebooted or outcome.answer is None:
            # The rest of the source may stand at the prompt.
            self._link.enter()
            raise _failed_program(outcome)
        self._link.set_largest_request(self.largest)
        if self._asks:
            try:
                self._need("part_input", terms)
            except BoardFailure:
                # There is no room, or the firmware does not let its input() be replaced.
                self._asks = False

    # --- what can be asked ----------------------------------------------------------------------

    def execute(self, code: str, terms: Terms) -> object:
        """Run statements in the global scope; SystemExit is a failure like any other."""
        if terms.timed or goes_in_string(code):
            return self._ask(Fixed.EXEC, [code], terms).value
        guarded = guard(code, failed=f"{_FAIL}(_belay_error)", done=_DONE)
        source, shift = (f"{code}\n{_DONE}", 0) if guarded is None else (guarded.source, guarded.shift)
        outcome, shift = self._run(source, shift, terms)
        if outcome.answer and outcome.answer.kind != "e" and not outcome.rebooted:
            return None
        if outcome.answer and not outcome.rebooted:
            problem: Exception = failure_of(outcome.answer.body)
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
        source = Source(self)
        text = f"({source.value(value, 'the value sent')},)"
        return self._ask(Fixed.STEP_WRITTEN, [key, "send", text], terms, source).step

    def throw(self, key: int, error: BaseException, terms: Terms) -> Item | Return:
        """Raise an exception inside a generator, at its ``yield``."""
        made = f"({type(error).__name__}{encode(error.args, 'the exception')},)"
        return self._ask(Fixed.STEP_WRITTEN, [key, "throw", made], terms).step

    def forget(self, key: int) -> None:
        """Close a generator along with the next call; talks to nobody now."""
        self._forgotten.append(key)

    @property
    def longest_put(self) -> int:
        """Bytes of the longest path that :meth:`put_file` takes."""
        return self._link.longest_put

    def put_file(self, path: str, data: bytes) -> None:
        """Write a file by a protocol of the connection's own."""
        self._link.put_file(path, data)

    @property
    def window(self) -> int:
        """The bits of the window with which the board had better decompress: no more than a request takes."""
        if "inflate" not in self._implementation.features:
            return 0
        is_large = (self._implementation.heap or 0) >= LARGE_HEAP
        return MOST_WINDOW if is_large else self.largest.bit_length() - 1

    @property
    def bulk_size(self) -> int:
        """Bytes that a request had better bring: the board keeps them in one piece."""
        return self.largest

    @property
    def answer_size(self) -> int:
        """Bytes that an answer had better bring: the board makes it while it is sent, piece by piece."""
        return MAX_ANSWER

    @property
    def reply_size(self) -> int:
        """Bytes that may follow a reply to a question of the board's."""
        return self.largest if self._link.transport.flow_control else min(SLOW_PIECE, self.largest)

    def ours(self, function: Ours, args: Sequence[object], terms: Terms, blob: bytes | None = None) -> object:
        """Call a function of ours."""
        number = Fixed[function.name]
        if function in _CHANGE_NOTHING:
            payload = json_of(list(args))
            return (self._look(number, payload, terms) or self._send(number, payload, terms)).value
        if function is not Ours.APPLY:
            return self._ask(number, list(args), terms).value
        if not blob:
            return self._ask(number, [-1, *args], terms).value
        name = blob_number()
        return self._send(number, json_of([name, *args]), terms, {name: memoryview(blob)}).value

    # --- many calls -----------------------------------------------------------------------------

    def pack(self, call: Call) -> Packed:
        """Write one of many calls down; one that does not fit into a request stays alone."""
        packed = (
            self._pack_code(call) if call.way in (Way.EXECUTE, Way.EVALUATE) else self._pack_function(call)
        )
        if call.timed and packed.function is not None:
            function, payload = timed(packed.function, packed.payload)
            packed = Packed(call, function, payload, packed.blobs, "part_clock")
        return packed if len(packed.payload) <= self._room else Packed(call)

    def _pack_code(self, call: Call) -> Packed:
        if call.way is Way.EXECUTE and not goes_in_string(call.text):
            return Packed(call)
        if stand_ins([call.args, call.kwargs]):
            # They are in the code already: whether they may go this way is what counts.
            Source(self).write(call.args, call.kwargs)
        code = call.text if call.way is Way.EXECUTE else _evaluable(call.text)
        function = Fixed.MANY_EXEC if call.way is Way.EXECUTE else Fixed.MANY_EVAL
        return Packed(call, function, json_of([code]))

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
        source = Source(self)
        text = source.write(call.args, call.kwargs)
        function = Fixed.SPAWN_WRITTEN if spawns else Fixed.WRITTEN
        return Packed(call, function, json_of([number, text]), source.blobs, part)

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
        return self.largest - 2 * PADDING

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

    def _progress(self, answer: Answer, group: Sequence[Packed]) -> Progress:
        calls = [item.call for item in group]
        results, failed = read_many(answer.text, answer.chunks, calls, answer.terms)
        failure = None if failed == "None" else failure_of(failed.encode(errors="surrogatepass"))
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

    # --------------------------------------------------------------------------------------------

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
    ) -> Answer:
        """Ask with arguments as JSON if that can be, else as source."""
        payload = as_json([*before, list(args), dict(kwargs)])
        if payload is not None:
            return self._send(forms[0], payload, terms)
        source = Source(self)
        return self._ask(forms[1], [*before, source.write(args, kwargs)], terms, source)

    def _run(self, source: str, shift: int, terms: Terms) -> tuple[Outcome, int]:
        """Run a program that is no request; how it ended, and by how many lines it was shifted."""
        if "part_ask" not in self._parts:
            return self._link.run(source, on_output=terms.on_output, timeout=terms.timeout), shift

        source = f"{_MAY_ASK}\n{source}"
        outcome = self._link.run(
            source, on_output=terms.on_output, timeout=terms.timeout, on_ask=self._replier(terms)
        )
        if outcome.answer is None and not outcome.rebooted:
            # It ended without saying that it asks no more.
            self._link.run(_DONE, timeout=PART_TIMEOUT)
        return outcome, shift + 1


def _evaluable(expression: str) -> str:
    """An expression as a board evaluates it: one that has several lines, or is indented, in brackets."""
    if "\n" in expression or expression != expression.lstrip():
        return f"({expression}\n)"
    return expression


def _failed_program(outcome: Outcome) -> Exception:
    """Why a program did not come to its end."""
    if outcome.rebooted:
        return BoardResetError("the board was reset while the call ran", sent=True)
    text = outcome.error.decode(errors="replace").replace("\r\n", "\n")
    found = parse_traceback(text)
    if not found.type_name:
        return NotBelayResponseError(f"the call ended without an answer: {text[:80]!r}")
    return BoardFailure([found.type_name], (found.message,) if found.message else (), text)
