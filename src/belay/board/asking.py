"""What the board asks in the middle of a call, and how the host's replies travel."""

from __future__ import annotations

import ast
import json
import re
from binascii import b2a_base64, crc32
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from belay.board.arguments import as_json
from belay.board.bulk import DENSE

_KEYS: Final = re.compile(b"[\x02-\x05]")
_DISGUISED: Final = bytes.maketrans(b"\x02\x03\x04\x05", b"BCDE")
"""64 more, for the reason that :mod:`belay.board.bulk` gives; ``onboard/part_ask.py`` undoes it."""


_TOO_MUCH: Final = 27
"""EFBIG: there is no room for the answer."""


class Denied(Exception):  # noqa: N818 - the board's error, not ours
    """What the board asks for cannot be had: an ``OSError`` there.

    Args:
        number: Its number, as MicroPython has them.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class Brought:
    """An answer that comes with bytes.

    Attributes:
        value: A list, to which the board appends the bytes.
        data: The bytes.
    """

    value: list[object]
    data: bytes


def reply_to(asked: bytes, on_ask: Callable[..., object] | None, largest: int) -> tuple[bytes, bytes]:
    """Answer a question of the board's.

    Args:
        asked: Its number, name and arguments, as the board wrote them.
        on_ask: Gets name and arguments, and answers with what JSON can say, or with :class:`Brought`; raises
            :class:`Denied` or NotImplementedError where the board is to have an error. None refuses.
        largest: Bytes of the largest payload that the board takes.

    Returns:
        The payload of the reply, and the bytes behind it.
    """
    about, what, args = ast.literal_eval(asked.decode(errors="surrogatepass"))
    value: object = None
    error: object = None
    bulk = b""
    more: list[object] = []
    try:
        value = (on_ask or _refuse)(what, *args)
    except Denied as denied:
        error = denied.number
    except NotImplementedError as refused:
        error = str(refused)
    if isinstance(value, Brought):
        gaps, bulk = _safe(value.data)
        more = [len(bulk), crc32(bulk), gaps]
        value = value.value
    payload = _json(about, value, error, *more)
    # The board would take a longer one for noise, and ask again and again.
    return (payload, bulk) if len(payload) <= largest else (_json(about, None, _TOO_MUCH), b"")


def _safe(data: bytes) -> tuple[list[int] | None, bytes]:
    """Bytes that do nothing to a prompt, and the distances of those that were changed; None for base64."""
    keys = [found.start() for found in _KEYS.finditer(data)]
    if len(keys) * DENSE > len(data):
        return None, b2a_base64(data, newline=False)
    gaps = [place - before for before, place in zip([-1, *keys], keys, strict=False)]
    return gaps, data.translate(_DISGUISED)


def _json(*values: object) -> bytes:
    return as_json(list(values)) or json.dumps(values, separators=(",", ":")).encode()


def _refuse(what: str, *_args: object) -> object:
    raise NotImplementedError(f"the host does not answer {what!r}")
