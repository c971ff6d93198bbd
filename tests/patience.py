"""How long the tests wait for what should come at once."""

from __future__ import annotations

SOON = 20.0
"""Seconds within which whatever is not held up is over, on a machine that may do other things as well."""
