from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from belay.files.keep import Keep, deletion_rule
from belay.files.record import Record

BOARD = ["boot.py", "lib", "lib/a", "lib/in/b", "mine", "ours", "theirs"]
RECORD = (
    Record().with_paths("sync", "/", ["ours", "theirs", "lib/", "gone"]).with_paths("mip", "/", ["theirs"])
)


@pytest.mark.parametrize(
    ("keep", "stays"),
    [
        (None, "boot.py lib/a lib/in/b mine theirs"),
        (True, "boot.py lib lib/a lib/in/b mine ours theirs"),
        (False, ""),
        ([], ""),
        ("boot.py", "boot.py"),
        ("/boot.py", "boot.py"),
        ("./boot.py", "boot.py"),
        ("BOOT.py", "boot.py"),
        (["mine", "lib"], "lib lib/a lib/in/b mine"),
        ("lib/", "lib lib/a lib/in/b"),
        ("lib/in", "lib/in/b"),
        (["li", "lib/i", "ine"], ""),
        ([PurePosixPath("/lib/a")], "lib/a"),
        (PureWindowsPath("lib\\a"), "lib/a"),
        ("x/../mine", "mine"),
        # The folder itself.
        ("/", "boot.py lib lib/a lib/in/b mine ours theirs"),
        (".", "boot.py lib lib/a lib/in/b mine ours theirs"),
    ],
)
def test_what_stays(keep: Keep, stays: str) -> None:
    may_go = deletion_rule(keep, RECORD, "sync", "/")
    assert [path for path in BOARD if not may_go(path)] == stays.split()


@pytest.mark.parametrize(
    ("keep", "stays"),
    [
        ("a", "a a/b"),
        ("/lib/x/a", "a a/b"),
        ("lib/x/a", ""),
        ("/a", ""),
        ("../a", ""),
        ("/lib/xx", ""),
        # Folders above it.
        ("/lib", "a a/b c"),
        ("/", "a a/b c"),
        ("../", "a a/b c"),
    ],
)
def test_below_another_folder(keep: Keep, stays: str) -> None:
    may_go = deletion_rule(keep, Record(), "sync", "/lib/x")
    assert [path for path in ("a", "a/b", "c") if not may_go(path)] == stays.split()


def test_what_another_put_there_stays() -> None:
    record = Record().with_paths("sync", "/lib", ["a", "b", "in/"])
    record = record.with_paths("sync", "/", ["lib/b"]).with_paths("mip", "/lib", ["c"])
    may_go = deletion_rule(None, record, "sync", "/lib")
    assert [path for path in ("a", "b", "c", "in") if may_go(path)] == ["a", "in"]
    assert not any(map(deletion_rule(None, record, "sync", "/elsewhere"), ("a", "b", "c", "in")))
