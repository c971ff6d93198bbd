from __future__ import annotations

import signal
from pathlib import Path

import pytest

from belay.cli import exits

from .conftest import Belay, Start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "greet.py").write_text("print('greeted')\n\ndef fail():\n    1 / 0\n")
    return folder


def test_code_imports_from_the_folder(belay: Belay, folder: Path) -> None:
    code = "import greet", "print(greet.__file__, open('/remote/greet.py').readline(), end='')"
    result = belay("mount", "virtual:", str(folder), "--exec", code[0], "--exec", code[1])
    assert (result.code, result.out, result.err) == (0, "greeted\n/remote/greet.py print('greeted')\n", "")


def test_a_script_runs(belay: Belay, folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import greet, sys\ngreet.fail()\n")
    result = belay("mount", "virtual:", str(folder), "--run", str(script), "--at", "/here")
    assert (result.code, result.out) == (exits.RAISED, "greeted\n")
    assert f'File "{script}", line 2' in result.err
    assert 'File "/here/greet.py", line 4' in result.err
    assert "_belay" not in result.err


def test_the_folder_may_be_changed_if_that_is_said(belay: Belay, folder: Path) -> None:
    write = "with open('/remote/new', 'w') as f: f.write('x')"
    result = belay("mount", "virtual:", str(folder), "--exec", write)
    assert (result.code, (folder / "new").exists()) == (exits.RAISED, False)
    assert belay("mount", "virtual:", str(folder), "--writable", "--exec", write).code == 0
    assert (folder / "new").read_text() == "x"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "FOLDER"),
        (["virtual:"], "names a board"),
        (["virtual:", "missing", "--exec", "1"], "no folder 'missing'"),
        (["virtual:", "."], "nothing to run"),
        (["virtual:", ".", "--exec", "1", "--run", "x.py"], "exclude"),
        (["virtual:", ".", "--exec", "1", "--at", "here"], "mount point"),
    ],
)
def test_wrong_use(belay: Belay, arguments: list[str], says: str) -> None:
    result = belay("mount", *arguments)
    assert (result.code, result.out) == (exits.USAGE, "")
    assert says in result.err


def test_where_the_agent_cannot_run(belay: Belay, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELAY_AGENT", "0")
    result = belay("mount", "virtual:", str(folder), "--exec", "1")
    assert result.code == exits.UNAVAILABLE
    assert "hint: " in result.err


def test_ctrl_c(start: Start, folder: Path) -> None:
    process = start(
        "mount", "virtual:", str(folder), "--exec", "import greet\nwhile True: open(greet.__file__).read()"
    )
    assert process.stdout.readline() == b"greeted\n"
    process.send_signal(signal.SIGINT)
    assert process.wait() == exits.INTERRUPTED
