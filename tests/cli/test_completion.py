from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import BELAY, Belay


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(belay: Belay, shell: str) -> None:
    result = belay("completion", shell)
    assert (result.code, result.err) == (0, "")
    assert f"_BELAY_COMPLETE={shell}_complete" in result.out


def test_the_script_works_in_bash(belay: Belay, tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(belay("completion", "bash").out, encoding="utf-8")
    ask = (
        f"source {script}; COMP_WORDS=(belay lat); COMP_CWORD=1; _belay_completion belay; "
        "echo ${COMPREPLY[@]}"
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", ask], capture_output=True, text=True, env={**os.environ, "PATH": path}, check=True
    )
    assert done.stdout == "latency\n"


def test_nothing_is_run_for_a_completion() -> None:
    done = subprocess.run(
        BELAY,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "_BELAY_COMPLETE": "bash_complete",
            "COMP_WORDS": "belay info virt",
            "COMP_CWORD": "2",
        },
        check=False,
    )
    assert done.stdout == "plain,virtual:\n"
