"""Python source for boards."""

from __future__ import annotations
