"""The benchmark of watching still runs; it has its own opinion of how long that may take."""

from __future__ import annotations

import os

import pytest

from .programs import told_by


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")
def test_it_sees_every_save() -> None:
    told = told_by("watch.py")
    assert [len(seconds) for seconds in told["seconds"].values()] == [3, 3, 3]
