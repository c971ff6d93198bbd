from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import ConfigError, PackageError, PackageNotFoundError
from belay.project import load_project
from belay.project.edit import (
    add_dependencies,
    drop_value,
    remove_dependencies,
    set_table,
    set_value,
    with_pytest_paths,
)

from .conftest import Write

TEXT = """\
# The project.
[project]
name = "x"

[tool.belay]   # ours
name = "x"

[tool.belay.dependencies]
  # First of all.
  b = "1.0"  # pinned
  a = [
    "./one.py",
    "./two.py",
]

# Another tool.
[tool.ruff]
line-length = 110

[tool.belay.group.dev]
optional = true
dependencies = {unittest = "*"}
"""


def test_adding_changes_one_line(write: Write) -> None:
    file = write(TEXT)
    add_dependencies(file, {"umqtt.simple": ">=1,<2"})
    assert file.read_text(encoding="utf-8") == TEXT.replace(
        '    "./two.py",\n]\n', '    "./two.py",\n]\n"umqtt.simple" = ">=1,<2"\n'
    )


def test_indentation_is_that_of_the_line_before(write: Write) -> None:
    file = write('[tool.belay.dependencies]\n\ta = "*"\n\n[x]\n')
    project = add_dependencies(file, {"b": {"uri": "../b", "develop": True}})
    text = '[tool.belay.dependencies]\n\ta = "*"\n\tb = {uri = "../b", develop = true}\n\n[x]\n'
    assert file.read_text(encoding="utf-8") == text
    assert [need.key for need in project.requirements] == ["a", "b"]


def test_replacing_keeps_the_comment(write: Write) -> None:
    file = write(TEXT)
    add_dependencies(file, {"b": "2.0"})
    assert file.read_text(encoding="utf-8") == TEXT.replace('"1.0"  # pinned', '"2.0"  # pinned')
    add_dependencies(file, {"b": "2.0"})
    assert file.read_text(encoding="utf-8") == TEXT.replace('"1.0"  # pinned', '"2.0"  # pinned')


@pytest.mark.parametrize(
    ("before", "group", "after"),
    [
        ("[tool.belay]", "main", '[tool.belay]\n\n[tool.belay.dependencies]\nx = "*"\n'),
        (
            "[tool.belay.dependencies]\n[tool.ruff]\n",
            "main",
            '[tool.belay.dependencies]\nx = "*"\n[tool.ruff]\n',
        ),
        (
            "[tool.belay]\nname = 'x'\n\n[tool.ruff]\n",
            "dev",
            "[tool.belay]\nname = 'x'\n\n[tool.belay.group.dev.dependencies]\nx = \"*\"\n\n[tool.ruff]\n",
        ),
        (
            "[tool.belay.dependencies]\n# none\n",
            "dev",
            '[tool.belay.dependencies]\n# none\n\n[tool.belay.group.dev.dependencies]\nx = "*"\n',
        ),
        ("tool.belay.dependencies.a = '*'\n", "main", "tool.belay.dependencies.a = '*'\n"),
        (
            "[tool]\nbelay = {name = 'y'}\n",
            "main",
            "[tool]\nbelay = {name = 'y', dependencies = {x = \"*\"}}\n",
        ),
        ("[tool]\nbelay = {name = 'y'}\n", "dev", ""),
        (TEXT, "dev", TEXT.replace('unittest = "*"', 'unittest = "*", x = "*"')),
        (TEXT, "test", ""),
        ("[tool.belay]\n[tool.belay.dependencies.a]\nuri = './a'\n[b]\n", "main", ""),
        ("[tool.belay]\nname = 'x'", "main", ""),
    ],
)
def test_adding_where_there_is_no_table_yet(write: Write, before: str, group: str, after: str) -> None:
    file = write(before)
    project = add_dependencies(file, {"x": "*"}, group=group)
    assert "x" in {need.key for need in project.requirements if need.group == group}
    text = file.read_text(encoding="utf-8")
    if after and "'*'" not in after:
        assert text == after
    # What was there is there still, in its order.
    lines = [line.rstrip("}") for line in before.splitlines()]
    assert [line for line in text.splitlines() if any(line.startswith(known) for known in lines if known)]


