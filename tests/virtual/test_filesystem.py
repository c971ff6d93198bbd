from __future__ import annotations

import pytest

from belay.virtual.filesystem import FileSystem


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("host", None),
        ("lfs2", FileSystem("lfs2", None, 4096)),
        ("fat", FileSystem("fat", None, 512)),
        ("lfs2:64k", FileSystem("lfs2", 65536, 4096)),
        ("fat:1M:4096", FileSystem("fat", 1048576, 4096)),
        ("lfs2:2048:512", FileSystem("lfs2", 2048, 512)),
        ("fat:25600", FileSystem("fat", 25600, 512)),
    ],
)
def test_what_stands_in_an_address(text: str, made: FileSystem | None) -> None:
    assert FileSystem.parse(text) == made


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be one of host, lfs2, fat"),
        ("ext4:1M", "must be one of"),
        ("host:1M", "must be one of"),
        ("lfs2:", "numbers of bytes"),
        ("lfs2:much", "numbers of bytes"),
        ("lfs2:1M:512:1", "numbers of bytes"),
        ("lfs2:1M:500", "one of 512, 1024, 2048, 4096"),
        ("lfs2:10000", "must lie between 16384 bytes"),
        ("lfs2:2000M", "must lie between"),
        ("fat:25088", "must lie between 25600 bytes"),
        ("lfs2:20000", "no multiple of the block's, 4096"),
    ],
)
def test_nonsense_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        FileSystem.parse(text)


def test_the_size_of_a_new_one() -> None:
    assert FileSystem("lfs2", None, 4096).new_size == 1 << 20
    assert FileSystem("lfs2", 65536, 4096).new_size == 65536
