"""The user's folder for what belay can have or make again, and what it has made from source."""

from __future__ import annotations
