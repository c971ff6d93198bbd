"""A board as far as its REPL goes: takes what the host sends, runs one program, answers."""

from __future__ import annotations

import re

ANSWER = re.compile(rb"print\('(\w+)'\+'(\w+)'\)")


class Board:
    """A raw prompt, at which one program runs.

    Args:
        output: What the program prints, frames among it.
        error: The exception's text it ends with.
        reads: After how many bytes of output the program has read its input; -1 if it does not read.
    """

    def __init__(self, output: bytes, error: bytes, reads: int) -> None:
        self._output = b"OK" + output + b"\x04" + error + b"\x04>"
        self._reads = reads
        self._sent = 0
        self._input = b""
        self._typed = b""

    def type(self, data: bytes) -> None:
        """The host sends bytes."""
        self._input += data

    def print(self, size: int) -> bytes:
        """The next bytes of the board's."""
        left = len(self._output) - self._sent
        if 0 <= self._reads <= self._sent and left:
            self._input = b""
        if not left:
            self._answer()
        piece = self._output[self._sent : self._sent + size]
        self._sent += len(piece)
        return piece

    def _answer(self) -> None:
        for byte in self._input:
            if byte == 1:
                self._typed = b""
                self._output += b"raw REPL; CTRL-B to exit\r\n>"
            elif byte == 4:
                found = ANSWER.fullmatch(self._typed)
                assert found, f"not a challenge: {self._typed!r}"
                self._output += b"OK" + found[1] + found[2] + b"\r\n\x04\x04>"
                self._typed = b""
            else:
                self._typed += bytes([byte])
        self._input = b""
