"""The benchmark of git hosts still runs, and asks for as little as it should."""

from __future__ import annotations

import os

import pytest

from .programs import told_by

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the benchmarks are for systems with a shell")


def test_what_is_asked_for() -> None:
    rows = told_by("hosts.py")["rows"]
    requests = {row["work"]: row["ours"] for row in rows if row["quantity"] == "requests"}
    assert list(requests.values())[1:] == [30, 0, 0]
