"""Which files are saved, noticed while something else is done."""

from __future__ import annotations

from belay.watch.changes import Changed, Changes, Place

__all__ = ["Changed", "Changes", "Place"]
