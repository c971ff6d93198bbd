"""Whether a board whose interpreter is not started anew has the memory that calls need."""

from __future__ import annotations

from typing import Final

from belay.link import Link

ENOUGH: Final = 64 * 1024
"""Bytes that are enough on any board, also in pieces."""

MOST: Final = 2 / 3
"""The share of the memory that is enough on small boards: hardly anything but the interpreter uses it."""

TIMEOUT: Final = 10.0
"""Seconds in which a board collects its garbage."""

_ASK: Final = "import gc\ngc.collect()\nprint('\\n', gc.mem_free(), gc.mem_alloc())"
"""Short, as a board without memory may not even be able to read more: some then hang."""


def has_room(link: Link) -> bool:
    """Whether a program that was stopped has left memory enough for ours.

    Args:
        link: The conversation to use.

    Raises:
        BoardTimeoutError: The board does not answer.
        ConnectionLost: The link is gone.
    """
    said = bytearray()
    outcome = link.run(_ASK, on_output=said.extend, timeout=TIMEOUT)
    try:
        free, used = map(int, said.split(b"\n")[-2].split())
    except (ValueError, IndexError):
        return False
    return not outcome.error and (free >= ENOUGH or free >= MOST * (free + used))
