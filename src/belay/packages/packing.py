"""What a server has packed for the way (RFC 9110, 8.4): it is unpacked in pieces, however much it grows."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_PIECE = 1 << 16
_KNOWN = {"gzip", "x-gzip", "deflate"}
_BY_HEADER = 32 + zlib.MAX_WBITS


class PackingError(ValueError):
    """What came cannot be unpacked."""


def unpacked(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """What was packed, in pieces of 64 KiB at most.

    Args:
        pieces: What came.
        encoding: The header ``Content-Encoding``. Nothing is asked for, but some servers pack all the same.

    Raises:
        PackingError: It is damaged, ends too early, or is packed in another way.
    """
    ways = [
        way for way in (word.strip().lower() for word in encoding.split(",")) if way not in {"", "identity"}
    ]
    if not ways:
        yield from pieces
        return
    if len(ways) > 1 or ways[0] not in _KNOWN:
        raise PackingError(f"it is packed as {encoding!r:.60}, which was not asked for")
    unpacker = zlib.decompressobj(_BY_HEADER)
    try:
        for piece in pieces:
            yield unpacker.decompress(piece, _PIECE)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, _PIECE)
    except zlib.error as error:
        raise PackingError(str(error)) from error
    if not unpacker.eof:
        raise PackingError("it ends too early")
