from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belay.exceptions import FilesError
from belay.files.folder import read_folder
from belay.files.ignore import Patterns
from belay.files.tree import FOLDER

FILES = ["a/b/foo", "a/foo/x.py", "a/x.py", "b/a/b/x.py", "b/foo.py", "foo/a/foo/b", "foo/b", "x.py", "c"]

PARTS = st.sampled_from(["a", "b", "foo", "*", "**", "*.py", "x.py", "?", "fo[n-p]", "[!a]", "foo.*", "c"])
PATTERN = st.builds(
    lambda negated, anchored, parts, folder: negated + anchored + "/".join(parts) + folder,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["*.py"], ["a/b/foo", "c", "foo/a/foo/b", "foo/b"]),
        (["foo/"], ["a/b/foo", "a/x.py", "b/a/b/x.py", "b/foo.py", "c", "x.py"]),
        (["/foo"], ["a/b/foo", "a/foo/x.py", "a/x.py", "b/a/b/x.py", "b/foo.py", "c", "x.py"]),
        (["*", "!*/", "!*.py"], ["a/foo/x.py", "a/x.py", "b/a/b/x.py", "b/foo.py", "x.py"]),
        (["/*/**", "!foo/b"], ["c", "foo/b", "x.py"]),
        (["**/b/**", "a", "# a comment", "", "\\c"], ["foo/b", "x.py"]),
        # Nothing of an ignored folder comes back.
        (["a", "b", "foo", "!a/x.py"], ["c", "x.py"]),
        ([], sorted(FILES)),
    ],
    ids=lambda value: " ".join(value) if len(value) < 6 else "rest",
)
def test_what_is_left_out(tmp_path: Path, patterns: list[str], left: list[str]) -> None:
    make(tmp_path)
    assert files(tmp_path, patterns) == left


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERN, min_size=1, max_size=4))
def test_patterns_mean_what_they_mean_to_git(tmp_path: Path, patterns: list[str]) -> None:
    top = tmp_path / "top"
    if not top.exists():
        make(top)
        subprocess.run(["git", "init", "-q", top], check=True)
    (tmp_path / "patterns").write_text("\n".join(patterns))
    words = ["git", "-C", top, "ls-files", "--others", "--exclude-from", tmp_path / "patterns"]
    listed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert files(top, [*patterns, "/.git"]) == sorted(listed.split())


@pytest.mark.parametrize("pattern", ["!", "[z-a]", "a\\", "[[:alpha:]]"])
def test_what_is_no_pattern_is_named(pattern: str) -> None:
    with pytest.raises(FilesError) as caught:
        Patterns(["fine", pattern])
    assert repr(pattern) in caught.value.message
    assert caught.value.hint


def make(top: Path) -> None:
    for path in FILES:
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def files(top: Path, patterns: list[str]) -> list[str]:
    return sorted(path for path, entry in read_folder(top, ignore=patterns).items() if entry != FOLDER)
