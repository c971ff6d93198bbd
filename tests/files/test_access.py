"""One request to a board's files each, and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from belay import Device
from belay.board.calls import BoardFailure, Calls, Ours, Terms
from belay.exceptions import (
    BoardFileError,
    BoardFileNotFoundError,
    BoardFolderNotEmptyError,
    NoRoomError,
    NotBelayResponseError,
)
from belay.files.access import UNREAD, Access, Room, Stat
from belay.files.tree import FOLDER, File


class Scripted:
    """A board whose answers are known; remembers what it was asked.

    Args:
        answers: What it answers, one after the other; an exception is raised.
    """

    answer_size = bulk_size = 1000

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Ours, list[object], float | None]] = []

    def ours(self, function: Ours, args: Sequence[object], terms: Terms, blob: bytes | None = None) -> object:
        self.asked.append((function, list(args), terms.timeout))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def access(*answers: object) -> tuple[Access, Scripted]:
    board = Scripted(*answers)
    return Access(cast("Calls", board), Terms()), board


def os_error(*args: Any) -> BoardFailure:
    return BoardFailure(["OSError"], args, "")


def test_a_view_comes_in_parts() -> None:
    made, board = access(
        b"2 512 100 40\0rec\0/\0" + b"3 ff a b\0+",
        b"/lib\0" + b"0 - x\0/lib/d\0" + b"7 - \xff\0",
    )
    view = made.look("/", record="/.belay")
    assert view.exists
    assert not view.is_file
    assert view.room == Room(512, 51200, 20480)
    assert view.record == b"rec"
    assert view.tree == {
        "a b": File(3, 255),
        "lib": FOLDER,
        "lib/x": File(0, UNREAD),
        "lib/d": FOLDER,
        "lib/d/\udcff": File(7, UNREAD),
    }
    assert [function for function, _, _ in board.asked] == [Ours.LOOK, Ours.MORE]


def test_a_tree_takes_its_time() -> None:
    made, board = access(b"2 1 1 1\0\0")
    made.look("/lib", sizes=[3, 1, 3], total=1_000_000)
    function, args, timeout = board.asked[0]
    assert (function, args[:3]) == (Ours.LOOK, ["/lib", [1, 3], True])
    assert timeout is not None
    assert timeout >= 100


def test_a_view_that_is_none() -> None:
    made, _ = access("what?")
    with pytest.raises(NotBelayResponseError, match="cannot be read"):
        made.look("/")


@pytest.mark.parametrize(
    ("answer", "stat"),
    [
        ("1 5 0 1970", Stat(is_folder=False, size=5, changed=0)),
        ("1 5 7 1970", Stat(is_folder=False, size=5, changed=7)),
        ("1 5 0 2000", Stat(is_folder=False, size=5, changed=0)),
        ("1 5 7 2000", Stat(is_folder=False, size=5, changed=946684807)),
        ("2 4096 7 1970", Stat(is_folder=True, size=0, changed=7)),
    ],
)
def test_times_are_those_since_1970(answer: str, stat: Stat) -> None:
    assert access(answer)[0].stat("/x") == stat


@pytest.mark.parametrize(
    ("size", "most", "wanted", "answer", "more"),
    [
        (None, None, 1000, (b"x" * 1000, 1001), True),
        (None, None, 1000, (b"x" * 1000, 1000), False),
        (None, 100, 100, (b"x" * 100, 101), True),
        (50, None, 50, (b"x" * 50, 1001), False),
        (5000, None, 1000, (b"x" * 1000, 6000), True),
        (5000, None, 1000, (b"", 0), False),
        (0, None, 0, (b"", 9), False),
    ],
)
def test_a_piece(
    size: int | None, most: int | None, wanted: int, answer: tuple[bytes, int], more: bool
) -> None:
    made, board = access(answer)
    assert made.read_one("/x", 0, size, most) == (answer[0], more)
    assert board.asked[0][1] == ["/x", 0, wanted]


@pytest.mark.parametrize(
    ("failure", "error", "path", "text"),
    [
        (os_error(2), BoardFileNotFoundError, "/x", "/x: there is no such file"),
        (os_error(39, "x", "/y"), BoardFolderNotEmptyError, "/y", "/y: the folder on the board is not empty"),
        (os_error(28), NoRoomError, "/x", "full"),
        (os_error(999), BoardFileError, "/x", "OSError 999"),
        (os_error("odd"), BoardFileError, "/x", "'odd'"),
        (os_error(), BoardFileError, "/x", "None"),
        (BoardFailure(["UnicodeError", "ValueError"], (), ""), BoardFileError, "/x", "not of UTF-8"),
    ],
)
def test_errors_have_names(failure: BoardFailure, error: type[BoardFileError], path: str, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        access(failure)[0].stat("/x")
    assert type(caught.value) is error
    assert caught.value.path == path


def test_what_is_not_of_files_is_left_as_it_is() -> None:
    failure = BoardFailure(["MemoryError"], (), "")
    with pytest.raises(BoardFailure) as caught:
        access(failure)[0].touch("/x")
    assert caught.value is failure


def test_a_hash_that_the_board_cannot_compute(device: Device) -> None:
    assert access(None)[0].hash("/x", "sha3_512", 10) is None
    device.filesystem.write("/hashed", b"abc")
    assert device.filesystem.hash("/hashed", "sha3_256") == (
        "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"
    )
