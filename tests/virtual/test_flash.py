"""What the host sees of a board's flash, and what it can do to it."""

from __future__ import annotations

import shutil
from dataclasses import astuple
from pathlib import Path

import pytest

from belay.exceptions import BoardCrashedError, ConnectionLost, FeatureUnavailableError
from belay.virtual.plan import EXIT_POWER_CUT

from .conftest import Keyboard, MakeBoard

KINDS = ["lfs2:128k", "fat:128k"]
OLD, NEW = b"old" * 1000, b"new" * 500
REPLACE = (
    f"import os\nwith open('/a.new', 'wb') as file: file.write({NEW[:3]!r} * 500)\n"
    "os.rename('/a.new', '/a')\nprint('done')"
)

READ = """
import os, sys
name = '/a' if 'a' in os.listdir('/') else '/a.new'
sys.stdout.buffer.write(b'beside ' * (name != '/a') + open(name, 'rb').read())
"""


def start(make_board: MakeBoard, kind: str, image: Path) -> Keyboard:
    return make_board(f"?heap=128k&fs={kind}&image={image}")


def power_cut_at(keyboard: Keyboard, code: str, **cut: int) -> bool:
    """Run code on a board whose power fails at a certain write; False when that many were not needed."""
    keyboard.board.power_cut(**cut)
    keyboard.start(code)
    try:
        output = keyboard.until(b"done")
    except EOFError:
        keyboard.board.close()
        return True
    assert output
    keyboard.board.close()
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_counts(make_board: MakeBoard, kind: str) -> None:
    keyboard = make_board(f"?fs={kind}")
    flash = keyboard.board.flash
    assert flash is not None
    made = flash.counts
    assert made.writes > 0  # it was formatted
    keyboard.run("file = open('/a', 'wb'); file.write(bytes(20_000)); file.close()")
    wrote = flash.counts - made
    assert 20_000 <= wrote.bytes_written < 30_000
    assert (wrote.erases >= 5) == (kind != "fat:128k")
    before = flash.counts
    keyboard.run("len(open('/a', 'rb').read())")
    assert (flash.counts - before).bytes_read >= 20_000
    assert (flash.counts - before).bytes_written == 0
    keyboard.type(b"import machine; machine.reset()\x04")
    keyboard.prompt()
    keyboard.board.close()
    assert all(now >= then for now, then in zip(astuple(flash.counts), astuple(before), strict=True))


def test_the_same_work_is_the_same_count(make_board: MakeBoard) -> None:
    counts = []
    for _ in range(2):
        keyboard = make_board("?fs=lfs2:128k")
        keyboard.run("file = open('/a', 'wb'); file.write(bytes(20_000)); file.close()")
        assert keyboard.board.flash is not None
        counts.append(keyboard.board.flash.counts.writes)
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize(
    ("kind", "torn", "moments"), [("lfs2:128k", 0, 0), ("lfs2:128k", 100, 0), ("fat:128k", 0, 2)]
)
def test_power_cut_at_every_write(
    make_board: MakeBoard, tmp_path: Path, kind: str, torn: int, moments: int
) -> None:
    """LittleFS renames over a file in one step, whenever the power fails; FAT removes the old one first."""
    image, first = tmp_path / "image", tmp_path / "first"
    keyboard = start(make_board, kind, first)
    keyboard.run(f"file = open('/a', 'wb'); file.write({OLD[:3]!r} * 1000); file.close()")
    keyboard.board.close()
    found = []
    for writes in range(100):
        shutil.copyfile(first, image)
        if not power_cut_at(start(make_board, kind, image), REPLACE, after_writes=writes, torn=torn):
            break
        keyboard = start(make_board, kind, image)
        found.append(keyboard.run(READ))
        keyboard.run("open('/b', 'w').close()")
        keyboard.board.close()
    assert len(found) > 5
    assert set(found) <= {OLD, NEW, b"beside " + NEW}
    assert found.count(b"beside " + NEW) == moments
    assert found[0] == OLD


def test_power_cut_on_fat_shows_what_a_program_must_expect(make_board: MakeBoard, tmp_path: Path) -> None:
    """Opening a file for writing has emptied it already."""
    image = tmp_path / "image"
    keyboard = start(make_board, "fat:128k", image)
    keyboard.run(f"file = open('/a', 'wb'); file.write({OLD!r}); file.close()")
    code = "file = open('/a', 'wb'); file.write(b'n' * 5000); file.close(); print('done')"
    assert power_cut_at(keyboard, code, after_writes=6)
    assert (
        start(make_board, "fat", image).text("import os; print(os.listdir(), os.stat('/a')[6])") == "['a'] 0"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_how_it_dies(make_board: MakeBoard, tmp_path: Path, kind: str) -> None:
    keyboard = start(make_board, kind, tmp_path / "image")
    keyboard.board.power_cut(after_writes=0)
    assert keyboard.text("print(1)") == "1"
    keyboard.start("print('before')\nopen('/a', 'w').close()\nopen('/b', 'w').close()\nprint('after')")
    assert keyboard.until_gone() == b"before\r\n"
    error = keyboard.board.death(20)
    assert isinstance(error, BoardCrashedError)
    assert str(error) == "the power of the virtual board was cut"
    assert keyboard.board.returncode == EXIT_POWER_CUT
    # The image is free for another board, even before this one is closed.
    again = start(make_board, kind, tmp_path / "image")
    assert again.text("import os; print(os.listdir())") == "[]"


def test_power_cut_at_once(make_board: MakeBoard, tmp_path: Path) -> None:
    keyboard = start(make_board, "lfs2", tmp_path / "image")
    keyboard.run("open('/a', 'w').close()")
    keyboard.board.power_cut()
    keyboard.until_gone()
    assert isinstance(keyboard.board.death(20), BoardCrashedError)
    assert start(make_board, "lfs2", tmp_path / "image").text("import os; print(os.listdir())") == "['a']"
    with pytest.raises(ConnectionLost):
        keyboard.board.power_cut()


def test_what_cannot_be_cut(make_board: MakeBoard) -> None:
    keyboard = make_board()
    assert keyboard.board.flash is None
    with pytest.raises(FeatureUnavailableError, match="no flash") as caught:
        keyboard.board.power_cut(after_writes=1)
    assert caught.value.hint == "virtual:?fs=lfs2:1M has"
    for numbers in ({"after_writes": -1}, {"after_writes": 1, "torn": -1}):
        with pytest.raises(ValueError, match="count from 0"):
            keyboard.board.power_cut(**numbers)
    assert keyboard.text("print(1)") == "1"
