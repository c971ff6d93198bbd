"""The virtual board: a real MicroPython in a process of its own that behaves as a board does."""

from __future__ import annotations

from belay.virtual.board import VirtualBoard
from belay.virtual.options import VirtualOptions

__all__ = ["VirtualBoard", "VirtualOptions"]
