"""Python source for boards.

Takes functions out of the user's files, checks that a board can run them, makes them small, and brings the
line numbers of a board's traceback back to the user's files.

Nothing here talks to a board.
"""

from __future__ import annotations

from belay.source.check import check
from belay.source.extract import FunctionSource, extract
from belay.source.linemap import LineMap, Location
from belay.source.minify import minify
from belay.source.traceback import BoardTraceback, Frame, parse_traceback

__all__ = [
    "BoardTraceback",
    "Frame",
    "FunctionSource",
    "LineMap",
    "Location",
    "check",
    "extract",
    "minify",
    "parse_traceback",
]
