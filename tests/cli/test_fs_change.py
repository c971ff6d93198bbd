"""``belay fs rm``, ``mkdir``, ``rmdir``, ``touch`` and ``mv``."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Belay, files_in, write_files

TREE = {"main.py": "1", "a.log": "2", "b.log": "3", "lib/x.py": "4", "lib/deep/y.py": "5"}


@pytest.fixture
def tree(board: Path) -> Path:
    write_files(board, TREE)
    return board


def without(*names: str) -> set[str]:
    return TREE.keys() - set(names)


def test_rm(belay: Belay, tree: Path) -> None:
    assert belay("fs", "rm", ":*.log", "main.py", ":a.log").code == 0
    assert files_in(tree).keys() == without("a.log", "b.log", "main.py")
    assert belay("fs", "rm", "-r", ":lib/deep", ":lib/**").code == 0
    assert not files_in(tree)
    assert (tree / "lib").is_dir()
    assert belay("fs", "rm", "-rf", ":lib", ":no", ":*.no").code == 0
    assert not (tree / "lib").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["main.py", ":no"], "/no: there is no such file or folder on the board"),
        (["main.py", ":lib"], ":lib: it is a folder on the board\nhint: -r removes it and all that is in it"),
        (["main.py", ":*.zip"], "*.zip: nothing on the board fits that"),
        (["-f", "main.py", "main.py/x"], "/main.py/x: a part of the path is no folder on the board"),
    ],
)
def test_rm_removes_all_or_nothing(belay: Belay, tree: Path, words: list[str], message: str) -> None:
    result = belay("fs", "rm", *words)
    assert result.code == 7
    assert result.err.startswith(f"error: {message}")
    assert files_in(tree).keys() == without()


@pytest.mark.parametrize("path", [":", ":/", "/", ":lib/..", ":./"])
def test_everything_is_not_removed_by_mistake(belay: Belay, tree: Path, path: str) -> None:
    result = belay("fs", "rm", "-rf", path)
    assert result.code == 2
    assert "error: That would remove all files of the board.\nhint: with -r and --yes" in result.err
    assert files_in(tree).keys() == without()


def test_everything_is_removed_on_purpose(belay: Belay, tree: Path) -> None:
    assert belay("fs", "rm", "-r", "--yes", ":/").code == 0
    assert not list(tree.iterdir())


def test_folders_and_empty_files(belay: Belay, tree: Path) -> None:
    assert belay("fs", "mkdir", ":a b", "/c").code == 0
    result = belay("fs", "mkdir", ":d/e")
    assert (result.code, result.err.splitlines()[1]) == (7, "hint: -p makes the folders above it, too")
    assert belay("fs", "mkdir", ":c").code == 7
    assert belay("fs", "mkdir", "-p", ":c", ":d/e").code == 0
    assert belay("fs", "touch", ":d/e/new", "main.py").code == 0
    assert (tree / "d/e/new").read_bytes() == b""
    assert (tree / "main.py").read_bytes() == b"1"
    assert belay("fs", "rmdir", ":a b", ":c").code == 0
    result = belay("fs", "rmdir", ":d")
    assert result.code == 7
    assert result.err == (
        "error: /d: the folder on the board is not empty\n"
        "hint: `belay fs rm -r` removes it with all that is in it\n"
    )
    assert belay("fs", "rmdir", "main.py").code == 7
    assert {path.name for path in tree.iterdir()} == {"main.py", "a.log", "b.log", "lib", "d"}


def test_mv(belay: Belay, tree: Path) -> None:
    assert belay("fs", "mv", "main.py", "it's ü.py").code == 0
    assert belay("fs", "mv", ":*.log", ":lib").code == 0
    assert belay("fs", "mv", ":lib/a.log", ":lib/b.log").code == 0
    assert belay("fs", "mv", ":lib/deep", ":deeper").code == 0
    assert belay("fs", "mv", ":deeper", ":deeper").code == 7
    assert belay("fs", "mv", "it's ü.py", ":it's ü.py").code == 2
    assert belay("fs", "mv", ":it's ü.py", ":/it's ü.py").code == 0
    assert {path: data.decode() for path, data in files_in(tree).items()} == {
        "it's ü.py": "1", "lib/b.log": "2", "lib/x.py": "4", "deeper/y.py": "5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["main.py", "a.log", "no"], ":no: there is no such folder on the board"),
        (["main.py", "a.log", "b.log"], ":b.log: it is a file on the board"),
        (["main.py", "no/"], ":no/: there is no such folder on the board"),
        (["main.py", "no/x"], ":no: there is no such folder on the board"),
        ([":no", ":x"], "/no: there is no such file or folder on the board"),
        ([":lib", ":lib/deep"], "/lib: a folder cannot be moved into itself"),
    ],
)
def test_what_cannot_be_moved(belay: Belay, tree: Path, words: list[str], message: str) -> None:
    result = belay("fs", "mv", *words)
    assert result.code == 7
    assert result.err.startswith(f"error: {message}\n")
    assert files_in(tree).keys() == without()
