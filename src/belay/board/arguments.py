"""Arguments for the agent: as JSON where that says them exactly, else as source, with bulk apart as bytes.

JSON is what a board decodes ten times faster than source. It has no tuples, bytes, sets or ``inf``, and only
text as keys; a call with one of those travels as source, which the board evaluates. Bytes and arrays of more
than a few bytes are taken out of the source and sent as they are.
"""

from __future__ import annotations

import itertools
import json
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from belay.board.foreign import ITEMS
from belay.board.literal import MAX_DEPTH, array_of, encode, float_text
from belay.board.objects import OnBoard, source_of

INLINE = 64
"""So many bytes are still written into the source."""


def as_json(value: object) -> bytes | None:
    """The JSON of a value that a board decodes to its equal; None where JSON cannot say it."""
    try:
        return _json(value, MAX_DEPTH).encode()
    except (_NotJson, UnicodeEncodeError):
        # The latter: half of a surrogate pair.
        return None


class _NotJson(Exception):  # noqa: N818 - it never leaves the module
    """JSON cannot say it."""


def _json(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str:
        return _string(value)
    if kind is int and -(1 << 63) <= value < 1 << 63:
        return repr(value)
    if kind is float and math.isfinite(value):
        return float_text(value)
    if kind is bool or value is None:
        return _WORDS[value]
    if depth and kind is list:
        depth -= 1
        return f"[{','.join([_json(item, depth) for item in value])}]"
    if depth and kind is dict:
        depth -= 1
        return f"{{{','.join([f'{_key(key)}:{_json(item, depth)}' for key, item in value.items()])}}}"
    raise _NotJson


def _key(key: object) -> str:
    if type(key) is not str:
        raise _NotJson
    return _string(key)


_WORDS = {True: "true", False: "false", None: "null"}
_string: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


_numbers = itertools.count()


def blob_number() -> int:
    """A number for bulk. No other has had it: a call must not find what was left behind by one that failed.

    Not a name, which a board that reads it in source would keep for ever.
    """
    return next(_numbers)


class Source:
    """Arguments written as source, and the bulk that was taken out of them.

    Args:
        calls: The way to the board that they will go; None if that is not known yet. Objects on a board go
            no other way than the one by which they were made.

    Attributes:
        blobs: The bulk, by the name under which the source finds it.
    """

    def __init__(self, calls: object = None) -> None:
        self._calls = calls
        self.blobs: dict[int, memoryview] = {}

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
        """Take a value out of the source, if it is long and bytes; what stands there instead."""
        if isinstance(value, OnBoard):
            return source_of(value, self._calls)
        if isinstance(value, array):
            taken = value.typecode in ITEMS and self._take(memoryview(value))
            return f"{array_of(value)},_bytearray({taken}))" if taken else None
        if isinstance(value, bytearray):
            taken = self._take(memoryview(value))
            return f"_bytearray({taken})" if taken else None
        if isinstance(value, bytes | memoryview):
            taken = self._take(memoryview(value))
            return f"_bytes({taken})" if taken else None
        return None

    def _take(self, data: memoryview) -> str | None:
        if data.nbytes <= INLINE:
            return None
        number = blob_number()
        self.blobs[number] = (data if data.c_contiguous else memoryview(data.tobytes())).cast("B")
        return repr(number)
