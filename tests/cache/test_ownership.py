from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from belay.cache.ownership import make_private, why_not_ours

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows keeps users apart by itself")


def test_folders_are_made_for_one_user(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    old.chmod(0o755)
    before = os.umask(0)
    try:
        make_private(old / "a" / "b")
        make_private(old / "a" / "b")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (old, old / "a", old / "a" / "b")] == [
        0o755,
        0o700,
        0o700,
    ]


@pytest.mark.parametrize(
    ("mode", "ours"),
    [(0o700, True), (0o755, True), (0o775, True), (0o1777, True), (0o777, False), (0o703, False)],
)
def test_what_everybody_can_write_to_is_not_ours(tmp_path: Path, mode: int, ours: bool) -> None:
    place = tmp_path / "cache"
    place.mkdir()
    place.chmod(mode)
    inner = place / "store-1"
    assert why_not_ours(place, inner) == ("" if ours else f"everybody can write to {place}")
    inner.mkdir()
    assert bool(why_not_ours(inner)) is False


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away"
)
def test_what_belongs_to_others_is_not_ours(tmp_path: Path) -> None:
    place = tmp_path / "store-1"
    place.mkdir()
    os.chown(place, 12345, 12345)
    assert why_not_ours(tmp_path, place) == f"{place} belongs to another user"
    os.chown(place, 0, 12345)
    assert why_not_ours(tmp_path, place) == ""


def test_what_belongs_to_others_is_not_ours_for_whoever_is_no_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert why_not_ours(tmp_path) == ("" if mine == 0 else f"{tmp_path} belongs to another user")
