"""Functions and objects across the link."""

from __future__ import annotations
