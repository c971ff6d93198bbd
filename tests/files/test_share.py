from __future__ import annotations

import os
import socket
import sys
from binascii import b2a_base64
from pathlib import Path
from typing import Any

import pytest

from belay.board.asking import Brought, Denied
from belay.files.share import Share

posix = pytest.mark.skipif(os.name != "posix", reason="needs links, pipes and sockets")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shared folder, beside which lies a secret."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.py").write_text("key = 1\n")
    folder = tmp_path / "shared"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "__init__.py").write_text("inside = 1\n")
    (folder / "module.py").write_text("x = 1\n")
    return folder


@pytest.fixture
def share(folder: Path) -> Share:
    share = Share(folder, writable=True)
    share.largest = 4096
    return share


def ask(share: Share, what: str, path: str, *args: object, room: int = 4096) -> Any:
    answer = share.answer(what, path, room, *args)
    return [*answer.value, answer.data] if isinstance(answer, Brought) else answer


def refusal(share: Share, what: str, path: str, *args: object) -> int:
    with pytest.raises(Denied) as caught:
        share.answer(what, path, 4096, *args)
    return caught.value.number


# --- leaving the folder --------------------------------------------------------------------------


def links_out(folder: Path) -> list[str]:
    outside = folder.parent / "secret"
    (folder / "to_folder").symlink_to(outside)
    (folder / "to_file.py").symlink_to(outside / "key.py")
    (folder / "relative").symlink_to("../secret")
    (folder / "package" / "up").symlink_to("../../secret")
    (folder / "chain").symlink_to("to_folder")
    (folder / "to_new").symlink_to(outside / "new")
    (folder / "to_slash").symlink_to("/")
    (folder / "circle").symlink_to("circle")
    return [
        "/to_folder/key.py",
        "/to_file.py",
        "/relative/key.py",
        "/package/up/key.py",
        "/chain/key.py",
        "/to_new",
        f"/to_slash{outside}/key.py",
        "/circle",
        "/package/../relative/key.py",
    ]


def test_dots_do_not_lead_out(share: Share) -> None:
    for path in (
        "/..",
        "/../secret/key.py",
        "../secret/key.py",
        "/package/../../secret/key.py",
        "/./.././secret/key.py",
        "//..//secret/key.py",
        "/missing/../../secret/key.py",
    ):
        for what, args in (("look", ()), ("open", ("rb",)), ("open", ("w",)), ("list", ("",)), ("mkdir", ())):
            assert refusal(share, what, path, *args) == 13, (what, path)
    assert ask(share, "look", "/package/../module.py")[0][:2] == [0x8000, 6]
    assert ask(share, "look", "/etc/passwd")[0] == 2


@posix
def test_links_do_not_lead_out(folder: Path, share: Share) -> None:
    which = ask(share, "open", "/module.py", "rb")[0]
    for path in links_out(folder):
        assert refusal(share, "look", path) == 13, path
        assert refusal(share, "open", path, "rb") == 13, path
        assert refusal(share, "open", path, "w") == 13, path
        assert refusal(share, "read", path, which, 0) == 13, path
        assert refusal(share, "write", path, which, 0, b2a_base64(b"!")) == 13, path
    assert refusal(share, "list", "/to_folder", "") == 13
    assert refusal(share, "mkdir", "/relative/new") == 13
    assert refusal(share, "remove", "/relative/key.py") == 13
    assert refusal(share, "rename", "/relative/key.py", "/stolen.py") == 13
    assert refusal(share, "rename", "/module.py", "/relative/module.py") == 13
    assert [name for name, *_ in ask(share, "list", "/", "")[0]] == ["module.py", "package"]
    assert (folder.parent / "secret" / "key.py").read_text() == "key = 1\n"
    assert sorted(path.name for path in (folder.parent / "secret").iterdir()) == ["key.py"]


