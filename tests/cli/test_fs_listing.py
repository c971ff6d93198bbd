"""``belay fs ls``, ``tree`` and ``df``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from belay.cli.fs.listing import _rooms
from belay.device import Device

from .conftest import Belay, write_files

TREE = {
    "main.py": "12345",
    "lib/a.py": "",
    "lib/deep/b.py": "1" * 1000,
    "logs/1.csv": "1",
    "logs/2.csv": "22",
}


@pytest.fixture
def tree(board: Path) -> Path:
    write_files(board, TREE)
    for path in board.rglob("*"):
        os.utime(path, (0, 1_700_000_000))
    return board


def test_ls(belay: Belay, tree: Path) -> None:
    assert belay("fs", "ls").out == "lib/\nlogs/\nmain.py\n"
    assert belay("fs", "ls", "lib").out == belay("fs", "ls", ":/lib/").out == "a.py\ndeep/\n"
    result = belay("fs", "ls", ":lib", "main.py", ":logs")
    assert (result.code, result.err) == (0, "")
    assert result.out == "main.py\n\n:lib:\na.py\ndeep/\n\n:logs:\n1.csv\n2.csv\n"
    assert belay("fs", "ls", ":**/*.csv").out == "logs/1.csv\nlogs/2.csv\n"


def test_ls_long(belay: Belay, tree: Path) -> None:
    assert belay("fs", "ls", "-l").out == (
        "   -                 lib/\n   -                 logs/\n5  2023-11-14 22:13  main.py\n"
    )
    lines = [line.split() for line in belay("fs", "ls", "-l", "lib", "main.py").out.splitlines()]
    assert lines == [
        ["5", "2023-11-14", "22:13", "main.py"], [], [":lib:"],
        ["0", "2023-11-14", "22:13", "a.py"], ["-", "deep/"],
    ]  # fmt: skip


def test_ls_as_json(belay: Belay, tree: Path) -> None:
    page = json.loads(belay("fs", "ls", "-l", "--json").out)
    assert page == [
        {"path": "/lib", "kind": "folder", "size": None, "changed": None},
        {"path": "/logs", "kind": "folder", "size": None, "changed": None},
        {"path": "/main.py", "kind": "file", "size": 5, "changed": "2023-11-14T22:13:20"},
    ]
    assert json.loads(belay("fs", "ls", "--json", "lib/a.py").out) == [
        {"path": "/lib/a.py", "kind": "file", "size": 0, "changed": None}
    ]


def test_tree(belay: Belay, tree: Path) -> None:
    assert belay("fs", "tree").out == (
        ":/\n├── lib/\n│   ├── a.py\n│   └── deep/\n│       └── b.py\n├── logs/\n│   ├── 1.csv\n"
        "│   └── 2.csv\n└── main.py\n"
    )
    assert belay("fs", "tree", "-s", "lib").out == (
        ":lib\n├── [   0]  a.py\n└── deep/\n    └── [1000]  b.py\n"
    )
    page = json.loads(belay("fs", "tree", "--json").out)
    assert {each["path"].removeprefix("/"): each["size"] for each in page if each["kind"] == "file"} == {
        path: len(text) for path, text in TREE.items()
    }


def test_what_would_steer_a_terminal_is_escaped(belay: Belay, board: Path) -> None:
    (board / "a\x1b[31m\nb").touch()
    assert belay("fs", "ls").out == "a\\x1b[31m\\nb\nlib/\n"
    assert "└── lib/" in belay("fs", "tree").out
    assert [each["path"] for each in json.loads(belay("fs", "ls", "--json").out)] == ["/a\x1b[31m\nb", "/lib"]


@pytest.mark.parametrize("kind", ["lfs2", "fat"])
def test_df(belay: Belay, kind: str) -> None:
    port = f"virtual:?fs={kind}:256k"
    page = json.loads(belay("fs", "df", port, "--json").out)
    (line,) = page
    assert line["path"] == "/"
    assert 200 * 1024 < line["size"] <= 256 * 1024
    assert line["used"] + line["free"] == line["size"]
    titles, row = belay("fs", "df", port).out.splitlines()
    assert titles.split() == ["size", "used", "free", "use", "mounted", "on"]
    assert row.split()[-1] == "/"


MOUNT = """
import vfs
class Disk:
    def __init__(self): self.data = bytearray(64 * 1024)
    def readblocks(self, n, buf, off=0): buf[:] = self.data[n * 512 + off:][:len(buf)]
    def writeblocks(self, n, buf, off=0): self.data[n * 512 + off:n * 512 + off + len(buf)] = buf
    def ioctl(self, op, arg): return {4: 128, 5: 512, 6: 0}.get(op)
disk = Disk()
vfs.VfsFat.mkfs(disk)
vfs.mount(vfs.VfsFat(disk), "/sd")
"""


def test_all_file_systems_are_found() -> None:
    with Device("virtual:?fs=lfs2:128k") as device:
        device(MOUNT)
        rooms = _rooms(device)
        assert list(rooms) == ["/", "/sd"]
        assert rooms["/sd"].total < 64 * 1024 < rooms["/"].total
        # An older firmware cannot name them.
        device("import sys\nclass Old: pass\nsys.modules['vfs'] = Old")
        assert _rooms(device) == rooms


def test_what_is_not_there(belay: Belay, board: Path) -> None:
    for command in ("ls", "tree"):
        result = belay("fs", command, ":no")
        assert (result.code, result.out) == (7, "")
        assert result.err == (
            "error: /no: there is no such folder on the board\nhint: `belay fs tree` shows what there is\n"
        )
