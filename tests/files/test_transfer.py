from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belay import Device
from belay.exceptions import BelayException, NoRoomError
from belay.files.sync import Progress, Wish
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport

from .boards import KINDS, Files, Wanted, address, board, look, looked, put, sync

_CHANCE = random.Random(3)
NOISE = _CHANCE.randbytes(400_000)
TEXT = b"".join(b"value_%d = %d\n" % (number, number * number) for number in range(20_000))


# --- a full disk ------------------------------------------------------------------------------


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that says there is room."""
    monkeypatch.setattr("belay.files.survey.needed_room", lambda *_: -1_000_000)


BEFORE: Files = {"main.py": b"main = 1\n", "lib/a": NOISE[:20_000], "lib/b": NOISE[:30_000], "c": b"c"}


@pytest.mark.parametrize("kind", KINDS[1:])
def test_room_is_checked_before_anything_is_done(tmp_path: Path, kind: str) -> None:
    with board(kind, tmp_path / "image", size="128k") as device:
        sync(device, BEFORE)
        before = look(device)
        with pytest.raises(NoRoomError) as caught:
            sync(device, {"main.py": b"", "lib/x": NOISE[:90_000], "lib/y": NOISE[5:10_000]})
        error = caught.value
        assert (error.needed or 0) > 90_000 > (error.free or 0) > 0
        assert "lib/x (90000 bytes), lib/y (9995 bytes)" in error.message
        assert look(device) == before
        # There would be room if what goes went first.
        with pytest.raises(NoRoomError) as caught:
            sync(device, {"lib/x": NOISE[:70_000]})
        assert "delete first" in str(caught.value.advice)
        assert look(device) == before
        sync(device, {})
        sync(device, {"lib/x": NOISE[:70_000]})
        assert look(device) == looked({"lib/x": NOISE[:70_000]})


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_full_disk_can_be_cleared(tmp_path: Path, kind: str) -> None:
    with board(kind, tmp_path / "image", size="128k") as device:
        sync(device, BEFORE)
        fill = (
            "file = open('fill', 'wb')\ntry:\n while 1:\n  file.write(bytes(512))\nexcept OSError:\n pass\n"
        )
        device(fill + "try:\n file.close()\nexcept OSError:\n pass")
        assert sync(device, {"main.py": BEFORE["main.py"]}).deleted == ("lib/b", "lib/a", "lib", "c")
        assert look(device).keys() == {"main.py", "fill"}
        assert sync(device, {}, keep=False).unknown == ()
        assert look(device) == {}


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_full_disk_all_the_same(tmp_path: Path, kind: str, lying: None) -> None:
    wanted: Files = {
        "lib/a": NOISE[7:30_007],
        "lib/b": NOISE[9:90_009],
        "c/new": NOISE[:20_000],
        "main.py": b"main = 2\n",
    }
    with board(kind, tmp_path / "image", size="128k") as device:
        sync(device, BEFORE)
        # Left by a sync that was interrupted.
        put(device, {"lib/.belay.new": NOISE[:5000], ".belay.old": None, ".belay.old/x": b"x"})
        with pytest.raises(NoRoomError):
            sync(device, wanted)
        found, old, new = look(device), looked(BEFORE), looked(wanted)
        assert found.keys() >= BEFORE.keys()
        assert not [path for path in found if ".belay" in path]
        for path, check in found.items():
            assert check in (old.get(path), new.get(path)), path
        assert found["lib/b"] == old["lib/b"]
        smaller = {**wanted, "lib/a": BEFORE["lib/a"], "lib/b": b"b"}
        sync(device, smaller)
        assert look(device) == looked(smaller)


# --- noise, interrupts, threads, memory -------------------------------------------------------


class Noisy:
    """A line without flow control, on which some bytes are lost, doubled or changed."""

    survives_reset = True
    transparent = True

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.chance = random.Random(0)
        self.rate = 0.0

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def flow_control(self) -> bool:
        return False

    def read(self, max_bytes: int = 65536, timeout: float | None = None) -> bytes:
        while not (data := self._spoiled(self.inner.read(max_bytes, timeout))):
            pass
        return data

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if data := self._spoiled(data):
            self.inner.write(data, timeout)

    def close(self) -> None:
        self.inner.close()

    def _spoiled(self, data: bytes) -> bytes:
        if not self.rate:
            return data
        made = bytearray()
        for byte in data:
            if self.chance.random() >= self.rate:
                made.append(byte)
                continue
            made += self.chance.choice(
                (b"", bytes([byte, byte]), bytes([byte ^ 1 << self.chance.randrange(8)]))
            )
        return bytes(made)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of the link, for a line that is quicker than any."""
    monkeypatch.setattr("belay.link.exchange.SILENCE", 0.15)
    monkeypatch.setattr("belay.link.exchange.STALLED", 0.15)
    monkeypatch.setattr("belay.link.exchange.REPAIR", 0.03)
    monkeypatch.setattr("belay.link.recovery.STOP_TIMEOUT", 3.0)


