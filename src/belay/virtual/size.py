"""Sizes as people write them: ``65536``, ``128k``, ``2M``."""

from __future__ import annotations

import re

_SIZE = re.compile(r"[1-9][0-9]*[kKmM]?\Z")
_SCALE = {"k": 1024, "m": 1024 * 1024}


def is_size(text: str) -> bool:
    """Whether a text is a size: a number above zero, with ``k`` or ``M`` behind it if you like."""
    return bool(_SIZE.match(text))


def size_bytes(text: str) -> int:
    """The number of bytes that a size stands for, as ``128k`` for 131072."""
    return int(text.rstrip("kKmM")) * _SCALE.get(text[-1].lower(), 1)
