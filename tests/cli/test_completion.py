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


@pytest.mark.skipif(os.name == "nt", reason="bash there is another system's")
@pytest.mark.parametrize(
    ("line", "words", "replies"),
    [
        ("belay lat", ["belay", "lat"], ["latency"]),
        ("belay info virt", ["belay", "info", "virt"], ["virtual:"]),
        # What bash has between the words; readline puts the reply in the place of the @, too.
        ("belay info @bench", ["belay", "info", "@", "bench"], ["@bench-left"]),
        ("belay info virtual:", ["belay", "info", "virtual", ":"], [""]),
        (
            "belay search --index https://exa",
            ["belay", "search", "--index", "https", ":", "//exa"],
            ["//example.com"],
        ),
        (
            "belay search --index=https://exa",
            ["belay", "search", "--index", "=", "https", ":", "//exa"],
            ["//example.com"],
        ),
        (
            "belay search  --index https://example.com --off",
            ["belay", "search", "--index", "https", ":", "//example.com", "--off"],
            ["--offline"],
        ),
    ],
)
def test_the_script_works_in_bash(
    belay: Belay, tmp_path: Path, line: str, words: list[str], replies: list[str]
) -> None:
    """As readline calls it, which breaks words at colons and puts a reply in the place of the last piece."""
    script = tmp_path / "completion"
    script.write_text(belay("completion", "bash").out, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.belay]\npackage_indices = ["https://example.com"]\n',
        encoding="utf-8",
    )
    ask = 'source "$1"; shift; COMP_LINE=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
    ask += 'COMP_POINT=${#COMP_LINE}; _belay_completion belay 2>&1; printf "%s\\n" "${COMPREPLY[@]}"'
    (tmp_path / "config.toml").write_text('[aliases]\nbench-left = "a0"\n', encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", ask, "bash", script, line, *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "BELAY_CONFIG_DIR": str(tmp_path)},
        check=True,
    )
    assert done.stdout.splitlines() == replies


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