@pytest.mark.parametrize(
    ("kind", "seeds"),
    [
        pytest.param("lfs2", range(2), id="few"),
        *(
            pytest.param(kind, range(first, first + 10), marks=pytest.mark.long, id=f"{kind}-{first}")
            for kind in KINDS
            for first in range(2, 62, 10)
        ),
    ],
)
def test_noise(tmp_path: Path, kind: str, seeds: range, quick: None) -> None:
    """It ends right or with an error, never with a wrong file."""
    lines: list[Noisy] = []

    def wrap(transport: Transport) -> Transport:
        lines.append(Noisy(transport))
        return lines[-1]

    with board(kind, tmp_path / "files", wrap=wrap) as device:
        right, old = 0, looked({"mine": b"mine"})
        put(device, {"mine": b"mine"})
        for seed in seeds:
            files: Files = {
                "main.py": b"main = %d\n" % seed,
                "lib/data": NOISE[seed:12_000],
                "lib/text": TEXT[seed:9_000],
            }
            lines[0].chance, lines[0].rate = random.Random(seed), 1 / 15_000
            try:
                sync(device, files)
                right += 1
            except BelayException:
                pass
            lines[0].rate = 0.0
            new = looked({**files, "mine": b"mine"})
            for path, check in look(device).items():
                assert check in (old.get(path), new.get(path)) or path.endswith(".belay.new"), (seed, path)
            sync(device, files)
            assert look(device) == new, seed
            old = new
        assert right or len(seeds) < 5


def test_ctrl_c_in_the_middle(tmp_path: Path) -> None:
    """The board is usable at once, and the next sync finishes."""
    files: Files = {f"a{number}": NOISE[number : number + 8000] for number in range(6)}
    with board("lfs2", tmp_path / "image") as device:

        def stop(progress: Progress) -> None:
            if progress.done >= 20_000:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            device.filesystem.sync(Wish(Wanted(files)), on_progress=stop)
        assert device("1 + 1") == 2
        assert 0 < len([path for path in look(device) if path in files]) < 6
        sync(device, files)
        assert look(device) == looked(files)


PROGRAM = """
import os, signal, sys, threading
from belay import Device
from tests.files.boards import sync
from tests.files.test_transfer import NOISE

files = {f"a{number}": NOISE[number : number + 8000] for number in range(25)}
with Device(sys.argv[1]) as device:
    timer = threading.Timer(float(sys.argv[2]), os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        while True:
            sync(device, files, keep=False)
            sync(device, {}, keep=False)
    except KeyboardInterrupt:
        assert device("1 + 1") == 2
        sync(device, files, keep=False)
        assert sync(device, files).sent == ()
        print("finished")
"""


@pytest.mark.parametrize(
    "after", [310, *(pytest.param(after, marks=pytest.mark.long) for after in range(205, 755, 11))]
)
def test_sigint_in_the_middle(tmp_path: Path, after: int) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            f"virtual:?heap=128k&fs=lfs2:512k&image={tmp_path / 'image'}",
            str(after / 1000),
        ],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.stdout == "finished\n", done.stderr


