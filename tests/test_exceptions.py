from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable

import pytest

import belay
from belay import exceptions
from belay.exceptions import (
    BelayException,
    BoardFileNotFoundError,
    ConfigError,
    DeviceNotFoundError,
    FetchError,
    ManifestError,
    PackageNotFoundError,
    ReplEntryError,
    RequirementError,
    UnsafePathError,
    notes_of,
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


def test_a_traceback_ends_with_what_helps() -> None:
    error = DeviceNotFoundError("no board", hint="plug one in")
    assert notes_of(error) == ()
    error.add_note("port: x")
    lines = traceback.format_exception(error)
    assert lines == [
        "belay.exceptions.DeviceNotFoundError: no board\n",
        "port: x\n",
        "hint: plug one in\n",
    ]
    group = ExceptionGroup("many", [error, BelayException("nothing helps")])
    assert "| hint: plug one in\n" in "".join(traceback.format_exception(group))
    # Nothing but what was noted is kept: another hint stands in place of the first.
    error.hint = "no"
    assert error.__notes__ == ["port: x", "hint: no"]
    assert notes_of(error) == ("port: x",)
    with pytest.raises(TypeError, match="a note is text, not int"):
        error.add_note(1)  # type: ignore[arg-type]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_and_its_copy_say_the_same(again: Callable[[BelayException], BelayException]) -> None:
    for error in (
        BelayException("x", hint="h"),
        FetchError("https://h.test/x", "dns", "x"),
        ReplEntryError("knocking", b"?"),
        BoardFileNotFoundError("no file", "/x", 2, hint="h"),
    ):
        error.add_note("n")
        found = again(error)
        assert (type(found), str(found), found.args) == (type(error), str(error), error.args)
        assert (
            found.__notes__ == error.__notes__ == ["n", *([f"hint: {error.advice}"] if error.advice else [])]
        )
        assert vars(found) == vars(error)
        assert getattr(found, "errno", None) == getattr(error, "errno", None)


def test_what_python_itself_notes_is_kept() -> None:
    error = BelayException("x", hint="h")
    error.__notes__ = ["a", *error.__notes__]
    assert error.__notes__ == ["a", "hint: h"]
    found = ValueError("y")
    found.add_note("b")
    assert notes_of(found) == ("b",)


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
