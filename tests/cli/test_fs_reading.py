"""``belay fs cat`` and ``sha256``."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from belay.cli import main

from .conftest import Belay, Start

ALL = bytes(range(256))


def test_cat_prints_the_bytes_as_they_are(board: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (board / "a").write_bytes(ALL * 300)
    (board / "b").write_bytes(b"")
    (board / "c d").write_bytes(b"\r\n")
    assert main(["fs", "cat", ":a", "b", ":c d", "a"]) == 0
    assert capfdbinary.readouterr() == (ALL * 300 + b"\r\n" + ALL * 300, b"")


def test_cat_of_a_pattern(belay: Belay, board: Path) -> None:
    (board / "1.csv").write_bytes(b"1\n")
    (board / "2.csv").write_bytes(b"2\n")
    assert belay("fs", "cat", ":*.csv").out == "1\n2\n"


@pytest.mark.parametrize(("path", "hint"), [(":no", "tree"), (":lib", "ls")])
def test_what_cannot_be_read(belay: Belay, board: Path, path: str, hint: str) -> None:
    for command in ("cat", "sha256"):
        result = belay("fs", command, path)
        assert (result.code, result.out) == (7, "")
        assert result.err.startswith(f"error: /{path[1:]}: ")
        assert f"\nhint: `belay fs {hint}` shows " in result.err


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
def test_cat_ends_when_nobody_reads(start: Start, board: Path) -> None:
    (board / "big").write_bytes(ALL * 4096 * 8)
    process = start("fs", "cat", ":big")
    assert process.stdout is not None
    assert process.stdout.read(4) == ALL[:4]
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""


def test_sha256_is_written_as_sha256sum_does(belay: Belay, board: Path) -> None:
    sums = {}
    for name in ("a", "b c", "x\\y", "l\nm"):
        (board / name).write_bytes(name.encode() * 500)
        sums[name] = hashlib.sha256(name.encode() * 500).hexdigest()
    assert belay("fs", "sha256", ":a", "b c").out == f"{sums['a']}  a\n{sums['b c']}  b c\n"
    assert belay("fs", "sha256sum", ":/x\\y").out == f"\\{sums[chr(120) + chr(92) + chr(121)]}  /x\\\\y\n"
    assert belay("fs", "sha256", ":l\nm").out == f"\\{sums['l' + chr(10) + 'm']}  l\\nm\n"
    page = json.loads(belay("fs", "sha256", "--json", ":a").out)
    assert page == [{"path": "/a", "sha256": sums["a"]}]
