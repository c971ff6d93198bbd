from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.packages.packing import PackingError, unpacked


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(
    st.binary(max_size=300),
    st.integers(1, 50),
    st.sampled_from(["gzip", "x-gzip", " GZIP ", "identity, gzip"]),
)
def test_what_was_packed(content: bytes, size: int, encoding: str) -> None:
    assert b"".join(unpacked(cut(gzip.compress(content, mtime=0), size), encoding)) == content
    assert b"".join(unpacked(cut(zlib.compress(content), size), "deflate")) == content
    assert b"".join(unpacked(cut(content, size), "identity")) == content
    assert b"".join(unpacked(cut(content, size), "")) == content


def test_pieces_are_small_however_much_it_grows() -> None:
    packed = gzip.compress(b"\0" * (8 << 20))
    sizes = [len(piece) for piece in unpacked([packed], "gzip")]
    assert sum(sizes) == 8 << 20
    assert max(sizes) <= 1 << 16


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (gzip.compress(b"hello", mtime=0)[:-1], "gzip", "ends too early"),
        (b"", "gzip", "ends too early"),
        (b"hello", "gzip", "incorrect header check"),
        (gzip.compress(b"hello", mtime=0)[:-5] + b"xxxxx", "gzip", "incorrect data check"),
        (b"hello", "br", "'br', which was not asked for"),
        (b"hello", "gzip, gzip", "which was not asked for"),
    ],
)
def test_what_cannot_be_unpacked(data: bytes, encoding: str, reason: str) -> None:
    with pytest.raises(PackingError, match=reason):
        list(unpacked([data], encoding))
