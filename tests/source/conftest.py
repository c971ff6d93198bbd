"""A real MicroPython that runs or compiles many programs in one process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Run = Callable[[Sequence[str]], list[str]]

_DRIVER = """
import json, sys
with open(sys.argv[1]) as file:
    task = json.load(file)
for program in task["programs"]:
    try:
        code = compile(program, "<stdin>", "exec")
        if task["run"]:
            exec(code, {"__name__": "__main__"})
    except BaseException as error:
        sys.print_exception(error)
    print(task["mark"])
"""
_MARK = "--- end of a program ---"
_MAIN = "import sys, micropython_unix; sys.exit(micropython_unix.main())"


def _micropython(directory: Path, programs: Sequence[str], *, run: bool) -> list[str]:
    pytest.importorskip("micropython_unix")
    driver, task = directory / "driver.py", directory / "task.json"
    driver.write_text(_DRIVER)
    task.write_text(json.dumps({"programs": list(programs), "run": run, "mark": _MARK}))
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, str(driver), str(task)],
        capture_output=True,
        timeout=60,
        check=True,
        cwd=directory,
    )
    outputs = done.stdout.decode("utf-8", "surrogateescape").split(_MARK + "\n")
    assert outputs.pop() == ""
    assert len(outputs) == len(programs)
    return outputs


@pytest.fixture
def run_on_micropython(tmp_path: Path) -> Run:
    """Run programs; give what each printed, a traceback at the end included."""
    return lambda programs: _micropython(tmp_path, programs, run=True)


@pytest.fixture
def compile_on_micropython(tmp_path: Path) -> Run:
    """Compile programs; give an empty text for each that MicroPython knows, else its traceback."""
    return lambda programs: _micropython(tmp_path, programs, run=False)
