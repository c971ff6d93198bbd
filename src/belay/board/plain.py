"""Calls over the plain raw REPL: each is a short program that the board compiles.

A few functions of ours wait on the board under the one name ``_belay`` (``onboard/plain.py``). They run
what they are given and answer with a frame, so that whatever the user's code prints, result and text are both
right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from belay.board import onboard
from belay.board.calls import BoardFailure, Item, Return, Terms
from belay.board.firmware import Implementation, read_probe
from belay.board.literal import NotALiteral, decode, encode
from belay.exceptions import BoardResetError, NotBelayResponseError, UntransferableError
from belay.link import Link, Outcome
from belay.repl.control import NOT_IN_CODE
from belay.source import parse_traceback
from belay.source.guard import guard

_CALL = "_belay[0]"
_START = "_belay[1]"
_STEP = "_belay[2]"
_DROP = "_belay[3]"
_FAIL = "_belay[4]"

_SHORT = 1024
"""Statements up to so many characters travel inside a string, which gives their errors in one turn."""

_DONE = f"\n{_CALL}(bool)"
"""Behind a longer program: says that it came to its end."""

_SENT_LINE = re.compile(r'^(  File "<stdin>", line )(\d{1,9})', re.MULTILINE)


class PlainCalls:
    """A way to the board over the raw REPL; see :class:`belay.board.calls.Calls`.

    Args:
        link: The conversation to use.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._forgotten: list[int] = []

    def install(self, terms: Terms, first: str = "") -> Implementation:
        """Put our functions on the board, and find out what it is.

        Args:
            terms: The terms of the call.
            first: Statements to run before, in the same turn.
        """
        self._forgotten.clear()
        helper = onboard.read("plain") + f"\n_belay=_belay({self._link.mark.decode('ascii')!r})\n"
        probe = onboard.read("probe") + f"\n{_CALL}(_belay_probe)\ndel _belay_probe"
        return read_probe(self._value(f"{first}\n{helper}{probe}", terms))

    def execute(self, code: str, terms: Terms) -> None:
        """Run statements in the global scope."""
        if _goes_in_string(code):
            self._value(f"{_CALL}(exec,{code!r})", terms)
        else:
            self._value(code + _DONE, terms)

    def run(self, program: str, terms: Terms) -> None:
        """Run a whole program: as :meth:`execute`, but SystemExit is a failure like any other.

        The exception would end the REPL itself if it came so far, and reset the board.
        """
        guarded = None
        if not _goes_in_string(program):
            guarded = guard(program, failed=f"{_FAIL}(_belay_error)", done=f"{_CALL}(bool)")
        if guarded is None:
            self.execute(program, terms)
            return
        try:
            self._value(guarded.source, terms)
        except BoardFailure as failure:
            traceback = _shifted(failure.traceback, -guarded.shift)
            raise BoardFailure(failure.types, failure.board_args, traceback) from None

    def evaluate(self, expression: str, terms: Terms) -> object:
        """The value of an expression.

        It is evaluated inside a lambda, which the board compiles once. Not so where a lambda has a scope or
        a meaning of its own (``:=``, ``await``, ``yield``).
        """
        encoded = expression.encode()
        if ":=" in expression or any(byte in encoded for byte in NOT_IN_CODE):
            return self._value(f"{_CALL}(eval,{expression!r})", terms)
        return self._value(f"{_CALL}(lambda:({expression}\n))", terms)

    def call(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call a global function by its name."""
        return self._value(f"{_CALL}({_arguments([function], args, kwargs)})", terms)

    def spawn(
        self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> None:
        """Call a global function in a thread of the board's."""
        named = encode(dict(kwargs), "an argument") if kwargs else ""
        positional = encode(tuple(args), "an argument")
        start = "__import__('_thread').start_new_thread"
        # What start_new_thread returns differs between ports and says nothing to the host.
        arguments = ",".join(filter(None, (function, positional, named)))
        self._value(f"{_CALL}(lambda:{start}({arguments})and None)", terms)

    def start(self, function: str, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms) -> int:
        """Call a generator function; the answer is the key to its generator."""
        key = self._value(f"{_CALL}({_arguments([_START, function], args, kwargs)})", terms)
        if not isinstance(key, int):
            raise NotBelayResponseError(f"a generator's key is {key!r}")
        return key

    def send(self, key: int, value: object, terms: Terms) -> Item | Return:
        """Go on with a generator until its next ``yield``."""
        return self._step(f"{_STEP}({key},'send',{encode(value, 'the value sent')})", terms)

    def throw(self, key: int, error: BaseException, terms: Terms) -> Item | Return:
        """Raise an exception inside a generator, at its ``yield``."""
        made = f"{type(error).__name__}{encode(error.args, 'the exception')}"
        return self._step(f"{_STEP}({key},'throw',{made})", terms)

    def forget(self, key: int) -> None:
        """Close a generator along with the next call; talks to nobody now."""
        self._forgotten.append(key)

    # --------------------------------------------------------------------------------------------

    def _step(self, code: str, terms: Terms) -> Item | Return:
        kind, value = self._answer(code, terms)
        return Item(value) if kind == "y" else Return(value)

    def _value(self, code: str, terms: Terms) -> Any:
        return self._answer(code, terms)[1]

    def _answer(self, code: str, terms: Terms) -> tuple[str, object]:
        """Run a program that answers with a frame; its kind and value."""
        if self._forgotten:
            keys, self._forgotten = self._forgotten, []
            code = f"{_DROP}({','.join(map(str, keys))})\n{code}"
        outcome = self._link.run(code, on_output=terms.on_output, timeout=terms.timeout)
        if outcome.frame is None or outcome.error or outcome.rebooted:
            raise _unframed(outcome)
        kind, text, rest = _open_frame(outcome.frame)
        if kind == "e":
            raise _failure(text, rest)
        return kind, _decode(text, terms)


def _goes_in_string(code: str) -> bool:
    """Whether code is short enough to travel inside a string, or has to, as the REPL would misread it."""
    encoded = code.encode()
    return len(code) <= _SHORT or any(byte in encoded for byte in NOT_IN_CODE)


def _shifted(traceback: str, lines: int) -> str:
    """A traceback with other line numbers for what was sent."""
    return _SENT_LINE.sub(lambda found: f"{found[1]}{int(found[2]) + lines}", traceback)


def _arguments(first: list[str], args: Sequence[object], kwargs: Mapping[str, object]) -> str:
    """The text between the parentheses of a call."""
    positional = [encode(value, f"argument {at}") for at, value in enumerate(args, 1)]
    named = [f"{name}={encode(value, f'argument {name!r}')}" for name, value in kwargs.items()]
    return ",".join([*first, *positional, *named])


def _unframed(outcome: Outcome) -> Exception:
    """The program did not answer: it failed to compile, ran out of memory, or took the board with it."""
    if outcome.rebooted:
        return BoardResetError("the board was reset while the call ran", sent=True)
    text = outcome.error.decode(errors="replace").replace("\r\n", "\n")
    if not text:
        return NotBelayResponseError("the call ended without an answer")
    found = parse_traceback(text)
    args = (found.message,) if found.message else ()
    return BoardFailure([found.type_name], args, text)


def _open_frame(body: bytes) -> tuple[str, str, str]:
    """Kind, text, and what follows the text.

    Raises:
        NotBelayResponseError: It is torn: another thread printed into it.
    """
    content = body.decode(errors="replace")
    length, _, rest = content[1:].partition(" ")
    if length.isdigit():
        size = int(length)
        text, rest = rest[:size], rest[size:]
        # Behind the text of an error stands its traceback; behind any other text, nothing.
        if len(text) == size and (not rest or content[0] == "e"):
            return content[0], text, rest
    raise NotBelayResponseError(f"the answer is torn, perhaps by the output of a thread: {body[:80]!r}")


def _failure(text: str, rest: str) -> BoardFailure:
    answer: Any = decode(text)
    types, args_text = answer
    args: object
    try:
        args = decode(args_text)
    except NotALiteral:
        args = (args_text,)
    traceback = rest.replace("\r\n", "\n").lstrip("\n")
    return BoardFailure(types, args if isinstance(args, tuple) else (args,), traceback)


def _decode(text: str, terms: Terms) -> object:
    try:
        return decode(text)
    except NotALiteral as error:
        if terms.trusted:
            return eval(text, {})  # noqa: S307 - the caller said that the board may do this
        raise UntransferableError(
            "the result", error.type_name, hint="keep it on the board, and return what you need of it"
        ) from None