def test_removing(write: Write) -> None:
    file = write(TEXT)
    assert remove_dependencies(file, ["a"]) == [("main", "a")]
    without = TEXT.replace('  a = [\n    "./one.py",\n    "./two.py",\n]\n', "")
    assert file.read_text(encoding="utf-8") == without
    assert remove_dependencies(file, ["unittest"], group="dev") == [("dev", "unittest")]
    assert file.read_text(encoding="utf-8") == without.replace('{unittest = "*"}', "{}")


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("{ a = '*', b='1', c = '2' }", "a", "{ b='1', c = '2' }"),
        ("{ a = '*', b='1', c = '2' }", "b", "{ a = '*', c = '2' }"),
        ("{ a = '*', b='1', c = '2' }", "c", "{ a = '*', b='1' }"),
        ("{ a = '*' }", "a", "{ }"),
        ("{a='*',b='1'}", "a", "{b='1'}"),
        ("{a='*',b='1'}", "b", "{a='*'}"),
    ],
)
def test_removing_from_a_table_in_one_line(write: Write, before: str, key: str, after: str) -> None:
    file = write(f"[tool.belay]\ndependencies = {before}  # c\n")
    remove_dependencies(file, [key])
    assert file.read_text(encoding="utf-8") == f"[tool.belay]\ndependencies = {after}  # c\n"


def test_removing_from_all_groups(write: Write) -> None:
    file = write("[tool.belay]\ndependencies.x = '*'\ngroup.dev.dependencies.x = '*'\n")
    assert remove_dependencies(file, ["x"]) == [("main", "x"), ("dev", "x")]
    assert load_project(file).requirements == ()


def test_removing_what_is_not_there(write: Write) -> None:
    file = write(TEXT)
    with pytest.raises(PackageNotFoundError, match="the project has no dependency 'unitest'") as caught:
        remove_dependencies(file, ["unitest"])
    assert caught.value.hint == "did you mean 'unittest'?"
    with pytest.raises(PackageNotFoundError, match="the group 'dev' has no dependency 'a'"):
        remove_dependencies(file, ["a"], group="dev")
    with pytest.raises(PackageError, match="the project has no group 'test'") as caught:
        remove_dependencies(file, ["a"], group="test")
    assert caught.value.hint == "known are main, dev"
    assert file.read_text(encoding="utf-8") == TEXT


def test_a_change_that_would_break_the_file_is_not_made(write: Write) -> None:
    file = write(TEXT)
    for key, value, group in (("a/b", "*", "main"), ("x", ">=y", "main"), ("x", "*", "../dev")):
        with pytest.raises(ConfigError):
            add_dependencies(file, {key: value}, group=group)
    assert file.read_text(encoding="utf-8") == TEXT
    assert [path.name for path in file.parent.iterdir()] == ["pyproject.toml"]


def test_line_ends_marks_links_and_modes_are_kept(write: Write, tmp_path: Path) -> None:
    windows = "\ufeff" + TEXT.replace("\n", "\r\n")
    file = write(windows)
    file.chmod(0o600)
    link = tmp_path / "there" / "pyproject.toml"
    link.parent.mkdir()
    link.symlink_to(file)
    add_dependencies(link, {"x": "*"})
    data = file.read_bytes()
    assert data == windows.replace("]\r\n\r\n# Another", ']\r\nx = "*"\r\n\r\n# Another').encode()
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600


def test_mixed_line_ends_stay_as_they_are(write: Write) -> None:
    text = '[tool.belay.dependencies]\r\na = \'*\'\n\r\n# Others.\n[tool.ruff]\r\nx = """\n\r\n"""\r\n'
    file = write(text)
    add_dependencies(file, {"b": "*"})
    assert file.read_bytes() == text.replace("a = '*'\n", "a = '*'\nb = \"*\"\r\n").encode()
    remove_dependencies(file, ["b"])
    assert file.read_bytes() == text.encode()


