"""What the host answers when the board asks in the middle of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class TextSource(Protocol):
    """Something to read lines from, as ``sys.stdin``."""

    def readline(self, limit: int = -1, /) -> str:
        """The next line with its line feed, or the first ``limit`` characters of it; empty at the end.

        Args:
            limit: How many characters at most; negative for any number.
        """
        ...


class Answers:
    """Answers the board's questions.

    Args:
        stdin: Where the board's ``input()`` reads; None if it does not ask.
    """

    def __init__(self, stdin: TextSource | None = None) -> None:
        self._stdin = stdin
        self._others: dict[str, Callable[..., object]] = {}

    def serve(self, what: str, handler: Callable[..., object]) -> None:
        """Have another kind of question answered.

        Args:
            what: Its name.
            handler: Gets its arguments, and answers.
        """
        self._others[what] = handler

    def __call__(self, what: str, *args: object) -> object:
        """The answer to one question.

        Args:
            what: What is asked: ``input``, a line or, of a longer one, so many characters; or what is served.
            args: What belongs to the question.

        Raises:
            NotImplementedError: That cannot be asked.
        """
        if handler := self._others.get(what):
            return handler(*args)
        match what, args:
            case "input", (int(limit),) if self._stdin is not None:
                # Half of a surrogate pair, which may stand for bytes that are no text, would not arrive.
                return self._stdin.readline(limit).encode(errors="replace").decode()
        raise NotImplementedError(f"the host does not answer {what!r}")
