"""The memory that a program has left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from belay.board.memory import has_room
from belay.link import ENTER_TIMEOUT, Link
from belay.transports import open_transport


@pytest.fixture
def link() -> Iterator[Link]:
    link = Link(open_transport("virtual:?heap=256k"))
    link.enter(ENTER_TIMEOUT)
    yield link
    link.close()


def test_what_a_program_has_left(link: Link) -> None:
    assert has_room(link)
    link.run("x = [bytearray(10000) for _ in range(16)]")
    assert has_room(link)
    link.run("x += [bytearray(10000) for _ in range(2)]")
    assert not has_room(link)
    link.run("del x")
    assert has_room(link)


def test_a_small_board_has_room_as_long_as_it_is_its_own() -> None:
    link = Link(open_transport("virtual:?heap=64k"))
    try:
        link.enter(ENTER_TIMEOUT)
        assert has_room(link)
        link.run("x = [bytearray(1000) for _ in range(12)]")
        assert not has_room(link)
    finally:
        link.close()


@pytest.mark.parametrize("broken", ["def collect(): 1 / 0", "def mem_free(): return 'x'", "x = 1"])
def test_what_cannot_be_found_out_is_no_room(link: Link, broken: str) -> None:
    link.run(f"import sys\nclass gc:\n {broken}\nsys.modules['gc'] = gc")
    assert not has_room(link)
