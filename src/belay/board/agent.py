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
from dataclasses import replace
from enum import IntEnum
from typing import Any

from belay.board import onboard
from belay.board.arguments import Source, as_json
from belay.board.bulk import AT_ONCE, PIECE, SLOW_PIECE, Piece, batches, pieces
from belay.board.calls import BoardFailure, Item, Return, Terms
from belay.board.firmware import Implementation
from belay.board.literal import encode
from belay.board.plain import error_args, goes_in_string, shifted
from belay.board.results import read_result
from belay.exceptions import BoardResetError, NotBelayResponseError
from belay.link import AgentEnded, Exchanging, Link, Outcome, Reply
from belay.source import parse_traceback
from belay.source.guard import guard

PART_TIMEOUT = 10.0
"""Seconds in which a board takes a part of the agent, or some pieces of bulk."""

MAX_ATTEMPTS = 3
"""So often bulk is sent piece by piece until it has arrived whole."""

NO_BULK: Mapping[str, memoryview] = {}

_FAIL, _DONE = "_belay[1]", "_belay[2]()"
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
    MANY_WRITTEN = 53
    MAP = 54
    SPAWN = 55
    SPAWN_WRITTEN = 56
    USE_INPUT = 57
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
    **dict.fromkeys(range(Fixed.SPAWN, Fixed.USE_INPUT), "part_thread"),
    Fixed.USE_INPUT: "part_ask",
}


class AgentCalls:
    """A way to the board by the agent; see :class:`belay.board.calls.Calls`.

    Args:
        link: The conversation to use.
        implementation: What runs on the board.
    """

    def __init__(self, link: Link, implementation: Implementation) -> None:
        self._link = link
        self._keys = itertools.count(1)
        self._forgotten: deque[int] = deque()
        self._numbers: dict[str, int] = {}
        self._parts: set[str] = set()
        self._implementation = implementation
        room = (implementation.heap or 0) // 16
        self.largest = max(_MIN_REQUEST, min(_MAX_REQUEST, room))

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

    # --- what can be asked ----------------------------------------------------------------------

    def execute(self, code: str, terms: Terms) -> None:
        """Run statements in the global scope; SystemExit is a failure like any other."""
        if goes_in_string(code):
            self._ask(Fixed.EXEC, [code], terms)
            return
        guarded = guard(code, failed=f"{_FAIL}(_belay_error)", done=_DONE)
        source, shift = (f"{code}\n{_DONE}", 0) if guarded is None else (guarded.source, guarded.shift)
        outcome = self._link.run(source, on_output=terms.on_output, timeout=terms.timeout)
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
        if "\n" in expression or expression != expression.lstrip():
            expression = f"({expression}\n)"
        return self._ask(Fixed.EVAL, [expression], terms).value

    def call(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call a function by its name."""
        number = self._number(function, terms)
        if not kwargs and number <= 255 and (written := as_json(list(args))) is not None:
            return self._send(number, written, terms).value
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
        written = as_json([key, "send", value])
        if written is not None:
            return self._send(Fixed.STEP, written, terms).step
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
        written = as_json([*before, list(args), dict(kwargs)])
        if written is not None:
            return self._send(forms[0], written, terms)
        source = Source()
        return self._ask(forms[1], [*before, source.write(args, kwargs)], terms, source)

    def _ask(
        self, function: int, payload: list[object], terms: Terms, source: Source | None = None
    ) -> _Answer:
        written = as_json(payload)
        if written is None:
            # Half of a surrogate pair, in code.
            written = json.dumps(payload, separators=(",", ":")).encode()
        return self._send(function, written, terms, source.blobs if source else {})

    def _send(
        self, function: int, payload: bytes, terms: Terms, blobs: Mapping[str, memoryview] = NO_BULK
    ) -> _Answer:
        """Send a request, and what must be there before it."""
        while self._forgotten:
            keys = [self._forgotten.popleft() for _ in range(min(50, len(self._forgotten)))]
            self._ask(Fixed.DROP, list(keys), terms)
        if function in _PART_OF:
            self._need(_PART_OF[function], terms)
        if len(payload) > self.largest:
            blobs = {**blobs, "long": memoryview(payload)}
            function, payload = Fixed.LONG, b'[%d,"long"]' % function
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
        if len(payload) > self.largest:
            return False
        answer = self._exchange(Fixed.PART, payload, replace(terms, timeout=PART_TIMEOUT))
        if answer.kind != "e":
            return True
        failure = _failure(answer.body)
        if "MemoryError" not in failure.types:
            raise failure
        return False

    def _send_after(
        self, blobs: Mapping[str, memoryview], function: int, payload: bytes, terms: Terms
    ) -> Reply:
        """Send a request and the bulk that it names: in one turn where that can be, else piece by piece."""
        self._need("part_take", terms)
        quick = [(PIECE, AT_ONCE)] if self._link.transport.flow_control else []
        try:
            for size, at_once in [*quick, *[(SLOW_PIECE, 0)] * MAX_ATTEMPTS]:
                cut = (pieces(name, data, size=size, largest=self.largest) for name, data in blobs.items())
                groups = list(batches(itertools.chain.from_iterable(cut), at_once))
                before = groups.pop() if at_once and function in _LOOKS_FIRST else []
                if all(self._arrives(group, terms) for group in groups):
                    answer = self._exchange(function, payload, terms, before=before)
                    if answer.kind != "e":
                        return answer
                    if (failure := _failure(answer.body)).board_args != _LOST:
                        raise failure
        except BoardFailure as failure:
            if "MemoryError" in failure.types:
                # Some of it may be there.
                self._exchange(Fixed.FORGET, json.dumps([*blobs]).encode(), terms)
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
        self._terms = terms

    @property
    def value(self) -> Any:
        text = self._reply.body.decode(errors="surrogatepass")
        return read_result(text, self._reply.chunks, self._terms)

    @property
    def step(self) -> Item | Return:
        return Item(self.value) if self._reply.kind == "y" else Return(self.value)


def _reply(asked: bytes, terms: Terms) -> bytes:
    """The payload that answers a question of the board's: its number, the value, and an error."""
    about, what, args = ast.literal_eval(asked.decode(errors="surrogatepass"))
    if terms.on_ask is None:
        return json.dumps([about, None, f"the host does not answer {what!r}"]).encode()
    return json.dumps([about, terms.on_ask(what, *args), None], ensure_ascii=False).encode()


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
