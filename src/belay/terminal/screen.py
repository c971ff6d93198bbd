"""What a board sends, made fit for a terminal, and what stands on its last line. Pure."""

from __future__ import annotations

import codecs
import re

PROMPT = ">>> "
PROMPTS = (PROMPT, "... ", "=== ")

LONGEST = 1024
"""Characters of a string for the terminal itself (a window's title) after which it is taken for text."""

_LINE = 1000
"""Characters of the last line that are remembered."""

# ECMA-48: ESC and one of these begin a string for the terminal, which BEL or ESC \ ends.
_STRING = re.compile(r"\x1b[\]PX^_][^\x07\x18\x1a\x1b\r\n]*(?:\x07|\x1b\\)")
_BEGUN = re.compile(r"\x1b(?:[\]PX^_][^\x07\x18\x1a\x1b\r\n]*\x1b?)?\Z")
_STRAY = re.compile(r"\x1b[\]PX^_]")
_LONE_LF = re.compile(r"(?<!\r)\n")
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[^\[])")


class Screen:
    """Turns bytes into text.

    UTF-8 is decoded however it is cut, invalid bytes become replacement characters, a bare LF becomes CR LF.
    Colours, movements of the cursor and questions to the terminal pass. Strings for the terminal itself do
    not: titles of windows, which CircuitPython writes, would stay when the board is left, and others reach
    the clipboard.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._last = ""
        self._after_cr = False

    def feed(self, data: bytes) -> str:
        """What of it is to be shown."""
        text = self._held + self._decoder.decode(data)
        begun = _BEGUN.search(text)
        self._held = begun[0] if begun and len(begun[0]) <= LONGEST else ""
        text = text[: len(text) - len(self._held)]
        text = _STRAY.sub("", _STRING.sub("", text))
        if text:
            before = "\r" if self._after_cr else " "
            self._after_cr = text.endswith("\r")
            text = _LONE_LF.sub("\r\n", before + text)[1:]
        self._last = (self._last + text).rpartition("\n")[2][-_LINE:]
        return text

    @property
    def line(self) -> str:
        """What stands on the last line, as far as can be told without being a terminal."""
        shown: list[str] = []
        text = _SEQUENCE.sub("", self._last).rstrip("\r").rpartition("\r")[2]
        for character in text:
            if character != "\b":
                shown.append(character)
            elif shown:
                shown.pop()
        return "".join(shown)

    @property
    def at_prompt(self) -> bool:
        """Whether the board waits for a line at its friendly prompt, of which nothing is typed yet."""
        return self.line == PROMPT

    @property
    def waits(self) -> bool:
        """Whether it waits for a line of any kind."""
        return self.line.startswith(PROMPTS) and not self.line[len(PROMPT) :].strip()
