"""The commands that choose, lock and vendor, against a web server with an index."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import SOON
from servers.web import WebServer

from belay.cli import exits
from belay.cli.progress import Bar
from belay.packages.lockfile import read_lock
from belay.packages.supply import Progress

from .conftest import Belay, Start

A1 = {"1.0": {"files": {"a.py": "A = 1\n"}, "deps": [["b", ""]]}}
B1 = {"1.0": {"files": {"b.py": "B = 1\n"}}}
A2 = {**A1, "2.0": {"files": {"a.py": "A = 2\n"}}}
B2 = {**B1, "2.0": {"files": {"b.py": "B = 2\n"}}}


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@pytest.fixture
def web(server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    """A web server with two packages, and an empty store."""
    server.clear()
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    server.packages({"a": A1, "b": B1})
    return server


@pytest.fixture
def project(web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that asks that server's index; its folder is the current one."""
    root = tmp_path / "project"
    root.mkdir()
    write(root, web)
    monkeypatch.chdir(root)
    return root


def write(root: Path, web: WebServer, *dependencies: str) -> None:
    lines = ["[tool.belay]", f'package_indices = ["{web.url}/pi/v2"]', "", "[tool.belay.dependencies]"]
    (root / "pyproject.toml").write_text("\n".join([*lines, *dependencies, ""]), encoding="utf-8")


def there(root: Path) -> dict[str, str]:
    """The vendored files."""
    folder = root / ".belay" / "dependencies"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def locked(root: Path) -> dict[str, str]:
    lock = read_lock(root / "belay.lock")
    assert lock is not None
    return {package.name: package.version for package in lock.packages}


# --- update ----------------------------------------------------------------------------------------


def test_update(belay: Belay, project: Path, web: WebServer) -> None:
    write(project, web, 'a = "*"')
    result = belay("update")
    assert (result.code, result.out) == (0, "a 1.0: added\nb 1.0: added\n")
    assert result.err == "locked: 2 packages; changed: 2; written: 2 files\n"
    assert there(project) == {"main/a.py": "A = 1\n", "main/b.py": "B = 1\n"}
    assert belay("verify").code == 0
    lock = (project / "belay.lock").read_bytes()
    result = belay("update")
    assert (result.code, result.out, result.err) == (0, "", "locked: 2 packages\n")
    assert (project / "belay.lock").read_bytes() == lock


def test_update_of_one_touches_no_other(belay: Belay, project: Path, web: WebServer) -> None:
    write(project, web, 'a = "*"', 'b = "*"')
    belay("update")
    web.packages({"a": A2, "b": B2})
    result = belay("update", "b", "--json")
    assert json.loads(result.out) == [
        {
            "name": "b",
            "old": {"version": "1.0", "source": f"index+{web.url}/pi/v2", "groups": ["main"]},
            "new": {"version": "2.0", "source": f"index+{web.url}/pi/v2", "groups": ["main"]},
        }
    ]
    assert there(project) == {"main/a.py": "A = 1\n", "main/b.py": "B = 2\n"}
    result = belay("update", "c")
    assert result.code == exits.PACKAGES
    assert "no dependency 'c'" in result.err


def test_a_dry_run_changes_nothing(belay: Belay, project: Path, web: WebServer) -> None:
    write(project, web, 'a = "*"')
    result = belay("update", "--dry-run")
    assert (result.code, result.out) == (0, "a 1.0: added\nb 1.0: added\n")
    assert result.err == "would lock: 2 packages; would change: 2\n"
    assert [path.name for path in project.iterdir()] == ["pyproject.toml"]


def test_offline_uses_the_store(belay: Belay, project: Path, web: WebServer) -> None:
    write(project, web, 'a = "*"')
    assert belay("update", "--offline").code == exits.PACKAGES
    assert not (project / "belay.lock").exists()
    belay("update", "--dry-run")
    web.counts()
    assert belay("update", "--offline").code == 0
    assert not web.counts().requests
    assert len(there(project)) == 2


def test_files_of_a_time_without_a_lock_are_taken_over(belay: Belay, project: Path, web: WebServer) -> None:
    write(project, web, 'a = "*"')
    folder = project / ".belay" / "dependencies" / "main"
    (folder / "a").mkdir(parents=True)
    for name in ("a.py", "a/__init__.py", "mine.py"):
        (folder / name).write_text("old", encoding="utf-8")
    assert belay("update").code == 0
    assert there(project) == {"main/a.py": "A = 1\n", "main/b.py": "B = 1\n", "main/mine.py": "old"}


