"""Plans, carried out on the file systems of real boards: what the model takes for granted is true."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from belay import ConnectionLost, Device
from belay.files.operations import MakeFolder, Move, Operation, RemoveFile, Send
from belay.files.plan import FRESH, Plan, plan
from belay.files.tree import FOLDER, Entry, File, with_folders

KINDS = ["host", "lfs2:128k", "fat:128k"]
A, B, EMPTY, LARGE = File(100, 1), File(200, 2), File(0, 0), File(5000, 3)

TREES: list[dict[str, Entry]] = [
    {"main.py": A, "lib/a": A, "lib/deep/er/b": B, "empty": EMPTY},
    {"main.py": B, "lib/a": LARGE, "lib/deep": A, "empty": FOLDER},
    {"main.py/x": A, "lib": A, "empty/y": EMPTY, "a name": FOLDER, "ü": A},
    {},
    {"main.py": LARGE, "lib/deep/er/b/c": B, "ü/a b": A},
]

# A file of size and "crc" (n, c) holds n bytes c.
LOOK = """
def look(folder, found):
    for name, kind, *_ in os.ilistdir(folder or "/"):
        path = folder + "/" + name
        if kind == 0x4000:
            found[path[1:]] = None
            look(path, found)
        else:
            with open(path, "rb") as file:
                data = file.read()
            found[path[1:]] = (len(data), data[0] if data and data == data[:1] * len(data) else 0)
    return found
def send(path, size, byte):
    with open(path, "wb") as file:
        file.write(bytes([byte]) * size)
"""


def board(kind: str, image: Path) -> Device:
    device = Device(f"virtual:?heap=128k&fs={kind}" + (f"&image={image}" if kind != "host" else ""))
    device("import os")
    device(LOOK)
    return device


def look(device: Device) -> dict[str, Entry]:
    found = device("look('', {})")
    return {path: FOLDER if entry is None else File(*entry) for path, entry in found.items()}


def make(wanted: dict[str, Entry], found: dict[str, Entry], kind: str) -> Plan:
    return plan(wanted, found, may_delete=lambda _: True, case_sensitive=not kind.startswith("fat"))


def line(step: Operation, wanted: dict[str, Entry]) -> str:
    if isinstance(step, Send):
        file = wanted[step.path]
        assert isinstance(file, File)
        return f"send({step.to!r}, {file.size}, {file.crc})"
    if isinstance(step, Move):
        return f"os.rename({step.path!r}, {step.to!r})"
    name = "mkdir" if isinstance(step, MakeFolder) else "remove" if isinstance(step, RemoveFile) else "rmdir"
    return f"os.{name}({step.path!r})"


def carry_out(device: Device, steps: Sequence[Operation], wanted: dict[str, Entry]) -> None:
    for step in steps:
        device(line(step, wanted))


@pytest.mark.parametrize("kind", KINDS)
def test_from_each_tree_to_each(tmp_path: Path, kind: str) -> None:
    with board(kind, tmp_path / "image") as device:
        for wanted in [tree for first in TREES for second in TREES for tree in (first, second)]:
            carry_out(device, make(wanted, look(device), kind).operations, wanted)
            assert look(device) == with_folders(wanted)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.long)])
def test_power_cuts_at_writes(tmp_path: Path, kind: str, every: int) -> None:
    """Old or new, whole; and the next plan finishes."""
    before: dict[str, Entry] = {"main.py": A, "lib/a": LARGE, "turns": A, "gone": A}
    wanted: dict[str, Entry] = {"main.py": LARGE, "lib/a": A, "turns/b": B, "fresh": B}
    first, image = tmp_path / "first", tmp_path / "image"
    with board(kind, first) as device:
        carry_out(device, make(before, {}, kind).operations, before)
        steps = make(wanted, look(device), kind).operations
    for writes in range(1, 500, every):
        shutil.copyfile(first, image)
        if not cut(kind, image, writes, steps, wanted):
            break
        with board(kind, image) as device:
            found = look(device)
            for path in ("main.py", "lib/a"):
                missing = (
                    found.get(FRESH if path == "main.py" else f"lib/{FRESH}") if kind[0] == "f" else None
                )
                assert found.get(path, missing) in (before[path], wanted[path])
            assert found.get("fresh", B) == B
            carry_out(device, make(wanted, found, kind).operations, wanted)
            assert look(device) == with_folders(wanted)
    assert writes > 20


def cut(kind: str, image: Path, writes: int, steps: Sequence[Operation], wanted: dict[str, Entry]) -> bool:
    """Carry out a plan on a board whose power fails at some write; False when it never came to that."""
    with board(kind, image) as device:
        device.virtual.power_cut(after_writes=writes)
        try:
            carry_out(device, steps, wanted)
        except ConnectionLost:
            return True
    return False
