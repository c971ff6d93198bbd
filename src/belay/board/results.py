"""Results of the agent: the text of an answer and the bytes that belong to it, as a value."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence

from belay.board.calls import Terms
from belay.board.literal import NotALiteral, decode
from belay.exceptions import NotBelayResponseError, UntransferableError

_HINT = "keep it on the board, and return what you need of it"


def read_result(text: str, chunks: Sequence[bytes], terms: Terms) -> object:
    """The value that an answer stands for.

    Args:
        text: What the board wrote: ``repr``, with calls of ``_…`` functions for what ``repr`` does not say.
        chunks: The bytes that the text speaks of, in their order.
        terms: Whether what is no literal may be evaluated.

    Raises:
        UntransferableError: It is something that cannot travel.
    """
    if text.isascii() and text.isdigit() and len(text) < 19 and text[0] != "0":
        # The most common answer of all.
        return int(text)
    bulk = b"".join(chunks)
    parts = _Parts(bulk, terms)
    try:
        value = decode(text, parts.calls)
    except NotALiteral as error:
        raise UntransferableError("the result", error.type_name, hint=_HINT) from None
    if parts.at != len(bulk):
        raise NotBelayResponseError(f"{len(bulk)} bytes came with an answer that speaks of {parts.at}")
    return value


class _Parts:
    """What the text of an answer may call."""

    def __init__(self, bulk: bytes, terms: Terms) -> None:
        self.at = 0
        self._bulk = bulk
        self._trusted = terms.trusted
        self.calls: dict[str, Callable[..., object]] = {
            "_": self._bytes,
            "_s": lambda size: self._bytes(size).decode(errors="surrogatepass"),
            "_a": self._array,
            "_d": lambda digits: struct.unpack(">d", bytes.fromhex(digits))[0],
            "_c": complex,
            "_u": self._unknown,
        }

    def _bytes(self, size: int) -> bytes:
        self.at += size
        return self._bulk[self.at - size : self.at]

    def _array(self, code: str, items: int, size: int) -> array[int] | array[float]:
        """An array; a board's long is not always as long as here."""
        data = self._bytes(size)
        width = size // items if items else array(code).itemsize
        if array(code).itemsize != width:
            code = next(
                other for other in ("bhiq" if code.islower() else "BHIQ") if array(other).itemsize == width
            )
        return array(code, data)

    def _unknown(self, kind: str, text: str) -> object:
        if self._trusted:
            try:
                return eval(text, {})  # noqa: S307 - the caller said that the board may do this
            except Exception:  # noqa: BLE001, S110 - any code may raise anything
                pass
        raise NotALiteral(kind)