def test_edited_files_are_restored_and_told(belay: Belay, project: Path, web: WebServer) -> None:
    write(project, web, 'a = "*"')
    belay("update")
    path = ".belay/dependencies/main/a.py"
    (project / path).write_text("edited", encoding="utf-8")
    result = belay("update")
    assert result.err == (
        f"locked: 2 packages; written: 1 file\nnote: {path} had been edited; it is as locked again\n"
    )


def test_what_cannot_be_updated_stays(belay: Belay, project: Path, web: WebServer) -> None:
    write(project, web, 'a = "*"')
    belay("update")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    web.packages({"a": A2, "b": B2})
    web.fault("status", "/pi/v2/file", status=404)
    assert belay("update").code == exits.CONNECTION
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_another_index_is_asked_for_all_that_the_old_one_had(
    belay: Belay, project: Path, web: WebServer
) -> None:
    write(project, web, 'a = "*"')
    belay("update")
    web.packages({"a": A2, "b": B2}, "/other")
    file = project / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("/pi/v2", "/other"), encoding="utf-8")
    assert belay("lock").code == 0
    assert locked(project) == {"a": "2.0"}


# --- add, remove -----------------------------------------------------------------------------------


def test_add_and_remove(belay: Belay, project: Path, web: WebServer) -> None:
    result = belay("add", "b")
    assert (result.code, result.out) == (0, "b 1.0: added\n")
    assert result.err == 'added b = "*" to main\nlocked: 1 package; changed: 1; written: 1 file\n'
    web.packages({"a": A1, "b": B2})
    assert belay("add", "a").code == 0
    assert locked(project) == {"a": "1.0", "b": "1.0"}
    web.counts()
    result = belay("remove", "a")
    assert (result.code, result.out) == (0, "a 1.0: removed\n")
    assert result.err == "removed a from main\nlocked: 1 package; changed: 1; removed: 1 file\n"
    assert not web.counts().requests
    assert there(project) == {"main/b.py": "B = 1\n"}


def test_verbose_names_the_files(belay: Belay, project: Path) -> None:
    said = belay("add", "b", "-v").err.splitlines()
    assert said[1:] == [
        "written: .belay/dependencies/main/b.py",
        "locked: 1 package; changed: 1; written: 1 file",
    ]
    assert "removed: .belay/dependencies/main/b.py" in belay("remove", "b", "-v").err.splitlines()


def test_add_of_what_is_there(belay: Belay, project: Path) -> None:
    assert belay("add", "--no-update", "b").err.startswith('added b = "*" to main\n')
    assert belay("add", "--no-update", "b").err.startswith('main has b = "*" already\n')
    result = belay("add", "--no-update", "b>=1")
    assert result.err.startswith('changed b = ">=1" in main; it was b = "*"\n')
    assert belay("add", "--no-update", "b", "--group", "dev").err.startswith('added b = "*" to dev\n')


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent to one process there")
def test_ctrl_c_while_adding(project: Path, web: WebServer, start: Start) -> None:
    before = (project / "pyproject.toml").read_bytes()
    web.fault("mute", "/pi/v2/index.json")
    adding = start("add", "a")
    web.until_asked()
    adding.send_signal(signal.SIGINT)
    _, said = adding.communicate(timeout=SOON)
    assert adding.returncode == exits.INTERRUPTED
    assert said.decode().splitlines() == [
        'added a = "*" to main',
        "",
        "interrupted",
        "note: pyproject.toml is as it was; with --no-update it is changed all the same",
    ]
    assert (project / "pyproject.toml").read_bytes() == before


def test_add_of_what_cannot_be_had_leaves_the_project_alone(belay: Belay, project: Path) -> None:
    before = (project / "pyproject.toml").read_bytes()
    result = belay("add", "nosuch")
    assert result.code == exits.PACKAGES
    assert result.err.endswith(
        "\nnote: pyproject.toml is as it was; with --no-update it is changed all the same\n"
    )
    assert (project / "pyproject.toml").read_bytes() == before
    assert not (project / "belay.lock").exists()


# --- fetch -----------------------------------------------------------------------------------------


