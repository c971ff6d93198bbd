"""The virtual board: a real MicroPython in a process of its own that behaves as a board does.

Names are imported when they are first used: the board's own process needs none of the host's.
"""

from __future__ import annotations

# As type checkers understand it; see belay/__init__.py.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from belay.virtual.board import VirtualBoard
    from belay.virtual.options import VirtualOptions

__all__ = ["VirtualBoard", "VirtualOptions"]

_PLACES = {"VirtualBoard": "belay.virtual.board", "VirtualOptions": "belay.virtual.options"}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'belay.virtual' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value
