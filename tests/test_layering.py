from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

HEAVY = {"asyncio", "click", "ctypes", "http", "logging", "micropython", "multiprocessing", "pty", "rich"}
HEAVY |= {"serial", "socket", "ssl", "subprocess", "urllib"}

LOADED = """
import sys
before = set(sys.modules)
import belay
print(*sorted(set(sys.modules) - before))
"""


def lint_imports(place: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of pyproject.toml on the package ``place / "belay"``."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-logo", "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=place,
        env={**without_coverage(), "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contributors_map_has_each_room() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| \d \| `([\w.]+)/?` \|", page, re.MULTILINE)
    rooms = [path.parent for path in (ROOT / "src/belay").glob("*/__init__.py")]
    rooms += (ROOT / "src/belay").glob("[!_]*.py")
    assert sorted(named) == sorted(path.name for path in rooms)


def test_rooms_import_only_from_below() -> None:
    result = lint_imports(ROOT / "src")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("exceptions", "import belay.repl"),
        ("repl/__init__", "import belay.transports"),
        ("repl/__init__", "import belay.source"),
        ("transports/__init__", "import belay.repl"),
        ("virtual/__init__", "import belay.transports"),
        ("board/__init__", "import belay.cli"),
        ("newcomer", ""),
    ],
)
def test_a_wrong_import_is_noticed(tmp_path: Path, room: str, line: str) -> None:
    rooms = ["board", "cli", "remote", "repl", "source", "transports", "virtual"]
    for name in ["__init__", "exceptions", *(f"{name}/__init__" for name in rooms)]:
        module = tmp_path / "belay" / f"{name}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        module.touch()
    (tmp_path / "belay" / f"{room}.py").write_text(line, encoding="utf-8")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 broken" in result.stdout


def test_importing_belay_is_light() -> None:
    result = subprocess.run(
        [sys.executable, "-c", LOADED], env=without_coverage(), capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert "belay" in loaded
    assert not loaded & HEAVY


def without_coverage() -> dict[str, str]:
    """Coverage imports much itself, before anything else, in each process that is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
