"""Arguments for the agent: as JSON where that says them exactly, else as source, with bulk apart as bytes.

JSON is what a board decodes ten times faster than source. It has no tuples, bytes, sets or ``inf``, and only
text as keys; a call with one of those travels as source, which the board evaluates. Bytes and arrays of more
than a few bytes are taken out of the source and sent as they are.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from belay.board.literal import MAX_DEPTH, encode

INLINE = 64
"""So many bytes are still written into the source."""

_SIZES = {"b": "b", "B": "B", "h": "h", "H": "H", "i": "i", "I": "I", "q": "q", "Q": "Q", "f": "f", "d": "d"}
_BY_SIZE = {(True, 4): "i", (True, 8): "q", (False, 4): "I", (False, 8): "Q"}


def as_json(value: object) -> bytes | None:
    """The JSON of a value that a board decodes to its equal; None where JSON cannot say it."""
    if not _is_json(value, MAX_DEPTH):
        return None
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair.
        return None


def _is_json(value: object, depth: int) -> bool:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -(1 << 63) <= value < 1 << 63  # type: ignore[operator]
    if kind is float:
        return math.isfinite(value)  # type: ignore[arg-type]
    if not depth:
        return False
    if kind is list:
        return all(_is_json(item, depth - 1) for item in value)  # type: ignore[attr-defined]
    if kind is dict:
        items = value.items()  # type: ignore[attr-defined]
        return all(type(key) is str and _is_json(item, depth - 1) for key, item in items)
    return False


class Source:
    """Arguments written as source, and the bulk that was taken out of them.

    Args:
        first: The number of the first blob's name.

    Attributes:
        blobs: The bulk, by the name under which the source finds it.
    """

    def __init__(self, first: int = 0) -> None:
        self.blobs: dict[str, memoryview] = {}
        self._next = first

    def write(self, args: Sequence[object], named: Mapping[str, object]) -> str:
        """Write ``(args), {named}``.

        Raises:
            UntransferableError: One of them cannot travel.
        """
        return f"{self.positional(args)},{self.named(named)}"

    def positional(self, args: Sequence[object]) -> str:
        """Write a tuple."""
        texts = (self.value(value, f"argument {at}") for at, value in enumerate(args, 1))
        return "(" + "".join(f"{text}," for text in texts) + ")"

    def named(self, named: Mapping[str, object]) -> str:
        """Write a dict."""
        texts = (f"{name!r}:{self.value(value, f'argument {name!r}')}" for name, value in named.items())
        return "{" + ",".join(texts) + "}"

    def value(self, value: object, where: str) -> str:
        """Write one value.

        Args:
            value: What shall travel.
            where: What it is to the user.
        """
        return encode(value, where, self._extract)

    def _extract(self, value: object) -> str | None:
        value = plain(value)
        if isinstance(value, array) and value.typecode not in "uw":
            signed, floating = value.typecode.islower(), value.typecode in "fd"
            code = value.typecode if floating or value.itemsize < 4 else _BY_SIZE[signed, value.itemsize]
            taken = self._take(memoryview(value))
            return taken and f"__import__('array').array('{code}',_bytearray({taken}))"
        if isinstance(value, bytearray):
            taken = self._take(memoryview(value))
            return taken and f"_bytearray({taken})"
        if isinstance(value, bytes | memoryview):
            taken = self._take(memoryview(value))
            return taken and f"_bytes({taken})"
        return None

    def _take(self, data: memoryview) -> str | None:
        if data.nbytes <= INLINE:
            return None
        name = f"b{self._next}"
        self._next += 1
        self.blobs[name] = (data if data.contiguous else memoryview(data.tobytes())).cast("B")
        return repr(name)


def plain(value: Any) -> Any:
    """A value of numpy's as Python's own; anything else as it is.

    An array must have one dimension, and items that an :class:`array.array` can hold.
    """
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not type(value).__module__.startswith("numpy"):
        return value
    if isinstance(value, numpy.generic):
        return value.item()
    if isinstance(value, numpy.ndarray) and value.ndim == 1 and value.dtype.kind in "iuf":
        code = value.dtype.newbyteorder("=").char
        if code in "bBhHiIlLqQfd":
            return array(code, value.astype(code, copy=False).tobytes())
    return value
