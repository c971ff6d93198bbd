"""mypy and pyright understand programs that use belay, and find the mistakes in them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .complete import ROOT, documented, incomplete

SAMPLES = Path(__file__).parent / "samples"
FILES = sorted(path.name for path in SAMPLES.glob("*.py"))
MISTAKES = {
    (path.name, number)
    for path in SAMPLES.glob("*.py")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    if line.endswith("# wrong")
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a checker on the samples; it finds belay where this test does."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(
        [sys.executable, "-m", *arguments, *FILES],
        cwd=SAMPLES,
        env={**inherited, "PYTHONPATH": str(ROOT / "src"), "MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        encoding="utf-8",
        timeout=170,
        check=False,
    )


def test_mypy(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    options = ["--strict", "--config-file", "", "--hide-error-context", "--follow-imports", "silent"]
    done = run("mypy", *options, "--cache-dir", str(tmp_path))
    found = re.findall(r"^(.+?):(\d+): error", done.stdout, re.MULTILINE)
    assert {(file, int(line)) for file, line in found} == MISTAKES, done.stdout + done.stderr


def test_pyright() -> None:
    pytest.importorskip("pyright")
    done = run("pyright", "--outputjson")
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    report = json.loads(done.stdout)
    found = {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in report["generalDiagnostics"]
    }
    assert found == MISTAKES, done.stdout
    assert report["summary"]["filesAnalyzed"] == len(FILES)


def test_what_is_public_is_what_is_documented() -> None:
    page = "```\n.. autoclass:: belay.Device\n   :members:\n\n.. automodule:: belay.exceptions\n"
    assert documented(page) == {"belay.device.Device", "belay.exceptions"}
    symbols = [
        {"name": name, "isTypeKnown": known, "diagnostics": [{"message": message}]}
        for name, known, message in [
            ("belay.device.Device.one", True, ""),
            ("belay.device.Device.two", False, "Type is  missing"),
            ("belay.device.Devices", False, "Type is missing"),
        ]
    ]
    assert incomplete(symbols, documented(page)) == ["belay.device.Device.two: Type is missing"]
