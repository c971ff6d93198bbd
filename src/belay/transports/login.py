"""Logging in: waiting for a question's words, and giving the answer."""

from __future__ import annotations

from collections.abc import Callable

from belay.deadline import Deadline
from belay.exceptions import AuthenticationError
from belay.transports.threaded import ThreadedTransport

Password = str | Callable[[], str] | None
"""A password, or what returns it when it is asked for; None if there is none."""

LATEST = 65536 + 100
"""Of the last so many bytes the words are looked for: those of a read, and a word that began before."""


def await_words(transport: ThreadedTransport, words: tuple[bytes, ...], deadline: Deadline) -> bytes:
    """Read until one of some words came; what came behind it is left to be read, and all if none came.

    Args:
        transport: Where to read.
        words: What to look for, in small letters; a board's letters may be of any size.
        deadline: By when it must have come.

    Returns:
        The word.

    Raises:
        TimeoutError: None of them came in time.
        belay.exceptions.ConnectionLost: The other side is gone.
    """
    seen = b""
    while True:
        try:
            if deadline.expired:
                raise TimeoutError(f"{transport.name}: the words did not come in time")
            seen += transport.read(timeout=deadline.remaining)
        except TimeoutError:
            transport.unread(seen)
            raise
        start = max(0, len(seen) - LATEST)
        found = [(at, word) for word in words if (at := seen.lower().find(word, start)) >= 0]
        if found:
            at, word = min(found)
            transport.unread(seen[at + len(word) :])
            return word


def given(name: str, secret: Password, what: str, hint: str) -> str:
    """What is to be typed.

    Args:
        name: The address, for messages.
        secret: As given.
        what: What it is.
        hint: What helps if there is none.

    Raises:
        AuthenticationError: There is none, or it cannot be typed.
    """
    text = secret() if callable(secret) else secret
    if text is None:
        raise AuthenticationError(f"{name} asks for {what}", hint=hint)
    if any(character < " " for character in text):
        raise AuthenticationError(f"{name}: {what} with control characters cannot be typed")
    return text
