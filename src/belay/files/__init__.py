"""The room of a board's files: what is to be done to them, and doing it."""

from __future__ import annotations
