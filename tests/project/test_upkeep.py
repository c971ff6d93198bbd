"""Upkeep as a whole is tested through the command line; here is what that does not show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from servers.web import WebServer

HEAVY = ("urllib3", "resolvelib", "tomlkit", "rich", "email", "concurrent.futures", "importlib.metadata")


def test_who_finds_everything_in_place_imports_nothing_that_fetches(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    with WebServer() as web:
        url = web.packages({"a": {"1.0.0": {}}})
        (project / "pyproject.toml").write_text(
            f'[tool.belay]\nname = "p"\npackage_indices = ["{url}"]\n[tool.belay.dependencies]\na = "*"\n',
            encoding="utf-8",
        )
        run(project, "update")
    loaded = run(project, "fetch")
    assert (project / ".belay" / "dependencies" / "main" / "a.py").exists()
    assert loaded == "[]"


def run(folder: Path, command: str) -> str:
    """Runs a command; the heavy modules that it imported."""
    code = (
        "import os, sys; os.environ['BELAY_CACHE_DIR'] = '../cache'; from belay.cli import main; "
        f"code = main(['{command}', '-q']); "
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()
