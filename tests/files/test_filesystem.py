"""The files of a board by their names."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import SOON

from belay import Device
from belay.exceptions import (
    BatchError,
    BoardFileError,
    BoardFileExistsError,
    BoardFileNotFoundError,
    BoardIsAFolderError,
    BoardNotAFolderError,
    NoRoomError,
    ReadOnlyBoardError,
)
from belay.files.filesystem import Filesystem
from belay.files.sync import Progress
from belay.files.tree import FOLDER, File
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport
from tests.files.boards import KINDS, address, mount

PLAIN = "plain"
NOISE = random.Random(6).randbytes(100_000)


@pytest.fixture(scope="module", params=[*KINDS, PLAIN])
def kind(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture(scope="module")
def shared(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    place = tmp_path_factory.mktemp("board") / "image"
    if kind == "host":
        place.mkdir()
    made = address("lfs2" if kind == PLAIN else kind, place, size="512k")
    with Device(made, agent=kind != PLAIN) as device:
        yield device


@pytest.fixture
def files(shared: Device) -> Iterator[Filesystem]:
    """Those of a board that is empty but for ``/t``."""
    shared.filesystem.remove_folder("/", recursive=True)
    shared.filesystem.make_folder("/t")
    yield shared.filesystem
    assert not [path for path in shared.filesystem.tree("/") if ".belay." in path]


# --- names -----------------------------------------------------------------------------------------

NAMES = {
    "quotes": "it's",
    "blank": " a b",
    "unicode": "Grüße 世界 🙂",
    "braces": "{}%s[1]~$&;",
    "long": "n" * 255,
    "dots": "..x",
    "hidden": ".x",
}
# FAT cannot have them, or takes them for others.
ODD = {
    "double-quotes": '"x"',
    "backslash": "a\\b",
    "newline": "a\nb",
    "tab": "\tx",
    "end": "x ",
    "dot": "x.",
    "star": "*",
    "delete": "a\x7f",
}


def try_name(files: Filesystem, name: str) -> None:
    path = f"/t/{name}"
    files.write(path, b"1")
    assert files.tree("/t") == {name: File(1, -1)}
    assert files.exists(path)
    assert files.read(path) == b"1"
    files.copy(path, "/t/other")
    files.rename("/t/other", path, replace=True)
    assert files.hash(path) == hashlib.sha256(b"1").hexdigest()
    files.remove(path)
    files.make_folder(path)
    files.touch(f"{path}/x")
    assert files.tree("/t") == {name: FOLDER, f"{name}/x": File(0, -1)}
    files.remove_folder(path, recursive=True)


@pytest.mark.parametrize("name", [pytest.param(name, id=key) for key, name in NAMES.items()])
def test_names(files: Filesystem, name: str) -> None:
    try_name(files, name)


@pytest.mark.parametrize("name", [pytest.param(name, id=key) for key, name in ODD.items()])
def test_names_that_not_all_can_have(files: Filesystem, kind: str, name: str) -> None:
    if kind != "fat":
        try_name(files, name)
        return
    files.write("/t/a", b"not mine")
    files.write("/t/x", b"nor this")
    path = f"/t/{name}"
    for change in (
        lambda: files.write(path, b"1"),
        lambda: files.make_folder(path),
        lambda: files.remove(path),
        lambda: files.touch(path),
        lambda: files.read(path),
        lambda: files.copy("/t/x", path),
        lambda: files.rename("/t/x", path, replace=True),
        lambda: files.write(f"{path}/y", b"1"),
    ):
        with pytest.raises(BoardFileError):
            change()
    assert not files.exists(path)
    assert (files.read("/t/a"), files.read("/t/x")) == (b"not mine", b"nor this")


def test_names_that_are_too_long(files: Filesystem) -> None:
    with pytest.raises(BoardFileError):
        files.write("/t/" + "n" * 256, b"")
    assert not files.exists("/t/" + "n" * 256)


def test_upper_and_lower_case(files: Filesystem, kind: str) -> None:
    files.make_folder("/t/d")
    files.write("/t/d/x", b"1")
    assert files.exists("/T/D") is (kind == "fat")
    if kind != "fat":
        files.make_folder("/t/D")
        files.rename("/t/d", "/t/D/d")
        assert set(files.tree("/t")) == {"D", "D/d", "D/d/x"}
        return
    with pytest.raises(BoardFileError, match="into itself"):
        files.rename("/t/d", "/T/D/e")
    assert files.read("/t/d/x") == b"1"


# --- reading and writing ---------------------------------------------------------------------------


def test_large_files(files: Filesystem) -> None:
    progress: list[Progress] = []
    files.write("/t/x", NOISE, on_progress=progress.append)
    assert files.size("/t/x") == len(NOISE)
    assert files.read("/t/x") == NOISE
    assert files.hash("/t/x") == hashlib.sha256(NOISE).hexdigest()
    assert files.hash("/t/x", "sha512") == hashlib.sha512(NOISE).hexdigest()
    assert [step.path for step in progress] == ["/t/x"] * len(progress)
    assert progress[-1] == Progress("/t/x", len(NOISE), len(NOISE))
    assert [step.done for step in progress] == sorted({step.done for step in progress})
    files.copy("/t/x", "/t/y")
    assert files.hash("/t/y") == files.hash("/t/x")
    assert b"".join(files.read_pieces("/t/y", 60_000)) == NOISE[60_000:]


@pytest.mark.parametrize(
    ("at", "size"),
    [
        (0, 0),
        (0, 1),
        (1, None),
        (4095, 2),
        (4096, 4096),
        (0, 8192),
        (9999, 1),
        (9999, 5),
        (10_000, 1),
        (20_000, None),
        (3, 0),
    ],
)
def test_parts_of_files(files: Filesystem, at: int, size: int | None) -> None:
    data = NOISE[:10_000]
    files.write("/t/x", data)
    assert files.read("/t/x", at, size) == data[at : None if size is None else at + size]


@pytest.mark.parametrize(("at", "size"), [(-1, None), (0, -1)])
def test_parts_that_are_not_there(files: Filesystem, at: int, size: int | None) -> None:
    with pytest.raises(ValueError, match="no bytes can be read"):
        files.read("/t", at, size)


def test_empty_files(files: Filesystem) -> None:
    files.write("/t/x", b"")
    assert files.read("/t/x") == b""
    assert list(files.read_pieces("/t/x")) == []
    assert files.hash("/t/x") == hashlib.sha256(b"").hexdigest()
    files.copy("/t/x", "/t/y")
    assert files.tree("/t", checks=True) == {"x": File(0, 0), "y": File(0, 0)}


def test_a_file_that_shrinks_while_it_is_read(files: Filesystem, kind: str) -> None:
    data = NOISE[: 20_000 if kind == PLAIN else None]
    files.write("/t/x", data)
    pieces = files.read_pieces("/t/x")
    first = next(pieces)
    assert data.startswith(first)
    assert len(first) < len(data)
    files.write("/t/x", b"short")
    assert list(pieces) == []
    pieces = files.read_pieces("/t/x")
    assert list(pieces) == [b"short"]


def test_a_hash_that_nobody_knows(files: Filesystem) -> None:
    files.touch("/t/x")
    with pytest.raises(ValueError, match="nonsense"):
        files.hash("/t/x", "nonsense")


def test_replacing_only_where_that_is_wanted(files: Filesystem) -> None:
    files.write("/t/x", b"1", replace=False)
    with pytest.raises(BoardFileExistsError):
        files.write("/t/x", b"2", replace=False)
    with pytest.raises(BoardFileExistsError):
        files.write("/t", b"2", replace=False)
    with pytest.raises(BoardFileExistsError):
        files.touch("/t/x", exist_ok=False)
    files.write("/t/x", b"3")
    assert files.read("/t/x") == b"3"


def test_where_a_file_could_be_written(files: Filesystem, kind: str) -> None:
    assert files.check_place("/t/x") is False
    files.touch("/t/x")
    assert files.check_place("/t/x") is True
    with pytest.raises(BoardIsAFolderError):
        files.check_place("/t")
    with pytest.raises(BoardFileNotFoundError):
        files.check_place("/none/x")
    with pytest.raises(BoardNotAFolderError):
        files.check_place("/t/x/y")


# --- looking ---------------------------------------------------------------------------------------


def test_trees(files: Filesystem) -> None:
    files.make_folder("/t/d/e", parents=True)
    files.write("/t/d/a", b"123456789")
    files.write("/t/z", b"1")
    files.write("/t/a", b"")
    assert files.tree("t", deep=False) == {"d": FOLDER, "a": File(0, -1), "z": File(1, -1)}
    check = 0xCBF43926
    assert files.tree("/t/d", checks=True) == {"a": File(9, check), "e": FOLDER}
    assert files.tree() == {
        "t": FOLDER,
        "t/a": File(0, -1),
        "t/z": File(1, -1),
        "t/d": FOLDER,
        "t/d/a": File(9, -1),
        "t/d/e": FOLDER,
    }
    with pytest.raises(BoardFileNotFoundError):
        files.tree("/none")
    with pytest.raises(BoardNotAFolderError):
        files.tree("/t/z")


def test_room(files: Filesystem) -> None:
    before = files.room()
    assert 0 < before.free <= before.total
    assert before.free % before.block == 0
    files.write("/t/x", NOISE[:40_000])
    assert before.total == files.room("/t/x").total
    assert files.room("/t").free < before.free
    with pytest.raises(BoardFileNotFoundError):
        files.room("/none")


# --- what goes wrong -------------------------------------------------------------------------------


def test_a_file_in_the_way_of_folders(files: Filesystem) -> None:
    files.write("/t/x", b"1")
    with pytest.raises(BoardNotAFolderError) as caught:
        files.make_folder("/t/x/a/b", parents=True)
    assert caught.value.path.startswith("/t/x")
    with pytest.raises(OSError, match="/t/x"):
        files.write("/t/x/a", b"")
    assert files.read("/t/x") == b"1"


def test_a_board_that_cannot_be_written(tmp_path: Path) -> None:
    with Device(address("lfs2", tmp_path / "image")) as device:
        mount(device, "fat", "/sd", readonly=True)
        files = device.filesystem
        for change in (
            lambda: files.write("/sd/x", b"1"),
            lambda: files.touch("/sd/x"),
            lambda: files.make_folder("/sd/x"),
        ):
            with pytest.raises(ReadOnlyBoardError):
                change()


def test_a_board_that_is_full(tmp_path: Path) -> None:
    with Device(address("fat", tmp_path / "image", size="128k")) as device:
        files = device.filesystem
        files.write("/x", NOISE[:50_000])
        for change in (lambda: files.write("/x", NOISE), lambda: [files.copy("/x", f"/{n}") for n in "abc"]):
            with pytest.raises(NoRoomError):
                change()
        assert files.read("/x") == NOISE[:50_000]
        assert not [path for path in files.tree() if ".belay." in path]


def test_a_batch_cannot_wait_for_files(shared: Device) -> None:
    with pytest.raises(BatchError), shared.batch():
        shared.filesystem.exists("/t")


def test_what_is_mounted(tmp_path: Path) -> None:
    with Device(address("lfs2", tmp_path / "image")) as device:
        mount(device, "fat", "/sd")
        files = device.filesystem
        files.write("/x", b"1")
        files.write("/sd/a", b"2")
        assert files.room("/sd").total != files.room("/").total
        assert files.tree(deep=False)["sd"] == FOLDER
        files.remove_folder("/", recursive=True)
        assert files.tree() == {"sd": FOLDER, "sd/a": File(1, -1)}
        with pytest.raises(BoardFileError):
            files.rename("/sd/a", "/a")
        files.copy("/sd/a", "/a")
        assert files.read("/a") == files.read("/sd/a") == b"2"


# --- threads ---------------------------------------------------------------------------------------


def test_threads_use_the_same_board(files: Filesystem, kind: str) -> None:
    wrong: list[Any] = []

    def work(name: str, size: int) -> None:
        try:
            for turn in range(4):
                data = NOISE[turn : turn + size]
                files.write(f"/t/{name}", data)
                if (
                    files.read(f"/t/{name}") != data
                    or files.hash(f"/t/{name}") != hashlib.sha256(data).hexdigest()
                ):
                    wrong.append((name, turn))
        except Exception as error:
            wrong.append(error)
            raise

    def rewrite(size: int) -> None:
        # One that two threads use is always seen whole, however many answers it takes.
        try:
            for byte in (b"1", b"2", b"3"):
                files.write("/t/shared", byte * size)
        finally:
            written.set()

    def look() -> None:
        while not written.is_set():
            seen = set(files.read("/t/shared"))
            if len(seen) != 1:
                wrong.append(seen)

    written, size = threading.Event(), 10_000 if kind == PLAIN else 90_000
    files.write("/t/shared", b"0" * size)
    cases = [(work, "a", 20_000), (work, "b", 300), (work, "c", 0), (rewrite, size), (look,)]
    threads = [threading.Thread(target=target, args=args, daemon=True) for target, *args in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert not [thread for thread in threads if thread.is_alive()]
    assert wrong == []
    assert set(files.tree("/t")) == {"a", "b", "c", "shared"}


def test_names_in_a_folder(files: Filesystem) -> None:
    files.make_folder("/names")
    files.write("/names/a", b"12")
    files.make_folder("/names/b")
    found = files.stat_each("/names", ["b", "none", "a"])
    assert found == {name: files.stat(f"/names/{name}") for name in ("b", "a")}
    assert files.stat_each("/names", []) == {}
    assert files.stat_each("/", ["names"])["names"].is_folder


def test_many_names_in_few_turns(tmp_path: Path) -> None:
    counts: list[CountingTransport] = []

    def wrap(transport: Transport) -> CountingTransport:
        counts.append(CountingTransport(transport))
        return counts[-1]

    names = [f"{number:02}{'ä' * 20}'\"\\ .txt" for number in range(60)]
    for name in names:
        (tmp_path / name).write_text(name)
    for way, most in (("", 4), ("?heap=64k", 6)):
        with Device(f"virtual:{tmp_path}{way}", wrap=wrap) as device:
            device.filesystem.stat("/")
            before = counts[-1].writes
            found = device.filesystem.stat_each("/", [*names, "none", "b\udce4d"])
            assert counts[-1].writes - before <= most
            assert list(found) == names
            assert found[names[7]] == device.filesystem.stat(f"/{names[7]}")
