"""Whether bytes of every value pass a connection as they are."""

from __future__ import annotations

from binascii import crc32
from contextlib import suppress
from typing import Final

from belay.exceptions import BoardTimeoutError
from belay.link import Link

TIMEOUT: Final = 3.0
"""Seconds for a program that waits for bytes which may have been lost."""

_KEYS: Final = b"\x01\x02\x03\x04\x05"
"""What the agent does not get either; see :mod:`belay.board.bulk`."""

SAMPLE: Final = bytes(byte for byte in range(256) if byte not in _KEYS) + b"\r\r\n\n\xff\xff\r\xff\x00\r"
"""Bytes of every value to the board, and what protocols for text change."""

_PROGRAM: Final = f"""\
import sys,binascii
_belay=sys.stdin.buffer.read({len(SAMPLE)})
print(binascii.crc32(_belay),end=" ")
sys.stdout.buffer.write(_belay)
"""


def passes_all_bytes(link: Link) -> bool:
    """Find out whether bytes of every value pass, in both directions.

    Args:
        link: The conversation to use, with a board that the agent can run on.

    Raises:
        BoardTimeoutError: The board does not answer any more.
        ConnectionLost: The link is gone.
    """
    said = bytearray()
    with suppress(BoardTimeoutError):
        link.run(_PROGRAM, on_output=said.extend, timeout=TIMEOUT, data=SAMPLE)
    return bytes(said) == b"%d %b" % (crc32(SAMPLE), SAMPLE)
