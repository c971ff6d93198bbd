"""How a paste is sent, so that it arrives as it is. Pure."""

from __future__ import annotations

PASTE_MODE, FINISH = b"\x05", b"\x04"
"""Ctrl-E and Ctrl-D: https://docs.micropython.org/en/latest/reference/repl.html#paste-mode"""

_CONTROLS = bytes(set(range(32)) - set(b"\t\r")) + b"\x7f"


def as_keys(paste: bytes, *, at_prompt: bool) -> list[bytes]:
    """What to send for a paste, line by line.

    Several lines at an empty friendly prompt go by paste mode: the prompt would indent them a second time,
    run each by itself, and drop what is no ASCII. A single line is typed, so that it can still be changed; so
    is everything that a program reads, or a paste mode that the user has begun.

    Args:
        paste: What was pasted. Control characters in it are dropped: they would be commands.
        at_prompt: Whether the board waits at its friendly prompt, of which nothing is typed yet.
    """
    text = paste.replace(b"\r\n", b"\r").replace(b"\n", b"\r").translate(None, _CONTROLS)
    lines = [line for line in text.splitlines(keepends=True) if line]
    if at_prompt and len(lines) > 1:
        return [PASTE_MODE, *lines, FINISH]
    return lines
