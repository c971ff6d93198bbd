"""The frames in which code of ours on a board answers.

There are two forms, told apart by the byte behind the mark.

* Functions that are called over the plain REPL write ``MARK kind … MARK .``, with a small letter as their
  kind; what is in between is theirs.
* The agent writes ``MARK sequence kind text EOT crc32`` or, for binary data, ``MARK sequence "c" index size
  crc32 data``. The sequence is a capital letter, that of the request, or ``!`` where nobody asked. The check
  is eight hexadecimal digits, over all from the sequence to the text, or from the sequence to the size and
  then the data. See docs/protocol.md.

A thread or an interrupt handler of the board's may print into any of it.
"""

from __future__ import annotations

import re
import struct
from binascii import crc32
from typing import Final

from belay.repl.buffer import Buffer
from belay.repl.control import EOT
from belay.repl.events import Answer, Chunk, Frame, Torn

CLOSE: Final = b"."
"""The byte after a mark that ends a frame of the first form."""
UNASKED: Final = "!"
"""In the place of the sequence: nobody asked for this frame."""
MAX_CHUNK: Final = 0xFFFF

AGAIN: Final = 32
"""The function that sends the last answer once more."""
BYE: Final = 33
"""The function that ends the agent."""
REPLY: Final = 34
"""The function that answers a question of the board's."""
FIRST: Final = 35
"""The first number of a function that can be called."""
LAST: Final = 255
BASE: Final = 0x8080
"""Added to the size of a payload: text, as the rest of a challenge is, is then no header."""
LARGEST: Final = 0xFFFF - BASE
"""The size of the largest payload that a request's header can name."""

_HEADER: Final = struct.Struct("<HBBI")
_CONTROL: Final = re.compile(rb"[\x00-\x1f]")
_OF_AGENT: Final = frozenset(b"!ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CHUNK_HEAD: Final = 18
"""Sequence and kind, four digits of index, four of size, eight of check."""
_HEX: Final = re.compile(rb"[0-9a-f]+\Z")


def request(function: int, sequence: int, payload: bytes) -> bytes:
    """Make a request to the agent.

    It is ``<HBBI``: the payload's size + 0x8080, the function, the sequence, a CRC-32 of the payload that
    begins with function and sequence; then the payload. Spaces are added until no byte of the header is a
    control byte: a request that meets a prompt must not do anything there.

    Args:
        function: The function's number, 32 to 255.
        sequence: A capital letter's code.
        payload: JSON, without control bytes.

    Raises:
        ValueError: The payload is larger than :data:`LARGEST`.
    """
    while True:
        if len(payload) > LARGEST:
            raise ValueError(f"a request cannot hold {len(payload)} bytes")
        check = crc32(payload, function << 8 | sequence)
        header = _HEADER.pack(len(payload) + BASE, function, sequence, check)
        if not _CONTROL.search(header):
            return header + payload
        # Near a multiple of 256 up to 32 of them.
        payload += b" "


def read_alone(data: bytes, mark: bytes, sequence: str) -> Answer | None:
    """Read the answer to a request, if it is one whole frame of text and nothing else.

    Args:
        data: What came.
        mark: What opens frames.
        sequence: The letter of the request.
    """
    size = len(mark)
    end = len(data) - 9
    if not data.startswith(mark) or data.find(EOT) != end or data[size : size + 1] != sequence.encode():
        return None
    content = data[size:end]
    if data.find(mark, size) >= 0 or _number(data[end + 1 :]) != crc32(content):
        return None
    return Answer(sequence, chr(content[1]), content[2:])


def read_frame(buffer: Buffer, mark: bytes) -> Frame | Answer | Chunk | Torn | None:
    """Take the frame that the buffer begins with.

    Args:
        buffer: Its first bytes are the mark.
        mark: What opens frames.

    Returns:
        The frame; what is there of a torn one; None if more bytes are needed.
    """
    size = len(mark)
    if len(buffer) < size + 2:
        return None
    if buffer.data[size] not in _OF_AGENT:
        return _read_closed(buffer, mark)
    if buffer.data[size + 1] == ord("c"):
        return _read_chunk(buffer, mark)
    return _read_text(buffer, mark)


def _read_closed(buffer: Buffer, mark: bytes) -> Frame | Torn | None:
    size = len(mark)
    end = buffer.find(mark, size)
    if end < 0 or len(buffer) <= end + size:
        return None
    closed = buffer.data[end + size : end + size + 1] == CLOSE
    body = buffer.take(end)[size:]
    if not closed:
        # Torn by an interrupt; the frame that begins here says what happened.
        return Torn(body)
    buffer.take(size + 1)
    return Frame(body)


def _read_text(buffer: Buffer, mark: bytes) -> Answer | Torn | None:
    size = len(mark)
    following = buffer.find(mark, size)
    end = buffer.find(EOT, size)
    if end < 0 or len(buffer) < end + 9:
        return Torn(buffer.take(following)) if following >= 0 else None
    if 0 <= following < end + 9:
        return Torn(buffer.take(following))
    whole = buffer.take(end + 9)
    content, check = whole[size:end], whole[end + 1 :]
    if _number(check) != crc32(content):
        return Torn(whole)
    return Answer(chr(content[0]), chr(content[1]), content[2:])


def _read_chunk(buffer: Buffer, mark: bytes) -> Chunk | Torn | None:
    size = len(mark)
    start = size + _CHUNK_HEAD
    if len(buffer) < start:
        return None
    head = bytes(buffer.data[size:start])
    length = _number(head[6:10])
    if length is None:
        return Torn(buffer.take(_before_next(buffer, mark, start)))
    if len(buffer) < start + length:
        return None
    data = bytes(buffer.data[start : start + length])
    index = _number(head[2:6])
    if index is None or _number(head[10:]) != crc32(data, crc32(head[:10])):
        return Torn(buffer.take(_before_next(buffer, mark, start + length)))
    buffer.take(start + length)
    return Chunk(chr(head[0]), index, data)


def _before_next(buffer: Buffer, mark: bytes, end: int) -> int:
    """Up to the next mark, if one is before ``end``."""
    following = buffer.data.find(mark, len(mark), end + len(mark) - 1)
    return following if following >= 0 else end


def _number(digits: bytes) -> int | None:
    return int(digits, 16) if _HEX.match(digits) else None
