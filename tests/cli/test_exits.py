from __future__ import annotations

import re
from pathlib import Path

import pytest

from belay import exceptions
from belay.cli import exits


def board_error(*args: object, kind: str = "SystemExit") -> exceptions.BoardError:
    error = exceptions.BoardError()
    error.board_type, error.board_args = kind, args
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (board_error(kind="ValueError"), exits.RAISED),
        (exceptions.UntransferableError("result", "Pin"), exits.RAISED),
        (exceptions.AddressError("x", "no"), exits.USAGE),
        (exceptions.DeviceNotFoundError("x"), exits.NOT_FOUND),
        (exceptions.InsufficientSpecifierError("x"), exits.NOT_FOUND),
        (exceptions.ConnectionFailedError("x"), exits.CONNECTION),
        (exceptions.PortBusyError("x"), exits.CONNECTION),
        (exceptions.ReplEntryError("x"), exits.CONNECTION),
        (exceptions.ConnectionLost("x"), exits.CONNECTION),
        (exceptions.BoardResetError("x", sent=True), exits.CONNECTION),
        (exceptions.AuthenticationError("x"), exits.CONNECTION),
        (exceptions.ProtocolError("x"), exits.CONNECTION),
        (exceptions.BoardTimeoutError("x", 1), exits.TIMEOUT),
        (exceptions.FeatureUnavailableError("x"), exits.UNAVAILABLE),
        (exceptions.InternalError("x"), exits.MISTAKE),
    ],
)
def test_each_error_has_its_code(error: exceptions.BelayException, code: int) -> None:
    assert exits.code_of(error) == code
    assert code in dict(exits.MEANINGS)


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        ((), 0, None),
        ((None,), 0, None),
        ((3,), 3, None),
        ((True,), 1, None),
        ((256,), 0, None),
        ((-1,), 255, None),
        (("out of paper",), 1, "out of paper"),
        (((1, 2),), 1, "(1, 2)"),
        ((1, 2), 1, "(1, 2)"),
    ],
)
def test_a_board_asks_for_an_exit_code_as_python_does(
    args: tuple[object, ...], code: int, text: str | None
) -> None:
    error = board_error(*args)
    assert exits.is_exit(error)
    assert exits.wanted_exit(error) == (code, text)


def test_other_errors_are_no_exits() -> None:
    assert not exits.is_exit(board_error(kind="ValueError"))
    assert not exits.is_exit(SystemExit(1))


def test_the_documentation_has_the_same_codes() -> None:
    page = Path(__file__).parents[2] / "docs" / "command-line.md"
    codes = re.findall(r"^\| (\d+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert codes == [str(code) for code, _ in exits.MEANINGS]
