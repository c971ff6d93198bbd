"""The benchmark of the clock still runs, and finds what its page says."""

from __future__ import annotations

import os

import pytest

from .programs import told_by


@pytest.mark.skipif(os.name == "nt", reason="the virtual board runs elsewhere only")
def test_in_short() -> None:
    *simulated, measured = told_by("clock.py")
    assert all(row["kept"] for row in simulated)
    assert all(row["largest"] < row["half"] for row in simulated[:5])
    assert "virtual board" in measured["calls"]
