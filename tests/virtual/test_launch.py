from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from belay.exceptions import FeatureUnavailableError
from belay.virtual import VirtualBoard, VirtualOptions
from belay.virtual.launch import find_interpreter

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"

BOOT = (
    "import os\nfrom belay.virtual import VirtualBoard\nwith VirtualBoard() as board:\n"
    " data = b''\n while not data.endswith(b'>>> '):\n"
    "  data += os.read(board.stdout_fd, 999) or exit(str(board.death(9)))\n"
)


def run_in(folder: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", before + BOOT],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_modules_in_the_way(tmp_path: Path) -> None:
    """What lies in the user's directory does not become the supervisor's."""
    for name in ("json", "socket", "ctypes", "belay", "threading"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('wrong module')")
    result = run_in(tmp_path, "import sys; sys.path.remove('')\n")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    result = run_in(gone, "import os; os.rmdir(os.getcwd())\n")
    assert (result.returncode, result.stderr) == (0, "")


def test_package_not_installed() -> None:
    """Seen from a Python that has belay and nothing else."""
    result = run_in(Path("/"), "import sys; sys.modules['micropython_run'] = None\n")
    assert result.returncode == 1
    assert "FeatureUnavailableError: the virtual board has no MicroPython to run here" in result.stderr


def test_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    # None stands for a module that is not there. One that another test imported would be found all the same.
    monkeypatch.setitem(sys.modules, "micropython_run", None)
    with pytest.raises(FeatureUnavailableError) as caught:
        VirtualBoard(VirtualOptions())
    assert caught.value.hint is not None
    extra = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"][
        "virtual"
    ]
    assert f"pip install {extra[0].partition(';')[0]} " in caught.value.hint
    assert "virtual:?interpreter=PATH" in caught.value.hint


def test_windows_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(FeatureUnavailableError, match="Linux and macOS"):
        find_interpreter(VirtualOptions())


def test_interpreter_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for path in (tmp_path / "nothing", tmp_path / "text", tmp_path):
        with pytest.raises(FeatureUnavailableError, match="not a program"):
            VirtualBoard(VirtualOptions(interpreter=path))


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        VirtualBoard(VirtualOptions(root=tmp_path / "file" / "board"))
