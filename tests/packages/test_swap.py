from __future__ import annotations

import sys
from pathlib import Path

import pytest

from belay.packages.swap import exchange


def test_folders_change_places(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    done = exchange(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / ("b" if done else "a")).exists()
    assert (tmp_path / "b" / ("a" if done else "b")).exists()
    if sys.platform == "linux":
        assert done


def test_one_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    if not exchange(tmp_path / "a", tmp_path / "a"):
        pytest.skip("this system cannot exchange folders")
    with pytest.raises(FileNotFoundError, match="b"):
        exchange(tmp_path / "a", tmp_path / "b")
