"""The commands with packages in git repositories, from a server that git itself speaks to."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from servers.repositories import GitServer, Remote, isolate

from belay.cli import exits
from belay.packages.lockfile import read_lock

from .conftest import Belay, Start

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

LONG = 30.0


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    isolate(tmp_path / "home", monkeypatch)
    made = Remote(tmp_path / "served" / "drivers")
    made.commit_files(
        {
            "led.py": b"LED = 1\n",
            "sensor/__init__.py": b"SENSOR = 1\n",
            "sensor/core.py": b"CORE = 1\n",
            "board/manifest.py": b'module("led.py", base_path="..")\npackage("board")\n',
            "board/board/__init__.py": b"BOARD = 1\n",
        }
    )
    made.git("tag", "v1")
    return made


@pytest.fixture
def server(remote: Remote) -> Iterator[GitServer]:
    with GitServer(remote.path.parent).running() as running:
        yield running


@pytest.fixture
def url(server: GitServer) -> str:
    return f"{server.url}/drivers"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current folder, and an empty cache."""
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    write(root)
    return root


def write(root: Path, *dependencies: str) -> None:
    lines = ["[tool.belay]", "package_indices = []", "", "[tool.belay.dependencies]", *dependencies, ""]
    (root / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")


def there(root: Path) -> dict[str, str]:
    """The vendored files."""
    folder = root / ".belay" / "dependencies"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def locked(root: Path) -> dict[str, str]:
    lock = read_lock(root / "belay.lock")
    assert lock is not None
    return {package.name: package.version for package in lock.packages}


def test_from_add_to_a_colleague(belay: Belay, project: Path, remote: Remote, server: GitServer) -> None:
    url, first = f"{server.url}/drivers", remote.git("rev-parse", "HEAD")
    assert belay("add", "lamp", f"{url}@v1#subdirectory=led.py").code == 0
    assert belay("add", f"{url}#subdirectory=sensor", f"{url}#subdirectory=board").code == 0
    assert there(project) == {
        "main/lamp/__init__.py": "LED = 1\n",
        "main/sensor/__init__.py": "SENSOR = 1\n",
        "main/sensor/core.py": "CORE = 1\n",
        "main/board/__init__.py": "BOARD = 1\n",
        "main/led.py": "LED = 1\n",
    }
    assert locked(project) == dict.fromkeys(("board", "lamp", "sensor"), first)
    lock = (project / "belay.lock").read_bytes()
    assert f'url = "{url}@{first}#sensor/core.py"'.encode() in lock
    assert belay("verify").code == 0
    assert belay("lock", "--check").code == 0

    # The branch moves on; whoever fetches gets what was locked.
    second = remote.commit_files({"sensor/core.py": b"CORE = 2\n"})
    shutil.rmtree(project / ".belay")
    shutil.rmtree(project.parent / "cache")
    assert belay("fetch").code == 0
    assert there(project)["main/sensor/core.py"] == "CORE = 1\n"

    # Neither lock nor the update of another one moves it.
    server.requests.clear()
    assert belay("lock").code == 0
    assert server.requests == []
    assert belay("update", "lamp").code == 0
    assert (project / "belay.lock").read_bytes() == lock

    result = belay("update", "sensor")
    assert (result.code, result.err) == (0, "locked: 3 packages; changed: 1; written: 1 file\n")
    assert locked(project) == {"board": first, "lamp": first, "sensor": second}
    assert there(project)["main/sensor/core.py"] == "CORE = 2\n"
    assert belay("update").code == 0
    assert locked(project) == {"board": second, "lamp": first, "sensor": second}


def test_fetch_needs_no_git_where_the_store_has_it(
    belay: Belay, project: Path, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, f'sensor = {{ git = "{server.url}/drivers", tag = "v1", subdirectory = "sensor" }}')
    assert belay("update").code == 0
    files = there(project)
    server.requests.clear()
    monkeypatch.setenv("PATH", str(project))
    for words in (["fetch"], ["fetch", "--offline"], ["update", "--offline"], ["lock"]):
        shutil.rmtree(project / ".belay", ignore_errors=True)
        result = belay(*words)
        assert (words, result.code, result.err) == (words, 0, result.err)
        assert there(project) == (files if words != ["lock"] else {})
    assert server.requests == []
    result = belay("update")
    assert result.code == exits.PACKAGES
    assert "needs the git program" in result.err
    assert "hint: install it" in result.err


def test_offline_without_it_is_an_error_that_changes_nothing(belay: Belay, project: Path, url: str) -> None:
    write(project, f'sensor = "{url}#subdirectory=sensor"')
    result = belay("update", "--offline")
    assert result.code != 0
    assert f"{url}@HEAD" in result.err or url in result.err
    assert "hint: without --offline" in result.err
    assert not (project / "belay.lock").exists()
    assert there(project) == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'x = {{ git = "{url}", branch = "a", tag = "b" }}',
            "line 5: tool.belay.dependencies.x: has branch and tag",
        ),
        ('x = {{ git = "{url}", rev = "--x" }}', "is no name of a branch, tag or commit"),
        ('x = {{ git = "{url}", develop = true }}', "develop is for files and folders of this machine"),
        ('x = "git+https://me:secret@example.com/r"', "has a login in it"),
        ('x = "git@example.com:o/r.git"', "hint: write git+ssh://git@host/owner/repository.git"),
    ],
)
def test_what_is_written_wrong_is_named_with_its_line(
    belay: Belay, project: Path, url: str, line: str, said: str
) -> None:
    write(project, line.format(url=url))
    result = belay("update")
    assert result.code == exits.USAGE
    assert said in result.err
    assert "line 5" in result.err


