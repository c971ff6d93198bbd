from __future__ import annotations

import os
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.files.filesystem import Filesystem
from belay.files.pure import PureBoardPath


def nobody(question: object, *, record: bool = False) -> Any:
    raise AssertionError("no board is needed for this")


FILES = Filesystem(nobody)
NAMES = st.text("aA. ü*-\n'\"", min_size=1, max_size=5)
RELATIVE = st.lists(NAMES | st.sampled_from(["..", ".", ".hidden", "x.tar.gz"]), max_size=4).map("/".join)
PATHS = RELATIVE | RELATIVE.map("/{}".format)


def board(*parts: str | PurePath) -> PureBoardPath:
    return PureBoardPath(FILES, *parts)


def posix(*parts: str) -> PurePosixPath:
    whole = PurePosixPath("/", *parts)
    return PurePosixPath("/", *whole.parts[1:])


@given(PATHS, PATHS)
def test_it_has_the_parts_of_a_posix_path(one: str, two: str) -> None:
    ours, theirs = board(one, two), posix(one, two)
    assert str(ours) == ours.as_posix() == str(theirs)
    for name in ("parts", "name", "stem", "suffix", "suffixes"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert str(ours.parent) == str(theirs.parent)
    assert [str(parent) for parent in ours.parents] == [str(parent) for parent in theirs.parents]
    assert board(one) / two == board(one).joinpath(two) == ours


@given(PATHS, NAMES)
def test_another_name(path: str, name: str) -> None:
    for method in ("with_name", "with_stem", "with_suffix"):
        assert outcome(getattr(board(path), method), name) == outcome(getattr(posix(path), method), name)


@given(PATHS, PATHS)
def test_one_path_from_another(one: str, two: str) -> None:
    assert outcome(board(one).relative_to, two) == outcome(posix(one).relative_to, posix(two))
    assert outcome(board(one).relative_to, board(two)) == outcome(posix(one).relative_to, posix(two))
    assert board(one).is_relative_to(two) == posix(one).is_relative_to(posix(two))
    assert outcome(board(one).match, two.lstrip("/")) == outcome(posix(one).match, two.lstrip("/"))


@given(PATHS, PATHS)
def test_order(one: str, two: str) -> None:
    ours, theirs = (board(one), board(two)), (posix(one), posix(two))
    assert (ours[0] == ours[1]) is (theirs[0] == theirs[1])
    assert (ours[0] < ours[1]) is (theirs[0] < theirs[1])
    assert (ours[0] <= ours[1]) is (theirs[0] <= theirs[1])
    assert (ours[0] > ours[1]) is (theirs[0] > theirs[1])
    assert (ours[0] >= ours[1]) is (theirs[0] >= theirs[1])
    assert (hash(ours[0]) == hash(ours[1])) or theirs[0] != theirs[1]


def outcome(function: Any, *args: Any) -> object:
    try:
        found = function(*args)
    except ValueError:
        return ValueError
    return str(found) if isinstance(found, PureBoardPath | PurePath) else found


def test_it_is_of_one_board() -> None:
    other = PureBoardPath(Filesystem(nobody), "/a")
    assert other != board("a")
    assert len({other, board("a"), board("/a")}) == 2
    with pytest.raises(TypeError):
        _ = other < board("a")
    with pytest.raises(ValueError, match="on another board"):
        board("a").relative_to(other)
    assert board("a") != "/a"
    assert board("a").filesystem is FILES


def test_it_says_what_it_is() -> None:
    assert repr(board("lib") / "x.py") == "PureBoardPath('/lib/x.py')"


def test_it_cannot_be_taken_for_a_path_of_this_computer() -> None:
    with pytest.raises(TypeError):
        os.fspath(board("x"))  # type: ignore[call-overload]


def test_what_can_be_added() -> None:
    assert board() / PurePosixPath("lib/x") == board("lib") / PureWindowsPath("x") == board("/lib/x")
    for other in (3, None, b"x", board("x")):
        with pytest.raises(TypeError):
            board() / other  # type: ignore[operator]


def test_a_board_has_one_top() -> None:
    assert board("//lib") == board("/lib") == board("///lib")
    assert board().parents == ()
    assert board().parent == board()