def test_a_thread_that_prints(tmp_path: Path) -> None:
    files: Files = {f"a{number}": NOISE[number : number + 3000] for number in range(8)}
    with board("lfs2", tmp_path / "image") as device:
        device(
            "import _thread, time\n"
            "talk = True\n"
            "def chatter():\n"
            " while talk:\n"
            "  print('thread', end=' ')\n"
            "  time.sleep_us(500)\n"
            "_thread.start_new_thread(chatter, ())",
            stream_out=None,
        )
        for _ in range(5):
            # Where each attempt at a request is torn, it says so.
            with suppress(BelayException):
                sync(device, files)
                break
        device("talk = False", stream_out=None)
        assert look(device) == looked(files)


HOARD = """
import gc
hoard = []
def take(left):
    gc.collect()
    try:
        while gc.mem_free() > left:
            hoard.append(bytearray(512))
    except MemoryError:
        pass
"""


@pytest.mark.parametrize("agent", [True, False])
@pytest.mark.parametrize(
    ("heap", "left"),
    [
        ("80k", None),
        ("96k", 20_000),
        *(
            pytest.param(heap, left, marks=pytest.mark.long)
            for heap in ("64k", "80k", "128k")
            for left in range(5000, 45_000, 2000)
        ),
    ],
)
def test_little_memory(tmp_path: Path, heap: str, left: int | None, agent: bool) -> None:
    """It is done in smaller steps, or an error says so; soon, and nothing is broken."""
    files: Files = {"a": NOISE[:15_000], "b": TEXT[:20_000], **{f"c/{n}": b"%d" % n for n in range(30)}}
    place = tmp_path / "image"
    with board("lfs2", place) as device:
        sync(device, {"a": b"old"})
    with Device(address("lfs2", place, heap=heap), agent=agent) as device:
        if left:
            device(HOARD)
            device(f"take({left})")
        try:
            sync(device, files)
        except (BelayException, MemoryError):
            assert left
            assert left < 44_000
    with board("lfs2", place) as device:
        assert look(device)["a"] in (looked({"a": b"old"})["a"], looked(files)["a"])
        sync(device, files)
        assert look(device) == looked(files)


@pytest.mark.parametrize("kind", ["fat", pytest.param("lfs2", marks=pytest.mark.long)])
def test_many_files_and_a_large_one(tmp_path: Path, kind: str) -> None:
    many: Files = {f"p{n // 30}/m{n}.py": b"#" * n for n in range(300)}
    with board(kind, tmp_path / "image", size="1M") as device:
        for files in (
            many,
            {"large": NOISE[:300_000]},
            {"large": TEXT[:300_000]},
            {"large": b"\3" * 300_000},
        ):
            assert len(sync(device, files).sent) == len(files)
            assert look(device) == looked(files)
            assert sync(device, files).sent == ()


def test_a_board_that_cannot_inflate(tmp_path: Path) -> None:
    files: Files = {"text": TEXT[:30_000], "noise": NOISE[:10_000]}

    def task(device: Device) -> None:
        session = device._session
        calls: Any = session._calls
        features = session.implementation.features - {"inflate"}
        calls._implementation = replace(session.implementation, features=features)
        sync(device, files)

    assert 40_000 < counted(tmp_path / "image", task).bytes_out < 1.25 * 40_000
    with board("lfs2", tmp_path / "image") as device:
        assert look(device) == looked(files)


# --- any tree to any other --------------------------------------------------------------------

names = st.sampled_from(["a", "b", "lib", "main.py", "boot.py", "\u00fc x"])
content = st.sampled_from([b"", b"#1", b"#22", TEXT[:3000], NOISE[:700], NOISE[:9000]])


def flat(nested: dict[str, Any], folder: str = "") -> dict[str, bytes | None]:
    files: dict[str, bytes | None] = {}
    for name, inner in nested.items():
        path = f"{folder}/{name}" if folder else name
        if isinstance(inner, dict):
            files[path] = None
            files |= flat(inner, path)
        else:
            files[path] = inner
    return files