def test_what_is_not_there_is_named_with_who_wants_it(belay: Belay, project: Path, url: str) -> None:
    for line, said in (
        (f'x = "{url}@nothing"', "has no branch, tag or commit 'nothing'"),
        (f'x = "{url}#subdirectory=nothing"', "there is no 'nothing' in the commit"),
        (f'x = "{url}-not"', "not found"),
    ):
        write(project, line)
        result = belay("update")
        assert result.code != 0
        assert said in result.err
        assert "is needed by pyproject.toml, line 5" in result.err
        assert there(project) == {}


def test_outdated_and_tree(belay: Belay, project: Path, url: str, remote: Remote) -> None:
    write(project, f'sensor = "{url}#subdirectory=sensor"')
    assert belay("update").code == 0
    first = remote.git("rev-parse", "HEAD")
    assert f"sensor {first[:10]} [{url}#subdirectory=sensor]" in belay("tree").out
    assert belay("outdated").out == ""
    second = remote.commit_files({"sensor/core.py": b"CORE = 2\n"})
    (entry,) = json.loads(belay("outdated", "--json").out)
    assert second in json.dumps(entry)


def test_outdated_tells_of_newer_tags(belay: Belay, project: Path, url: str, remote: Remote) -> None:
    write(project, f'sensor = {{ git = "{url}", tag = "v1", subdirectory = "sensor" }}')
    assert belay("update").code == 0
    assert belay("outdated").out == ""
    remote.commit_files({"sensor/core.py": b"CORE = 2\n"})
    remote.git("tag", "--annotate", "--message=two", "v2")
    remote.git("tag", "v3rc1")
    remote.git("tag", "other-v9")
    (entry,) = json.loads(belay("outdated", "--json").out)
    assert entry["latest"] == "v2"


def test_the_cache_lists_and_clears_repositories(
    belay: Belay, project: Path, url: str, remote: Remote, tmp_path: Path
) -> None:
    write(project, f'sensor = "{url}#subdirectory=sensor"')
    assert belay("update").code == 0
    commit = remote.git("rev-parse", "HEAD")
    names = belay("cache", "list").out.splitlines()
    assert f"git-127.0.0.1-drivers/sensor/core.py@{commit}" in names
    assert "git-127.0.0.1-drivers" in names
    assert belay("cache", "clear", "git-127.0.0.1-drivers", "--yes").code == 0
    assert belay("cache", "list").out.splitlines() == []
    assert not list((tmp_path / "cache").glob("git-*/*.git"))
    assert belay("update").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Windows are others")
