"""The protocol ``belay`` of fsspec."""

from __future__ import annotations

import csv
import gc
import hashlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.callbacks import Callback

from belay import ConnectionFailedError, ConnectionLost, Device
from belay.exceptions import (
    BoardFileError,
    BoardFileExistsError,
    BoardFileNotFoundError,
    BoardFolderNotEmptyError,
    BoardIsAFolderError,
    BoardNotAFolderError,
)
from belay.fsspec import BelayFileSystem
from tests.files.boards import address

NOISE = random.Random(7).randbytes(60_000)


@pytest.fixture(scope="module", params=["lfs2", "fat"])
def device(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    place = tmp_path_factory.mktemp("board") / "image"
    with Device(address(request.param, place, size="1M")) as device:
        yield device


@pytest.fixture
def files(device: Device) -> Iterator[BelayFileSystem]:
    """Those of a board that is empty but for ``/t``."""
    device.files.remove_tree()
    (device.files / "t").mkdir()
    made = fsspec.filesystem("belay", device=device)
    assert isinstance(made, BelayFileSystem)
    yield made
    assert list(device.files.rglob(".belay.*")) == []


@pytest.fixture
def planted(files: BelayFileSystem) -> BelayFileSystem:
    for path in ("/t/a.csv", "/t/b.csv", "/t/d/c.csv", "/t/d/e/c.txt"):
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
        files.pipe(path, path.encode())
    return files


def test_fsspec_finds_it_without_an_import() -> None:
    code = (
        "import fsspec, sys\n"
        "files = fsspec.filesystem('belay', address='virtual:')\n"
        "files.pipe('/x', b'1')\n"
        "print(files.cat('belay:///x'), type(files).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "b'1' belay.fsspec\n"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("belay:///t/x", "/t/x"),
        ("belay://t/x", "/t/x"),
        ("t/x/", "/t/x"),
        ("/", "/"),
        ("", "/"),
        ("belay://", "/"),
        (["a", "belay:///b"], ["/a", "/b"]),
    ],
)
def test_urls(path: str | list[str], place: str | list[str]) -> None:
    assert BelayFileSystem._strip_protocol(path) == place


# --- looking ---------------------------------------------------------------------------------------


def test_looking(planted: BelayFileSystem) -> None:
    assert planted.ls("/t", detail=False) == ["/t/a.csv", "/t/b.csv", "/t/d"]
    assert planted.ls("/t")[1:] == [
        {"name": "/t/b.csv", "size": 8, "type": "file"},
        {"name": "/t/d", "size": 0, "type": "directory"},
    ]
    assert planted.ls("/t/a.csv", detail=False) == ["/t/a.csv"]
    assert planted.info("/t/d")["type"] == "directory"
    assert planted.info("belay:///t/a.csv") == planted.ls("/t/a.csv")[0]
    assert planted.isdir("/t")
    assert planted.isfile("/t/a.csv")
    assert not planted.isfile("/t/none")
    assert planted.exists("/t/d/e/c.txt")
    assert not planted.exists("/t/a.csv/x")
    assert planted.size("/t/a.csv") == 8
    with pytest.raises(FileNotFoundError):
        planted.ls("/none")


def test_finding(planted: BelayFileSystem) -> None:
    everything = ["/t/a.csv", "/t/b.csv", "/t/d/c.csv", "/t/d/e/c.txt"]
    assert planted.find("/") == planted.find("/t") == everything
    assert planted.find("/t/a.csv") == ["/t/a.csv"]
    assert planted.find("/none") == []
    assert planted.find("/t", maxdepth=1) == everything[:2]
    assert planted.find("/t", maxdepth=2, withdirs=True) == [
        "/t",
        *everything[:2],
        "/t/d",
        everything[2],
        "/t/d/e",
    ]
    assert planted.glob("/t/*.csv") == everything[:2]
    assert planted.glob("belay:///**/*.csv") == everything[:3]
    assert planted.glob("/t/d/") == ["/t/d"]
    assert planted.du("/t") == sum(map(len, everything))
    assert planted.du("/t/a.csv", total=False) == {"/t/a.csv": 8}