@posix
def test_links_that_stay_inside_are_followed(folder: Path, share: Share) -> None:
    (folder / "alias.py").symlink_to("module.py")
    (folder / "deep").symlink_to(folder / "package")
    assert ask(share, "open", "/alias.py", "rb")[-1] == b"x = 1\n"
    assert ask(share, "open", "/deep/__init__.py", "rb")[-1] == b"inside = 1\n"
    ask(share, "remove", "/deep")
    assert (folder / "package" / "__init__.py").exists()


@posix
def test_a_folder_that_is_a_link_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert ask(Share(tmp_path / "link", writable=False), "open", "/module.py", "rb")[-1] == b"x = 1\n"


@posix
def test_what_is_no_file_is_refused(folder: Path, share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")
    # A socket's name may not be long.
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for name in ("/pipe", "/socket"):
            assert refusal(share, "look", name) == 13
            assert refusal(share, "open", name, "rb") == 13
            assert refusal(share, "open", name, "r+") == 13
            assert refusal(share, "remove", name) == 13
    assert [name for name, *_ in ask(share, "list", "/", "")[0]] == ["module.py", "package"]


def test_names_that_no_file_has(folder: Path, share: Share) -> None:
    assert refusal(share, "look", "/a\0b") == 22
    assert refusal(share, "open", "/\udc80", "w") == 22
    assert refusal(share, "look", "/" + "é" * 128) == 36
    assert refusal(share, "mkdir", "/") == 17
    assert refusal(share, "rmdir", "/") == 13
    assert refusal(share, "rename", "/", "/x") == 13
    if sys.platform == "linux":
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff.py")).write_text("")
    assert [name for name, *_ in ask(share, "list", "/", "")[0]] == ["module.py", "package"]


@pytest.mark.skipif(os.name != "nt", reason="names of Windows")
def test_names_that_mean_something_to_windows(share: Share) -> None:
    for name in ("C:", "a\\..\\..\\b", "NUL", "con.txt", "x ", "x.", "f:stream", "*"):
        assert refusal(share, "open", f"/{name}", "w") == 13, name


# --- what it answers -----------------------------------------------------------------------------


def test_an_import_is_foreseen(folder: Path, share: Share) -> None:
    missing, names, opened, data = ask(share, "look", "/module")
    assert (missing, names["/module.py"][1], opened[0], opened[3], data) == (
        2,
        6,
        "/module.py",
        True,
        b"x = 1\n",
    )
    (folder / "module.py").rename(folder / "module.mpy")
    _, names, opened, _ = ask(share, "look", "/module")
    assert (names["/module.py"], names["/module.mpy"][1], opened[0]) == (2, 6, "/module.mpy")
    about, names = ask(share, "look", "/package")
    assert (about[0], *names) == (0x4000, "/package/__init__.py")
    assert ask(share, "look", "/absent") == [2, {"/absent.py": 2, "/absent.mpy": 2}]
    assert refusal(share, "look", "/absent.py") == 2
    assert refusal(share, "look", "/module.mpy/x") == 20
    assert refusal(share, "look", "/module.mpy/") == 20


def test_no_more_comes_along_than_there_is_room_for(folder: Path, share: Share) -> None:
    (folder / "big.bin").write_bytes(bytes(range(256)) * 40)
    which, at, ends, data = ask(share, "open", "/big.bin", "rb", room=100)
    assert (at, ends, len(data)) == (0, False, 100)
    ends, data = ask(share, "read", "/big.bin", which, 100, room=1 << 20)
    assert (ends, len(data)) == (False, 4096)
    ends, data = ask(share, "read", "/big.bin", which, 10_239)
    assert (ends, data) == (True, b"\xff")
    assert ask(share, "read", "/big.bin", which, 99_999) == [True, b""]
    assert ask(share, "read", "/big.bin", which, -1) == [10_240]


def test_a_listing_comes_in_pages(folder: Path, share: Share) -> None:
    share.largest = 512
    for number in range(40):
        (folder / f"file_with_a_name_{number:02}").write_text("x")
    (folder / ("…" * 80)).write_text("its name takes 480 bytes in a reply")
    names: list[str] = []
    pages = 0
    more = True
    while more:
        entries, more = ask(share, "list", "/", names[-1] if names else "")
        names += [name for name, *_ in entries]
        pages += 1
    assert names == sorted(path.name for path in folder.iterdir() if path.name[0] != "…")
    assert pages > 3


def test_another_file_under_the_same_name_is_not_mixed_in(folder: Path, share: Share) -> None:
    which = ask(share, "open", "/module.py", "rb")[0]
    (folder / "new").write_text("y = 2\n")
    (folder / "new").replace(folder / "module.py")
    assert refusal(share, "read", "/module.py", which, 2) == 5
    assert refusal(share, "write", "/module.py", which, 0, b2a_base64(b"!")) == 5
    assert (folder / "module.py").read_text() == "y = 2\n"
    (folder / "module.py").unlink()
    assert refusal(share, "read", "/module.py", which, 2) == 2


def test_changes(folder: Path, share: Share) -> None:
    which, at, _, _ = ask(share, "open", "/new.txt", "w")
    assert ask(share, "write", "/new.txt", which, at, b2a_base64(b"one")) == 3
    assert ask(share, "write", "/new.txt", which, 1, b2a_base64(b"NE")) == 3
    which, at, _, _ = ask(share, "open", "/new.txt", "a")
    assert at == 3
    assert ask(share, "write", "/new.txt", which, -1, b2a_base64(b"+")) == 4
    assert (folder / "new.txt").read_bytes() == b"oNE+"
    assert refusal(share, "open", "/new.txt", "x") == 17
    assert refusal(share, "open", "/package", "w") == 21
    assert refusal(share, "open", "/none/new", "w") == 2
    assert refusal(share, "open", "/none", "r+") == 2
    ask(share, "mkdir", "/package/sub")
    assert refusal(share, "mkdir", "/package") == 17
    assert refusal(share, "rmdir", "/package") == 39
    assert refusal(share, "remove", "/package/sub") == 21
    ask(share, "rmdir", "/package/sub")
    ask(share, "rename", "/new.txt", "/package/old.txt")
    ask(share, "remove", "/package/old.txt")
    assert sorted(path.name for path in folder.iterdir()) == ["module.py", "package"]
    block, total, free = ask(share, "room", "/")
    assert block == 4096
    assert total >= free > 0


def test_nothing_is_changed_where_that_is_not_allowed(folder: Path) -> None:
    share = Share(folder, writable=False)
    which = ask(share, "open", "/module.py", "rb")[0]
    for what, *args in (
        ("write", which, 0, b2a_base64(b"!")),
        ("mkdir",),
        ("rmdir",),
        ("remove",),
        ("rename", "/x"),
        ("open", "w"),
        ("open", "a"),
        ("open", "x"),
        ("open", "r+"),
    ):
        assert refusal(share, what, "/module.py", *args) == 30, what
    assert (folder / "module.py").read_text() == "x = 1\n"


def test_nonsense_is_refused(share: Share) -> None:
    for what, args in (("fly", ()), ("look", (1,)), ("open", ("q",)), ("read", ()), ("write", ("", "", ""))):
        assert refusal(share, what, "/module.py", *args) == 22
    which = ask(share, "open", "/module.py", "rb")[0]
    assert refusal(share, "read", "/module.py", which, 1 << 80) == 22
    assert refusal(share, "write", "/module.py", which, 0, b"x") == 22
    assert ask(share, "read", "/module.py", which, 0, room=-5) == [False, b""]


def test_only_folders_can_be_shared(folder: Path) -> None:
    with pytest.raises(NotADirectoryError):
        Share(folder / "module.py", writable=False)
    with pytest.raises(FileNotFoundError):
        Share(folder / "absent", writable=False)


def test_a_folder_that_goes_away(folder: Path, share: Share) -> None:
    folder.replace(folder.parent / "elsewhere")
    assert refusal(share, "open", "/module.py", "rb") == 2
    assert refusal(share, "list", "/", "") == 2
