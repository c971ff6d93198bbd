"""Every error that belay raises, as one tree.

The names that programs written for belay know (``ConnectionLost``, ``DeviceNotFoundError``, …) are
here with their documented places in the tree. Blame is kept apart:

* you misused belay: :class:`AddressError`, :class:`UnsupportedFunctionError`, :class:`UntransferableError`, …
* the connection: :class:`ConnectionFailedError` and below, :class:`BoardTimeoutError`;
* the board broke the protocol: :class:`ProtocolError`;
* your code on the board raised: :class:`BoardError`.

Errors carry what they know as attributes; nobody needs to match their text. ``hint`` says what would
help, for a person; the command line prints it on a line of its own.
"""

from __future__ import annotations

from types import TracebackType

__all__ = [
    "AddressError",
    "AuthenticationError",
    "BelayException",
    "BoardCrashedError",
    "BoardError",
    "BoardResetError",
    "BoardTimeoutError",
    "ConnectionFailedError",
    "ConnectionLost",
    "DeviceNotFoundError",
    "FeatureUnavailableError",
    "InsufficientSpecifierError",
    "InternalError",
    "MaxHistoryLengthError",
    "NoMatchingExecuterError",
    "NotBelayResponseError",
    "PortBusyError",
    "ProtocolError",
    "PyboardException",
    "ReplEntryError",
    "SpecialFunctionNameError",
    "UnsupportedFunctionError",
    "UntransferableError",
]


class BelayException(Exception):  # noqa: N818 - the documented name
    """Root of every error of belay's own.

    Args:
        message: What happened, one sentence.
        hint: What the reader can do about it, or None.
    """

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def message(self) -> str:
        """What happened, without the hint."""
        return str(self)


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


class SpecialFunctionNameError(BelayException):
    """A function has a name that belay keeps for itself.

    Reserved are names that start and end with a double underscore, and names that start with
    ``_belay`` or ``__belay``.
    """


class NoMatchingExecuterError(BelayException):
    """No function is registered for this board's implementation."""


class MaxHistoryLengthError(BelayException):
    """More was to be remembered for a reconnect than belay keeps."""


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
