"""How a main.py ended whose output was shown."""

from __future__ import annotations

import sys

from belay.source.traceback import parse_traceback

_HEADER = "Traceback (most recent call last):\n"
_MOST = 8192
"""So many characters of its end are remembered: that of a deep recursion is cut, and still has its end."""


class Ending:
    """Shows text on standard output, and remembers how it ends."""

    def __init__(self) -> None:
        self._tail = ""

    def write(self, text: str) -> None:
        """Show text."""
        sys.stdout.write(text)
        self._tail = (self._tail + text)[-_MOST:]

    def flush(self) -> None:
        """Show it now."""
        sys.stdout.flush()

    @property
    def raised(self) -> bool:
        """Whether the last of it is the traceback of a main.py."""
        _, header, last = self._tail.rpartition(_HEADER)
        found = parse_traceback(header + last)
        ran = any(frame.file.endswith("main.py") for frame in found.frames)
        # What stands behind its last line was printed afterwards: main.py had dealt with it.
        return bool(header and found.type_name and ran) and "\n" not in found.message
