"""The way in: what is imported for it, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import belay
from belay.cli import exits, main

from .conftest import BELAY, Belay, Start

MODULES = (
    "import sys; before = set(sys.modules); {}; "
    "print(*sorted(name for name in set(sys.modules) - before), sep='\\n')"
)


def imported(code: str) -> set[str]:
    """The modules that a fresh interpreter imports for some code."""
    done = subprocess.run(
        [sys.executable, "-c", MODULES.format(code)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split("\n")) - {""}


def quietly(word: str) -> str:
    """Code that runs a command without its output."""
    code = f"with contextlib.redirect_stdout(io.StringIO()): belay.cli.main([{word!r}])"
    return f"import io, contextlib, belay.cli; exec({code!r})"


@pytest.mark.parametrize("words", [["--version"], ["-V"]])
def test_version(belay: Belay, words: list[str]) -> None:
    result = belay(*words)
    assert (result.code, result.out, result.err) == (0, f"belay {version('belay')}\n", "")


def test_version_needs_no_command_and_no_click() -> None:
    found = imported(quietly("--version"))
    assert not {name for name in found if name.partition(".")[0] in {"click", "serial", "rich"}}
    ours = {name for name in found if name.startswith("belay")}
    assert ours == {"belay", "belay.cli", "belay.cli.exits", "belay.cli.streams", "belay.exceptions"}


def test_help_imports_no_command_and_hardly_more_than_click() -> None:
    found = imported(quietly("--help"))
    needed = imported("import click, serial")
    ours = {name for name in found if name.startswith("belay")}
    assert ours == {
        "belay",
        *(f"belay.cli{name}" for name in ("", ".app", ".exits", ".report", ".settings", ".streams", ".text")),
        "belay.exceptions",
    }
    assert not {
        name for name in found if name.partition(".")[0] in {"serial", "rich", "socket", "asyncio", "shutil"}
    }
    # Click's formatting and completion; a count, since a time would say more of the machine than of belay.
    assert len(found - needed - ours) <= 30, sorted(found - needed - ours)


def test_runs_as_a_module_and_as_a_program() -> None:
    program = Path(sys.executable).parent / "belay"
    for command in (BELAY, [str(program)]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"belay {version('belay')}\n"


def test_without_arguments_it_shows_its_help(belay: Belay) -> None:
    result = belay()
    assert result.code == exits.USAGE
    assert "Commands:" in result.err
    assert result.out == ""


def test_the_arguments_are_the_programs_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["belay", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"belay {belay.__version__}\n"


LOOP = "x = 41\nprint('on')\nwhile True:\n    print('.', end='')\n"


def test_ctrl_c_stops_the_board_and_leaves_it_at_its_prompt(start: Start, tmp_path: Path) -> None:
    link, script = tmp_path / "board", tmp_path / "loop.py"
    script.write_text(LOOP, encoding="utf-8")
    server = start("virtual", "--link", str(link))
    assert server.stdout.readline().strip().decode() == str(link)

    process = start("run", str(link), str(script))
    assert process.stdout.readline() == b"on\n"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == exits.INTERRUPTED
    assert err.decode().split() == ["interrupted"]
    assert set(out) <= set(b".")

    # It was stopped, not reset: what the script defined is there.
    again = start("eval", "--no-reset", str(link), "x + 1")
    out, err = again.communicate(timeout=20)
    assert (again.returncode, out, err) == (0, b"42\n", b"")


def test_sigterm_stops_the_board_too(start: Start, tmp_path: Path) -> None:
    script = tmp_path / "loop.py"
    script.write_text(LOOP, encoding="utf-8")
    process = start("run", "virtual:", str(script))
    assert process.stdout.readline() == b"on\n"
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (128 + signal.SIGTERM, b"")


def test_a_reader_that_goes_away_ends_it_quietly(start: Start, tmp_path: Path) -> None:
    script = tmp_path / "loop.py"
    script.write_text(LOOP, encoding="utf-8")
    process = start("run", "virtual:", str(script))
    assert process.stdout.readline() == b"on\n"
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (exits.NO_READER, b"")


def test_a_disk_that_is_full_is_an_error_of_a_file() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as out:
        done = subprocess.run(
            [*BELAY, "devices", "--json"], stdout=out, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == exits.FILE
    assert done.stderr.startswith("error: ")


def test_works_with_every_standard_stream_closed() -> None:
    code = "import os, sys; os.closerange(0, 3); os.execv(sys.executable, sys.argv[1:])"
    command = [*BELAY, "exec", "virtual:", "import sys; print('x'); sys.exit(9)"]
    done = subprocess.run([sys.executable, "-c", code, *command], check=False)
    assert done.returncode == 9


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_characters_that_the_output_cannot_hold(encoding: str) -> None:
    done = subprocess.run(
        [*BELAY, "exec", "virtual:", "print('\\U0001f600 ok'); raise ValueError('\\U0001f600')"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert done.stdout.split() == [b"\\U0001f600", b"ok"]
    assert done.stderr.splitlines()[-1] == b"ValueError: \\U0001f600"
    assert done.returncode == exits.RAISED
