"""Every error that belay raises, as one tree.

The names that programs written for belay know (``ConnectionLost``, ``DeviceNotFoundError``, …) are
here with their documented places in the tree. Blame is kept apart:

* you misused belay: :class:`AddressError`, :class:`UnsupportedFunctionError`, :class:`UntransferableError`, …
* the connection: :class:`ConnectionFailedError` and below, :class:`BoardTimeoutError`;
* the board broke the protocol: :class:`ProtocolError`;
* your code on the board raised: :class:`BoardError`;
* a project or its packages: :class:`PackageError` and below;
* files, on the host or on a board: :class:`FilesError` and below.

Errors carry what they know as attributes; nobody needs to match their text. ``hint`` says what would
help, for a person; the command line prints it on a line of its own, and Python's tracebacks end with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import TracebackType
from typing import Any

__all__ = [
    "AddressError",
    "AliasFileError",
    "AuthenticationError",
    "BatchError",
    "BelayException",
    "BoardCrashedError",
    "BoardError",
    "BoardFileError",
    "BoardFileExistsError",
    "BoardFileNotFoundError",
    "BoardFolderNotEmptyError",
    "BoardIsAFolderError",
    "BoardNotAFolderError",
    "BoardResetError",
    "BoardTimeoutError",
    "ClockNotSynchronizedError",
    "CompileError",
    "ConfigError",
    "ConnectionFailedError",
    "ConnectionLost",
    "DecorationError",
    "DeviceNotFoundError",
    "FeatureUnavailableError",
    "FetchError",
    "FilesError",
    "ImageError",
    "InsufficientSpecifierError",
    "InternalError",
    "LockError",
    "ManifestError",
    "MaxHistoryLengthError",
    "NoMatchingExecuterError",
    "NoRoomError",
    "NoSuchVersionError",
    "NotBelayResponseError",
    "NotRunError",
    "OccupiedError",
    "PackageError",
    "PackageNotFoundError",
    "PathConflictError",
    "PortBusyError",
    "ProjectNotFoundError",
    "ProtocolError",
    "PublishError",
    "PyboardException",
    "ReadOnlyBoardError",
    "ReplEntryError",
    "RequirementError",
    "ResolutionError",
    "SourceMissingError",
    "SpecialFunctionNameError",
    "UnsafePathError",
    "UnsupportedFunctionError",
    "UntransferableError",
]


class BelayException(Exception):  # noqa: N818 - the documented name
    """Root of every error of belay's own.

    Args:
        message: What happened, one sentence.
        hint: What the reader can do about it, or None.
    """

    hint: str | None = None
    _notes: tuple[str, ...] = ()

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        # What it was made of is not kept, so that a copy cannot be made of it again.
        return _again, (type(self), self.args, getattr(self, "errno", None)), vars(self)

    def add_note(self, note: str, /) -> None:
        """Add to what a traceback shows below the message, as every exception does.

        Args:
            note: One line or several.

        Raises:
            TypeError: It is no text.
        """
        if not isinstance(note, str):
            raise TypeError(f"a note is text, not {type(note).__name__}")
        self._notes = (*self._notes, note)

    @property
    def __notes__(self) -> list[str]:
        """What was noted, and the advice: Python prints these lines with an error that nobody catches."""
        hint = [f"hint: {self.advice}"] if self.advice else []
        return [*self._notes, *hint]

    @__notes__.setter
    def __notes__(self, notes: Iterable[str]) -> None:
        # What was read from here has the hint in it.
        self._notes = tuple(note for note in notes if note != f"hint: {self.advice}")

    @property
    def message(self) -> str:
        """What happened, without the hint."""
        return str(self)

    @property
    def advice(self) -> str | None:
        """The hint; without one, what helps with most errors of this kind, or None."""
        return self.hint or self._usual_advice

    _usual_advice: str | None = None


def _again(kind: type[BelayException], args: tuple[object, ...], number: int | None) -> BelayException:
    """An error as it was, but for its attributes, for copies and for other processes."""
    # Of several builtins only the one that decides the memory layout may make it.
    base: Any = kind.__base__
    error: BelayException = base.__new__(kind, *args)
    error.args = args
    if number is not None and isinstance(error, OSError):
        # It is no attribute like the others.
        error.errno = number
    return error


def notes_of(error: BaseException) -> tuple[str, ...]:
    """What was noted of an error on its way, without its hint.

    Args:
        error: Any exception.
    """
    if isinstance(error, BelayException):
        return error._notes
    return tuple(getattr(error, "__notes__", ()))


# --- you misused belay ---------------------------------------------------------------------------


class AddressError(BelayException, ValueError):
    """A board's address could not be understood.

    Args:
        address: The address as it was given.
        reason: What is wrong with it.
    """

    def __init__(self, address: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{address!r} is not a board's address: {reason}", hint=hint)
        self.address = address
        self.reason = reason


class AliasFileError(BelayException, ValueError):
    """The file with the names that the user gave to boards cannot be read or understood.

    Args:
        file: The file.
        reason: What is wrong.
    """

    def __init__(self, file: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{file}: {reason}", hint=hint)
        self.file = file
        self.reason = reason

    _usual_advice = "correct it there, or remove it: it has the names of boards, as @bench-left"


class UnsupportedFunctionError(BelayException, TypeError):
    """A function cannot run on a board: a lambda, a closure over host values, an ``async def``, …

    Args:
        function: The function's name.
        reason: Why it cannot travel.
        variable: The host variable that stands in the way, or None.
    """

    def __init__(
        self,
        function: str,
        reason: str,
        *,
        variable: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(f"{function} cannot run on a board: {reason}", hint=hint)
        self.function = function
        self.reason = reason
        self.variable = variable


class UntransferableError(BelayException, TypeError):
    """A value cannot travel between host and board.

    Args:
        where: Which value, as ``argument 'pin'`` or ``result``.
        type_name: The name of the value's type.
    """

    def __init__(self, where: str, type_name: str, *, hint: str | None = None) -> None:
        super().__init__(f"{where}: a value of type {type_name} cannot travel", hint=hint)
        self.where = where
        self.type_name = type_name


class BatchError(BelayException, RuntimeError):
    """Something cannot be done while a batch gathers calls, or not before it is sent."""


class NotRunError(BelayException):
    """A call of a batch did not run, since something went wrong before it.

    Attributes:
        may_have_run: Whether that is not certain: the connection was lost, or the program interrupted, while
            it was under way.
    """

    def __init__(self, message: str, *, may_have_run: bool = False, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.may_have_run = may_have_run


class SpecialFunctionNameError(BelayException):
    """A function has a name that belay keeps for itself.

    Reserved are names that start and end with a double underscore, and names that start with
    ``_belay`` or ``__belay``.
    """


class NoMatchingExecuterError(BelayException):
    """No function is registered for this board's implementation."""


