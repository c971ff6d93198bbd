from __future__ import annotations

import pytest

from belay.files.tree import FOLDER, File, folder_of, is_inside, join, parents, with_folders

A = File(1, 10)


def test_paths() -> None:
    assert parents("a/b/c") == ["a", "a/b"]
    assert parents("a") == []
    assert (folder_of("a/b"), folder_of("a")) == ("a", "")
    assert (join("a", "b"), join("", "b")) == ("a/b", "b")
    assert (is_inside("a/b/c", "a"), is_inside("ab", "a"), is_inside("a", "a")) == (True, False, False)


def test_folders_that_only_lead_to_files() -> None:
    assert with_folders({"a/b/c": A, "d": FOLDER}) == {"a/b/c": A, "a": FOLDER, "a/b": FOLDER, "d": FOLDER}


def test_a_path_through_a_file() -> None:
    with pytest.raises(ValueError, match="'a' cannot be a file and have 'a/b' in it"):
        with_folders({"a": A, "a/b": A})