def test_walking(planted: BelayFileSystem) -> None:
    walked = [("/t", ["d"], ["a.csv", "b.csv"]), ("/t/d", ["e"], ["c.csv"]), ("/t/d/e", [], ["c.txt"])]
    assert list(planted.walk("/t")) == walked
    assert list(planted.walk("/t", topdown=False)) == walked[::-1]
    assert list(planted.walk("/t", maxdepth=1)) == walked[:1]
    assert [*planted.walk("/t", detail=True)][0][1]["d"]["type"] == "directory"  # noqa: RUF015
    seen = []
    for folder, folders, _ in planted.walk("/t"):
        seen.append(folder)
        folders.clear()
    assert seen == ["/t"]
    with pytest.raises(ValueError, match="maxdepth"):
        list(planted.walk("/t", maxdepth=0))
    assert list(planted.walk("/none")) == []
    with pytest.raises(FileNotFoundError):
        list(planted.walk("/none", on_error="raise"))
    told: list[OSError] = []
    assert list(planted.walk("/none", on_error=told.append)) == []
    assert [type(error) for error in told] == [BoardFileNotFoundError]


def test_a_tree_is_seen_at_few_looks(planted: BelayFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    tree = planted.device.filesystem.tree
    monkeypatch.setattr(planted.device.filesystem, "tree", lambda *a, **k: looks.append(a) or tree(*a, **k))
    for look in (lambda: planted.find("/"), lambda: planted.glob("/**/*.csv"), lambda: planted.du("/")):
        looks.clear()
        assert look()
        assert len(looks) == 1


def test_what_changes_is_seen(files: BelayFileSystem, device: Device) -> None:
    assert files.ls("/t") == []
    device("import os")
    device("with open('/t/x', 'w') as f: f.write('1')")
    assert files.ls("/t", detail=False) == ["/t/x"]
    device("os.remove('/t/x')")
    assert files.ls("/t") == []


def test_times(files: BelayFileSystem) -> None:
    files.pipe("/t/x", b"")
    assert files.modified("/t/x").tzinfo is UTC
    assert abs((files.modified("/t/x") - datetime.now(tz=UTC)).days) <= 1
    with pytest.raises(NotImplementedError):
        files.created("/t/x")
    with pytest.raises(NotImplementedError, match="does not know"):
        files.modified("/")


# --- reading and writing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end"),
    [(None, None), (10, 20), (None, 5), (59_990, None), (-5, None), (-5, -2), (5, 2), (None, -59_990)],
)
def test_parts(files: BelayFileSystem, start: int | None, end: int | None) -> None:
    files.pipe("/t/x", NOISE)
    assert files.cat_file("/t/x", start, end) == NOISE[start:end]


def test_reading(files: BelayFileSystem) -> None:
    files.pipe("/t/x", NOISE)
    assert files.head("/t/x", 5) == NOISE[:5]
    assert files.tail("/t/x", 5) == NOISE[-5:]
    with files.open("/t/x") as file:
        assert file.read() == NOISE
        file.seek(50_000)
        assert file.read(10) == NOISE[50_000:50_010]
    assert files.cat(["/t/x"]) == {"/t/x": NOISE}
    assert files.cat_ranges(["/t/x"] * 2, [0, 5], [1, 7]) == [NOISE[:1], NOISE[5:7]]


def test_writing(files: BelayFileSystem) -> None:
    with files.open("/t/x", "wb", block_size=1000) as file:
        for at in range(0, len(NOISE), 999):
            file.write(NOISE[at : at + 999])
        assert not files.exists("/t/x")
    assert files.cat("/t/x") == NOISE
    with files.open("/t/x", "ab") as file:
        assert file.tell() == len(NOISE)
        file.write(b"more")
    assert files.tail("/t/x", 5) == NOISE[-1:] + b"more"
    with files.open("/t/y", "ab") as file:
        file.write(b"1")
    with pytest.raises(BoardFileExistsError):
        files.open("/t/y", "xb")
    with files.open("/t/z", "xb") as file:
        file.write(b"2")
    assert (files.cat("/t/y"), files.cat("/t/z")) == (b"1", b"2")


def test_tables(device: Device, files: BelayFileSystem) -> None:
    rows = [["t", "ü"], ["1", "2.5"]]
    with fsspec.open("belay:///t/log.csv", "w", newline="", encoding="utf-8", device=device) as file:
        csv.writer(file).writerows(rows)
    with fsspec.open("belay://t/log.csv", "r", newline="", encoding="utf-8", device=device) as file:
        assert list(csv.reader(file)) == rows
    with files.open("/t/log.csv", "r") as file:
        assert file.readline() == "t,ü\n"
    with fsspec.open("belay:///t/x.gz", "wt", compression="infer", device=device) as file:
        file.write("packed")
    with fsspec.open("belay:///t/x.gz", "rt", compression="infer", device=device) as file:
        assert file.read() == "packed"
    assert files.cat("/t/x.gz").startswith(b"\x1f\x8b")


