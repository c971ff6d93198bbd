"""``belay fs edit``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Belay, files_in

if os.name == "nt":
    pytest.skip("the editors here are scripts of a shell", allow_module_level=True)

Editor = Callable[[str], None]


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """Sets the editor to a shell's command for the file ``$1``; copies are made in the folder ``copies``."""
    script = tmp_path / "my editor"
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    monkeypatch.delenv("VISUAL", raising=False)

    def set_it(command: str) -> None:
        script.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        script.chmod(0o755)
        monkeypatch.setenv("EDITOR", f"'{script}' --wait")

    return set_it


def copies(tmp_path: Path) -> list[bytes]:
    return list(files_in(tmp_path / "copies").values())


@pytest.mark.parametrize("path", [":main.py", "/main.py", "main.py"])
def test_what_was_changed_is_written_back(
    belay: Belay, board: Path, editor: Editor, tmp_path: Path, path: str
) -> None:
    (board / "main.py").write_bytes(b"one\r\n\xff")
    editor('printf two >> "$2"; basename "$2" > name')
    result = belay("fs", "edit", path)
    assert (result.code, result.out, result.err) == (0, "", "")
    assert files_in(board) == {"main.py": b"one\r\n\xfftwo"}
    assert Path("name").read_text(encoding="utf-8") == "main.py\n"
    assert not copies(tmp_path)


def test_a_new_file(belay: Belay, board: Path, editor: Editor, tmp_path: Path) -> None:
    editor('printf new > "$2"')
    assert belay("fs", "edit", ":lib/x.py").err == ""
    assert files_in(board) == {"lib/x.py": b"new"}
    editor(":")
    assert belay("fs", "edit", ":y").err == "nothing was changed\n"
    assert files_in(board) == {"lib/x.py": b"new"}
    assert not copies(tmp_path)


@pytest.mark.parametrize("had", [True, False])
def test_what_changed_on_the_board_meanwhile_stays(
    belay: Belay, board: Path, editor: Editor, tmp_path: Path, had: bool
) -> None:
    if had:
        (board / "x").write_bytes(b"old")
    editor(f'printf mine > "$2"; printf other > "{board}/x"')
    result = belay("fs", "edit", ":x")
    assert result.code == 7
    assert result.err.startswith(
        "error: :x was changed on the board meanwhile; nothing was written\nnote: what "
    )
    assert files_in(board) == {"x": b"other"}
    assert copies(tmp_path) == [b"mine"]


def test_an_editor_that_fails(belay: Belay, board: Path, editor: Editor, tmp_path: Path) -> None:
    (board / "x").write_bytes(b"old")
    editor("exit 3")
    result = belay("fs", "edit", ":x")
    assert result.code == 7
    assert result.err.endswith(" ended with 3; nothing was written\n")
    assert not copies(tmp_path)
    editor('printf mine > "$2"; exit 3')
    result = belay("fs", "edit", ":x")
    assert result.err.splitlines()[-1].startswith("note: what you wrote is kept in ")
    assert copies(tmp_path) == [b"mine"]
    assert files_in(board) == {"x": b"old"}


def test_no_editor(belay: Belay, board: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("VISUAL", "no-such-editor")
    result = belay("fs", "edit", ":x")
    assert result.code == 6
    assert result.err == (
        "error: the editor 'no-such-editor' cannot be run: No such file or directory\n"
        "hint: VISUAL or EDITOR names another\n"
    )
    monkeypatch.delenv("VISUAL")
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.setenv("PATH", "")
    result = belay("fs", "edit", ":x")
    assert (result.code, result.err) == (6, "error: there is no editor\nhint: VISUAL or EDITOR names one\n")


def test_one_file_at_a_time(belay: Belay) -> None:
    assert belay("fs", "edit", ":x", ":y").code == 2


def test_a_folder(belay: Belay, board: Path, editor: Editor) -> None:
    editor('printf mine > "$2"')
    assert belay("fs", "edit", ":lib").code == 7
