"""mpremote as it comes from PyPI, in a folder of its own, run as a program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from belay.packages.exclusive import exclusive

VERSION = "1.29.0"
PATIENCE = 60.0


def mpremote_home(config: pytest.Config) -> Path:
    """A folder with mpremote in it, kept in pytest's cache; no network is no excuse."""
    assert config.cache is not None
    version = f"py{sys.version_info[0]}.{sys.version_info[1]}"
    home = config.cache.mkdir("peers") / f"mpremote-{VERSION}-{version}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(home)]
    with exclusive(home.with_suffix(".in-use")):
        if not (home / "complete").exists():
            subprocess.run([*pip, f"mpremote=={VERSION}"], check=True)
            (home / "complete").touch()
    return home


def mpremote(home: Path, *words: str) -> str:
    """Run it, with success, and without proxies: it asks servers of this computer only. What it prints."""
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    result = subprocess.run(
        [sys.executable, "-P", "-m", "mpremote", *words],
        env={**env, "PYTHONPATH": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
