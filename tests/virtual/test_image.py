from __future__ import annotations

import os
from pathlib import Path

import pytest

from belay.exceptions import ConnectionFailedError
from belay.virtual.filesystem import FileSystem
from belay.virtual.image import open_image

LFS = FileSystem("lfs2", 65536, 4096)


def test_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "image"
    plan = open_image(path, LFS)
    os.close(plan.image)
    assert (plan.path, plan.kind, plan.block, plan.blocks) == (str(path), "lfs2", 4096, 16)
    assert path.stat().st_size == 65536
    assert path.stat().st_blocks == 0


def test_one_that_is_there_keeps_its_bytes_and_its_size(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"x" * 65536)
    for wanted in (LFS, FileSystem("lfs2", None, 4096)):
        plan = open_image(path, wanted)
        os.close(plan.image)
        assert plan.blocks == 16
    assert path.read_bytes() == b"x" * 65536


@pytest.mark.parametrize(
    ("size", "wanted", "reason"),
    [
        (131072, LFS, "has 131072 bytes and not 65536"),
        (10, FileSystem("fat", None, 512), "has 10 bytes: the size for fat must lie between"),
        (65537, FileSystem("fat", None, 512), "no multiple"),
    ],
)
def test_one_of_another_size(tmp_path: Path, size: int, wanted: FileSystem, reason: str) -> None:
    path = tmp_path / "image"
    path.write_bytes(bytes(size))
    with pytest.raises(ConnectionFailedError, match=reason):
        open_image(path, wanted)
    assert path.stat().st_size == size


def test_one_board_at_a_time(tmp_path: Path) -> None:
    first = open_image(tmp_path / "image", LFS)
    with pytest.raises(ConnectionFailedError, match="another virtual board uses"):
        open_image(tmp_path / "image", LFS)
    os.close(first.image)
    os.close(open_image(tmp_path / "image", LFS).image)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConnectionFailedError, match="is not a file"):
        open_image(tmp_path / "pipe", LFS)
    with pytest.raises(IsADirectoryError):
        open_image(tmp_path, LFS)
