"""The whole command; its parts are tested in test_watching.py and tests/watch."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import SOON

from belay.cli import exits

from .conftest import Belay, Start, files_in

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")


class Watch:
    """The command at work."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdout is not None
        self._output = process.stdout.fileno()
        self._seen = b""

    def until(self, text: str) -> str:
        """What is printed up to a text, on either stream."""
        while text.encode() not in self._seen:
            ready = select.select([self._output], [], [], SOON)[0]
            data = os.read(self._output, 65536) if ready else b""
            assert data, f"{text!r} does not come: {self._seen!r}"
            self._seen += data
        before, _, self._seen = self._seen.partition(text.encode())
        return before.decode()

    def ctrl_c(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.until("interrupted\n")
        return self.process.wait(SOON)


StartWatch = Callable[..., Watch]


@pytest.fixture
def watch(start: Start, board: Path) -> StartWatch:
    def watch(*words: str) -> Watch:
        return Watch(start("watch", *words, stderr=subprocess.STDOUT))

    return watch


def test_a_script_on_every_save(watch: StartWatch, belay: Belay, board: Path) -> None:
    folder = Path("source")
    folder.mkdir()
    script, module = folder / "main.py", folder / "module.py"
    script.write_text("print('first run')\n", encoding="utf-8")
    watching = watch(str(script))
    watching.until("watching source; Ctrl-C ends it\nfirst run\nwaiting for changes\n")

    # A new module; then a change of it while it runs without end.
    module.write_text("print('endless')\nwhile True:\n    pass\n", encoding="utf-8")
    script.write_text("import module\n", encoding="utf-8")
    watching.until("endless\n")
    module.write_text("print('ended')\n", encoding="utf-8")
    assert "changed: module.py\n" in watching.until("ended\n")

    script.write_text("print('never')\nx = = 1\n", encoding="utf-8")
    told = watching.until("SyntaxError: invalid syntax\nwaiting for changes\n")
    assert f'  File "{script}", line 2, in <module>\n    x = = 1\n' in told
    assert "never" not in told

    # Nobody answers; the next save ends that.
    script.write_text("input('name? ')\n", encoding="utf-8")
    watching.until("name? ")

    replacement = folder / "main.py.new"
    replacement.write_text("print('mended')\nwhile True:\n    pass\n", encoding="utf-8")
    replacement.replace(script)
    watching.until("mended\n")
    assert watching.ctrl_c() == exits.INTERRUPTED
    assert belay("eval", "6 * 7").out == "42\n"
    assert files_in(board) == {}


def test_a_project_on_every_save(watch: StartWatch, board: Path) -> None:
    Path("pyproject.toml").write_text('[tool.belay]\nname = "app"\n', encoding="utf-8")
    package, elsewhere = Path("app"), Path("../main.py")
    package.mkdir()
    (package / "__init__.py").write_text("version = 1\n", encoding="utf-8")
    main = "import app\nprint('version', app.version)\nwhile True:\n    pass\n"
    elsewhere.write_text(main, encoding="utf-8")
    watching = watch("--main", str(elsewhere))
    watching.until("version 1\n")
    (package / "__init__.py").write_text("version = 2\n", encoding="utf-8")
    watching.until("version 2\n")
    elsewhere.write_text(main.replace("version'", "now'"), encoding="utf-8")
    watching.until("now 2\n")
    Path("pyproject.toml").write_text("[tool.belay]\nname = 1\n", encoding="utf-8")
    watching.until("error: ")
    watching.until("waiting for changes\n")
    assert watching.ctrl_c() == exits.INTERRUPTED
    assert files_in(board)["app/__init__.py"] == b"version=2"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["-"], exits.USAGE, "Standard input cannot be watched"),
        (["virtual:", "x.py", "y.py"], exits.USAGE, "Got 3 arguments"),
        (["virtual:", "--mount", "."], exits.USAGE, "--mount is for scripts"),
        (["x.py", "--main", "main.py"], exits.USAGE, "--main is for projects"),
        (["x.py", "--mount", "nosuch"], exits.USAGE, "nosuch"),
        (["virtual:", "nosuch.py"], exits.FILE, "nosuch.py: No such file"),
        (["virtual:"], exits.PACKAGES, "belay new"),
        ([], exits.PACKAGES, "belay new"),
    ],
)
def test_wrong_use(  # noqa: PLR0917 - pytest gives them by name
    belay: Belay,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.py").touch()
    result = belay("watch", *words)
    assert (result.code, result.out) == (code, "")
    assert says in result.err


def test_without_watchfiles(belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    (tmp_path / "main.py").touch()
    result = belay("watch", "virtual:", str(tmp_path / "main.py"))
    assert (result.code, result.out) == (exits.UNAVAILABLE, "")
    assert result.err == (
        "error: watchfiles is not installed, which notices saved files\n"
        "hint: install belay with the extra [watch]\n"
    )