class DecorationError(BelayException, ValueError):
    """Functions were decorated in a way that cannot be: overloads that clash, a name that is taken, …

    Args:
        function: The function's name.
        reason: What is wrong.
    """

    def __init__(self, function: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{function}: {reason}", hint=hint)
        self.function = function
        self.reason = reason


class MaxHistoryLengthError(BelayException):
    """More was to be remembered for a reconnect than belay keeps."""


class ClockNotSynchronizedError(BelayException):
    """The time on the board is not known, and it may not be asked for now."""


class FeatureUnavailableError(BelayException):
    """This board, its firmware or this platform lacks the feature."""


# --- the connection ------------------------------------------------------------------------------


class DeviceNotFoundError(BelayException):
    """No board answers to what was asked for."""


class InsufficientSpecifierError(BelayException):
    """What was asked for fits more than one board."""


class ConnectionFailedError(BelayException):
    """The connection to the board could not be made."""


class AuthenticationError(BelayException):
    """The board refused the user or the password."""


class PortBusyError(ConnectionFailedError):
    """Another program has the port open.

    Args:
        port: The port that is taken.
    """

    def __init__(self, port: str, *, hint: str | None = None) -> None:
        super().__init__(f"{port} is in use by another program", hint=hint)
        self.port = port


class ReplEntryError(ConnectionFailedError):
    """The port opened, but no MicroPython prompt came.

    Args:
        stage: What was being tried when the time ran out.
        last_seen: The last bytes that came from the board.
    """

    def __init__(self, stage: str, last_seen: bytes = b"", *, hint: str | None = None) -> None:
        seen = f"; last seen: {last_seen!r}" if last_seen else "; nothing was received"
        super().__init__(f"no REPL: failed while {stage}{seen}", hint=hint)
        self.stage = stage
        self.last_seen = last_seen


class ConnectionLost(ConnectionFailedError):  # noqa: N818 - the documented name
    """The connection was there and is gone; what was running may or may not have run."""


class BoardResetError(ConnectionLost):
    """The board was reset: everything that was defined on it is gone.

    Args:
        message: How it was noticed.
        sent: Whether a request was on its way. If False, nothing of it ran.
    """

    def __init__(self, message: str, *, sent: bool, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class BoardCrashedError(ConnectionLost):
    """The interpreter of a virtual board died.

    Args:
        message: How it died.
        returncode: Its exit status; a negative number is the signal that killed it.
    """

    def __init__(self, message: str, returncode: int | None, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.returncode = returncode


class BoardTimeoutError(BelayException, TimeoutError):
    """The board did not finish, or did not answer, within the time allowed.

    Args:
        doing: What was being waited for.
        seconds: The time that was allowed, in seconds.
        last_seen: The last bytes that came from the board.
    """

    def __init__(
        self, doing: str, seconds: float, last_seen: bytes = b"", *, hint: str | None = None
    ) -> None:
        seen = f"; last seen: {last_seen!r}" if last_seen else ""
        super().__init__(f"{doing} took longer than {seconds:g} s{seen}", hint=hint)
        self.doing = doing
        self.seconds = seconds
        self.last_seen = last_seen


# --- the board broke the protocol ----------------------------------------------------------------


class NotBelayResponseError(BelayException):
    """What the board sent is not an answer of belay's."""


class ProtocolError(NotBelayResponseError):
    """The board sent what the protocol does not allow.

    Args:
        message: What was wrong.
        received: The bytes in question.
    """

    def __init__(self, message: str, received: bytes = b"", *, hint: str | None = None) -> None:
        super().__init__(f"{message}: {received!r}" if received else message, hint=hint)
        self.received = received


class InternalError(BelayException):
    """A mistake in belay itself; please report it."""


# --- your code on the board raised ---------------------------------------------------------------


class BoardError(BelayException):
    """Code on the board raised an exception.

    Raised as a class that is also the builtin of the same name where there is one, so
    ``except ValueError`` catches a board's ``ValueError``, and ``except BoardError`` catches all.

    Attributes:
        board_type: The name of the exception's type on the board.
        board_args: Its arguments, as far as they could travel.
        board_message: What it says, as the board printed it.
        board_traceback: The traceback as the board printed it.
        board_frames: The board's frames with the places in the user's files, as the end of a traceback.
    """

    board_type: str = ""
    board_args: tuple[object, ...] = ()
    board_message: str = ""
    board_traceback: str = ""
    board_frames: TracebackType | None = None


PyboardException = BoardError
"""The name that older programs know :class:`BoardError` by."""


# --- a project or its packages -------------------------------------------------------------------


class PackageError(BelayException):
    """Something is wrong with a project or its packages; the root of all errors of this kind."""


_LOGIN = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*@|(?<=http://)[^/@\s]+@|(?<=https://)[^/@\s]+@")
"""What is not to be shown of an address; the user of an ``ssh:`` address is no secret."""
_PUBLISHER = "whoever publishes the package has to mend that; until then another version or source may do"


class ProjectNotFoundError(PackageError):
    """There is no project here: no pyproject.toml with a table ``[tool.belay]``, here or above."""


class ConfigError(PackageError, ValueError):
    """A project's pyproject.toml cannot be understood.

    Args:
        file: The file.
        reason: What is wrong.
        key: Where in the file, as ``tool.belay.dependencies.aiohttp``, or empty.
        line: The line, counted from 1, or None.
    """

    def __init__(
        self, file: str, reason: str, *, key: str = "", line: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(": ".join(filter(None, (_place(file, line), key, reason))), hint=hint)
        self.file = file
        self.reason = reason
        self.key = key
        self.line = line

    _usual_advice = "correct it there; nothing was changed"


class LockError(PackageError, ValueError):
    """A lockfile cannot be understood, or not be used.

    Args:
        file: The file.
        reason: What is wrong.
        key: Where in the file, as ``package[3].files[0].size``, or empty.
        line: The line, counted from 1, or None.
    """

    def __init__(
        self, file: str, reason: str, *, key: str = "", line: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(": ".join(filter(None, (_place(file, line), key, reason))), hint=hint)
        self.file = file
        self.reason = reason
        self.key = key
        self.line = line


class RequirementError(PackageError, ValueError):
    """What is wanted cannot be understood.

    Args:
        text: What was written.
        reason: What is wrong with it.
    """

    def __init__(self, text: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{_shown(_LOGIN.sub('…@', text))}: {reason}", hint=hint)
        self.text = text
        self.reason = reason

    _usual_advice = "`belay add --help` shows what can be written"


class UnsafePathError(PackageError, ValueError):
    """A name or a path that must not be written: it leads out, or is another one on another system.

    Args:
        path: The name or path.
        reason: What is wrong with it.
        where: Who asked for it, as a manifest's address, or empty.
    """

    def __init__(self, path: str, reason: str, *, where: str = "", hint: str | None = None) -> None:
        # Paths of this machine are long, and right to their end.
        shown = _shown(path) if "://" in where else repr(path)
        super().__init__(": ".join(filter(None, (where, shown, reason))), hint=hint)
        self.path = path
        self.reason = reason
        self.where = where

    @property
    def advice(self) -> str | None:
        """What would help: it depends on who asked for the path."""
        if self.where.startswith("path+"):
            return self.hint or "put a file of the package in its place, or take it away"
        return self.hint or (_PUBLISHER if "/" in self.where else "choose another name")


class OccupiedError(PackageError):
    """A file of a package belongs where there is something that belay has not put there.

    Args:
        path: Where.
        reason: What is there.
    """

    def __init__(self, path: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{path}: {reason}", hint=hint)
        self.path = path
        self.reason = reason


class ManifestError(PackageError, ValueError):
    """A package's description (package.json) cannot be understood.

    Args:
        where: Its address.
        reason: What is wrong.
    """

    def __init__(self, where: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{where}: {reason}", hint=hint)
        self.where = where
        self.reason = reason

    _usual_advice = _PUBLISHER


class ResolutionError(PackageError):
    """No choice of packages is what everybody wants.

    Args:
        message: What cannot be had.
        chains: Who asked for what, through whom, one line each.
    """

    def __init__(self, message: str, chains: tuple[str, ...] = (), *, hint: str | None = None) -> None:
        super().__init__("\n".join((message, *(f"  {chain}" for chain in chains))), hint=hint)
        self.chains = chains


class NoSuchVersionError(ResolutionError):
    """There is such a package, but in no version that is wanted."""


class FetchError(PackageError):
    """Something could not be had from where it is.

    Args:
        url: Where it is.
        kind: What went wrong, in one word: ``"not-found"``, ``"dns"``, ``"tls"``, ``"refused"``,
            ``"unreachable"``, ``"timeout"``, ``"dropped"``, ``"truncated"``, ``"mismatch"`` (it came, but is
            not what it should be), ``"status"``, ``"too-large"``, ``"redirect"``, ``"insecure"`` (plain
            http), ``"address"``, ``"proxy"``, ``"file"`` (a ``file:`` URL, unreadable), ``"offline"``,
            ``"interrupted"``, ``"denied"`` (git has no login there), ``"git"`` (git says why).
        reason: The same for people.
        status: The server's status, where it gave one.
    """

    def __init__(
        self, url: str, kind: str, reason: str, *, status: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(f"{url}: {reason}", hint=hint)
        self.url = url
        self.kind = kind
        self.reason = reason
        self.status = status

    @property
    def advice(self) -> str | None:
        """What would help: it depends on the kind."""
        return self.hint or _FETCH_ADVICE.get(self.kind)


_LATER = "try again later; if it stays so, something is wrong with the server, or on the way to it"
_FETCH_ADVICE = {
    "not-found": "is the address right, and does the server still have it?",
    "dns": "is this machine online, and the name right?",
    "refused": "is the server running, and the address right?",
    "unreachable": "is this machine online, and the address right?",
    "timeout": _LATER,
    "dropped": _LATER,
    "truncated": _LATER,
    "mismatch": "it was damaged or exchanged on the way, or by its publisher: do not use it unseen",
    "status": _LATER,
    "too-large": "is it what it should be? no board has room for as much",
    "redirect": "is the address right? nothing is fetched from where it leads to",
    "address": "correct the address",
    "proxy": "is the proxy that the environment names the right one? no_proxy names hosts without one",
    "file": "may you read it?",
    "offline": "without --offline it would be fetched",
}


class PackageNotFoundError(PackageError, LookupError):
    """No index has a package, or none has it in the version that is wanted.

    Args:
        name: The package.
        message: What is missing where.
    """

    def __init__(self, name: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.name = name

    @property
    def advice(self) -> str | None:
        """What would help: what has a colon is no package of an index."""
        search = "`belay search WORD` finds packages; addresses and paths need no index"
        return self.hint or (_FETCH_ADVICE["not-found"] if ":" in self.name else search)


class PathConflictError(PackageError):
    """Two packages have different content for one file.

    Args:
        path: The file's destination.
        packages: The names of both, sorted.
    """

    def __init__(self, path: str, packages: tuple[str, ...], *, hint: str | None = None) -> None:
        super().__init__(f"{path}: {' and '.join(packages)} have different content for it", hint=hint)
        self.path = path
        self.packages = packages


class PublishError(PackageError):
    """A project cannot be published as it is: something is missing, would not import, or is there already."""


# --- files ---------------------------------------------------------------------------------------


class FilesError(BelayException):
    """Something is wrong with files that go to a board; the root of all errors of this kind."""


class BoardFileError(FilesError, OSError):
    """Something cannot be done with a file or folder of a board.

    Args:
        message: What went wrong.
        path: Which it is, on the board.
        number: The number of the board's error, as in :mod:`errno` on Linux; None if it has none.

    Attributes:
        path: As given.
        errno: The number.
    """

    def __init__(
        self, message: str, path: str, number: int | None = None, *, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.errno = number


class BoardFileNotFoundError(BoardFileError, FileNotFoundError):
    """The board has no such file or folder."""


class BoardFileExistsError(BoardFileError, FileExistsError):
    """There is something of this name on the board."""


class BoardIsAFolderError(BoardFileError, IsADirectoryError):
    """It is a folder, where a file is needed."""


class BoardNotAFolderError(BoardFileError, NotADirectoryError):
    """It is no folder, where one is needed."""


class BoardFolderNotEmptyError(BoardFileError):
    """A folder that holds something cannot be removed."""


class ReadOnlyBoardError(BoardFileError, PermissionError):
    """The board's file system cannot be written."""

    _usual_advice = (
        "CircuitPython lets one side write: put `import storage; storage.remount('/', readonly=False)` "
        "into boot.py, then reset the board"
    )


class NoRoomError(BoardFileError):
    """The board's file system is full, or would be.

    Attributes:
        needed: Bytes that are needed; None if that is not known.
        free: Bytes that are free; None likewise.
    """

    needed: int | None = None
    free: int | None = None


class SourceMissingError(FilesError, FileNotFoundError):
    """What is to be sent is not there."""


class CompileError(FilesError):
    """A file cannot be compiled for the board.

    Args:
        path: The file.
        line: The line, counted from 1, or None.
        reason: What the compiler says.
    """

    def __init__(self, path: str, line: int | None, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{_place(path, line)}: {reason}", hint=hint)
        self.path = path
        self.line = line
        self.reason = reason


class ImageError(FilesError, ValueError):
    """A ROMFS image is damaged, or none, or cannot be made of these files."""


def _shown(text: str) -> str:
    """What was written, in quotes; of what nobody would read to its end, the beginning."""
    return repr(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!r}…"


_LONGEST = 200


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}, line {line}"
