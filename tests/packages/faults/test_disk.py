"""Disks that are full or read-only: what is wrong is said, and everything is as it was."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.cli import exits, main

from ..rights import Namespace, read_only
from .scene import Scene

if sys.platform != "win32":
    import resource

FILES = {"a/__init__.py": "A = 1\n" * 2000, "a/b.py": "B = 1\n" * 2000, "a/c/d.py": "D = 1\n"}
NEW = {path: text.replace("1", "2") for path, text in FILES.items()} | {"a/e.py": "E = 2\n" * 5000}


def publish(web: WebServer, *releases: dict[str, str]) -> None:
    web.packages({"a": {f"{count}.0": {"files": files} for count, files in enumerate(releases, start=1)}})


@pytest.fixture
def small(tmp_path: Path, namespace: Namespace, web: WebServer) -> Iterator[Scene]:
    """A scene on a disk of its own with half a megabyte, in which something is locked and vendored."""
    disk = tmp_path / "disk"
    disk.mkdir()
    namespace.mount("-t", "tmpfs", "-o", "size=512k,mode=0777", "small", str(disk))
    scene = Scene(disk, namespace)
    scene.configure(web.url + "/pi/v2", 'a = "*"')
    publish(web, FILES)
    assert scene.run("update").code == 0
    publish(web, FILES, NEW)
    return scene


def fill(scene: Scene, left: int) -> None:
    """Leaves so many bytes on the disk."""
    (scene.top / "elsewhere" / "filler").unlink(missing_ok=True)
    free = os.statvfs(scene.top)
    with (scene.top / "elsewhere" / "filler").open("wb") as filler:
        filler.write(b"\0" * max(0, free.f_bavail * free.f_frsize - left))


@pytest.mark.parametrize("mine", [False, True], ids=["as a whole", "file by file"])
def test_a_full_disk(small: Scene, tmp_path: Path, mine: bool) -> None:
    if mine:
        (small.project / ".belay/dependencies/main/mine.py").write_text("mine", encoding="utf-8")
    fill(small, 16 << 10)
    before = small.seen("store")
    result = small.run("update", env={"BELAY_CACHE_DIR": str(tmp_path / "roomy")})
    assert result.code == exits.FILE
    assert f"error: {small.inside}/project/.belay/.local/new/main/a/" in result.err
    assert f": No space left on device\nhint: the disk at {small.inside} is full\n" in result.err
    assert small.seen("store") == before
    fill(small, 256 << 10)
    assert small.run("update").code == 0
    assert small.run("verify").code == 0
    assert {path for path in small.vendored if "mine" not in path} == {f"main/{path}" for path in NEW}


def test_a_full_disk_for_the_store(small: Scene, tmp_path: Path) -> None:
    fill(small, 8 << 10)
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_bytes((small.project / "pyproject.toml").read_bytes())
    result = small.run("update", folder=project)
    assert result.code == 0, result.err
    notes = [line for line in result.err.splitlines() if "cannot be written to" in line]
    [note] = notes
    assert note.startswith(
        f"note: the store {small.inside}/store cannot be written to, so nothing is kept for later: "
    )
    assert "No space left on device" in note
    small.check_store()
    assert small.run("verify", folder=project).code == 0


def check_room(small: Scene, left: int) -> bool:
    """With so many bytes left, it is done or everything is as it was; whether it was done."""
    fill(small, left)
    before = small.seen("store")
    locked, vendored = small.lock, small.vendored
    result = small.run("update")
    done = result.code == 0
    if not done:
        assert result.code == exits.FILE, result.err
        assert "No space left on device" in result.err
        assert "Traceback" not in result.err
        if "the change has begun" not in result.err:
            assert small.seen("store") == before
            assert (small.lock, small.vendored) == (locked, vendored)
    small.check_store()
    return done


def test_disks_with_more_and_less_room(small: Scene) -> None:
    assert not check_room(small, 0)
    (small.project / ".belay/.gitattributes").unlink()
    assert not check_room(small, 28 << 10)
    assert check_room(small, 200 << 10)


@pytest.mark.long
@pytest.mark.parametrize("mine", [False, True], ids=["as a whole", "file by file"])
def test_disks_of_any_room(small: Scene, web: WebServer, mine: bool) -> None:
    done = []
    for pages in range(0, 64, 2):
        publish(web, FILES)
        fill(small, 300 << 10)
        assert small.run("update").code == 0
        if mine:
            (small.project / ".belay/dependencies/main/mine.py").write_text("mine", encoding="utf-8")
        publish(web, FILES, NEW)
        (small.project / ".belay/.gitattributes").unlink()
        done.append(check_room(small, pages << 12))
        fill(small, 300 << 10)
        assert small.run("update").code == 0
        assert small.run("verify").code == 0
    assert set(done) == {False, True}


def test_add_on_a_full_disk(small: Scene, tmp_path: Path, web: WebServer) -> None:
    web.packages({"a": {"1.0": {"files": FILES}}, "b": {"1.0": {"files": {"b.py": "#" * 50000}}}})
    fill(small, 16 << 10)
    before = small.seen("store")
    result = small.run("add", "b", env={"BELAY_CACHE_DIR": str(tmp_path / "roomy")})
    assert result.code == exits.FILE
    assert "No space left on device" in result.err
    assert "pyproject.toml is as it was" in result.err
    assert small.seen("store") == before


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
def test_files_that_may_not_grow(scene: Scene, web: WebServer) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    scene.configure(web.url + "/pi/v2", 'a = "*"')
    publish(web, FILES)
    assert scene.run("update").code == 0
    publish(web, FILES, NEW)
    before = scene.seen("store")
    result = scene.run("update", preexec_fn=limit)
    assert result.code == exits.FILE
    assert "new/main/a/e.py: File too large\n" in result.err
    assert result.err.count("cannot be written to, so nothing is kept for later") == 1
    assert scene.seen("store") == before
    assert scene.run("update").code == 0
    assert scene.vendored == {f"main/{path}": text for path, text in NEW.items()}


# --- read-only -------------------------------------------------------------------------------------


@pytest.fixture
def here(scene: Scene, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene that is the current folder, in which something is locked and vendored."""
    scene.configure(web.url + "/pi/v2", 'a = "*"')
    publish(web, FILES)
    for name, value in scene.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(scene.project)
    assert main(["update"]) == 0
    return scene


