"""Programs of this computer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from belay.cli.program import find_program, wait_for

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX's rules")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder; ``bin`` in it has programs."""
    monkeypatch.chdir(tmp_path)
    for name in ("bin/tool", "bin/tool.exe", "bin/script.py", "bin/run.BAT", "here", "bin/both.cmd"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o755)
    (tmp_path / "bin" / "text").touch(mode=0o644)
    (tmp_path / "bin" / "folder").mkdir()
    return tmp_path


@posix
@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("tool", "{}/bin/tool"),
        ("./here", "./here"),
        ("bin/tool", "bin/tool"),
        ("{}/here", "{}/here"),
        ("here", None),
        ("text", None),
        ("folder", None),
        ("bin/text", None),
        ("script.py", None),
        ("bin/script.py", None),
        ("bin/SCRIPT.PY", None),
        ("nosuch", None),
        ("", None),
        ("-", None),
        ("a\0b", None),
        ("x" * 5000, None),
    ],
)
def test_what_a_shell_would_run(folder: Path, word: str, found: str | None) -> None:
    environment = {"PATH": f"/nowhere:{folder / 'bin'}"}
    expected = found and found.format(folder)
    assert find_program(word.format(folder), environment) == expected


@posix
def test_an_empty_entry_of_path_is_the_current_folder(folder: Path) -> None:
    assert find_program("here", {"PATH": ":/nowhere"}) == "./here"
    assert find_program("sh", {}) in {"/bin/sh", "/usr/bin/sh"}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("tool", "bin/tool.EXE"),
        ("TOOL.exe", "bin/TOOL.exe"),
        ("both", "bin/both.CMD"),
        ("bin/tool", "bin/tool.EXE"),
        ("text", None),
        ("script", None),
        ("tool.py", None),
        ("here", None),
    ],
)
def test_what_windows_would_run(folder: Path, word: str, found: str | None) -> None:
    # The names of files differ by case here, and do not there.
    for name in ("tool.EXE", "TOOL.exe", "both.CMD"):
        (folder / "bin" / name).touch()
    environment = {"PATH": '/nowhere;;"bin"', "PATHEXT": ".COM;.EXE;.CMD;.PY"}
    assert find_program(word, environment, windows=True) == found


def test_windows_knows_its_own_endings(folder: Path) -> None:
    (folder / "bin" / "x.BAT").touch()
    assert find_program("x", {"PATH": "bin"}, windows=True) == "bin/x.BAT".replace("/", os.sep)


# --- waiting for one, as it is done on Windows ------------------------------------------------------


def test_the_exit_code_and_the_environment() -> None:
    program = "import os, sys; sys.exit(int(os.environ['CODE']) + len(sys.argv))"
    words = ("anything", "-c", program, "-x", "--help")
    assert wait_for(sys.executable, words, {**os.environ, "CODE": "40"}) == 43


@posix
def test_a_signal_that_ends_it() -> None:
    assert wait_for("/bin/sh", ("sh", "-c", "kill -9 $$"), os.environ) == 128 + 9


def test_one_that_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        wait_for(str(tmp_path / "nosuch"), ("nosuch",), os.environ)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


WAITING = """
import os, sys
from belay.cli.program import wait_for
code = '''
import sys, time
try:
    print("ready", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    sys.exit(7)
'''
sys.exit(wait_for(sys.executable, ("python", "-c", code), os.environ))
"""


@posix
def test_ctrl_c_is_for_the_program() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()
    assert process.returncode == 7