@pytest.mark.parametrize("mode", ["w", "wb", "a", "ab"])
def test_nothing_is_written_after_an_error(files: BelayFileSystem, mode: str) -> None:
    files.pipe("/t/x", b"old")
    with pytest.raises(ZeroDivisionError), files.open("/t/x", mode) as file:  # noqa: PT012
        file.write(b"new" if "b" in mode else "new")
        raise ZeroDivisionError
    assert files.cat("/t/x") == b"old"


def test_a_file_that_nobody_closes_is_not_written(files: BelayFileSystem) -> None:
    file = files.open("/t/x", "wb")
    file.write(b"new")
    with pytest.warns(ResourceWarning, match="not written"):  # noqa: PT031
        del file
        gc.collect()
    assert not files.exists("/t/x")


def test_transactions(files: BelayFileSystem) -> None:
    with files.transaction:
        with files.open("/t/x", "wb") as file:
            file.write(b"1")
        with files.open("/t/y", "w") as text:
            text.write("2")
        assert files.ls("/t") == []
    assert files.cat(["/t/x", "/t/y"]) == {"/t/x": b"1", "/t/y": b"2"}
    with pytest.raises(ZeroDivisionError), files.transaction:  # noqa: PT012
        with files.open("/t/x", "wb") as file:
            file.write(b"3")
        raise ZeroDivisionError
    assert files.cat("/t/x") == b"1"


def test_only_a_file_that_is_not_there(files: BelayFileSystem, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"2")
    files.pipe_file("/t/x", b"1", mode="create")
    with pytest.raises(FileExistsError):
        files.pipe_file("/t/x", b"2", mode="create")
    with pytest.raises(FileExistsError):
        files.put_file(tmp_path / "x", "/t/x", mode="create")
    assert files.cat("/t/x") == b"1"


def test_touching(files: BelayFileSystem) -> None:
    files.pipe("/t/x", b"1")
    files.touch("/t/x", truncate=False)
    assert files.cat("/t/x") == b"1"
    files.touch("/t/x")
    assert files.cat("/t/x") == b""
    files.touch("/t/y", truncate=False)
    assert files.exists("/t/y")


# --- to and from this computer ---------------------------------------------------------------------


class Told(Callback):  # type: ignore[misc]
    """Remembers how far it was."""


def test_trees_to_and_from_here(planted: BelayFileSystem, tmp_path: Path) -> None:
    planted.pipe("/t/noise", NOISE)
    planted.get("/t", f"{tmp_path}/got", recursive=True)
    assert (tmp_path / "got/noise").read_bytes() == NOISE
    assert (tmp_path / "got/d/e/c.txt").read_bytes() == b"/t/d/e/c.txt"
    planted.put(f"{tmp_path}/got", "/put", recursive=True)
    below = [path.removeprefix("/t") for path in planted.find("/t")]
    assert [path.removeprefix("/put") for path in planted.find("/put")] == below
    assert planted.cat("/put/noise") == NOISE


