from __future__ import annotations

import pytest

import belay
from belay import exceptions
from belay.exceptions import (
    BelayException,
    ConfigError,
    FetchError,
    ManifestError,
    PackageNotFoundError,
    RequirementError,
    UnsafePathError,
)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (BelayException("x"), None),
        (FetchError("https://h.test/x", "nosuch", "x"), None),
        (FetchError("https://h.test/x", "dns", "x"), "online"),
        (ConfigError("f", "x"), "correct it there"),
        (RequirementError("t", "x"), "belay add --help"),
        (ManifestError("w", "x"), "whoever publishes"),
        (PackageNotFoundError("x", "x"), "belay search"),
        (PackageNotFoundError("github:o/r", "x"), "is the address right"),
        (UnsafePathError("p", "x"), "another name"),
        (UnsafePathError("p", "x", where="https://h.test/x"), "whoever publishes"),
        (UnsafePathError("p", "x", where="path+./part"), "put a file"),
    ],
)
def test_what_helps_most(error: BelayException, advice: str | None) -> None:
    assert (advice in (error.advice or "")) if advice else error.advice is None
    error.hint = "my own"
    assert error.advice == "my own"


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("AuthenticationError", "BelayException"),
        ("ConnectionFailedError", "BelayException"),
        ("ConnectionLost", "ConnectionFailedError"),
        ("DeviceNotFoundError", "BelayException"),
        ("FeatureUnavailableError", "BelayException"),
        ("InsufficientSpecifierError", "BelayException"),
        ("InternalError", "BelayException"),
        ("MaxHistoryLengthError", "BelayException"),
        ("NoMatchingExecuterError", "BelayException"),
        ("NotBelayResponseError", "BelayException"),
        ("SpecialFunctionNameError", "BelayException"),
    ],
)
def test_the_names_that_programs_know_have_their_places(name: str, base: str) -> None:
    assert getattr(exceptions, name).__bases__ == (getattr(exceptions, base),)
    assert name in exceptions.__all__


def test_all_are_in_the_reference() -> None:
    here = {
        name
        for name, each in vars(exceptions).items()
        if isinstance(each, type) and issubclass(each, BelayException) and not name.startswith("_")
    }
    assert here == {*exceptions.__all__}


def test_what_a_board_raises_has_the_name_that_programs_know() -> None:
    assert belay.PyboardException is exceptions.PyboardException is belay.BoardError
    assert issubclass(belay.BoardError, BelayException)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:secret@h.test/x", "'https://…@h.test/x'"),
        ("git+https://secret@h.test/x", "'git+https://…@h.test/x'"),
        ("git+ssh://git@h.test/x", "'git+ssh://git@h.test/x'"),
        ("git+ssh://git:secret@h.test/x", "'git+ssh://…@h.test/x'"),
        ("x" * 300, f"'{'x' * 200}'…"),
    ],
)
def test_what_is_shown_of_a_requirement(text: str, shown: str) -> None:
    assert RequirementError(text, "is none").message == f"{shown}: is none"


def test_what_is_shown_of_a_path() -> None:
    assert UnsafePathError("/x" * 300, "is a link").message == f"{'/x' * 300!r}: is a link"
    assert len(UnsafePathError("/x" * 300, "is long", where="https://h.test/x").message) < 250
