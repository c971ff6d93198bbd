"""Killed at any moment: what is there is the old or the new, and the next command goes on from there."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Mapping

import pytest
from servers.web import WebServer

from belay.project import load_project
from belay.project.upkeep import Talk, verify_project

from .scene import Scene, files

NAMES = [f"package-{number}" for number in range(12)]
STATE = ".belay/.local"
MINE = "main/mine.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a kill is something else there")


def texts(number: int) -> dict[str, dict[str, str]]:
    """The files of each package, in some version; some come and go, some stay."""
    made = {}
    for count, name in enumerate(NAMES):
        word = name.replace("-", "_")
        made[name] = {f"{word}/__init__.py": f"V = {number}\n" * 50, f"{word}/same.py": f"S = {count}\n"}
        made[name] |= {f"{word}/only_{number}.py": ""} if count % 3 == 0 else {}
    return made


def laid_out(number: int) -> dict[str, str]:
    return {f"main/{path}": text for made in texts(number).values() for path, text in made.items()}


def publish(web: WebServer, number: int) -> None:
    web.packages({name: {f"1.{number}": {"files": made}} for name, made in texts(number).items()})


def begin(scene: Scene, web: WebServer, mine: Mapping[str, str]) -> None:
    """A project with everything up to date."""
    scene.configure(web.url + "/pi/v2", *(f'{name} = "*"' for name in NAMES))
    for path, text in mine.items():
        place = scene.project / ".belay" / "dependencies" / path
        place.parent.mkdir(parents=True)
        place.write_text(text, encoding="utf-8")
    publish(web, 0)
    assert scene.run("update").code == 0


def kill_within(process: subprocess.Popen[str], scene: Scene, chance: random.Random, length: float) -> None:
    """Kills a process: at any moment of its life, or about the time when it changes files."""
    end = time.monotonic() + chance.uniform(0, length)
    if chance.random() < 0.5:
        new = scene.project / STATE / "new"
        while process.poll() is None and not new.exists():
            pass
        end = time.monotonic() + chance.uniform(0, 0.02)
    while process.poll() is None and time.monotonic() < end:
        pass
    process.kill()
    process.communicate()


def check_killed(
    scene: Scene, old: dict[str, str], new: dict[str, str], locks: tuple[bytes | None, ...]
) -> None:
    """What is promised of whatever is there after a kill."""
    there, lock = scene.vendored, scene.lock
    unfinished = (scene.project / STATE / "journal.json").exists()
    if MINE in there:
        # File by file: each is the old or the new, and a mix is a change that goes on.
        assert there.pop(MINE) == "mine"
        assert all(text in (old.get(path), new.get(path)) for path, text in there.items())
        assert unfinished or there in (old, new)
    else:
        assert there in (old, new)
    if not unfinished and locks[0] != locks[1]:
        assert (lock == locks[0]) == (there == old)
    found = verify_project(load_project(scene.project / "pyproject.toml"), Talk())[1]
    assert ("unfinished" in {each.kind for each in found}) == unfinished
    scene.check_store()


def check_finished(scene: Scene, expected: dict[str, str], mine: Mapping[str, str]) -> None:
    assert scene.vendored == {**expected, **mine}
    assert {
        each.kind for each in verify_project(load_project(scene.project / "pyproject.toml"), Talk())[1]
    } <= {"unknown"}
    assert {path.name for path in (scene.project / STATE).iterdir()} == {
        ".gitignore",
        "in-use",
        "record.json",
    }
    assert {path.name for path in scene.project.iterdir()} == {
        ".belay",
        "belay.lock",
        "code.py",
        "pyproject.toml",
    }


def kill_updates(scene: Scene, web: WebServer, times: int, mine: Mapping[str, str], seed: int) -> None:
    chance = random.Random(seed)
    begin(scene, web, mine)
    start = time.monotonic()
    publish(web, 1)
    assert scene.run("update").code == 0
    length = time.monotonic() - start
    around = scene.seen("project", "store")
    for number in range(2, 2 + times):
        old, new = laid_out(number - 1), laid_out(number)
        before = scene.lock
        publish(web, number)
        kill_within(scene.start("update"), scene, chance, length)
        killed = scene.lock
        check_killed(scene, old, new, (before, None if killed == before else killed))
        done = scene.run("update")
        assert done.code == 0, done.err
        assert killed in (before, scene.lock)
        check_finished(scene, new, mine)
    assert scene.seen("project", "store") == around
    check_swept(scene)


def kill_fetches(scene: Scene, web: WebServer, times: int, mine: Mapping[str, str], seed: int) -> None:
    chance = random.Random(seed)
    begin(scene, web, mine)
    locks = [scene.lock]
    start = time.monotonic()
    publish(web, 1)
    assert scene.run("update").code == 0
    length = time.monotonic() - start
    locks.append(scene.lock)
    for number in range(2, 2 + times):
        lock = locks[number % 2]
        assert lock is not None
        (scene.project / "belay.lock").write_bytes(lock)
        if number % 3 == 0:
            (scene.project / ".belay" / "dependencies" / "main" / "package_1" / "same.py").unlink(
                missing_ok=True
            )
        old = {path: text for path, text in scene.vendored.items() if path not in mine}
        kill_within(scene.start("fetch"), scene, chance, length)
        check_killed(scene, old, laid_out(number % 2), (lock, lock))
        assert scene.lock == lock
        done = scene.run("fetch")
        assert done.code == 0, done.err
        check_finished(scene, laid_out(number % 2), mine)


def check_swept(scene: Scene) -> None:
    """What the killed ones were writing into the store goes some day."""
    left = [path for path in files(scene.store) if path.parent.name == "tmp"]
    for path in left:
        os.utime(path, (1, 1))
    (scene.project / "pyproject.toml").write_text(
        (scene.project / "pyproject.toml").read_text(encoding="utf-8") + '\n"more" = "./code.py"\n',
        encoding="utf-8",
    )
    assert scene.run("update").code == 0
    assert not [path for path in left if path.exists()]


@pytest.mark.parametrize("mine", [{}, {MINE: "mine"}], ids=["as a whole", "file by file"])
def test_update_is_killed(scene: Scene, web: WebServer, mine: Mapping[str, str]) -> None:
    kill_updates(scene, web, 2, mine, seed=1)


@pytest.mark.parametrize("mine", [{}, {MINE: "mine"}], ids=["as a whole", "file by file"])
def test_fetch_is_killed(scene: Scene, web: WebServer, mine: Mapping[str, str]) -> None:
    kill_fetches(scene, web, 2, mine, seed=2)


@pytest.mark.long
@pytest.mark.parametrize("mine", [{}, {MINE: "mine"}], ids=["as a whole", "file by file"])
def test_update_is_killed_100_times(scene: Scene, web: WebServer, mine: Mapping[str, str]) -> None:
    kill_updates(scene, web, 100, mine, seed=3)


@pytest.mark.long
@pytest.mark.parametrize("mine", [{}, {MINE: "mine"}], ids=["as a whole", "file by file"])
def test_fetch_is_killed_100_times(scene: Scene, web: WebServer, mine: Mapping[str, str]) -> None:
    kill_fetches(scene, web, 100, mine, seed=4)
