from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from belay.files.pattern import Pattern, read_pattern

PATHS = ["a", "b.py", "lib", "lib/a.py", "lib/b.mpy", "lib/deep", "lib/deep/a.py", "lib/deep/er/a.py", ".x"]


def found(text: str) -> list[str]:
    pattern = read_pattern(text)
    start = "/".join(pattern.start)
    below = [path for path in PATHS if not start or path.startswith(f"{start}/")]
    return [path for path in below if pattern.fits(path.removeprefix(start).lstrip("/"))]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("*", ["a", "b.py", "lib", ".x"]),
        ("*.py", ["b.py"]),
        ("lib/*.py", ["lib/a.py"]),
        ("lib/?.[pm]*", ["lib/a.py", "lib/b.mpy"]),
        ("*/*.py", ["lib/a.py"]),
        ("**/*.py", ["b.py", "lib/a.py", "lib/deep/a.py", "lib/deep/er/a.py"]),
        ("**/**/a.py", ["lib/a.py", "lib/deep/a.py", "lib/deep/er/a.py"]),
        ("lib/**/er/*", ["lib/deep/er/a.py"]),
        ("**/deep/**/a.py", ["lib/deep/a.py", "lib/deep/er/a.py"]),
        ("lib/**", [path for path in PATHS if path.startswith("lib/")]),
        ("./lib//a.py", ["lib/a.py"]),
        ("A", []),
        ("lib/nothing", []),
    ],
)
def test_what_fits(text: str, paths: list[str]) -> None:
    assert found(text) == paths


@pytest.mark.parametrize(
    ("text", "pattern", "deep"),
    [
        ("a/b/*", Pattern(("a", "b"), ("*",), False), False),
        ("a/b", Pattern(("a",), ("b",), False), False),
        ("a/*/b/", Pattern(("a",), ("*", "b"), True), True),
        ("**", Pattern((), ("**",), False), True),
        ("**/**/x", Pattern((), ("**", "x"), False), True),
    ],
)
def test_how_far_the_board_is_asked(text: str, pattern: Pattern, deep: bool) -> None:
    assert read_pattern(text) == pattern
    assert pattern.deep is deep


@pytest.mark.parametrize(
    ("text", "error"), [("", ValueError), (".", ValueError), ("/a", NotImplementedError)]
)
def test_what_is_no_pattern_for_pathlib_either(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_pattern(text)


def test_a_pattern_cannot_go_up() -> None:
    with pytest.raises(NotImplementedError, match="goes up"):
        read_pattern("a/../b")


@pytest.mark.parametrize("text", ["*", "*.py", "lib/*", "?", "lib/deep/*.py", "*/*/*"])
def test_pathlib_means_the_same(text: str) -> None:
    theirs = [path for path in PATHS if len(path.split("/")) == len(text.split("/"))]
    assert found(text) == [path for path in theirs if PurePosixPath(path).match(text)]
