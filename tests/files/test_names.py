"""Paths on a board. What FAT would take for another one is in test_filesystem.py."""

from __future__ import annotations

import pytest

from belay.exceptions import BoardFileError
from belay.files.names import absolute


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("", "/"),
        ("/", "/"),
        ("//", "/"),
        ("x", "/x"),
        ("//x", "/x"),
        ("/a/./b/", "/a/b"),
        ("a//b", "/a/b"),
        ("/a/../b", "/b"),
        ("a/b/../../c", "/c"),
        ("a/..", "/"),
        ("...", "/..."),
        ("..a/b..", "/..a/b.."),
    ],
)
def test_paths_start_at_the_top(path: str, whole: str) -> None:
    assert absolute(path) == whole


@pytest.mark.parametrize("path", ["..", "/..", "../x", "a/../../x", "./..", "/a/b/../../../c/d"])
def test_paths_that_lead_out(path: str) -> None:
    with pytest.raises(BoardFileError, match="leads out of the board") as caught:
        absolute(path)
    assert caught.value.path == path


def test_a_path_has_no_nul() -> None:
    with pytest.raises(BoardFileError, match="NUL"):
        absolute("a\0b")
