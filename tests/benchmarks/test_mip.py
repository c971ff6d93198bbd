"""The benchmark of single packages still runs, and its turns are what they should be."""

from __future__ import annotations

import os

import pytest

from .programs import told_by

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="needs a pty")]


def test_three_packages() -> None:
    told = told_by("mip.py")
    figures = told["figures"]["ours"]
    assert [work for work, figure in figures.items() if figure["error"]] == []
    # Where the machine is busy a request passes in two pieces, and the board may say a word in between.
    assert figures["again"]["turns"] <= 6 + 1
    assert figures["first"]["turns"] <= 16
