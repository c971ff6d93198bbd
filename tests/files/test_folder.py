from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belay.exceptions import FilesError, SourceMissingError
from belay.files.folder import HostFile, check_name, merged, read_folder
from belay.files.tree import FOLDER

posix = pytest.mark.skipif(os.name == "nt", reason="there are no such things on Windows")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    top.mkdir()
    return top


def put(place: Path, content: bytes = b"") -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def refused(top: Path, **options: bool) -> FilesError:
    with pytest.raises(FilesError) as caught:
        read_folder(top, **options)
    assert caught.value.hint
    return caught.value


def test_all_that_is_there_in_order(top: Path) -> None:
    put(top / "main.py", b"12345")
    put(top / "lib" / "a b.py")
    put(top / "lib" / "ü" / "'quoted\".py")
    put(top / "lib-more.py")
    (top / "empty" / "er").mkdir(parents=True)
    tree = read_folder(str(top))
    assert list(tree) == [
        "empty",
        "empty/er",
        "lib",
        "lib/a b.py",
        "lib/ü",
        "lib/ü/'quoted\".py",
        "lib-more.py",
        "main.py",
    ]
    assert tree["lib"] == tree["empty/er"] == FOLDER
    assert tree["main.py"] == HostFile(top / "main.py", 5)


def test_what_is_left_out_by_itself_and_by_wish(top: Path) -> None:
    for path in ("a.py", "a.pyc", "lib/__pycache__/a", "lib/.DS_Store", ".pytest_cache/x", ".hidden"):
        put(top / path)
    assert list(read_folder(top)) == [".hidden", "a.py", "lib"]
    assert len(read_folder(top, ignore=[])) == 9
    assert "lib/.DS_Store" in read_folder(top, ignore="*.py")
    assert "a.py" not in read_folder(top, ignore="*.py")


def test_what_is_ignored_is_not_looked_at(top: Path) -> None:
    put(top / "a.py")
    (top / "out").symlink_to(top.parent)
    (top / "nowhere").symlink_to("gone")
    put(top / "closed" / ".belay")
    assert list(read_folder(top, ignore=["out", "nowhere", "closed"])) == ["a.py"]


def test_one_file(top: Path) -> None:
    file = put(top / "a.pyc", b"123")
    # Who names it wants it.
    assert read_folder(file) == {"a.pyc": HostFile(file, 3)}
    link = top / "link.py"
    link.symlink_to(file)
    assert read_folder(link) == {"link.py": HostFile(link, 3)}


def test_a_link_to_the_folder_itself(top: Path) -> None:
    put(top / "a.py")
    (top.parent / "link").symlink_to(top, target_is_directory=True)
    assert list(read_folder(top.parent / "link")) == ["a.py"]


def test_the_folder_one_is_in(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(top / "a.py")
    monkeypatch.chdir(top)
    assert list(read_folder(".")) == ["a.py"]


def test_what_is_not_there(top: Path) -> None:
    with pytest.raises(SourceMissingError, match="nothing: there is no such") as caught:
        read_folder(top / "nothing")
    assert isinstance(caught.value, FileNotFoundError)
    assert caught.value.hint


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("path", ["closed", "closed/in"])
def test_what_cannot_be_read(top: Path, path: str) -> None:
    put(top / "closed" / "in" / "a.py")
    (top / path).chmod(0)
    with pytest.raises(FilesError, match=f"{path} cannot be read: "):
        read_folder(top)
    (top / path).chmod(0o700)


# --- links ---------------------------------------------------------------------------------------


def test_links_within_the_folder_are_followed(top: Path) -> None:
    put(top / "real" / "a.py", b"123")
    (top / "a.py").symlink_to("real/a.py")
    (top / "lib").symlink_to("real", target_is_directory=True)
    (top / "real" / "again").symlink_to("../a.py")
    tree = read_folder(top)
    assert {path for path, entry in tree.items() if entry == FOLDER} == {"lib", "real"}
    sizes = {path: entry.size for path, entry in tree.items() if isinstance(entry, HostFile)}
    assert sizes == dict.fromkeys(["a.py", "lib/a.py", "lib/again", "real/a.py", "real/again"], 3)


@pytest.mark.parametrize("to", ["file.py", "folder"])
def test_links_that_lead_out_are_refused_unless_allowed(top: Path, to: str) -> None:
    put(top.parent / "file.py")
    put(top.parent / "folder" / "file.py")
    # A name that begins as the folder's does not make it the folder.
    put(top.parent / "top2" / "file.py")
    (top / "link").symlink_to(top.parent / to)
    error = refused(top)
    assert str(top / "link") in error.message
    assert str(top.parent / to) in error.message
    assert list(read_folder(top, outside_links=True)) == ["link", "link/file.py"][: 1 + (to == "folder")]
    (top / "link").unlink()
    (top / "link").symlink_to("../top2")
    assert "out of the folder" in refused(top).message


@pytest.mark.parametrize("outside_links", [False, True])
@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ({"a": "gone"}, "a is a link to gone, which is not there"),
        ({"a": "b", "b": "a"}, "is a link to [ab], in a circle"),
        ({"a": "a"}, "a is a link to a, in a circle"),
        ({"folder/up": ".."}, "up leads to .*top, which it is in itself"),
        ({"folder/self": "."}, "self leads to .*folder, which it is in itself"),
        ({"folder/a": "../other", "other/b": "../folder"}, "[ab] leads to .*, which it is in itself"),
    ],
    ids=["broken", "circle", "itself", "up", "self", "two"],
)
def test_links_that_lead_nowhere(top: Path, links: dict[str, str], reason: str, outside_links: bool) -> None:
    for name, target in links.items():
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).symlink_to(target)
    assert re.search(reason, refused(top, outside_links=outside_links).message)