def trees() -> st.SearchStrategy[Files]:
    nested = st.recursive(content, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=6)
    return st.dictionaries(names, nested, max_size=4).map(flat)


@pytest.fixture(scope="module", params=KINDS[1:])
def one(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    with board(request.param, tmp_path_factory.mktemp("one") / "image", size="512k") as device:
        yield device


def check_trees(device: Device, steps: list[Files], mine: bytes) -> None:
    """Each is what is then on the board, beside what is kept."""
    sync(device, {}, keep=False)
    put(device, {"kept": None, "kept/mine": mine})
    for files in steps:
        sync(device, files)
        assert look(device) == looked({**files, "kept/mine": mine})
        assert sync(device, files).sent == ()


LAZY = [HealthCheck.function_scoped_fixture]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(steps=st.lists(trees(), min_size=1, max_size=4), mine=st.sampled_from([b"", b"mine"]))
def test_from_tree_to_tree(one: Device, steps: list[Files], mine: bytes) -> None:
    check_trees(one, steps, mine)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(steps=st.lists(trees(), min_size=1, max_size=6), mine=st.sampled_from([b"", b"mine"]))
def test_from_many_trees_to_trees(one: Device, steps: list[Files], mine: bytes) -> None:
    check_trees(one, steps, mine)


# --- what it costs ----------------------------------------------------------------------------


def counted(place: Path, task: Callable[[Device], object], **more: Any) -> CountingTransport:
    """What a task takes on a connection that was just made."""
    lines: list[CountingTransport] = []

    def wrap(transport: Transport) -> Transport:
        lines.append(CountingTransport(transport))
        return lines[-1]

    with Device(f"virtual:?fs=lfs2&image={place}", wrap=wrap, **more) as device:
        lines[0].reset()
        task(device)
        found, lines[0].inner = lines[0], lines[0].inner
        turns, out, back = found.turns, found.bytes_out, found.bytes_in
    found.turns, found.bytes_out, found.bytes_in = turns, out, back
    return found


def program(number: int) -> bytes:
    """4 KiB of source as people write it."""
    start = number * 1500
    return TEXT[start : start + 4096]


def test_turns_and_bytes_of_a_sync(tmp_path: Path) -> None:
    files: Files = {f"lib/m{number}.py": program(number) for number in range(20)}
    image = tmp_path / "image"
    first = counted(image, lambda device: sync(device, files))
    assert first.turns <= 8
    assert first.bytes_out <= 40_000
    unchanged = counted(image, lambda device: sync(device, files))
    assert unchanged.turns <= 2
    assert unchanged.bytes_out <= 4_500
    changed = counted(image, lambda device: sync(device, {**files, "lib/m7.py": b"x"}))
    assert changed.turns <= 5


def test_bytes_where_the_board_cannot_inflate(tmp_path: Path) -> None:
    files: Files = {f"m{number}": NOISE[number * 4096 :][:4096] for number in range(20)}
    first = counted(tmp_path / "image", lambda device: sync(device, files))
    assert first.bytes_out <= 1.1 * 20 * 4096
    assert first.turns <= 26


def test_turns_of_64_kib(tmp_path: Path) -> None:
    data, image = NOISE[: 64 * 1024], tmp_path / "image"
    there = counted(image, lambda device: device.filesystem.write("/x", data))
    assert there.turns <= 10
    assert there.bytes_out <= 1.1 * len(data)
    back = counted(image, lambda device: device.filesystem.read("/x"))
    assert back.turns <= 3
    assert back.bytes_in <= 1.1 * len(data)


def test_each_file_is_read_once(tmp_path: Path) -> None:
    files: Files = {f"m{number}": NOISE[number * 60_000 :][:60_000] for number in range(6)}
    with board("lfs2", tmp_path / "image", size="1M") as device:
        sync(device, files)
        assert device.virtual.flash
        before = device.virtual.flash.counts
        assert sync(device, files).sent == ()
        done = device.virtual.flash.counts - before
        assert 360_000 <= done.bytes_read < 1.3 * 360_000
        assert (done.writes, done.erases) == (0, 0)
