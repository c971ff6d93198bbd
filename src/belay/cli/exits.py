"""What the exit codes mean, in one table."""

from __future__ import annotations

from belay import exceptions

DONE = 0
RAISED = 1
USAGE = 2
NOT_FOUND = 3
CONNECTION = 4
TIMEOUT = 5
UNAVAILABLE = 6
FILE = 7
PACKAGES = 8
NO_VERSION = 9
DAMAGED = 10
NO_ROOM = 11
READ_ONLY = 12
MISTAKE = 70
INTERRUPTED = 130
NO_READER = 141

MEANINGS: tuple[tuple[int, str], ...] = (
    (DONE, "done"),
    (RAISED, "the code on the board raised (if it called sys.exit: its own exit code)"),
    (USAGE, "wrong use of a command; an address, a pyproject.toml or a config.toml that is not understood"),
    (NOT_FOUND, "no such board, or several that fit"),
    (CONNECTION, "the connection failed or was lost, or the board was reset; a file could not be fetched"),
    (TIMEOUT, "the board did not finish in time"),
    (UNAVAILABLE, "the board or this system lacks what is needed"),
    (FILE, "a file cannot be read or written, here or on the board"),
    (PACKAGES, "packages: not found, in conflict, unsafe, or not as the lockfile says; or no project"),
    (NO_VERSION, "`belay mip`: there is such a package, but not in that version"),
    (DAMAGED, "`belay mip`: what came is not what it should be"),
    (NO_ROOM, "`belay mip`: no room on the board"),
    (READ_ONLY, "`belay mip`: the board's files cannot be written"),
    (MISTAKE, "a mistake in belay itself"),
    (INTERRUPTED, "Ctrl-C; what ran on the board was stopped"),
    (NO_READER, "nobody reads the output any more; what ran was stopped"),
)
"""Every exit code; 128 and the signal's number besides, if a signal ended the program."""

_CODES: tuple[tuple[type[exceptions.BelayException], int], ...] = (
    (exceptions.BoardError, RAISED),
    (exceptions.UntransferableError, RAISED),
    (exceptions.AddressError, USAGE),
    (exceptions.AliasFileError, USAGE),
    (exceptions.DeviceNotFoundError, NOT_FOUND),
    (exceptions.InsufficientSpecifierError, NOT_FOUND),
    (exceptions.BoardTimeoutError, TIMEOUT),
    (exceptions.ConnectionFailedError, CONNECTION),
    (exceptions.AuthenticationError, CONNECTION),
    (exceptions.NotBelayResponseError, CONNECTION),
    (exceptions.FeatureUnavailableError, UNAVAILABLE),
    (exceptions.ConfigError, USAGE),
    (exceptions.RequirementError, USAGE),
    (exceptions.FetchError, CONNECTION),
    (exceptions.PackageError, PACKAGES),
    (exceptions.FilesError, FILE),
)


_PACKAGE_CODES: tuple[tuple[type[exceptions.BelayException], int], ...] = (
    (exceptions.NoSuchVersionError, NO_VERSION),
    (exceptions.NoRoomError, NO_ROOM),
    (exceptions.ReadOnlyBoardError, READ_ONLY),
)


def code_of(error: exceptions.BelayException) -> int:
    """The exit code for an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), MISTAKE)


def package_code_of(error: exceptions.BelayException) -> int | None:
    """The exit code that an error has in ``belay mip``, which tells some apart; None for the usual one."""
    if isinstance(error, exceptions.FetchError):
        return {"mismatch": DAMAGED, "not-found": PACKAGES}.get(error.kind)
    return next((code for kind, code in _PACKAGE_CODES if isinstance(error, kind)), None)


def is_exit(error: BaseException) -> bool:
    """Whether an error is the orderly end of a program on the board."""
    return isinstance(error, exceptions.BoardError) and error.board_type == "SystemExit"


def wanted_exit(error: exceptions.BoardError) -> tuple[int, str | None]:
    """The exit code that a program on the board asked for with SystemExit, and what is to be printed.

    As in Python: no code or None is 0, a number is itself, anything else is printed and counts as 1.
    """
    arguments = error.board_args
    wanted = arguments[0] if len(arguments) == 1 else arguments or None
    if wanted is None:
        return DONE, None
    if isinstance(wanted, int):
        return int(wanted) & 0xFF, None
    return RAISED, str(wanted)
