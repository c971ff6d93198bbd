"""Numbers and arrays of numpy's, as Python's own. numpy is never imported: who has one has loaded it."""

from __future__ import annotations

import sys
from array import array
from typing import Any

ITEMS = "bBhHiIlLqQfd"
"""The codes of arrays that both sides know."""


class Refused(Exception):  # noqa: N818 - it never leaves the room
    """A value cannot travel.

    Args:
        what: The name of its type, or what else it is.
        hint: What would help; None for the usual.
    """

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def as_pythons(value: Any) -> Any:
    """A value of numpy's as Python's own; anything else as it is.

    A number becomes a number (of the same value: no precision is lost), an array of one dimension an
    :class:`array.array` in the byte order of this machine, float16 as ``"f"``.

    Raises:
        Refused: It is an array that an ``array.array`` cannot hold.
    """
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not type(value).__module__.startswith("numpy"):
        return value
    if isinstance(value, numpy.ndarray):
        return _array(value) if value.ndim else as_pythons(value[()])
    if isinstance(value, numpy.generic) and value.dtype.kind in "biufcSU":
        return value.item()
    return value


def _array(value: Any) -> array[Any]:
    if value.ndim > 1:
        raise Refused(
            f"numpy array of {value.ndim} dimensions", "flatten it (.ravel()), and send its shape besides"
        )
    kind = value.dtype.newbyteorder("=")
    code = "f" if kind.char == "e" else kind.char
    if code not in ITEMS:
        raise Refused(f"numpy array of {value.dtype.name}", "use .astype(…) or .tolist()")
    return array(code, value.astype(code, copy=False).tobytes())
