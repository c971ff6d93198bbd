"""The connection is pulled, or the power fails, in the middle of a sync: what is on the board is whole."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from belay import ConnectionLost, Device
from belay.files.plan import ASIDE, FRESH
from belay.transports.base import READ_SIZE, Transport

from .boards import KINDS, Files, Line, Look, board, look, looked, put, sync

_CHANCE = random.Random(7)
NOISE = _CHANCE.randbytes(30_000)
"""It does not become smaller, so that there are many bytes to be pulled at."""

BEFORE: Files = {
    "boot.py": b"# old boot",
    "main.py": b"# old main\n" * 30,
    "lib/a.py": b"same",
    "lib/big.bin": NOISE[:9000],
    "lib/gone.py": b"gone",
    "old/deep/er/x": b"x" * 500,
    "becomes.py": b"a file",
    "dir/x": NOISE[:300],
    "dir/y": None,
}
AFTER: Files = {
    "boot.py": b"# new boot\n" * 40,
    "main.py": b"# new main",
    "lib/a.py": b"same",
    "lib/big.bin": NOISE[9000:21_000],
    "lib/new.py": b"new" * 200,
    "becomes.py/x": NOISE[:700],
    "becomes.py/in/y": b"y",
    "dir": NOISE[5000:5600],
    "nothing": b"",
    "empty/folder": None,
}
MINE: Files = {"mine.txt": b"nobody but me"}

Direction = Literal["out", "in"]


class Pulled(Line):
    """A line that is pulled at a byte, or instead of a write.

    Attributes:
        passed: How many bytes have gone each way, and how many writes, since :meth:`arm`.
    """

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.passed = {"out": 0, "in": 0, "write": 0}
        self._at: tuple[str, int] = ("", 0)
        self._pull: Callable[[], None] = lambda: None
        self._gone = False

    def arm(self, what: str, at: int, pull: Callable[[], None]) -> None:
        self.passed = dict.fromkeys(self.passed, 0)
        self._at, self._pull = (what, at), pull

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        self._check()
        return self._pass("in", super().read(max_bytes, timeout))

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self._check()
        if self._at == ("write", self.passed["write"]):
            self._end()
        self.passed["write"] += 1
        super().write(self._pass("out", data, timeout), timeout)

    def _pass(self, direction: Direction, data: bytes, timeout: float | None = None) -> bytes:
        what, at = self._at
        left = at - self.passed[direction]
        self.passed[direction] += len(data)
        if what == direction and left < len(data):
            if direction == "out":
                super().write(data[:left], timeout)
            self._end()
        return data

    def _end(self) -> None:
        self._gone = True
        self._pull()
        self._check()

    def _check(self) -> None:
        if self._gone:
            raise ConnectionLost("pulled")


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def check_state(found: Look, *, fat_power: bool) -> None:
    """What must hold whenever a sync was cut short."""
    old, new = looked(BEFORE), looked(AFTER)
    assert found["mine.txt"] == looked(MINE)["mine.txt"]

    def instead(path: str) -> Look:
        """What lies beside it, under the names that a sync has for itself."""
        start = f"{parent(path)}/" if parent(path) else ""
        return {name: found[start + name] for name in (FRESH, ASIDE) if start + name in found}

    for path in ["boot.py", "main.py", "lib/a.py", "lib/big.bin"]:
        if path in found:
            assert found[path] in (old[path], new[path]), path
        else:
            # FAT removes what a rename replaces, and then renames.
            assert fat_power, path
            assert instead(path)[FRESH] == new[path], path
    for path in ["lib/new.py", "nothing", "becomes.py/x", "becomes.py/in/y"]:
        assert found.get(path, new[path]) == new[path], path
    # Where the kind changes there is a moment without it; both lie beside it, whole.
    if "becomes.py" not in found:
        assert instead("becomes.py")[ASIDE] == old["becomes.py"]
        assert found[f"{FRESH}/x"] == new["becomes.py/x"]
    elif found["becomes.py"] is not None:
        assert found["becomes.py"] == old["becomes.py"]
    if "dir" not in found:
        assert found[f"{ASIDE}/x"] == old["dir/x"]
        assert instead("dir")[FRESH] == new["dir"]
    elif found["dir"] is None:
        assert found["dir/x"] == old["dir/x"]
    else:
        assert found["dir"] == new["dir"]
    # Deletion is last.
    gone = [path for path in ("lib/gone.py", "old/deep/er/x") if path not in found]
    assert not gone or all(found.get(path) == check for path, check in new.items())


def check_finish(kind: str, place: Path, **more: Any) -> None:
    """After power-up: all is whole, and the next sync finishes."""
    with board(kind, place, **more) as device:
        check_end(device)


def check_end(device: Device) -> None:
    sync(device, AFTER)
    assert look(device) == looked({**AFTER, **MINE})
    assert sync(device, AFTER).sent == ()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], Path]:
    """Copies a board's files as they are before."""
    made: dict[str, Path] = {}

    def copy(kind: str, to: Path) -> Path:
        if kind not in made:
            place = tmp_path_factory.mktemp("before") / kind
            with board(kind, place) as device:
                sync(device, BEFORE)
                put(device, MINE)
            made[kind] = place
        if kind == "host":
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree(made[kind], to)
        else:
            shutil.copyfile(made[kind], to)
        return to

    return copy


