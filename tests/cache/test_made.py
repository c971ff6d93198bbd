from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from belay.cache.made import FORMAT, Made, kept, key_of, remove

KEY = key_of(b"source")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "cache")


def entry(tmp_path: Path, key: str = KEY, kind: str = "minified") -> Path:
    return tmp_path / "cache" / FORMAT / kind / key


def test_what_was_made_is_there_again(tmp_path: Path, made: Made) -> None:
    assert made.get("minified", KEY) is None
    made.keep("minified", KEY, b"pass")
    made.keep("compiled", KEY, b"")
    again = Made(tmp_path / "cache")
    assert again.get("minified", KEY) == b"pass"
    assert again.get("compiled", KEY) == b""
    assert again.get("minified", key_of(b"sour", b"ce")) is None
    assert entry(tmp_path).parent.stat().st_mode & 0o077 == 0 or os.name == "nt"


@pytest.mark.parametrize("content", [b"", b"pass", b"\0" * 32 + b"pass"])
def test_what_is_damaged_is_taken_away(tmp_path: Path, made: Made, content: bytes) -> None:
    made.keep("minified", KEY, b"pass")
    entry(tmp_path).write_bytes(content)
    assert made.get("minified", KEY) is None
    assert not entry(tmp_path).exists()
    made.keep("minified", KEY, b"pass")
    assert made.get("minified", KEY) == b"pass"


def test_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"no folder")
    made = Made(tmp_path / "cache")
    made.keep("minified", KEY, b"pass")
    made.keep("minified", KEY, b"pass")
    assert made.get("minified", KEY) is None
    made.trim()
    assert (tmp_path / "cache").read_bytes() == b"no folder"
    assert kept(tmp_path / "cache") == []


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps users apart by itself")
def test_what_others_can_write_is_not_believed(tmp_path: Path, made: Made) -> None:
    made.keep("compiled", KEY, b"M")
    (tmp_path / "cache").chmod(0o777)
    open_to_all = Made(tmp_path / "cache")
    assert open_to_all.get("compiled", KEY) is None
    open_to_all.keep("compiled", key_of(b"other"), b"M")
    assert len(list(entry(tmp_path, kind="compiled").parent.iterdir())) == 1


def test_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    made = Made(tmp_path / "cache", most=1000)
    keys = [key_of(bytes([number])) for number in range(10)]
    for age, key in enumerate(keys):
        made.keep("minified", key, b"x" * 68)
        used = time.time() - 100_000 + age * 1000
        os.utime(entry(tmp_path, key), (used, used))
    made.trim()
    assert all(entry(tmp_path, key).exists() for key in keys)  # it is just enough
    # The first one is used now, and one more is added.
    assert made.get("minified", keys[0])
    made.keep("compiled", KEY, b"x" * 68)
    made.trim()
    there = [key for key in keys if entry(tmp_path, key).exists()]
    assert there == [keys[0], *keys[5:]]
    assert made.get("compiled", KEY)


def test_what_was_left_behind_goes(tmp_path: Path, made: Made) -> None:
    made.keep("minified", KEY, b"pass")
    old, new = (entry(tmp_path).with_name(f"{KEY}-{digit * 16}") for digit in "01")
    strange = entry(tmp_path).with_name("readme")
    for path in (old, new, strange):
        path.touch()
    os.utime(old, (1, 1))
    os.utime(strange, (1, 1))
    made.trim()
    assert sorted(entry(tmp_path).parent.iterdir()) == sorted([entry(tmp_path), new, strange])
    old.touch()
    os.utime(old, (1, 1))
    made.trim()  # nothing was added, so nobody looks
    assert old.exists()


def test_all_of_a_kind(tmp_path: Path, made: Made) -> None:
    made.keep("minified", KEY, b"pass")
    made.keep("compiled", KEY, b"M")
    found = kept(tmp_path / "cache")
    assert [(each.kind, each.size) for each in found] == [("compiled", 33), ("minified", 36)]
    entry(tmp_path).with_name("readme").touch()
    remove(found[1].path)
    assert [each.kind for each in kept(tmp_path / "cache")] == ["compiled"]
    assert entry(tmp_path).with_name("readme").exists()
    remove(found[0].path)
    assert not found[0].path.exists()


def test_nothing_behind_a_link_is_touched(tmp_path: Path, made: Made) -> None:
    made.keep("minified", KEY, b"pass")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / FORMAT).symlink_to(tmp_path / "cache" / FORMAT)
    assert kept(tmp_path / "other") == []
