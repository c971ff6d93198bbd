from __future__ import annotations

import pytest

from belay.files.plan import plan
from belay.files.room import needed_room
from belay.files.tree import FOLDER, Entry, File

BLOCK = 100
SMALL, OTHER, LARGE, NONE = File(10, 1), File(10, 2), File(250, 3), File(0, 0)


@pytest.mark.parametrize(
    ("wanted", "found", "room"),
    [
        ({}, {}, 0),
        ({"a": SMALL}, {"a": SMALL}, 0),
        ({"a": SMALL}, {}, 100),
        ({"a": NONE}, {}, 0),
        ({"a": LARGE, "b": SMALL}, {}, 400),
        # A file that is replaced is there twice for a moment, one file after the other.
        ({"a": OTHER, "b": OTHER}, {"a": SMALL, "b": SMALL}, 100),
        ({"a": SMALL, "b": LARGE}, {"a": LARGE, "b": SMALL}, 100),
        ({"b": SMALL, "a": LARGE}, {"a": SMALL, "b": LARGE}, 300),
        # What is deleted goes last, so it makes no room.
        ({"a": LARGE}, {"old": LARGE}, 300),
        # What an interrupted plan left goes first.
        ({"a": LARGE}, {".belay.new": LARGE}, 0),
        ({"d/a": SMALL}, {}, 300),
        ({"d/a": SMALL}, {"d": SMALL}, 300),
        ({"d": SMALL}, {"d/a": SMALL, "d/b": SMALL}, 100),
        ({"d": FOLDER}, {}, 200),
    ],
)
def test_room(wanted: dict[str, Entry], found: dict[str, Entry], room: int) -> None:
    steps = plan(wanted, found, may_delete=lambda _: True).operations
    assert needed_room(steps, wanted, found, BLOCK) == room
