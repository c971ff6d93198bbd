"""The benchmark of git hosts still runs, and asks for as little as it should."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from .test_compare import FOLDER

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the benchmarks are for systems with a shell")


def test_what_is_asked_for() -> None:
    command = [sys.executable, FOLDER / "hosts.py", "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    requests = {row["work"]: row["ours"] for row in rows if row["quantity"] == "requests"}
    assert list(requests.values())[1:] == [30, 0, 0]