# --- what a board cannot have --------------------------------------------------------------------


@posix
def test_what_is_no_file(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(top / "pipe")
    assert "pipe is a named pipe" in refused(top).message
    (top / "pipe").unlink()
    monkeypatch.chdir(top)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("sock")
        assert "sock is a socket" in refused(top).message
    (top / "sock").unlink()
    (top / "null").symlink_to(os.devnull)
    with pytest.raises(FilesError, match="null is a device"):
        read_folder(top, outside_links=True)
    with pytest.raises(FilesError, match="is a device"):
        read_folder(os.devnull)


@pytest.mark.parametrize("name", [".belay", ".belay.new", ".belay.old"])
def test_names_that_a_sync_needs_for_itself(top: Path, name: str) -> None:
    put(top / "lib" / name)
    assert f"{name}: the name is one that a sync needs" in refused(top).message
    assert list(read_folder(top, ignore=name)) == ["lib"]


@posix
def test_names_that_are_not_of_utf_8(top: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    try:
        put(top / name)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert "b'caf\\xe9.py'" in refused(top).message


def test_names_may_be_as_long_as_the_board_takes_them(top: Path) -> None:
    put(top / ("x" * 255))
    assert len(read_folder(top)) == 1
    # Windows and macOS count characters.
    check_name("ü" * 127, top)
    with pytest.raises(FilesError, match="the name has 256 bytes"):
        check_name("ü" * 128, top)


# --- together ------------------------------------------------------------------------------------


def test_trees_together(top: Path) -> None:
    put(top / "a" / "lib" / "x.py", b"same")
    put(top / "b" / "lib" / "x.py", b"same")
    put(top / "b" / "lib" / "y.py", b"other")
    one, other = read_folder(top / "a"), read_folder(top / "b")
    whole = merged(other, one)
    assert list(whole) == ["lib", "lib/x.py", "lib/y.py"]
    assert merged(one, one) == one
    assert merged() == {}
    put(top / "b" / "lib" / "x.py", b"diff")
    with pytest.raises(FilesError, match=r"^lib/x\.py: ") as caught:
        merged(one, other)
    assert str(top / "a" / "lib" / "x.py") in caught.value.message
    assert str(top / "b" / "lib" / "x.py") in caught.value.message
    put(top / "c" / "lib")
    with pytest.raises(FilesError, match=r"^lib: a folder and .*lib are not the same"):
        merged(one, read_folder(top / "c"))


NAME = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=8)


@posix
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=st.lists(st.lists(NAME.filter(lambda name: name not in {".", ".."}), max_size=3), max_size=8))
def test_any_names(tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]]) -> None:
    top = tmp_path_factory.mktemp("any")
    for path in paths:
        top.joinpath(*path).mkdir(parents=True, exist_ok=True)
    expected = {"/".join(path[: count + 1]) for path in paths for count in range(len(path))}
    found = read_folder(top, ignore=[])
    assert set(found) == expected
    assert list(found) == sorted(expected, key=lambda path: path.split("/"))
