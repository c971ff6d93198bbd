"""Words that name a board's files, and this computer's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from belay.cli.app import cli
from belay.cli.board import WrongUse
from belay.cli.fs.places import Place, expanded, is_port, on_board, place, take_port
from belay.exceptions import BoardFileError, BoardFileNotFoundError
from belay.files.tree import FOLDER, Entry, File


@pytest.mark.parametrize(
    "word", ["virtual:", "a0", "COM3", "id:x", "/dev/ttyACM0", "/dev/not-there", "/dev/null"]
)
def test_what_is_a_port(word: str) -> None:
    assert is_port(word)
    assert take_port([word, "x"], "PATH") == (word, ("x",))


@pytest.mark.parametrize(
    "word", ["/lib", "/", ":a0", "./a0", "lib", "main.py", "*.py", ":", "/a\0b", "C:\\x", "/dev/stdin"]
)
def test_what_is_a_path(word: str) -> None:
    assert not is_port(word)
    assert take_port([word, "x"], "PATH") == (None, (word, "x"))


@pytest.mark.skipif(os.name == "nt", reason="there are no such links")
def test_a_link_to_a_device_is_a_port(tmp_path: Path) -> None:
    (tmp_path / "board").symlink_to("/dev/null")
    assert is_port(str(tmp_path / "board"))


@pytest.mark.parametrize(
    ("words", "least", "message"),
    [
        ([], 1, "Missing argument 'PATH'."),
        (["virtual:"], 1, "Missing argument 'PATH': 'virtual:' names a board."),
        (["virtual:", "x"], 2, "Missing argument 'PATH'."),
    ],
)
def test_too_few_words(words: list[str], least: int, message: str) -> None:
    with pytest.raises(WrongUse) as caught:
        take_port(words, "PATH", least=least)
    assert caught.value.message == message


def test_nothing_but_a_port_may_be_enough() -> None:
    assert take_port(["virtual:"], "PATH", least=0) == ("virtual:", ())


@pytest.mark.parametrize(
    ("word", "is_of_board", "path", "name"),
    [
        (":", True, "", ""),
        (":/", True, "/", ""),
        (":lib/x.py", True, "lib/x.py", "x.py"),
        (":/lib/", True, "/lib/", "lib"),
        (":lib/.", True, "lib/.", ""),
        ("x.py", False, "x.py", "x.py"),
        ("src/", False, "src/", "src"),
        ("src/.", False, "src/.", ""),
        ("..", False, "..", ""),
        ("a:b", False, "a:b", "a:b"),
    ],
)
def test_places(word: str, is_of_board: bool, path: str, name: str) -> None:
    found = place(word)
    assert (found.on_board, found.path, found.name) == (is_of_board, path, name)


def test_where_only_the_boards_are_meant_a_colon_says_nothing() -> None:
    assert on_board("lib") == on_board(":lib") == Place("lib")
    assert on_board("::x") == Place(":x")


def test_places_inside_of_others() -> None:
    assert [str(Place(top).inside("x")) for top in ("", "/", "lib", "/lib/")] == [
        ":x", ":/x", ":lib/x", ":/lib/x",
    ]  # fmt: skip
    assert str(Place("lib").inside("")) == ":lib"
    assert Place("a", on_board=False).inside("b/c") == Place(str(Path("a/b/c")), on_board=False)
    assert [Place(path).whole for path in ("", "x/", "//x//y/../z")] == ["/", "/x", "/x/z"]


class Tree:
    """What is on a board, as far as a pattern asks."""

    def __init__(self, **entries: Entry) -> None:
        self.entries = entries
        self.looked: list[tuple[str, bool]] = []

    def tree(self, folder: str, *, deep: bool) -> dict[str, Entry]:
        self.looked.append((folder, deep))
        start = f"{folder.strip('/')}/" if folder.strip("/") else ""
        found = {p.removeprefix(start): e for p, e in self.entries.items() if p.startswith(start)}
        if not found:
            raise BoardFileNotFoundError(folder, folder)
        return {path: entry for path, entry in found.items() if deep or "/" not in path}


ONE = File(1, 1)
FILES = {
    "main.py": ONE, "boot.py": ONE, ".belay": ONE, "lib": FOLDER, "lib/a.mpy": ONE, "lib/deep": FOLDER,
    "lib/deep/b.mpy": ONE, "lib/.hidden": ONE, "x[1]": ONE, "Ü b.py": ONE,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected", "looked"),
    [
        ("*.py", ["boot.py", "main.py", "Ü b.py"], ("/", False)),
        ("/*.py", ["/boot.py", "/main.py", "/Ü b.py"], ("/", False)),
        ("m?in.[pq]y", ["main.py"], ("/", False)),
        ("*", ["boot.py", "lib", "main.py", "x[1]", "Ü b.py"], ("/", False)),
        (".*", [".belay"], ("/", False)),
        ("*/", ["lib"], ("/", False)),
        ("lib/*", ["lib/a.mpy", "lib/deep"], ("lib", False)),
        ("/lib/**/*.mpy", ["/lib/a.mpy", "/lib/deep/b.mpy"], ("lib", True)),
        ("**/b.mpy", ["lib/deep/b.mpy"], ("/", True)),
        ("x[[]1]", ["x[1]"], ("/", False)),
    ],
)
def test_patterns(pattern: str, expected: list[str], looked: tuple[str, bool]) -> None:
    files = Tree(**FILES)
    assert expanded(files, [Place(pattern)]) == [Place(path) for path in expected]  # type: ignore[arg-type]
    assert files.looked == [looked]


@pytest.mark.parametrize("pattern", ["*.zip", "no/*", "a/../*"])
def test_a_pattern_that_nothing_fits(pattern: str) -> None:
    with pytest.raises(BoardFileError):
        expanded(Tree(**FILES), [Place(pattern)])  # type: ignore[arg-type]


def test_what_is_no_pattern_of_the_boards_is_not_asked_about() -> None:
    places = [Place("x"), Place("*.py", on_board=False)]
    files = Tree()
    assert expanded(files, places) == places  # type: ignore[arg-type]
    assert not files.looked


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        (["fs"], "t", ["tree", "touch"]),
        (["fs", "ls"], "virt", ["virtual:"]),
        (["fs", "ls", "virtual:"], "", []),
        (["fs", "cp"], "virt", ["virtual:", "virt"]),
        (["fs", "cp", "x"], "m", ["m"]),
        (["fs", "cp", "x"], ":m", []),
        (["sync", "virtual:"], "s", ["s"]),
        (["fs", "df"], "virt", ["virtual:"]),
    ],
)
def test_completion_asks_no_board(words: list[str], incomplete: str, expected: list[str]) -> None:
    found = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE").get_completions(words, incomplete)
    assert [item.value for item in found] == expected