def test_a_read_only_store(here: Scene, web: WebServer, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    with read_only(here.store):
        before = here.seen("project")
        assert main(["update"]) == 0
        assert capsys.readouterr().err == "locked: 1 package\n"
        publish(web, FILES, NEW)
        assert main(["update"]) == 0
        said = capsys.readouterr().err.splitlines()
        (here.project / ".belay/dependencies/main/a/b.py").unlink()
        assert main(["fetch"]) == 0
        assert here.seen("project") == before
    assert said[0].startswith(
        f"note: the store {here.store} cannot be written to, so nothing is kept for later: "
    )
    assert said[1:] == ["locked: 1 package; changed: 1; written: 4 files"]
    assert main(["verify"]) == 0


def test_a_store_on_a_read_only_disk(here: Scene, web: WebServer, namespace: Namespace) -> None:
    namespace.mount("--bind", str(here.store), str(here.store))
    namespace.mount("-o", "remount,ro,bind", str(here.store))
    publish(web, FILES, NEW)
    before = here.seen("project")
    here.before = namespace.enter
    result = here.run("update")
    assert result.code == 0
    assert result.err.count("cannot be written to") == 1
    assert "Read-only file system" in result.err
    assert here.seen("project") == before


@pytest.mark.parametrize("words", [["update"], ["fetch"], ["lock"], ["add", "b"], ["remove", "a"], ["clean"]])
def test_a_read_only_project(
    here: Scene, web: WebServer, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    publish(web, FILES, NEW)
    capsys.readouterr()
    with read_only(here.project):
        before = here.seen("store")
        assert main(words) == exits.FILE
        assert capsys.readouterr().err.startswith(f"error: {here.project}/")
        assert here.seen("store") == before
        assert main(["verify"]) == 0
        assert main(["update", "--dry-run"]) == 0
    assert main(["update"]) == 0
