"""Files that come to this computer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from belay.cli.fs.host import check_tree, make_folder, receive, refusal
from belay.exceptions import FilesError
from belay.files.tree import FOLDER, File

ONE = File(1, 1)


@pytest.mark.parametrize("name", ["main.py", "a b", "ü", ".hidden", "n" * 255])
@pytest.mark.parametrize("windows", [False, True])
def test_names_that_any_computer_can_have(name: str, windows: bool) -> None:
    assert refusal(name, windows=windows) is None


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0"])
@pytest.mark.parametrize("windows", [False, True])
def test_names_that_none_can_have(name: str, windows: bool) -> None:
    assert refusal(name, windows=windows) == "is no name of a file"


@pytest.mark.parametrize(
    "name", ["a\\b", "..\\x", "c:x", "a?", "a\n", "x.", "x ", "NUL", "com1.txt", "aux .py"]
)
def test_names_that_windows_cannot_have(name: str) -> None:
    assert refusal(name, windows=True)
    assert refusal(name, windows=False) is None


def test_a_tree_is_refused_by_the_name_in_it() -> None:
    check_tree({"lib": FOLDER, "lib/A": ONE, "lib/a": ONE}, windows=False, folds_case=False)
    with pytest.raises(FilesError, match=r":lib/a\\b: the name .* does not allow"):
        check_tree({"lib": FOLDER, "lib/a\\b": ONE}, windows=True, folds_case=True)
    with pytest.raises(FilesError, match=r":lib/a and :lib/A are one file on this computer"):
        check_tree({"lib": FOLDER, "lib/A": ONE, "lib/a": ONE}, windows=False, folds_case=True)
    with pytest.raises(FilesError, match="is no name of a file"):
        check_tree({"lib/../../x": ONE}, windows=False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path, error: type[BaseException]) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"old")

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise error

    with pytest.raises(error):
        receive(pieces(), file)
    assert [each.name for each in tmp_path.iterdir()] == ["x"]
    assert file.read_bytes() == b"old"
    file.chmod(0o600)
    receive([b"ne", b"w"], file)
    assert file.read_bytes() == b"new"
    assert os.name == "nt" or file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(os.name == "nt", reason="links there need a right of their own")
def test_links_are_replaced_and_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "x").write_bytes(b"theirs")
    (inside / "x").symlink_to(outside / "x")
    receive([b"ours"], inside / "x")
    assert (outside / "x").read_bytes() == b"theirs"
    assert (inside / "x").read_bytes() == b"ours"
    (inside / "lib").symlink_to(outside)
    with pytest.raises(FilesError, match="is a link to"):
        make_folder(inside / "lib")


def test_folders(tmp_path: Path) -> None:
    make_folder(tmp_path / "a")
    make_folder(tmp_path / "a")
    (tmp_path / "x").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        receive([b"a", b"b"], pipe)
        assert os.read(reader, 10) == b"ab"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
