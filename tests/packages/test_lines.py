from __future__ import annotations

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from belay.packages.lines import (
    CONFLICT,
    Path,
    dotted,
    find_lines,
    last_lines,
    line_of,
    suggest,
    where_it_broke,
)

TEXT = '''# a comment = [
a = 1
"b c".'d.e' = "x # y = ["  # z = 1
list = [
  "one", # "no"
  ["two", 2, ], {three = 3, four.five = [4,
    5]},
]
long = """
[no]
x = 1 \\""" y"""
raw = \'\'\'
[neither]\'\'\'
empty = [ ]
date = 1979-05-27 07:32:00
none = {}

[tool.belay]
name = "x"
[[package]]
name = "one"
  [[package.files]]
  size = 1
  [[package.files]]
  size = 2
[[package]]
name = "two"
[[package.files]]
size = 3
[package.more]
deep.er = true'''


def test_lines() -> None:
    tomllib.loads(TEXT)
    assert find_lines(TEXT) == {
        ("a",): 2,
        ("b c",): 3,
        ("b c", "d.e"): 3,
        ("list",): 4,
        ("list", 0): 5,
        ("list", 1): 6,
        ("list", 1, 0): 6,
        ("list", 1, 1): 6,
        ("list", 2): 6,
        ("list", 2, "three"): 6,
        ("list", 2, "four"): 6,
        ("list", 2, "four", "five"): 6,
        ("list", 2, "four", "five", 0): 6,
        ("list", 2, "four", "five", 1): 7,
        ("long",): 9,
        ("raw",): 12,
        ("empty",): 14,
        ("date",): 15,
        ("none",): 16,
        ("tool",): 18,
        ("tool", "belay"): 18,
        ("tool", "belay", "name"): 19,
        ("package",): 20,
        ("package", 0): 20,
        ("package", 0, "name"): 21,
        ("package", 0, "files"): 22,
        ("package", 0, "files", 0): 22,
        ("package", 0, "files", 0, "size"): 23,
        ("package", 0, "files", 1): 24,
        ("package", 0, "files", 1, "size"): 25,
        ("package", 1): 26,
        ("package", 1, "name"): 27,
        ("package", 1, "files"): 28,
        ("package", 1, "files", 0): 28,
        ("package", 1, "files", 0, "size"): 29,
        ("package", 1, "more"): 30,
        ("package", 1, "more", "deep"): 31,
        ("package", 1, "more", "deep", "er"): 31,
    }
    windows = find_lines(TEXT.replace("\n", "\r\n"))
    assert windows == find_lines(TEXT)


def paths(value: object, path: Path = ()) -> set[Path]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return {path, *(below for key, inner in items for below in paths(inner, (*path, key)))}


values = st.recursive(
    st.integers(0, 9) | st.booleans() | st.text("ab#=[]{}\"'\\\n,.", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.#\"' ]", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab.#\"' ]=", max_size=3), values, max_size=4))
def test_every_path_of_a_document_has_its_line(document: dict[str, object]) -> None:
    text = tomlkit.dumps(document)
    parsed = tomllib.loads(text)
    lines = find_lines(text)
    assert set(lines) == paths(parsed) - {()}
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


def test_the_nearest_line() -> None:
    lines = find_lines("\n[tool.belay]\nname = 1\n")
    assert line_of(lines, ("tool", "belay", "name", 0)) == 3
    assert line_of(lines, ("tool", "belay", "missing")) == 2
    assert line_of(lines, ("nothing",)) is None


def test_paths_for_people() -> None:
    assert dotted(("tool", "belay", "a b", "x.y", 0, "z")) == 'tool.belay."a b"."x.y"[0].z'
    assert suggest("nmae", ("name", "ignore")) == "did you mean 'name'?"
    assert suggest("zzz", ("name", "ignore")) == "known are name, ignore"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = \n", 2), ("a = 1\na = 2\n", 2), ("a = [1,\n2\n", 2), ("a = '", 1), ("[a", 1)],
)
def test_where_it_broke(text: str, line: int) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    reason, found = where_it_broke(caught.value, text)
    assert reason.startswith("is no TOML: ")
    assert "line" not in reason
    assert found == line


def test_a_merge_that_is_not_settled() -> None:
    text = "a = 1\n<<<<<<< HEAD\nb = 2\n=======\nb = 3\n>>>>>>> other\n"
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert where_it_broke(caught.value, text) == (CONFLICT, 2)


def test_last_lines_of_tables() -> None:
    text = "[a]\n[b] # c\nx = [\n1,\n] # end\n\n# of c\n[c.d]\ny = 1\nz = '''\n'''\n\n[[e]]\nx = 1\n"
    assert last_lines(text) == {("a",): 1, ("b",): 5, ("c", "d"): 11, ("e", 0): 14}
    assert last_lines("a = 1\n") == {}


def test_paths_are_shown_and_not_obeyed() -> None:
    assert dotted(("a", "\x1b[2J\u202e\x00")) == 'a."\\u001b[2J\\u202e\\u0000"'
    assert dotted(("x" * 300,)) == f'"{"x" * 100}"…'