def test_fetch(belay: Belay, project: Path, web: WebServer) -> None:
    belay("add", "a")
    lock = (project / "belay.lock").read_bytes()
    web.counts()
    result = belay("fetch")
    assert (result.code, result.out, result.err) == (0, "", "as locked: 2 files\n")
    (project / ".belay/dependencies/main/a.py").unlink()
    result = belay("fetch", "--offline")
    assert (result.code, result.out) == (0, ".belay/dependencies/main/a.py\n")
    assert result.err == "as locked: 2 files; written: 1 file\n"
    assert not web.counts().requests
    assert (project / "belay.lock").read_bytes() == lock


def test_fetch_into_an_empty_store(
    belay: Belay, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    belay("add", "a")
    path = project / ".belay/dependencies/main/a.py"
    path.unlink()
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "another"))
    result = belay("fetch", "--offline")
    assert result.code == exits.CONNECTION
    said = "is not in the store\n  it is a file of a\nhint: without --offline it would be fetched"
    assert said in result.err
    assert not path.exists()
    assert belay("fetch").code == 0
    assert path.read_text(encoding="utf-8") == "A = 1\n"


def test_fetch_says_what_it_removes(belay: Belay, project: Path) -> None:
    belay("add", "b")
    lock = (project / "belay.lock").read_bytes()
    belay("add", "a")
    (project / "belay.lock").write_bytes(lock)
    result = belay("fetch")
    assert (result.code, result.out) == (0, ".belay/dependencies/main/a.py: removed\n")


def test_fetch_says_if_the_lock_does_not_fit(belay: Belay, project: Path) -> None:
    belay("add", "a")
    belay("add", "--no-update", "b")
    result = belay("fetch")
    assert result.code == 0
    assert "note: b (main) is not locked\nhint: the lockfile does not fit" in result.err


# --- lock ------------------------------------------------------------------------------------------


def test_lock(belay: Belay, project: Path, web: WebServer) -> None:
    belay("add", "b")
    web.packages({"a": A1, "b": B2})
    belay("add", "--no-update", "a")
    result = belay("lock", "--check", "--json")
    assert (result.code, json.loads(result.out)) == (exits.PACKAGES, ["a (main) is not locked"])
    assert belay("lock", "--check").out == "a (main) is not locked\n"
    result = belay("lock")
    assert result.code == 0
    assert result.out == "a 1.0: added\n"
    assert result.err.endswith("\nhint: `belay fetch` makes the vendored files fit\n")
    assert locked(project) == {"a": "1.0", "b": "1.0"}
    assert there(project) == {"main/b.py": "B = 1\n"}
    result = belay("lock", "--check")
    assert (result.code, result.out, result.err) == (0, "", "the lockfile fits pyproject.toml\n")
    lock = project / "belay.lock"
    before = lock.stat().st_mtime_ns
    assert belay("lock").code == 0
    assert lock.stat().st_mtime_ns == before


@pytest.mark.parametrize("words", [["fetch"], ["lock", "--check"]])
def test_without_a_lock(belay: Belay, project: Path, words: list[str]) -> None:
    result = belay(*words)
    assert result.code == exits.PACKAGES
    assert result.err == f"error: {project / 'belay.lock'} is missing\nhint: `belay update` makes it\n"
    assert [path.name for path in project.iterdir()] == ["pyproject.toml"]


# --- the bar ---------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.has_bar = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        if "fetching" in text:
            self.has_bar.set()
        return written


def test_a_bar_appears_only_where_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Bar(3600) as bar:
        bar(Progress(1, 2))
    assert not terminal.getvalue()
    with Bar(0) as bar:
        bar(Progress(1, 2))
        bar(Progress(2, 2))
    assert "fetching" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()


def test_a_bar_appears_while_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Bar(0):
        assert terminal.has_bar.wait(SOON)
    assert terminal.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K"), "the cursor is seen, the bar is not"


def test_a_bar_is_hidden_while_somebody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Bar(0) as bar:
        bar(Progress(1, 3))
        with bar.hidden():
            before = terminal.getvalue()
            assert before.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
            bar(Progress(2, 3))
            assert terminal.getvalue() == before
        bar(Progress(3, 3, "led 50%"))
    assert "fetching led 50%" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()[len(before) :]


def test_a_terminal_has_a_bar(belay: Belay, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("belay.cli.progress.Bar.__init__.__defaults__", (0.0,))
    assert belay("add", "a").code == 0
    assert "fetching" in terminal.getvalue()
    assert "locked: 2 packages" in terminal.getvalue()
