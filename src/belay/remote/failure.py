"""A board's exception as one of ours: its own type, and a traceback that leads into the user's files."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Iterable, Sequence
from functools import cache
from types import CodeType, TracebackType

from belay.board.calls import BoardFailure
from belay.exceptions import BoardError
from belay.source import LineMap, Location, parse_traceback
from belay.source.traceback import Frame

_OURS = "_belay"
"""Functions of ours on the board have names that begin so."""

_NOT_INHERITED = (SystemExit, KeyboardInterrupt, GeneratorExit)
"""A board's exit or interrupt must not end the host's program as its own would."""


def to_exception(failure: BoardFailure, lines: LineMap) -> BoardError:
    """Make the exception that the user sees.

    Args:
        failure: What the board said.
        lines: Where the functions on the board came from.

    Returns:
        An exception to raise. It is a :class:`~belay.exceptions.BoardError` and, where the board's type or one of
        its bases is a builtin here, that builtin too. Its traceback goes through the frames on the board.
    """
    name = failure.types[0] if failure.types else "Exception"
    error = _make(_class(name, tuple(failure.types)), failure.board_args)
    error.board_type = name
    error.board_args = failure.board_args
    error.board_traceback = failure.traceback
    found = parse_traceback(failure.traceback)
    places = [_place(frame, lines) for frame in found.frames if not _is_ours(frame)]
    return error.with_traceback(_traceback(places))


def describe(error: BoardError) -> str:
    """One line: the type and message as the board would print them."""
    message = str(error)
    return f"{error.board_type}: {message}" if message else error.board_type


def _is_ours(frame: Frame) -> bool:
    """Whether a frame belongs to our own code on the board, or to the line that called it."""
    name = frame.function or "<module>"
    return name.startswith(_OURS) or (frame.file == "<stdin>" and name == "<module>")


def _place(frame: Frame, lines: LineMap) -> Location:
    name = frame.function or "<module>"
    found = lines.locate(name, frame.line) if frame.file in ("<stdin>", "<string>") else None
    return found or Location(frame.file, frame.line, name)


@cache
def _class(name: str, types: tuple[str, ...]) -> type[BoardError]:
    """The class for a board's type: named as there, and derived from the nearest builtin."""
    bases: tuple[type, ...] = (BoardError,)
    for candidate in types:
        found = getattr(builtins, candidate, None)
        if isinstance(found, type) and issubclass(found, Exception) and _fits(found):
            bases = (BoardError, found)
            break
    return type(name, bases, {"__module__": "board", "__doc__": f"{name}, raised on a board."})


def _fits(found: type[BaseException]) -> bool:
    return not issubclass(found, (*_NOT_INHERITED, BaseExceptionGroup)) and found not in (
        Exception,
        BaseException,
    )


def _make(kind: type[BoardError], args: tuple[object, ...]) -> BoardError:
    """An instance with the board's arguments, whatever the builtin base wants to be made with."""
    error = kind.__new__(kind, *args)
    error.hint = None
    error.args = args
    if isinstance(error, OSError) and args and isinstance(args[0], int):
        error.errno = args[0]
    if isinstance(error, StopIteration):
        error.value = args[0] if args else None
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

    Python has no way to write a frame, so one is run: a ``raise`` on the right line of a code object
    that bears the right names.
    """
    line = max(1, place.line)
    code: CodeType = compile("\n" * (line - 1) + "raise Exception", place.file, "exec")
    code = code.replace(co_name=place.function, co_qualname=place.function)
    try:
        exec(code, {"__name__": "board"})  # noqa: S102 - our own constant code
    except Exception as error:
        assert error.__traceback__ is not None
        assert error.__traceback__.tb_next is not None
        return error.__traceback__.tb_next
    raise AssertionError("unreachable")


def remember_text(name: str, text: str) -> None:
    """Let tracebacks show the lines of code that has no file.

    Args:
        name: What stands for the file's name, in angle brackets.
        text: The code.
    """
    linecache.cache[name] = (len(text), None, [f"{line}\n" for line in text.split("\n")], name)


def forget_texts(names: Iterable[str]) -> None:
    """The opposite of :func:`remember_text`."""
    for name in names:
        linecache.cache.pop(name, None)