def test_ctrl_c_ends_git_and_changes_nothing(
    start: Start, project: Path, url: str, server: GitServer, tmp_path: Path
) -> None:
    write(project, f'sensor = "{url}#subdirectory=sensor"')
    server.stalled = True
    process = start("update", cwd=project)
    assert server.waiting.wait(LONG)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LONG)
    assert process.returncode == exits.INTERRUPTED
    assert not (project / "belay.lock").exists()
    assert there(project) == {}
    # Its git has ended, too: nobody has to be waited for.
    server.stalled = False
    again = start("update", cwd=project)
    _, said = again.communicate(timeout=LONG)
    assert (again.returncode, b"waiting" in said) == (0, False)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="signals of Windows are others")
def test_whenever_an_update_is_killed_the_next_one_works(
    start: Start, project: Path, url: str, remote: Remote
) -> None:
    rng = random.Random(1)
    write(project, f'sensor = "{url}#subdirectory=sensor"', f'lamp = "{url}#subdirectory=led.py"')
    for count in range(40):
        commit = remote.commit_files({"sensor/core.py": f"CORE = {count}\n".encode()})
        before = there(project)
        killed = start("update", cwd=project)
        with suppress(subprocess.TimeoutExpired):
            killed.wait(rng.uniform(0.1, 0.8))
        killed.kill()
        killed.communicate(timeout=LONG)
        files = {**before, "main/sensor/core.py": f"CORE = {count}\n"}
        again = start("update", cwd=project)
        _, said = again.communicate(timeout=LONG)
        assert again.returncode == 0, said
        assert locked(project) == {"sensor": commit, "lamp": commit}
        assert not before or there(project) == files


# A process of its own session makes the terminal that it has as its input the one that may ask questions.
_ON_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "belay", *sys.argv[1:]])
"""


class Terminal:
    """A belay on a terminal."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._end, inner = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_TERMINAL, *words], cwd=folder, stdin=inner, stdout=inner, stderr=inner
        )
        os.close(inner)
        self.seen = b""

    def type(self, text: bytes) -> None:
        os.write(self._end, text)

    def wait_for(self, text: bytes) -> None:
        self.seen = b""
        while text not in self.seen:
            ready, _, _ = select.select([self._end], [], [], LONG)
            assert ready, self.seen
            self.seen += os.read(self._end, 1000)

    def close(self) -> int:
        """Wait for the end; on some systems nothing can be read after it."""
        code = self.process.wait(LONG)
        os.close(self._end)
        return code


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of Windows are others")
def test_on_a_terminal_git_asks_for_a_login(project: Path, url: str, server: GitServer) -> None:
    write(project, f'sensor = "{url}#subdirectory=sensor"')
    server.login = "me:secret"
    terminal = Terminal(project, "update")
    for _ in range(2):  # for the refs, and for the files
        terminal.wait_for(b"Username for")
        terminal.type(b"me\n")
        terminal.wait_for(b"Password for")
        terminal.type(b"secret\n")
    terminal.wait_for(b"locked: 1 package")
    assert terminal.close() == 0
    assert b"secret" not in (project / "belay.lock").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of Windows are others")
def test_ctrl_c_at_a_terminal(project: Path, url: str, server: GitServer) -> None:
    write(project, f'sensor = "{url}#subdirectory=sensor"')
    server.stalled = True
    terminal = Terminal(project, "update")
    assert server.waiting.wait(LONG)
    terminal.type(b"\x03")
    terminal.wait_for(b"interrupted")
    assert terminal.close() == exits.INTERRUPTED
    assert there(project) == {}
