"""Results: the text of an answer and the bytes that belong to it, as a value."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress

from belay.board.calls import Stamped, Terms
from belay.board.foreign import ITEMS
from belay.board.literal import NotALiteral, decode
from belay.exceptions import NotBelayResponseError, UntransferableError

_HINT = "keep it on the board (proxy=True gives a proxy for it), and return what you need of it"


def read_result(text: str, chunks: Sequence[bytes], terms: Terms) -> object:
    """The value that an answer stands for.

    Args:
        text: What the board wrote: ``repr``, with calls of ``_…`` functions for what ``repr`` does not say
            (``onboard/part_values.py``).
        chunks: The bytes that the text speaks of, in their order.
        terms: Whether what is no literal may be evaluated, and what becomes of arrays.

    Raises:
        UntransferableError: It is something that cannot travel.
        NotBelayResponseError: Text and bytes do not fit each other.
    """
    if text.isascii() and text.isdigit() and len(text) < 19 and text[0] != "0":
        # The most common answer of all.
        return int(text)
    try:
        return _read(text, chunks, terms)
    except NotALiteral as refused:
        # On small boards the text is nothing but a repr.
        return _evaluated(text, refused, terms)


def read_stamped(text: str, chunks: Sequence[bytes], terms: Terms) -> Stamped:
    """The value that an answer stands for, with the board's time; see :func:`read_result`."""
    if text.startswith("'"):
        # In short: there is nothing in it that a literal would have to be read for.
        return stamped(text[1:-1], terms)
    return stamped(read_result(text, chunks, terms), terms)


def stamped(answer: object, terms: Terms) -> Stamped:
    """A result with the board's time, from what ``onboard/part_clock.py`` made of both.

    Raises:
        UntransferableError: The result is something that cannot travel.
        NotBelayResponseError: It is none of what that makes.
    """
    match answer:
        case (int(begun), int(ended), value):
            return Stamped(value, begun, ended)
        case str(text) if len(parts := text.split(" ", 2)) == 3:
            with suppress(ValueError):
                return Stamped(read_result(parts[2], (), terms), int(parts[0]), int(parts[1]))
    raise NotBelayResponseError(f"a result came without the board's time: {answer!r:.80}")


def _read(text: str, chunks: Sequence[bytes], terms: Terms) -> object:
    bulk = b"".join(chunks)
    parts = _Parts(bulk, terms)
    try:
        value = decode(text, parts.calls)
    except (struct.error, EOFError) as error:
        raise NotBelayResponseError(f"an answer does not fit its bytes: {error}") from None
    if parts.at != len(bulk):
        raise NotBelayResponseError(f"{len(bulk)} bytes came with an answer that speaks of {parts.at}")
    return value


def _evaluated(text: str, refused: NotALiteral, terms: Terms) -> object:
    """What a text is that is no literal, if the board is trusted."""
    if terms.trusted:
        try:
            return eval(text, {})  # noqa: S307 - the caller said that the board may do this
        except Exception:  # noqa: BLE001, S110 - any code may raise anything
            pass
    raise UntransferableError("the result", refused.type_name, hint=_HINT) from None


class _Parts:
    """What the text of an answer may call."""

    def __init__(self, bulk: bytes, terms: Terms) -> None:
        self.at = 0
        self._bulk = bulk
        self._terms = terms
        self.calls: dict[str, Callable[..., object]] = {
            "_": self._bytes,
            "_s": lambda size: self._bytes(size).decode(errors="surrogatepass"),
            "_a": self._array,
            "_d": lambda digits: struct.unpack(">d", bytes.fromhex(digits))[0],
            "_c": complex,
            "_u": self._unknown,
            "_w": lambda text, *chunks: _read(text, chunks, terms),
            "array": lambda code, items=(): self._made(array(code, items)),
        }

    def _bytes(self, size: int) -> bytes:
        if self.at + size > len(self._bulk):
            raise EOFError("there are too few")
        self.at += size
        return self._bulk[self.at - size : self.at]

    def _array(self, code: str, items: int, size: int) -> object:
        """An array; a board's long is not always as long as here."""
        data = self._bytes(size)
        if code not in ITEMS:
            raise NotALiteral("array")
        width = size // items if items else array(code).itemsize
        if array(code).itemsize != width:
            alike = "bhiq" if code.islower() else "BHIQ"
            code = next((other for other in alike if array(other).itemsize == width), code)
        return self._made(array(code, data))

    def _made(self, made: array[int] | array[float]) -> object:
        return self._terms.arrays(made) if self._terms.arrays else made

    def _unknown(self, kind: str, text: str) -> object:
        """A value that cannot travel, by its type and what its ``repr`` says."""
        try:
            return _evaluated(text, NotALiteral(kind), self._terms)
        except UntransferableError:
            raise NotALiteral(kind) from None
