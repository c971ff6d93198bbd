"""What a board prints, as text."""

from __future__ import annotations

import codecs
import sys
from typing import Protocol


class TextStream(Protocol):
    """Something to print to, as ``sys.stdout``."""

    def write(self, text: str, /) -> object:
        """Take text."""
        ...

    def flush(self) -> object:
        """Show it."""
        ...


class TextOutput:
    """Takes a board's output as bytes and writes it as text, as it comes.

    A board may cut a character or a line end in two, and print what is no UTF-8 at all: such bytes become
    U+FFFD. A board's text streams end lines with CRLF, which becomes a plain newline.

    Args:
        stream: Where to write; None for what ``sys.stdout`` is at that moment.
    """

    def __init__(self, stream: TextStream | None = None) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._return = ""

    def __call__(self, data: bytes) -> None:
        """Write what ``data`` completes."""
        self._write(self._decoder.decode(data))

    def finish(self) -> None:
        """Write what is left of an unfinished character or line end."""
        self._write(self._decoder.decode(b"", final=True), final=True)

    def _write(self, text: str, *, final: bool = False) -> None:
        text = self._return + text
        self._return = ""
        if text.endswith("\r") and not final:
            text, self._return = text[:-1], "\r"
        text = text.replace("\r\n", "\n")
        stream = sys.stdout if self._stream is None else self._stream
        # A windowed program on Windows has no standard output.
        if text and stream is not None:
            stream.write(text)
            stream.flush()
