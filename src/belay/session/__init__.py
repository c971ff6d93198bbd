"""From an address to a board that takes calls, and back there after a loss."""

from __future__ import annotations

from belay.session.connection import NewsHandler
from belay.session.session import Session

__all__ = ["NewsHandler", "Session"]
