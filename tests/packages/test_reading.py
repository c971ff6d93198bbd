from __future__ import annotations

import os
from pathlib import Path

import pytest

from belay.packages.lockfile import read_lock
from belay.packages.reading import open_regular, read_regular
from belay.project import load_project


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"hello")
    assert read_regular(file, 5) == b"hello"
    with open_regular(file) as opened:
        assert opened.read(2) == b"he"
    with pytest.raises(OSError, match="is larger than 4 bytes"):
        read_regular(file, 4)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "nothing", 5)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 5)


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names here")
@pytest.mark.parametrize("place", ["pipe", "/dev/zero", "/dev/tty"])
def test_what_is_no_file_is_not_opened(tmp_path: Path, place: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    link = tmp_path / "belay.lock"
    link.symlink_to(tmp_path / place)
    for path in (tmp_path / place, link):
        with pytest.raises(OSError, match="is no file"):
            open_regular(path)
    with pytest.raises(OSError, match="is no file"):
        read_lock(link)
    with pytest.raises(OSError, match="is no file"):
        load_project(link)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "belay.lock"
    with huge.open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(OSError, match="is larger than 1000 bytes"):
        read_regular(huge, 1000)
