"""Calls over the plain raw REPL: each is a short program that the board compiles.

A few functions of ours wait on the board under the one name ``_belay`` (``onboard/plain.py``). They run
what they are given and answer with a frame, so that whatever the user's code prints, result and text are both
right.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from belay.board import onboard
from belay.board.calls import BoardFailure, Item, Ours, Return, Terms
from belay.board.firmware import AGENT_HEAP, Implementation, read_probe
from belay.board.literal import NotALiteral, decode, encode
from belay.board.many import Attempt, Call, Packed, Progress, ask_one
from belay.board.objects import going
from belay.board.plain_objects import PlainObjects
from belay.board.results import read_result, stamped
from belay.exceptions import BoardResetError, NotBelayResponseError
from belay.link import Link, Outcome
from belay.link.sending import PASTE_FROM
from belay.repl.control import NOT_IN_CODE
from belay.source import parse_traceback
from belay.source.guard import guard

# What onboard/plain.py answers, in its order.
_CALL, _START, _STEP, _DROP, _FAIL, _EXEC, _EVAL = (f"_belay[{at}]" for at in range(7))

_SHORT = 1024
"""Statements up to so many characters travel inside a string, which gives their errors in one turn."""

_TIMED, _TIMED_ITEMS = ("part_clock", "_belay_timed"), ("part_clock_items", "_belay_timed_items")
_STANDS_ON = {"part_clock_items": ("part_clock",)}

_OURS = "_belay_ours"
"""The scope on the board of the programs that are brought there when they are first needed."""

_ANSWER = 2048
"""About so many bytes an answer of theirs has at most: it is written twice in the board's memory."""

_WINDOW = 10

_LEAST_PIECE = 128
"""Bytes of a file that even a board with little memory takes at once."""

_COLLECT = "try:\n from gc import collect\nexcept ImportError:\n collect=bool"
_SCOPE = f"{_OURS}={{'ready':None,'largest':{_ANSWER},'names':globals()}}"

_BRING_TIMEOUT = 10.0
"""Seconds in which a board takes a statement of such a program."""

_DONE = f"{_CALL}({_DROP})"
"""Behind a longer program: says that it came to its end."""

_EXACT_NEEDS = {"struct", "base64"}
"""With these on the board, and as much heap as the agent wants, results are written as the agent does."""

_DROPPED_AT_ONCE = 100
"""So many generators or objects at most are let go of along with one program; more take a turn."""

_NO_PASTE = 1 << 20
"""Our functions go in one turn: there is room for them."""

_CHECK_TIMEOUT = 5.0
"""Seconds for finding out whether our functions are still on the board."""

_MISSING = ("NameError", "TypeError", "IndexError", "")
"""How programs end, or seem to, that look for functions of ours that are not there."""

_SENT_LINE = re.compile(r'^(  File "<stdin>", line )(\d{1,9})', re.MULTILINE)


