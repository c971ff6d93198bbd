"""A board's exception as one of ours: its own type, and a traceback that leads into the user's files."""

from __future__ import annotations

import builtins
import itertools
import linecache
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any, cast

from belay.board.calls import BoardFailure
from belay.exceptions import BoardError
from belay.source import LineMap, Location, parse_traceback
from belay.source.traceback import Frame

_OURS = "_belay"
"""Functions of ours on the board have names that begin so."""

_CALLED = ("_belay_input", "_belay_ask")
"""Those of them that the user's code calls, and not the other way round."""

MAX_TEXTS = 64
"""Of so many pieces of code without a file the lines are kept for tracebacks."""

_NOT_INHERITED = (SystemExit, KeyboardInterrupt, GeneratorExit)
"""A board's exit or interrupt must not end the host's program as its own would."""


@dataclass(frozen=True)
class Origin:
    """Where code came from that is not a function on the board: a setup's body, a statement.

    Attributes:
        file: The user's file, or a name in angle brackets.
        first_line: The line in it of the code's first line.
        function: The name of the function that it was written in, or ``<module>``.
        whole: Whether it is a program of its own: functions that nobody else knows are in it too.
    """

    file: str
    first_line: int = 1
    function: str = "<module>"
    whole: bool = False

    def at(self, line: int, function: str | None = None) -> Location:
        """The place of one of its lines, counted from 1; ``function`` if it is not the code's own."""
        return Location(self.file, self.first_line + line - 1, function or self.function)


def to_exception(failure: BoardFailure, lines: LineMap, origin: Origin | None = None) -> BoardError:
    """Make the exception that the user sees.

    Args:
        failure: What the board said.
        lines: Where the functions on the board came from.
        origin: Where the code came from that ran outside of functions.

    Returns:
        An exception to raise. It is a :class:`~belay.exceptions.BoardError` and, where the board's type or
        one of its bases is a builtin here, that builtin too. Its traceback goes through the board's frames.
    """
    found = parse_traceback(failure.traceback)
    name = failure.types[0] if failure.types else "Exception"
    error = _make(_class(name, failure.types), failure.board_args, found.message)
    error.board_type = name
    error.board_args = failure.board_args
    error.board_traceback = failure.traceback
    error.board_frames = _traceback(_places(found.frames, lines, origin))
    return error


def at_home(error: BoardError) -> BoardError:
    """The error, to be raised again where the user called.

    Its traceback then has two parts, that call and the board's frames, without the functions of ours in
    between.
    """
    return error.with_traceback(error.board_frames)


def describe(error: BoardError) -> str:
    """One line: the type and message as the board printed them."""
    return f"{error.board_type}: {error.board_message}" if error.board_message else error.board_type


def text_origin(text: str) -> Origin:
    """The origin of a piece of code that has no file; tracebacks can show its lines."""
    name = f"<board code {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, [f"{line}\n" for line in text.split("\n")], name)
    _texts.append(name)
    if len(_texts) > MAX_TEXTS:
        linecache.cache.pop(_texts.popleft(), None)
    return Origin(name)


_numbers = itertools.count(1)
_texts: deque[str] = deque()


def _places(frames: Sequence[Frame], lines: LineMap, origin: Origin | None) -> list[Location]:
    """The places in the user's files, the outermost first."""
    names = [frame.function or "" for frame in frames]
    wrapped = any(name.startswith(_OURS) and name not in _CALLED for name in names)
    places = []
    for index, frame in enumerate(frames):
        name = frame.function or "<module>"
        if name.startswith(_OURS) or (wrapped and index == 0):
            # A function of ours, or the line that called it.
            continue
        sent = frame.file in ("<stdin>", "<string>")
        outside = name == "<module>" or (name == "<lambda>" and frames[index - 1].function == f"{_OURS}_call")
        if sent and outside and origin:
            places.append(origin.at(frame.line))
        elif not sent or name != "<module>":
            found = lines.locate(name, frame.line) if sent else None
            if sent and not found and origin and origin.whole:
                found = origin.at(frame.line, name)
            places.append(found or Location(frame.file, frame.line, name))
    return places


@lru_cache(maxsize=256)
def _class(name: str, types: tuple[str, ...]) -> type[BoardError]:
    """The class for a board's type: named as there, and derived from the nearest builtin."""
    bases: tuple[type, ...] = (BoardError,)
    for candidate in types:
        found = getattr(builtins, candidate, None)
        if isinstance(found, type) and issubclass(found, Exception) and _fits(found):
            bases = (BoardError, found)
            break
    body = {
        "__module__": "board",
        "__doc__": f"{name}, raised on a board.",
        # What the board says, whatever the builtin base makes of the arguments.
        "__str__": lambda self: self.board_message,
    }
    return type(name, bases, body)


def _fits(found: type[BaseException]) -> bool:
    return not issubclass(found, (*_NOT_INHERITED, BaseExceptionGroup)) and found not in (
        Exception,
        BaseException,
    )


def _make(kind: type[BoardError], args: tuple[object, ...], message: str) -> BoardError:
    """An instance with the board's arguments, whatever the builtin base wants to be made with."""
    # The base that decides the memory layout: no other may make an instance.
    base: Any = kind.__base__
    error: BoardError = base.__new__(kind, *args)
    error.hint = None
    error.args = args
    error.board_message = message
    if isinstance(error, OSError) and args and isinstance(args[0], int):
        error.errno = args[0]
    if isinstance(error, StopIteration):
        error.value = args[0] if args else None
    if isinstance(error, SyntaxError):
        # Python's own traceback printer shows this.
        error.msg = message
    return error


# --- a traceback through the board's frames ------------------------------------------------------


def _traceback(places: Sequence[Location]) -> TracebackType | None:
    """A chain of traceback entries, the outermost first, made of frames that really ran."""
    chain: TracebackType | None = None
    for place in reversed(places):
        entry = _entry(place)
        chain = TracebackType(chain, entry.tb_frame, entry.tb_lasti, place.line)
    return chain


def _entry(place: Location) -> TracebackType:
    """The traceback entry of a frame that says it is at ``place``.

    Python has no way to write a frame, so one is run: a ``raise`` whose code object bears the right names.
    """
    code = compile("raise Exception", place.file, "exec")
    code = code.replace(
        co_name=place.function,
        co_qualname=place.function,
        co_firstlineno=max(1, place.line),
        co_linetable=_line_table(code),
    )
    entry: TracebackType | None = None
    try:
        exec(code, {"__name__": "board"})  # noqa: S102 - our own constant code
    except Exception as error:  # noqa: BLE001 - it is the one just raised
        own = error.__traceback__
        entry = own and own.tb_next
    return cast("TracebackType", entry)


def _line_table(code: CodeType) -> bytes:
    """A table that puts all instructions on the first line, without columns: a board knows none.

    Format: https://github.com/python/cpython/blob/main/InternalDocs/code_objects.md, "Format of co_linetable"
    (from 3.11 on). Each entry covers up to 8 units of 2 bytes: 0x80, kind 13 << 3, units - 1; then the line's
    change, 0.
    """
    units = len(code.co_code) // 2
    return b"".join(bytes((0x80 | 13 << 3 | min(8, units - at) - 1, 0)) for at in range(0, units, 8))
