"""The benchmark of syncs still runs, and its turns and bytes are what they should be."""

from __future__ import annotations

import os

import pytest

from .programs import told_by

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a pty")


def test_what_goes_over_the_wire() -> None:
    told = told_by("files.py", "--ours")
    missing = [
        work for figures in told["figures"].values() for work, figure in figures.items() if figure["error"]
    ]
    assert not missing
    # Where the machine is busy a request passes in two pieces, and the board may say a word in between.
    spare = {"turns": 1, "bytes to the board": 0}
    counted = {
        (row["work"], row["quantity"]): row["cells"]["ours"]
        <= float(row["target"].removeprefix("≤ ")) + spare[row["quantity"]]
        for row in told["rows"]
        if row["quantity"] in spare and row["target"]
    }
    assert len(counted) == 7
    assert all(counted.values()), counted