def pull(kind: str, place: Path, what: str, at: int, *, staged: bool = False, **more: Any) -> dict[str, int]:
    """Sync until the connection is pulled, and the power with it; how much had passed."""
    lines: list[Pulled] = []

    def wrap(transport: Transport) -> Transport:
        lines.append(Pulled(transport))
        return lines[-1]

    with board(kind, place, wrap=wrap, **more) as device:
        lines[0].arm(what, at, device.virtual.power_cut)
        if at < 0:
            sync(device, AFTER, staged=staged)
            return dict(lines[0].passed)
        with pytest.raises(ConnectionLost):
            sync(device, AFTER, staged=staged)
    return {}


def suffer(kind: str, start: Callable[[str, Path], Path], to: Path, what: str, at: int, **more: Any) -> None:
    place = start(kind, to)
    try:
        pull(kind, place, what, at, **more)
        with board(kind, place) as device:
            check_state(look(device), fat_power=kind == "fat")
            check_end(device)
    except BaseException as error:
        error.add_note(f"{kind}: pulled at {what} {at}, {more}")
        raise


def places(passed: dict[str, int], count: int, seed: int) -> list[tuple[Direction, int]]:
    chance = random.Random(seed)
    directions: list[Direction] = [chance.choice(("out", "in")) for _ in range(count)]
    return [(direction, chance.randrange(passed[direction])) for direction in directions]


# 500 of them; no test may take minutes, or it seems to hang.
FEW_AND_MANY = [
    pytest.param(0, 4, id="few"),
    *(pytest.param(seed, 50, marks=pytest.mark.long, id=f"many{seed}") for seed in range(1, 11)),
]


@pytest.mark.parametrize(("seed", "count"), FEW_AND_MANY)
def test_pulled_at_any_byte(
    tmp_path: Path, kind: str, start: Callable[[str, Path], Path], seed: int, count: int
) -> None:
    passed = pull(kind, start(kind, tmp_path / "whole"), "", -1)
    for what, at in places(passed, count, seed):
        suffer(kind, start, tmp_path / "board", what, at)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation is a request of its own."""
    monkeypatch.setattr("belay.files.transfer.MOST_STEPS", 1)


@pytest.mark.parametrize("every", [19, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("kind", "staged"), [*((kind, False) for kind in KINDS), ("lfs2", True)], ids=[*KINDS, "staged"]
)
@pytest.mark.usefixtures("alone")
def test_pulled_between_operations(
    tmp_path: Path, kind: str, staged: bool, start: Callable[[str, Path], Path], every: int
) -> None:
    writes = pull(kind, start(kind, tmp_path / "whole"), "", -1, staged=staged)["write"]
    assert writes > len(AFTER)
    for at in range(0, writes, every):
        suffer(kind, start, tmp_path / "board", "write", at, staged=staged)


@pytest.mark.parametrize(
    ("kind", "count"), [("lfs2", 1), *(pytest.param(kind, 50, marks=pytest.mark.long) for kind in KINDS)]
)
def test_pulled_over_the_plain_way(
    tmp_path: Path, kind: str, start: Callable[[str, Path], Path], count: int
) -> None:
    passed = pull(kind, start(kind, tmp_path / "whole"), "", -1, agent=False)
    for what, at in places(passed, count, count):
        suffer(kind, start, tmp_path / "board", what, at, agent=False)


class Held(Line):
    """The end of a line that stays open when it is closed here."""

    def close(self) -> None:
        pass


@pytest.mark.parametrize("count", [2, pytest.param(60, marks=pytest.mark.long)])
def test_pulled_while_the_power_stays(tmp_path: Path, start: Callable[[str, Path], Path], count: int) -> None:
    """The board waits for the rest; another connection finds it so."""
    passed = pull("lfs2", start("lfs2", tmp_path / "whole"), "", -1)
    for what, at in places(passed, count, count):
        place = start("lfs2", tmp_path / "board")
        lines: list[Pulled] = []

        def hold(transport: Transport, lines: list[Pulled] = lines) -> Transport:
            lines.append(Pulled(Held(transport)))
            return lines[0]

        def take(transport: Transport, lines: list[Pulled] = lines) -> Transport:
            transport.close()
            return lines[0].inner

        with board("lfs2", place, wrap=hold) as device:
            lines[0].arm(what, at, lambda: None)
            with pytest.raises(ConnectionLost):
                sync(device, AFTER)
        try:
            with board("host", tmp_path / "other", wrap=take) as device:
                check_state(look(device), fat_power=False)
                check_end(device)
        except BaseException as error:
            error.add_note(f"pulled at {what} {at}")
            raise
        finally:
            inner = lines[0].inner
            assert isinstance(inner, Held)
            inner.inner.close()


@pytest.mark.parametrize(("kind", "torn"), [("lfs2", 0), ("lfs2", 100), ("fat", 0)])
@pytest.mark.parametrize("every", [60, pytest.param(1, marks=pytest.mark.long)])
def test_power_cuts(
    tmp_path: Path, kind: str, torn: int, start: Callable[[str, Path], Path], every: int
) -> None:
    """At writes to the flash; FAT is at a loss when a sector is written in part."""
    for writes in range(every // 2, 2000, every):
        place = start(kind, tmp_path / "board")
        with board(kind, place) as device:
            device.virtual.power_cut(after_writes=writes, torn=torn)
            try:
                sync(device, AFTER)
            except ConnectionLost:
                pass
            else:
                break
        with board(kind, place) as device:
            check_state(look(device), fat_power=kind == "fat")
            check_end(device)
    assert writes > 50
