"""Runs the benchmarks, which are programs in a folder and no package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def told_by(program: str, *options: str) -> Any:
    """What a benchmark says in its quick form, as JSON.

    Whoever measures the coverage of these tests sees nothing of it: programs that are watched so closely take
    several times as long, and their figures mean nothing.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, FOLDER / program, "--quick", "--json", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