def test_what_only_one_parser_accepts_is_not_changed(write: Write) -> None:
    text = (
        "[tool]\nbelay.dependencies.a = '*'\nbelay.dependencies.b = '*'\n[project]\nname = 'y'\n"
        "[tool.belay.dependencies.q]\nuri = './q'\n[x]\n[tool.belay.group.dev.dependencies]\nz = '1'\n"
    )
    file = write(text)
    with pytest.raises(ConfigError, match=r"line 6: tool.belay.dependencies.q: is written in a way"):
        remove_dependencies(file, ["q"])
    with pytest.raises(ConfigError, match=r"line 6: tool.belay.dependencies.q: is written in a way"):
        add_dependencies(file, {"q": "1.0"})
    assert file.read_text(encoding="utf-8") == text


def test_pytest_finds_a_new_group_if_it_finds_the_main_one(write: Write) -> None:
    text = '[tool.belay]\n\n[tool.pytest.ini_options]\npythonpath = [".", ".belay/dependencies/main"]\n'
    file = write(text)
    add_dependencies(file, {"x": "*"}, group="dev")
    paths = tomllib.loads(file.read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]["pythonpath"]
    assert paths == [".", ".belay/dependencies/main", ".belay/dependencies/dev"]
    file = write('[tool.belay]\n[tool.pytest]\npythonpath = ["src"]\n')
    add_dependencies(file, {"x": "*"}, group="dev")
    assert 'pythonpath = ["src"]' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", '[tool.pytest.ini_options]\npythonpath = ["a", "b"]\n'),
        ("[tool.pytest.ini_options]\nx = 1\n", '[tool.pytest.ini_options]\nx = 1\npythonpath = ["a", "b"]\n'),
        ("[tool.pytest]\nx = 1\n", '[tool.pytest]\nx = 1\npythonpath = ["a", "b"]\n'),
        (
            '[tool.pytest.ini_options]\npythonpath = "src a"\n',
            '[tool.pytest.ini_options]\npythonpath = "src a b"\n',
        ),
        (
            '[tool.pytest.ini_options]\npythonpath = ["b"]\n',
            '[tool.pytest.ini_options]\npythonpath = ["b", "a"]\n',
        ),
        ('[tool.pytest]\npythonpath = ["a", "b"]\n', '[tool.pytest]\npythonpath = ["a", "b"]\n'),
    ],
)
def test_pytest_paths(text: str, after: str) -> None:
    assert with_pytest_paths(text, ["a", "b"]) == after


def test_tables() -> None:
    assert set_table("[tool.belay]\n", ("tool", "belay", "dependencies")) == (
        "[tool.belay]\n\n[tool.belay.dependencies]\n"
    )


values = st.recursive(
    st.integers(0, 9) | st.text("ab#='\n", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text("ab. ", min_size=1, max_size=2), inner)
    ),
    max_leaves=5,
)
documents = st.dictionaries(st.sampled_from("tuv"), values, max_size=3)
tables = st.dictionaries(st.sampled_from("abc"), values | documents, max_size=3)


@given(documents, tables, st.sampled_from("abcd"), st.sampled_from(["x", {"y": 1}, [1]]))
def test_any_document_is_changed_as_wanted_or_refused(
    others: dict[str, object], table: dict[str, object], key: str, value: object
) -> None:
    text = tomlkit.dumps({"tool": {"belay": table, **others}, **others})
    document = tomllib.loads(text)
    try:
        new = set_value(text, ("tool", "belay", key), value)
    except ConfigError:
        return
    document["tool"]["belay"][key] = value
    assert tomllib.loads(new) == document
    del document["tool"]["belay"][key]
    assert tomllib.loads(drop_value(new, ("tool", "belay", key))) == document
