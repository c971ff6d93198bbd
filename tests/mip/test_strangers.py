"""Packages that the board's own mip or mpremote could have installed: files without a record."""

from __future__ import annotations

import pytest
from servers.web import WebServer

from belay import Device
from belay.exceptions import FetchError, ResolutionError
from belay.files.sync import Bytes, Wish
from belay.mip.choice import Form, Origins, choose_packages
from belay.mip.strangers import adopted
from belay.mip.wants import parse_wants
from belay.project.upkeep import Talk

from .conftest import changes, library

PARTS = {"whole/part.py": "B = 1\n", "bit.py": "C = 1\n"}
SHAPES = {
    "whole": {"1.0": {"files": {"whole/__init__.py": "A = 1\n", **PARTS}},
              "1.1": {"files": {"whole/__init__.py": "A = 2\n", **PARTS}}},
    "bit": {"1.0": {"files": {"bit.py": "C = 1\n"}}},
    "deep.one": {"1.0": {}},
    "deep.two": {"1.0": {}},
    "other": {"1.0": {"deps": [["deep.two", "latest"]]}},
}  # fmt: skip


@pytest.fixture(scope="module")
def index(web: WebServer) -> str:
    return web.packages(SHAPES, path="/strangers")


def put(board: Device, index: str, *words: str, mpy: str = "py") -> None:
    """Put the files of packages on a board, as somebody who keeps no record."""
    choice = choose_packages(parse_wants(words, index=index), Form(mpy), Talk(), Origins(index))
    board.filesystem.sync(Wish(Bytes(choice.contents), "/lib", recorded=False, keep=True))


def recognised(board: Device, index: str) -> list[str]:
    return [f"{each}{'*' * len(each.changed)}" for each in library(board, index).strangers("/lib")]


@pytest.mark.parametrize("mpy", ["py", "6"])
def test_packages_are_recognised(board: Device, index: str, mpy: str) -> None:
    assert recognised(board, index) == []
    put(board, index, "whole@1.0", "deep.one", mpy=mpy)
    board.filesystem.write("/lib/my_own.py", b"")
    # bit is a part of whole.
    assert recognised(board, index) == ["deep.one 1.0", "whole 1.0"]
    # What we have put there is no stranger.
    library(board, index).install(parse_wants(["other"], index=index))
    assert recognised(board, index) == ["deep.one 1.0", "whole 1.0"]


def test_changed_ones_are_those_of_the_fewest_changes(board: Device, index: str) -> None:
    put(board, index, "whole@1.1", "deep.two")
    board.filesystem.write("/lib/bit.py", b"C = 'mine'\n")
    board.filesystem.write("/lib/deep/two.py", b"")
    assert recognised(board, index) == ["whole 1.1*"]
    board.filesystem.remove("/lib/whole/part.py")
    assert recognised(board, index) == []


def test_adopting(board: Device, index: str) -> None:
    put(board, index, "whole@1.0", "deep.one")
    mine = library(board, index)
    found = mine.strangers("/lib")
    before = board.filesystem.tree("/lib", checks=True)
    done = mine.put("/lib", adopted(found, Talk(), mine.origins))
    assert changes(done) == ["deep.one 1.0: added", "whole 1.0: added"]
    assert done.summary
    assert done.summary.sent == ()
    assert board.filesystem.tree("/lib", checks=True) == before
    assert mine.strangers("/lib") == []
    assert mine.verify() == []
    assert changes(library(board).upgrade()) == ["whole 1.0 -> 1.1"]
    assert changes(mine.remove(["whole", "deep.one"])) == ["deep.one 1.0: removed", "whole 1.1: removed"]


def test_what_is_adopted_needs_what_it_needs(board: Device, index: str) -> None:
    mine = library(board, index)
    mine.install(parse_wants(["deep.two"], index=index), mpy=False)
    put(board, index, "other")
    mine.put("/lib", adopted(mine.strangers("/lib"), Talk(), mine.origins))
    with pytest.raises(ResolutionError, match="other on the board needs"):
        mine.remove(["deep.two"])


def test_an_index_that_cannot_be_asked_is_no_empty_one(board: Device, web: WebServer) -> None:
    assert recognised(board, "http://127.0.0.1:9/none") == []
    board.filesystem.make_folder("/lib", exist_ok=True)
    board.filesystem.write("/lib/some.py", b"")
    with pytest.raises(FetchError):
        recognised(board, "http://127.0.0.1:9/none")
    said: list[str] = []
    unlisted = library(board, f"{web.url}/nothing", talk=Talk(said.append))
    assert unlisted.strangers("/lib") == []
    assert said == [f"note: {web.url}/nothing has no listing at hand: nothing of it is recognised"]