def test_progress(files: BelayFileSystem, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(NOISE)
    there, back = Told(), Told()
    files.put_file(tmp_path / "x", "/t/deep/x", callback=there)
    files.get_file("/t/deep/x", tmp_path / "deep/y", callback=back)
    assert (there.size, there.value) == (back.size, back.value) == (len(NOISE), len(NOISE))
    assert (tmp_path / "deep/y").read_bytes() == NOISE
    with (tmp_path / "z").open("wb") as file:
        files.get_file("/t/deep/x", outfile=file)
    assert (tmp_path / "z").read_bytes() == NOISE


def test_nothing_here_comes_of_a_file_that_is_not_there(files: BelayFileSystem, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.get_file("/t/none", tmp_path / "x")
    assert list(tmp_path.glob("x")) == []
    with pytest.raises(FileNotFoundError):
        files.put_file(tmp_path / "none", "/t/x")
    assert files.ls("/t") == []


# --- names -----------------------------------------------------------------------------------------


def test_folders(files: BelayFileSystem) -> None:
    files.mkdir("/t/a/b")
    files.makedirs("/t/a/b", exist_ok=True)
    files.rmdir("/t/a/b")
    files.mkdir("/t/a/c", create_parents=False)
    assert files.find("/t", withdirs=True) == ["/t", "/t/a", "/t/a/c"]


def test_copying_and_moving(planted: BelayFileSystem) -> None:
    planted.copy("/t/d", "/t/copy", recursive=True)
    assert planted.find("/t/copy") == ["/t/copy/c.csv", "/t/copy/e/c.txt"]
    planted.mv("/t/copy", "/t/moved")
    assert planted.find("/t/moved") == ["/t/moved/c.csv", "/t/moved/e/c.txt"]
    planted.mv("/t/a.csv", "/t/moved", recursive=False)
    planted.mv("/t/b.csv", "/t/moved/c.csv")
    assert planted.cat("/t/moved/*.csv") == {"/t/moved/a.csv": b"/t/a.csv", "/t/moved/c.csv": b"/t/b.csv"}
    planted.mv("/t/d", "/t/d")
    assert planted.exists("/t/d/c.csv")


def test_removing(planted: BelayFileSystem) -> None:
    planted.pipe("/t/x[1]", b"")
    planted.rm("/t/x[1]")
    planted.rm("/t/*.csv")
    assert planted.find("/t") == ["/t/d/c.csv", "/t/d/e/c.txt"]
    with pytest.raises(BoardIsAFolderError):
        planted.rm("/t/d")
    with pytest.raises(BoardFolderNotEmptyError):
        planted.rm_file("/t/d")
    planted.rm(["/t/d/c.csv", "/t/d/e"], recursive=True)
    planted.rm_file("/t/d")
    with pytest.raises(FileNotFoundError):
        planted.rm("/t/none*")
    planted.makedirs("/t/deep/er")
    planted.rm("/t/deep", recursive=True, maxdepth=2)
    assert planted.ls("/t") == []


ERRORS: dict[str, tuple[Callable[[BelayFileSystem], object], type[BoardFileError]]] = {
    "open-none": (lambda files: files.open("/t/none"), BoardFileNotFoundError),
    "open-folder": (lambda files: files.open("/t"), BoardIsAFolderError),
    "open-nowhere": (lambda files: files.open("/none/x", "wb"), BoardFileNotFoundError),
    "write-folder": (lambda files: files.open("/t/d", "w"), BoardIsAFolderError),
    "cat-none": (lambda files: files.cat_file("/t/none"), BoardFileNotFoundError),
    "mkdir-there": (lambda files: files.mkdir("/t/d"), BoardFileExistsError),
    "makedirs-there": (lambda files: files.makedirs("/t/d"), BoardFileExistsError),
    "rmdir-full": (lambda files: files.rmdir("/t"), BoardFolderNotEmptyError),
    "rmdir-file": (lambda files: files.rmdir("/t/a.csv"), BoardNotAFolderError),
    "move-none": (lambda files: files.mv("/t/none", "/t/x"), BoardFileNotFoundError),
    "copy-none": (lambda files: files.cp_file("/t/none", "/t/x"), BoardFileNotFoundError),
    "out": (lambda files: files.cat_file("/../x"), BoardFileError),
}


@pytest.mark.parametrize(("do", "error"), [pytest.param(*case, id=name) for name, case in ERRORS.items()])
def test_errors(planted: BelayFileSystem, do: Callable[[BelayFileSystem], Any], error: type[OSError]) -> None:
    before = planted.find("/", withdirs=True)
    with pytest.raises(error):
        do(planted)
    assert planted.find("/", withdirs=True) == before


# --- whose board it is -----------------------------------------------------------------------------


def test_a_board_by_its_address(tmp_path: Path) -> None:
    made = fsspec.filesystem("belay", address=address("lfs2", tmp_path / "image"), timeout=60)
    made.pipe("/x", b"1")
    device = made.device
    made.close()
    with pytest.raises(ConnectionLost):
        made.exists("/x")
    assert "closed" in repr(device)
    # The address of another time; and the board is left when nobody has the file system any more.
    with fsspec.open("belay:///x", address=address("lfs2", tmp_path / "image")) as file:
        assert file.read() == b"1"
        device = file.fs.device
    del file
    gc.collect()
    assert "closed" in repr(device)


def test_a_device_that_is_given_stays_open(device: Device) -> None:
    made = fsspec.filesystem("belay", device=device)
    made.close()
    assert made.exists("/")
    assert fsspec.filesystem("belay", device=device) is not made
    assert made.fsid == f"belay-{device.address}"
    with pytest.raises(ValueError, match="only one of them"):
        BelayFileSystem(device, "virtual:")


def test_no_board() -> None:
    with pytest.raises(ConnectionFailedError):
        fsspec.filesystem("belay", address="socket://localhost:1")


def test_a_check_of_what_is_read(files: BelayFileSystem) -> None:
    files.pipe("/t/x", NOISE)
    with files.open("/t/x") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == hashlib.sha256(NOISE).hexdigest()
