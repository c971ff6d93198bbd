"""Bytes to and from a board."""

from __future__ import annotations
