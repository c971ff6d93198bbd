"""What runs on the board, and what the host knows of it."""

from __future__ import annotations
