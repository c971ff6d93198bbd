"""Packages on virtual boards with a flash of their own, from a real server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from servers.web import WebServer

from belay import Device
from belay.exceptions import (
    FetchError,
    FilesError,
    NoRoomError,
    NoSuchVersionError,
    PackageError,
    PackageNotFoundError,
    PathConflictError,
    ResolutionError,
    UnsafePathError,
)
from belay.files.sync import Bytes, Wish
from belay.mip.installed import installed
from belay.mip.library import Done

from .conftest import changes, files, install, library

SHAPES = {
    "sensor": {"1.0": {"deps": [["bus", "latest"]]}, "2.0": {"deps": [["bus", "latest"]]}},
    "bus": {"1.0": {}, "1.1": {}},
    "plain": {"1.0": {}},
    "big": {"1.0": {"files": {"big.py": "X = 1\n" + "# " + "." * 300_000 + "\n"}}},
}


@pytest.fixture(scope="module")
def index(web: WebServer) -> str:
    return web.packages(SHAPES, path="/mip", sources=["plain"])


def test_a_life(board: Device, index: str) -> None:
    done = install(board, index, "sensor@1.0", "plain")
    assert changes(done) == ["bus 1.1: added", "plain 1.0: added", "sensor 1.0: added"]
    # Compiled where there is a compiled one.
    assert files(board) == ["bus.mpy", "plain.py", "sensor.mpy"]
    assert done.top == "/lib"
    packages = library(board).packages()["/lib"]
    assert [(each.name, each.asked) for each in packages.values()] == [
        ("bus", ""),
        ("plain", "plain"),
        ("sensor", "sensor@1.0"),
    ]
    assert packages["sensor"].index == index

    again = install(board, index, "sensor@1.0", "plain")
    assert changes(again) == []
    assert again.summary
    assert again.summary.sent == ()
    # What was asked for in a version stays at that.
    assert changes(library(board).upgrade()) == []
    assert changes(install(board, index, "sensor")) == ["sensor 1.0 -> 2.0"]

    assert library(board).verify() == []
    board.filesystem.write("/lib/plain.py", b"V = 'mine'\n")
    board.filesystem.remove("/lib/bus.mpy")
    assert [(each.path, each.kind, each.package.name) for each in library(board).verify()] == [
        ("/lib/bus.mpy", "missing", "bus"),
        ("/lib/plain.py", "changed", "plain"),
    ]
    mended = library(board).upgrade()
    assert mended.summary
    assert mended.summary.sent == ("bus.mpy", "plain.py")
    assert library(board).verify() == []

    gone = library(board).remove(["sensor"])
    assert changes(gone) == ["bus 1.1: removed", "sensor 2.0: removed"]
    assert files(board) == ["plain.py"]
    library(board).remove(["plain"])
    assert files(board) == []
    assert json.loads(board.filesystem.read("/.belay"))["put"] == []


def test_upgrade(board: Device, web: WebServer) -> None:
    url = web.packages({"a": {"1.0": {}}, "b": {"1.0": {}}}, path="/growing")
    install(board, url, "a", "b")
    web.packages({"a": {"1.0": {}, "1.1": {}}, "b": {"1.0": {}, "1.1": {}}}, path="/growing")
    waiting = replace(library(board), dry_run=True).upgrade()
    assert changes(waiting) == ["a 1.0 -> 1.1", "b 1.0 -> 1.1"]
    assert waiting.plan
    assert waiting.plan.sent == ("a.mpy", "b.mpy")
    assert library(board).verify() == []
    assert changes(library(board).upgrade(["a"])) == ["a 1.0 -> 1.1"]
    assert changes(library(board).upgrade()) == ["b 1.0 -> 1.1"]
    assert changes(library(board).upgrade(mpy=False)) == ["a 1.1: changed", "b 1.1: changed"]
    assert files(board) == ["a.py", "b.py"]
    # As they are now.
    assert changes(library(board).upgrade()) == []
    with pytest.raises(PackageNotFoundError, match="c is not among the packages on the board"):
        library(board).upgrade(["c"])


def test_targets(board: Device, index: str) -> None:
    assert install(board, index, "plain", target="third-party").top == "/third-party"
    assert files(board, "/third-party") == ["plain.py"]
    install(board, index, "bus")
    assert {top: list(found) for top, found in library(board).packages().items()} == {
        "/lib": ["bus"],
        "/third-party": ["plain"],
    }
    with pytest.raises(PackageNotFoundError, match="not among the packages in /lib") as elsewhere:
        library(board).remove(["plain"])
    assert elsewhere.value.hint == "it is in /third-party: --target /third-party"
    assert library(board).upgrade().notes == (
        "/third-party is another folder with packages: --target /third-party",
    )
    library(board).remove(["plain"], target="/third-party")
    assert files(board) == ["bus.mpy"]
    board("import sys; sys.path[:] = ['', '/rom/lib', '/rom', '/flash/lib']")
    assert library(board).target() == "/flash/lib"
    # As CircuitPython has it.
    board("sys.path[:] = ['', '/', '.frozen', '/lib']")
    assert library(board).target() == "/lib"
    board("sys.path[:] = ['', '/rom/lib', '/library']")
    with pytest.raises(FilesError, match="imports from no folder") as caught:
        library(board).target()
    assert "--target" in str(caught.value.hint)
    assert list(library(board).packages()) == ["/lib"]
    with pytest.raises(FilesError, match="leads out"):
        library(board).packages("../x")


def test_a_board_with_nothing_at_its_top(board: Device, index: str) -> None:
    """As a pyboard, whose flash is /flash."""
    board("import os, sys\nroot = [disk for disk, place in os.mount() if place == '/'][0]\nos.umount('/')")
    board("os.mount(root, '/flash')\nsys.path[:] = ['', '/rom/lib', '/flash', '/flash/lib']")
    assert install(board, index, "sensor").top == "/flash/lib"
    assert [each.name for each in board.mip.list()] == ["bus", "sensor"]
    board.filesystem.remove("/flash/lib/bus.mpy")
    assert [each.path for each in board.mip.verify()] == ["/flash/lib/bus.mpy"]
    assert changes(library(board).remove(["sensor"])) == ["bus 1.1: removed", "sensor 2.0: removed"]


def test_files_and_addresses(board: Device, web: WebServer, tmp_path: Path) -> None:
    url = web.page("/x/y/foo.py", "FOO = 1\n")
    web.manifest("/pack/package.json", urls=[["pack/__init__.py", "code.py"]], version="0.2")
    web.page("/pack/code.py", "PACK = 2\n")
    (tmp_path / "here.py").write_text("HERE = 3\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("MINE = 4\n")
    done = install(board, "", url, f"{web.url}/pack/", str(tmp_path / "here.py"), str(tmp_path / "mine"))
    assert changes(done) == ["foo: added", "here: added", "mine: added", "pack 0.2: added"]
    assert files(board) == ["foo.py", "here.py", "mine/__init__.py", "pack/__init__.py"]
    assert board("(__import__('foo').FOO, __import__('pack').PACK)") == (1, 2)
    (tmp_path / "here.py").write_text("HERE = 5\n")
    web.page("/x/y/foo.py", "FOO = 5\n")
    # A board may say what it likes: nothing here is read for that.
    done = library(board).upgrade()
    assert changes(done) == ["foo: changed"]
    assert [note.partition(":")[0] for note in done.notes] == ["here stays as it is", "mine stays as it is"]
    with pytest.raises(PackageError, match="came from a computer") as caught:
        library(board).upgrade(["here"])
    assert str(caught.value.hint) == f"`belay mip install {tmp_path}/here.py` brings it anew"
    assert changes(install(board, "", str(tmp_path / "here.py"))) == ["here: changed"]


def test_what_somebody_removed_by_hand_is_missing_not_forgotten(board: Device, index: str) -> None:
    install(board, index, "sensor", "plain")
    board.filesystem.remove("/lib/plain.py")
    install(board, index, "bus@1.0")
    assert [(each.path, each.kind) for each in library(board).verify()] == [("/lib/plain.py", "missing")]
    assert library(board).upgrade(["plain"]).summary.sent == ("plain.py",)  # type: ignore[union-attr]
    assert library(board).verify() == []


def test_what_nobody_knows_of_stays(board: Device, index: str) -> None:
    """Of the record somebody has lost a part."""
    install(board, index, "plain", "bus")
    record = json.loads(board.filesystem.read("/.belay"))
    del record["put"][0]["packages"][1]
    board.filesystem.write("/.belay", json.dumps(record).encode())
    install(board, index, "sensor")
    assert files(board) == ["bus.mpy", "plain.py", "sensor.mpy"]
    assert changes(library(board).remove(["sensor", "bus"])) == ["bus 1.1: removed", "sensor 2.0: removed"]
    assert files(board) == ["plain.py"]


def test_packages_of_two_indices(board: Device, web: WebServer) -> None:
    first = web.packages({"y": {"1": {"deps": [["c", "1"]]}}, "c": {"1": {}}}, path="/first")
    other = {"w": {"1": {}}, "c": {"2": {}}}
    second = web.packages(other, path="/second")
    install(board, first, "y")
    install(board, second, "w")
    assert changes(library(board).upgrade()) == []
    web.packages({**other, "w": {"2": {"deps": [["c", "2"]]}}}, path="/second")
    # What one of an index needs comes from that.
    with pytest.raises(ResolutionError, match=r"c 2 of .*/second and c 1 of .*/first cannot"):
        library(board).upgrade()


def test_each_package_keeps_its_form(board: Device, index: str) -> None:
    install(board, index, "sensor@1.0", mpy=False)
    install(board, index, "bus@1.0")
    assert files(board) == ["bus.mpy", "sensor.py"]
    assert changes(library(board).upgrade()) == []
    assert files(board) == ["bus.mpy", "sensor.py"]
    install(board, index, "sensor@2.0", "bus", mpy=False)
    assert changes(library(board).upgrade(mpy=True)) == ["bus 1.1: changed", "sensor 2.0: changed"]


def test_names_that_belay_needs(board: Device, web: WebServer) -> None:
    web.page("/own/code.py", "")
    for name in (".belay", ".belay.new", "x/.belay.set/y.py"):
        web.manifest("/own/package.json", urls=[[name, "code.py"]])
        for target in ("/", "/lib"):
            with pytest.raises(UnsafePathError, match="a name that belay needs"):
                install(board, "", f"{web.url}/own/", target=target)
    assert board.filesystem.tree("/") == {}


def test_what_the_board_starts_is_the_users(board: Device, web: WebServer) -> None:
    web.manifest("/app/package.json", urls=[["main.py", "code.py"]])
    web.page("/app/code.py", "1")
    board.filesystem.write("/main.py", b"mine")
    with pytest.raises(PathConflictError, match="app and what the board starts") as caught:
        install(board, "", f"{web.url}/app/", target="/")
    assert "belay fs rm :/main.py" in str(caught.value.hint)
    assert board.filesystem.read("/main.py") == b"mine"
    board.filesystem.remove("/main.py")
    install(board, "", f"{web.url}/app/", target="/")
    # From then on it is the package's.
    web.page("/app/code.py", "2")
    install(board, "", f"{web.url}/app/", target="/")
    assert board.filesystem.read("/main.py") == b"2"


def test_nothing_is_sent_before_all_is_there(board: Device, web: WebServer, index: str) -> None:
    missing = f"{web.url}/nowhere.py"
    with pytest.raises(FetchError) as caught:
        install(board, index, "bus", missing)
    assert caught.value.kind == "not-found"
    with pytest.raises(PackageNotFoundError):
        install(board, index, "bus", "nosuch")
    with pytest.raises(NoSuchVersionError):
        install(board, index, "bus@9")
    web.fault("wrong", "/mip/file/")
    try:
        with pytest.raises(FetchError) as caught:
            install(board, index, "sensor")
        assert caught.value.kind == "mismatch"
    finally:
        web.heal()
    with pytest.raises(NoRoomError) as full:
        install(board, index, "bus", "big", mpy=False)
    assert full.value.needed is not None
    assert not board.filesystem.exists("/lib/bus.mpy")
    assert not board.filesystem.exists("/.belay")


def test_native_code_of_another_board(board: Device, web: WebServer) -> None:
    # M, version 6, armv6m.
    url = web.page("/native.mpy", b"M\x06\x10\x1f" + bytes(20))
    with pytest.raises(PackageError, match="has native code for armv6m"):
        install(board, "", url)
    old = web.page("/old.mpy", b"M\x05\x00\x1f" + bytes(20))
    with pytest.raises(PackageError, match="is of mpy version 5"):
        install(board, "", old, mpy=False)


def test_others_are_not_trodden_on(board: Device, index: str) -> None:
    board.filesystem.sync(Wish(Bytes({"lib/plain.py": b"V = 'of the project'\n"}), "/", by="install"))
    with pytest.raises(PathConflictError, match="plain and what `belay install`"):
        install(board, index, "plain")
    install(board, index, "bus")
    # The project without its file, and then packages of one's own.
    board.filesystem.sync(Wish(Bytes({}), "/", by="install"))
    assert files(board) == ["bus.mpy"]
    install(board, index, "plain")
    # What both want alike is both's.
    same = board.filesystem.read("/lib/plain.py")
    board.filesystem.sync(Wish(Bytes({"lib/plain.py": same}), "/", by="install"))
    library(board).remove(["plain"])
    assert files(board) == ["bus.mpy", "plain.py"]
    assert list(installed(board.filesystem.record(), "/lib")) == ["bus"]


def test_a_file_that_nobody_is_known_to_have_put_there_is_replaced(board: Device, index: str) -> None:
    board.filesystem.make_folder("/lib", exist_ok=True)
    board.filesystem.write("/lib/plain.py", b"V = 'of mpremote'\n")
    assert changes(install(board, index, "plain")) == ["plain 1.0: added"]
    assert library(board).verify() == []


def test_turns(index: str, tmp_path: Path) -> None:
    """Where all is there already: sys.path, the record, and one look."""
    from belay.transports.trace import CountingTransport

    counts: list[CountingTransport] = []

    def wrap(transport: object) -> CountingTransport:
        counts.append(CountingTransport(transport))  # type: ignore[arg-type]
        return counts[-1]

    with Device(f"virtual:?fs=lfs2:256k&image={tmp_path}/flash", wrap=wrap) as device:  # type: ignore[arg-type]
        install(device, index, "sensor", "plain")
        before = counts[0].writes
        install(device, index, "sensor", "plain")
        assert counts[0].writes - before <= 4


def test_device_mip(board: Device, index: str) -> None:
    done = board.mip.install("sensor", version="1.0", index=index, mpy=False, target="/lib")
    assert changes(done) == ["bus 1.1: added", "sensor 1.0: added"]
    assert files(board) == ["bus.py", "sensor.py"]
    assert [str(each) for each in board.mip.list()] == ["bus 1.1", "sensor 1.0"]
    assert board.mip.verify() == []
    assert changes(board.mip.install(["sensor", "plain"], index=index)) == [
        "bus 1.1: changed",
        "plain 1.0: added",
        "sensor 1.0 -> 2.0",
    ]
    assert changes(board.mip.upgrade(offline=True)) == []
    assert changes(board.mip.remove("sensor", "plain")) == [
        "bus 1.1: removed",
        "plain 1.0: removed",
        "sensor 2.0: removed",
    ]


def test_an_upgrade_of_nothing_asks_nobody(board: Device) -> None:
    assert library(board, "http://127.0.0.1:9/none").upgrade() == Done("/lib", ())
