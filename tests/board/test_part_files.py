"""Looking at files and changing them on a board like CircuitPython: no ilistdir, no renaming over files."""

from __future__ import annotations

import builtins
import errno
import os
import random
import zlib
from pathlib import Path
from typing import Any

import pytest

from belay.board import onboard
from belay.files.access import Room, View, _read_view
from belay.files.tree import FOLDER, File


class CircuitPython:
    """The module ``os`` of such a board; its top is a folder here, and ``/sd`` is a card.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def _place(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def open(self, path: str, how: str = "r") -> Any:
        return builtins.open(self._place(path), how)  # noqa: PTH123 - as the board calls it

    def listdir(self, path: str) -> list[str]:
        return sorted(os.listdir(self._place(path)))  # noqa: PTH208 - as the board calls it

    def stat(self, path: str) -> tuple[int, ...]:
        return tuple(self._place(path).stat())

    def statvfs(self, path: str) -> tuple[int, ...]:
        self.stat(path)
        return (512, 512, 900, 800) if path.startswith("/sd") else (512, 512, 100, 50)

    def rename(self, path: str, to: str) -> None:
        if self._place(to).exists():
            raise OSError(errno.EEXIST, "EEXIST")
        self._place(path).rename(self._place(to))

    def mkdir(self, path: str) -> None:
        self._place(path).mkdir()

    def remove(self, path: str) -> None:
        self._place(path).unlink()

    def rmdir(self, path: str) -> None:
        self._place(path).rmdir()


@pytest.fixture
def part(tmp_path: Path) -> dict[str, Any]:
    """The part's functions."""
    system = CircuitPython(tmp_path)
    names: dict[str, Any] = {"ready": None, "largest": 300, "open": system.open}
    exec(onboard.read("part_files"), names)
    names["os"] = system
    return names


def look(part: dict[str, Any], *args: Any) -> View:
    data = part["_belay_look"](*args)
    while data.endswith(b"+"):
        data = data[:-1] + part["_belay_more"]()
    return _read_view(data)


def test_a_look(part: dict[str, Any], tmp_path: Path) -> None:
    chance = random.Random(2)
    files = {f"lib/{number}/m {number}.py": chance.randbytes(number * 300) for number in range(9)}
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / "sd" / "in").mkdir(parents=True)
    (tmp_path / "sd" / "in" / "x").write_bytes(b"123")
    (tmp_path / ".belay").write_bytes(b"the record" * 100)
    view = look(part, "", None, True, "/.belay", [])
    assert (view.exists, view.room, view.record) == (True, Room(512, 51_200, 25_600), b"the record" * 100)
    assert view.mounts == {"sd": Room(512, 460_800, 409_600)}
    found = {path: entry for path, entry in view.tree.items() if isinstance(entry, File)}
    assert found.pop(".belay") == File(1000, zlib.crc32(b"the record" * 100))
    assert found == {path: File(len(data), zlib.crc32(data)) for path, data in files.items()}
    assert view.tree["sd"] == FOLDER
    # Now it is wanted.
    view = look(part, "", [3], True, None, ["sd"])
    assert view.tree["sd/in/x"] == File(3, zlib.crc32(b"123"))
    assert view.tree["lib/1/m 1.py"] == File(300, -1)
    assert look(part, "", (), True, None, None).tree.keys() > {"sd/in/x", "lib/8"}
    assert look(part, "", (), False, None, None).tree.keys() == {"sd", "lib", ".belay"}
    assert look(part, "/lib/3", (), True, None, []).tree.keys() == {"m 3.py"}
    assert look(part, "/new/er", (), True, None, []) == View(False, False, Room(512, 51_200, 25_600), b"", {})
    assert look(part, "/.belay", (), True, None, []).is_file


def apply(part: dict[str, Any], steps: list[list[Any]], data: bytes = b"", top: str = "") -> None:
    part["_belay_apply"](data, 0, top, steps)


def test_a_file_is_replaced(part: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    steps = [["d", "in"], ["s", "x", 3, zlib.crc32(b"new")], ["s", "in/y", 2, zlib.crc32(b"yy")]]
    apply(part, steps, b"newyy")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert (tmp_path / "in" / "y").read_bytes() == b"yy"
    assert {place.name for place in tmp_path.rglob("*")} == {"x", "in", "y"}
    apply(
        part,
        [["w", "z", 2], ["a", "z", 3], ["c", "z", zlib.crc32(b"newyy")], ["m", "z", "x"]],
        b"newyy",
        "/in",
    )
    assert (tmp_path / "in" / "x").read_bytes() == b"newyy"
    apply(part, [["d", "in"], ["r", "in/x"], ["r", "in/y"], ["x", "in"], ["f", "in"], ["f", "x"]])
    assert {place.name for place in tmp_path.rglob("*")} == {"x"}


@pytest.mark.parametrize(
    ("step", "number"),
    [
        (["s", "x", 3, 1], errno.EIO),
        (["s", "none/x", 3, 1], errno.ENOENT),
        (["c", "x", 1], errno.EIO),
        (["d", "x"], errno.EEXIST),
        (["d", "none/x"], errno.ENOENT),
        (["m", "x", "in"], errno.EEXIST),
        (["r", "none"], errno.ENOENT),
        (["x", "in"], errno.ENOTEMPTY),
        (["f", "in"], errno.EISDIR),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, list) else "",
)
def test_what_cannot_be_done(part: dict[str, Any], tmp_path: Path, step: list[Any], number: int) -> None:
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "in" / "er").mkdir(parents=True)
    with pytest.raises(OSError, match=r"\d") as caught:
        apply(part, [["d", "done"], step, ["d", "not done"]], b"new")
    # A board has all three in "args".
    assert (*caught.value.args[:2], caught.value.filename) == (number, step[0], f"/{step[1]}")
    assert (tmp_path / "x").read_bytes() == b"old"
    assert (tmp_path / "in" / "er").is_dir()
    assert (tmp_path / "done").is_dir()
    assert not (tmp_path / "not done").exists()
