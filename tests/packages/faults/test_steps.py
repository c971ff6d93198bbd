"""Killed, or with a full disk, at each step of each command: what is there is the old or the new.

A step is whatever changes something in the file system; :mod:`~.steps` counts them.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator

import pytest
import trustme
from servers.web import WebServer

from belay.cli import exits

from . import arrange as a
from .scene import Scene
from .stage import GOOD, Servers, Stage
from .steps import stop

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a kill is something else there")

NEW = {"good/__init__.py": "GOOD = 2\n", "good/more.py": ""}
COMMANDS = {
    "update": "wanted",
    "lock": "wanted",
    "fetch": "locked",
    "add bad": "settled",
    "remove bad": "locked",
}
BESIDE = re.compile(r"/\.[a-z.]+\.[0-9a-f]{12}\.new$")
SOME = [
    ("update", "killed"),
    ("fetch", "killed"),
    ("lock", "killed"),
    ("add bad", "full"),
    ("remove bad", "full"),
]
SAMPLE = 2
"""How many steps of each of these the suite looks at; at all steps of all commands where there is time."""


@pytest.fixture
def stage(
    scene: Scene,
    web: WebServer,
    authority: trustme.CA,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    made = Stage(scene, web, Servers(authority, tmp_path_factory.mktemp("servers")), monkeypatch)
    yield made
    made.around.close()


def begin(stage: Stage, command: str) -> None:
    """The project as it is before the command; the index has a new version of ``good``."""
    stage.packages["good"] = {"1.0": {"files": GOOD}}
    stage.begin(COMMANDS[command])
    if command == "fetch":
        a.emptied(stage)
    stage.packages["good"]["2.0"] = {"files": NEW}
    stage.publish()


def fresh(stage: Stage) -> None:
    """Nothing is as a command has left it."""
    for folder in (stage.scene.project / ".belay", stage.scene.store):
        shutil.rmtree(folder, ignore_errors=True)
    for path in stage.scene.project.iterdir():
        if path.name == "belay.lock" or BESIDE.search(str(path)):
            path.unlink()


def check(stage: Stage, command: str, end: str, at: int) -> None:
    begin(stage, command)
    scene = stage.scene
    mine = ("project/.belay", "project/belay.lock", "project/pyproject.toml", "store")
    around, before = scene.seen(*mine), scene.seen("store", "project/.belay/.local")
    result, _ = stop(scene, end, at, *command.split())
    # What somebody was writing who was killed is removed when it is certain that it is nobody's.
    assert {path: what for path, what in scene.seen(*mine).items() if not BESIDE.search(path)} == around
    assert "Traceback" not in result.err
    if end == "killed":
        assert result.code in {-signal.SIGKILL, exits.DONE}
    elif result.code:
        assert result.code == exits.FILE, result.err
        assert "No space left on device" in result.err
        if "the change has begun" not in result.err:
            assert scene.seen("store", "project/.belay/.local") == before
    check_whole(stage)
    scene.check_store()


def check_whole(stage: Stage) -> None:
    """The next command goes on from there, and all is well."""
    assert stage.run("update").code == 0
    assert stage.run("verify").code == 0
    assert stage.run("lock", "--check").code == 0
    assert set(stage.vendored) - {"bad.py"} == set(NEW)
    left = stage.scene.project / ".belay" / ".local"
    assert {path.name for path in left.iterdir()} == {".gitignore", "in-use", "record.json"}


def count(stage: Stage, command: str, end: str) -> int:
    """How many steps a command takes."""
    begin(stage, command)
    result, steps = stop(stage.scene, end, 0, *command.split())
    assert result.code == 0, result.err
    assert steps > SAMPLE
    return steps


@pytest.mark.parametrize(("command", "end"), SOME)
def test_some_steps(stage: Stage, command: str, end: str) -> None:
    steps = count(stage, command, end)
    for number in range(SAMPLE):
        fresh(stage)
        check(stage, command, end, steps * (number + 1) // (SAMPLE + 1))


@pytest.mark.parametrize("end", ["killed", "full"])
def test_each_step_of_a_new_project(scene: Scene, end: str) -> None:
    _, steps = stop(scene, end, 0, "new", "fresh")
    for at in range(1, steps + 1):
        shutil.rmtree(scene.project / "fresh")
        around = scene.seen("project/fresh")
        result, _ = stop(scene, end, at, "new", "fresh")
        # Where there was no room for one step, another way may have led there.
        assert result.code in ({exits.FILE, exits.DONE} if end == "full" else {-signal.SIGKILL}), result
        assert "Traceback" not in result.err
        assert scene.seen("project/fresh") == around
        assert scene.run("new", "fresh").code == 0
        made = {path.name for path in (scene.project / "fresh").iterdir() if not BESIDE.search(str(path))}
        assert made == {"fresh", "README.md", "pyproject.toml"}


@pytest.mark.long
@pytest.mark.parametrize("end", ["killed", "full"])
@pytest.mark.parametrize("command", COMMANDS)
def test_each_step(stage: Stage, command: str, end: str) -> None:
    for at in range(1, 1 + count(stage, command, end)):
        fresh(stage)
        check(stage, command, end, at)