class PlainCalls(PlainObjects):
    """A way to the board over the raw REPL; see :class:`belay.board.calls.Calls`.

    Args:
        link: The conversation to use.
    """

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link
        self._forgotten: deque[object] = deque()
        self._features: frozenset[str] = frozenset()
        self._parts: set[str] = set()
        self._heap: int | None = None

    def probe(self, terms: Terms, first: str = "") -> Implementation:
        """Find out what the board is.

        Args:
            terms: The terms of the call.
            first: Statements to run before, in the same turn.
        """
        ask = f"\n_belay_probe({self._mark!r})\ndel _belay_probe"
        answer = self._answer(f"{first}\n{onboard.read('probe')}{ask}", terms, ours=False, installed=False)
        implementation = read_probe(answer[1])
        self._features, self._heap = implementation.features, implementation.heap
        return implementation

    def install(self, terms: Terms) -> None:
        """Put our functions on the board."""
        more = None
        if self._features >= _EXACT_NEEDS and (self._heap or 0) >= AGENT_HEAP:
            more = onboard.read("part_values") + "\n" + onboard.read("exact")
        functions = onboard.read("plain") + f"\n_belay=_belay({self._mark!r},{more!r})\n{_DONE}"
        self._answer(functions, terms, ours=False, installed=False, paste_from=_NO_PASTE)

    def define(self, name: str, source: str, terms: Terms) -> None:  # noqa: ARG002 - calls need no number here
        """Define a global function."""
        self.execute(source, terms)

    def execute(self, code: str, terms: Terms) -> object:
        """Run statements in the global scope; SystemExit is a failure like any other.

        That exception would end the REPL itself if it came so far, and reset the board.
        """
        if terms.timed or goes_in_string(code):
            return self._result(terms, _EXEC, repr(code))
        guarded = guard(code, failed=f"{_FAIL}(_belay_error)", done=_DONE)
        if guarded is None:
            self._answer(f"{code}\n{_DONE}", terms, ours=False)
            return None
        try:
            self._answer(guarded.source, terms, ours=False)
        except BoardFailure as failure:
            traceback = shifted(failure.traceback, -guarded.shift)
            raise BoardFailure(failure.types, failure.board_args, traceback) from None
        return None

    def evaluate(self, expression: str, terms: Terms) -> object:
        """The value of an expression.

        It is evaluated inside a lambda, which the board compiles once; not so where ``:=`` sets a global.
        """
        if ":=" in expression or _must_go_in_string(expression):
            return self._result(terms, _EVAL, repr(expression))
        return self._result(terms, f"lambda:({expression}\n)")

    def call(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call a global function by its name."""
        return self._result(terms, function, *self._positional(args), *self._named(kwargs))

    def spawn(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> None:
        """Call a global function in a thread of the board's."""
        positional = "(" + "".join(f"{text}," for text in self._positional(args)) + ")"
        named = "dict(" + ",".join(self._named(kwargs)) + ")"
        start = "__import__('_thread').start_new_thread"
        self._value(_call(_CALL, start, function, positional, named), terms)

    def start(self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms) -> int:
        """Call a generator function; the answer is the key to its generator."""
        key = next(self._keys)
        first = [self._brought(_TIMED_ITEMS, terms)] if terms.timed else []
        code = _call(_CALL, _START, str(key), *first, function, *self._positional(args), *self._named(kwargs))
        try:
            self._value(code, terms)
        except BaseException:
            # It may have begun all the same.
            self.forget(key)
            raise
        return key

    def send(self, key: int, value: object, terms: Terms) -> Item | Return:
        """Go on with a generator until its next ``yield``."""
        return self._step(
            _call(_STEP, str(key), "'send'", encode(value, "the value sent", going(self))), terms
        )

    def throw(self, key: int, error: BaseException, terms: Terms) -> Item | Return:
        """Raise an exception inside a generator, at its ``yield``."""
        made = f"{type(error).__name__}{encode(error.args, 'the exception')}"
        return self._step(_call(_STEP, str(key), "'throw'", made), terms)

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
        """The bits of the window with which the board had better decompress; 0 if it has no room for it."""
        return _WINDOW if "inflate" in self._features and (self._heap or 0) >= AGENT_HEAP else 0

    @property
    def bulk_size(self) -> int:
        """Bytes that a request had better bring: as source they take up to four times the room."""
        return max(_LEAST_PIECE, min(_ANSWER, (self._heap or 0) // 64))

    @property
    def answer_size(self) -> int:
        """Bytes that an answer had better bring."""
        return self.bulk_size

    def ours(self, function: Ours, args: Sequence[object], terms: Terms, blob: bytes | None = None) -> object:
        """Call a function of ours."""
        before = [blob or b""] if function is Ours.APPLY else []
        return self._value(
            _call(_CALL, self._brought(function.value, terms), *self._positional([*before, *args])), terms
        )

    def pack(self, call: Call) -> Packed:
        """Find out whether the arguments of one of many calls can travel."""
        self._positional(call.args)
        self._named(call.kwargs)
        return Packed(call)

    def many(self, packed: Sequence[Packed], terms: Terms, attempt: Attempt) -> Progress:
        """Make the first of many calls."""
        return ask_one(self, packed[0].call, terms, attempt)

    # --------------------------------------------------------------------------------------------

    def _bring(self, part: str, terms: Terms) -> None:
        """Put a program of ours on the board, in its own scope: statement by statement, to need little."""
        terms = replace(terms, timeout=_BRING_TIMEOUT)
        if not self._parts:
            self._value(f"{_CALL}({_EXEC},{_SCOPE!r})", terms)
            self._value(f"{_CALL}({_EXEC},{_COLLECT!r},{_OURS})", terms)
        for statement in onboard.statements(onboard.read(part)):
            # What stays is to lie in the gaps, not in the middle of what is free.
            self._value(f"{_OURS}['collect']();{_CALL}({_EXEC},{statement!r},{_OURS})", terms)
        self._parts.add(part)

    @property
    def _mark(self) -> str:
        return self._link.mark.decode("ascii")

    def _brought(self, function: tuple[str, str], terms: Terms) -> str:
        """A function of ours on the board, which is brought there if it is not."""
        part, name = function
        for needed in (*_STANDS_ON.get(part, ()), part):
            if needed not in self._parts:
                self._bring(needed, terms)
        return f"{_OURS}[{name!r}]"

    def _result(self, terms: Terms, function: str, *arguments: str) -> object:
        """What a function on the board returns."""
        if not terms.timed:
            return self._value(_call(_CALL, function, *arguments), terms)
        timed = self._brought(_TIMED, terms)
        return stamped(self._value(_call(_CALL, timed, function, *arguments), terms), terms)

    def _step(self, code: str, terms: Terms) -> Item | Return:
        kind, value = self._answer(code, terms)
        if kind != "y":
            return Return(value)
        return Item(stamped(value, terms) if terms.timed else value)

    def _value(self, code: str, terms: Terms) -> Any:
        return self._answer(code, terms)[1]

    def _answer(
        self,
        code: str,
        terms: Terms,
        *,
        ours: bool = True,
        installed: bool = True,
        paste_from: int = PASTE_FROM,
        letting_go: bool = True,
    ) -> tuple[str, object]:
        """Run a program that answers with a frame; its kind and value.

        Args:
            code: The program.
            terms: The terms of the call.
            ours: Whether the program is one line that begins with a function of ours: if that one is gone,
                nothing has run.
            installed: Whether our functions should be on the board already.
            paste_from: From so many bytes on the program is sent by raw paste.
            letting_go: Whether to let go first of what one program cannot.
        """
        while ours and letting_go and len(self._forgotten) + len(self._released) > _DROPPED_AT_ONCE:
            self._answer(_DONE, terms, letting_go=False)
        dropping, taken = self._dropping() if ours else ("", [])
        try:
            outcome = self._link.run(
                dropping + code, on_output=terms.on_output, timeout=terms.timeout, paste_from=paste_from
            )
            if outcome.frame is None or outcome.rebooted:
                raise self._unframed(outcome, ours, installed)
        except BaseException:
            # What may not have been let go of is said again, which does no harm.
            for queue, keys in taken:
                queue.extend(keys)
            raise
        if outcome.error and terms.on_output:
            # Our program has no errors besides its answer, so this was printed by a thread.
            terms.on_output(outcome.error)
        kind, text, rest = _open_frame(outcome.frame)
        if kind == "e":
            raise _failure(text, rest)
        return kind, read_result(text, (), terms)

    def _unframed(self, outcome: Outcome, ours: bool, installed: bool) -> Exception:
        """Why a program did not answer: no valid code, out of memory, or the board is not what it was."""
        if outcome.rebooted:
            return BoardResetError("the board was reset while the call ran", sent=True)
        text = outcome.error.decode(errors="replace").replace("\r\n", "\n")
        found = parse_traceback(text)
        if installed and found.type_name in _MISSING and not self._is_installed():
            if ours:
                self._link.take_back()
            return BoardResetError(
                "what belay keeps on the board is gone: the board was reset, or a program deleted _belay",
                sent=not ours,
            )
        if not found.type_name:
            return NotBelayResponseError(f"the call ended without an answer: {text[:80]!r}")
        return BoardFailure([found.type_name], (found.message,) if found.message else (), text)

    def _is_installed(self) -> bool:
        return self._link.run(_DONE, timeout=_CHECK_TIMEOUT, harmless=True).frame is not None

    def _dropping(self) -> tuple[str, list[tuple[deque[object], list[object]]]]:
        """The calls that let go of what nobody wants any more, and what that is, by the queue it was in."""
        code, taken = "", []
        release = f"{_OURS}['_belay_release']"
        for function, queue, form in ((_DROP, self._forgotten, "{}"), (release, self._released, "[{}]")):
            if keys := [queue.popleft() for _ in range(min(_DROPPED_AT_ONCE, len(queue)))]:
                code += _call(function, form.format(",".join(map(repr, keys)))) + ";"
                taken.append((queue, keys))
        return code, taken

    def _called(self, function: str, arguments: Sequence[str], terms: Terms) -> Any:
        return self._value(_call(_CALL, function, *arguments), terms)


def _must_go_in_string(code: str) -> bool:
    """Whether the REPL would take a part of the code for a command."""
    encoded = code.encode()
    return any(byte in encoded for byte in NOT_IN_CODE)


def goes_in_string(code: str) -> bool:
    """Whether a program had better travel as a string: it is short, or the REPL would misunderstand it."""
    return len(code) <= _SHORT or _must_go_in_string(code)


def shifted(traceback: str, lines: int) -> str:
    """A traceback with other line numbers for what was sent."""
    return _SENT_LINE.sub(lambda found: f"{found[1]}{int(found[2]) + lines}", traceback)


def _call(function: str, *arguments: str) -> str:
    return f"{function}({','.join(arguments)})"


def _torn(body: bytes | str) -> NotBelayResponseError:
    return NotBelayResponseError(f"the answer is torn, perhaps by the output of a thread: {body[:80]!r}")


def _open_frame(body: bytes) -> tuple[str, str, str]:
    """Kind, text, and what follows the text.

    Raises:
        NotBelayResponseError: It is torn: another thread printed into it.
    """
    content = body.decode(errors="replace")
    length, _, rest = content[1:].partition(" ")
    if length.isdecimal():
        size = int(length)
        text, rest = rest[:size], rest[size:]
        # Behind the text of an error stands its traceback, on a line of its own; behind any other, nothing.
        whole = rest.startswith(("\r\n", "\n")) if content[0] == "e" else content[0] in "ry" and not rest
        if len(text) == size and whole:
            return content[0], text, rest
    raise _torn(body)


def _failure(text: str, rest: str) -> BoardFailure:
    try:
        answer: Any = decode(text)
    except NotALiteral:
        raise _torn(text) from None
    match answer:
        case ([*types], str(args_text)):
            traceback = rest.replace("\r\n", "\n").lstrip("\n")
            return BoardFailure(types, error_args(args_text), traceback)
    raise _torn(text)


def error_args(text: str) -> tuple[object, ...]:
    """The arguments of an exception, as far as they could travel, from their ``repr``."""
    try:
        args = decode(text)
    except NotALiteral:
        return (text,)
    return args if isinstance(args, tuple) else (args,)
