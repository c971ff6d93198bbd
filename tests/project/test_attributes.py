from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from belay.project import load_project
from belay.project.attributes import keep_line_ends

from .conftest import Write


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (".belay/dependencies", "dependencies/** -text\n"),
        (".belay/a/b", "a/b/** -text\n"),
        (".belay", None),
        ("lib", None),
    ],
)
def test_only_belay_s_own_folder_has_attributes(
    write: Write, tmp_path: Path, path: str, line: str | None
) -> None:
    project = load_project(write(f"[tool.belay]\ndependencies_path = '{path}'\n"))
    place = tmp_path / ".belay" / ".gitattributes"
    keep_line_ends(project)
    assert not place.exists()  # there is nothing vendored
    project.vendored.mkdir(parents=True)
    keep_line_ends(project)
    assert (place.read_text(encoding="utf-8") if place.exists() else None) == line
    if line is not None:
        place.write_text("mine", encoding="utf-8")
        keep_line_ends(project)
        assert place.read_text(encoding="utf-8") == "mine"


def test_git_leaves_vendored_files_as_they_are(write: Write, tmp_path: Path) -> None:
    project = load_project(write("[tool.belay]\n"))
    file = project.vendored / "main" / "a.py"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a = 1\n")
    keep_line_ends(project)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*words: str) -> None:
        command = ["git", "-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)

    for words in (["init", "."], ["add", "."], ["commit", "-m", "x"], ["rm", "-r", "--cached", "."]):
        git(*words)
    file.unlink()
    project.file.unlink()
    git("reset", "--hard")
    assert file.read_bytes() == b"a = 1\n"
    assert project.file.read_bytes() == b"[tool.belay]\r\n"
