"""Bulk for the agent: bytes in pieces that follow a request, or in base64 inside it.

On the board 0x03 is an interrupt, also in the middle of bytes. Should one have ended the agent just before,
the bytes meet a prompt, to which 0x02, 0x04 and 0x05 are orders: code among them would run. A piece travels
with other bytes in their place, and the request says where; one that is full of them is shorter in base64.
"""

from __future__ import annotations

import json
import re
from binascii import b2a_base64, crc32
from collections.abc import Iterator
from typing import Final, NamedTuple

TAKE: Final = 48
"""The number of the agent's function that reads a piece from behind the request."""

GIVE: Final = 49
"""The number of the agent's function that gets a piece in base64."""

PIECE: Final = 16 * 1024
"""Bytes of a piece where the link has flow control."""

SLOW_PIECE: Final = 1024
"""Bytes of a piece where it has none, so that a byte that is lost costs no more than that."""

AT_ONCE: Final = 68 * 1024
"""So many bytes are sent before an answer is awaited, where the link has flow control."""

MOST: Final = 24
"""So many requests go in one batch: there are 26 letters to tell them and the next apart."""

DENSE: Final = 10
"""A piece with more than one such byte in so many goes in base64."""

_IN_BASE64: Final = 2304
"""Bytes of a request with base64: the board needs it three times over, beside the whole."""

_FIRST: Final = 48
"""Bytes of the first of these: with it the board finds room for the whole, and should hold little else."""

_AROUND: Final = 100
"""So many of them are not base64."""

FAR: Final = 89
"""The distance that one character stands for, after which another follows."""

_NEAR: Final = ord("#")
_FAR: Final = chr(_NEAR + FAR)

_KEYS: Final = re.compile(b"[\x02-\x05]")
_DISGUISED: Final = bytes.maketrans(b"\x02\x03\x04\x05", b"BCDE")
"""64 more; ``part_take`` undoes it."""


class Piece(NamedTuple):
    """A request that brings bytes.

    Attributes:
        function: The number of the agent's function.
        payload: Its arguments.
        blob: What follows the request.
    """

    function: int
    payload: bytes
    blob: bytes = b""

    @property
    def size(self) -> int:
        """About so many bytes go over the wire."""
        return len(self.payload) + len(self.blob)


def pieces(number: int, data: memoryview, *, size: int, largest: int) -> Iterator[Piece]:
    """Cut bytes into requests.

    Args:
        number: Under which number the board keeps them.
        data: The bytes, at least one.
        size: Bytes of a piece.
        largest: Bytes of the largest payload that the agent takes.
    """
    for at in range(0, len(data), size):
        piece = bytes(data[at : at + size])
        keys = [found.start() for found in _KEYS.finditer(piece)]
        gaps = (place - before for before, place in zip([-1, *keys], keys, strict=False))
        payload = _json(number, len(data), at, len(piece), crc32(piece), "".join(map(_gap, gaps)))
        if len(keys) * DENSE > len(piece) or len(payload) > largest:
            yield from _in_base64(number, len(data), at, piece, largest)
        else:
            yield Piece(TAKE, payload, piece.translate(_DISGUISED))


def _in_base64(number: int, total: int, at: int, piece: bytes, largest: int) -> Iterator[Piece]:
    # Four characters for three bytes.
    step = (min(largest, _IN_BASE64) - _AROUND) // 4 * 3
    start, end = 0, step if at else min(step, _FIRST)
    while start < len(piece):
        text = b2a_base64(piece[start:end], newline=False).decode()
        yield Piece(GIVE, _json(number, total, at + start, text))
        start, end = end, end + step


def batches(requests: Iterator[Piece], limit: int) -> Iterator[list[Piece]]:
    """Gather requests that may be sent before an answer is awaited.

    Args:
        requests: All of them.
        limit: Bytes of a batch; a single request may be longer.
    """
    batch: list[Piece] = []
    room = limit
    for request in requests:
        if batch and (request.size > room or len(batch) == MOST):
            yield batch
            batch, room = [], limit
        batch.append(request)
        room -= request.size
    if batch:
        yield batch


def _gap(size: int) -> str:
    """A distance as text: a character for up to 88, and before it one for each 89 more."""
    return _FAR * (size // FAR) + chr(size % FAR + _NEAR)


def _json(*values: object) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()
