"""``belay romfs``, against a board with a stand-in for partitions: the virtual board's firmware has none."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from belay.cli import exits
from belay.mpy import read_header
from belay.romfs import read_image, write_image
from tests.deploy.test_rom import STAND_IN
from tests.publish.conftest import project_in

from .conftest import Belay

IN_A_FILE = """
class InAFile(StandIn):
    # Other connections to the board start its interpreter anew: what is in flash stays.
    def rom_ioctl(self, op, *more):
        found = StandIn.rom_ioctl(self, op, *more)
        if op in (3, 4):
            with open('/flash.bin', 'wb') as file:
                file.write(self.parts[0])
        return found

sys.modules['vfs'] = rom = InAFile()
try:
    with open('/flash.bin', 'rb') as file:
        rom.parts[0][:] = file.read()
except OSError:
    pass
"""
IMAGE = write_image({"app.py": b"VALUE = 42\n"})


@pytest.fixture
def flash(board: Path) -> Path:
    """The flash of a board with two partitions, the one that is meant when none is named."""
    (board / "boot.py").write_text(STAND_IN + IN_A_FILE, encoding="utf-8")
    return board / "flash.bin"


def test_a_board_without_partitions(belay: Belay, board: Path) -> None:
    for words in (["query"], ["deploy", "x.romfs"]):
        Path("x.romfs").write_bytes(IMAGE)
        result = belay("romfs", *words)
        assert (result.code, result.out) == (exits.UNAVAILABLE, "")
        assert "has no partitions for ROMFS" in result.err


def test_an_image(belay: Belay, flash: Path) -> None:
    assert (
        belay("romfs", "query").out
        == "partition  size     image\n0          8.0 KiB  none\n1          512 B    none\n"
    )
    Path("x.romfs").write_bytes(IMAGE + b"\xff" * 100)
    would = belay("romfs", "deploy", "x.romfs", "--dry-run")
    assert would.err == f"would write: an image of {len(IMAGE)} B, in partition 0\n"
    page = {"done": False, "partition": 0, "size": 8192, "image": len(IMAGE), "bytes": len(IMAGE)}
    page["alignment"] = None  # type: ignore[assignment]
    assert json.loads(belay("romfs", "deploy", "x.romfs", "-n", "--json").out) == page
    assert not flash.exists()
    done = belay("romfs", "deploy", "x.romfs")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"written: an image of {len(IMAGE)} B, in partition 0\n"
    assert read_image(flash.read_bytes()).read("app.py") == b"VALUE = 42\n"
    pages = json.loads(belay("romfs", "query", "--json").out)
    assert pages == [
        {"partition": 0, "size": 8192, "image": len(IMAGE)},
        {"partition": 1, "size": 512, "image": None},
    ]
    for more in ((), ("--dry-run",)):
        assert belay("romfs", "deploy", "x.romfs", *more).err.startswith("there already: an image of ")


def test_a_board_that_is_named(belay: Belay, flash: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = os.environ["BELAY_DEVICE"]
    monkeypatch.delenv("BELAY_DEVICE")
    Path("x.romfs").write_bytes(IMAGE)
    assert belay("romfs", "deploy", address, "x.romfs").err.startswith("written: ")
    assert belay("romfs", "deploy", address).code == exits.PACKAGES  # there is no project to make one of
    assert belay("romfs", "query", address).out.count("none") == 1


def test_no_partitions_at_all(belay: Belay, flash: Path) -> None:
    boot = flash.with_name("boot.py")
    boot.write_text(boot.read_text(encoding="utf-8") + "rom.parts.clear()\n", encoding="utf-8")
    result = belay("romfs", "query")
    assert (result.code, result.out) == (0, "")
    assert "the board has none" in result.err


def test_the_project(belay: Belay, flash: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_in(tmp_path / "project")
    shutil.rmtree(project.root / "my_sensor" / "deep")
    (project.root / "my_sensor" / "fast.py").write_text("@micropython.native\ndef f():\n    return 1\n")
    monkeypatch.chdir(project.root)
    assert belay("romfs", "deploy").code == 0
    image = read_image(flash.read_bytes())
    assert "my_sensor/chip.mpy" in image.files
    # For this very board.
    header = read_header(image.read("my_sensor/fast.mpy"))
    assert header is not None
    assert header.arch
    assert belay("romfs", "deploy", "--raw").code == 0
    assert "my_sensor/chip.py" in read_image(flash.read_bytes()).files


def test_what_is_refused(belay: Belay, flash: Path) -> None:
    Path("x.romfs").write_bytes(IMAGE[:-1])
    result = belay("romfs", "deploy", "x.romfs")
    assert result.code == exits.FILE
    assert "error: x.romfs is damaged" in result.err
    Path("x.romfs").write_bytes(write_image({"x": bytes(600)}))
    result = belay("romfs", "deploy", "x.romfs", "-p", "1")
    assert result.code == exits.FILE
    assert "partition 1 has 512" in result.err
    assert belay("romfs", "deploy", "x.romfs", "-p", "2").code == exits.UNAVAILABLE
    assert belay("romfs", "deploy", "missing.romfs").code == exits.FILE
    endless = belay("romfs", "deploy", "virtual:", "/dev/zero")
    assert (endless.code, "error: /dev/zero is no ROMFS image" in endless.err) == (exits.FILE, True)
    assert belay("romfs", "deploy", "x.romfs", "--raw").code == exits.USAGE
    assert belay("romfs", "deploy", "virtual:", "x.romfs", "y").code == exits.USAGE
    assert belay("romfs").code == exits.USAGE
    assert not flash.exists()
