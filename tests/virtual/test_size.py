from __future__ import annotations

import pytest

from belay.virtual.size import is_size, size_bytes


def test_sizes() -> None:
    sizes = {"70000": 70000, "128k": 131072, "1K": 1024, "2M": 2097152, "1m": 1048576}
    assert {text: size_bytes(text) for text in sizes} == sizes
    assert all(map(is_size, sizes))


@pytest.mark.parametrize("text", ["", "0", "lots", "-1", "1.5M", "1G", "k", " 1", "1k\n", "0x10", "010"])
def test_no_sizes(text: str) -> None:
    assert not is_size(text)
