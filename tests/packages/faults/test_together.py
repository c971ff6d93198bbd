"""Several at once: who changes a project waits for whoever does, and who reads sees no half of it."""

from __future__ import annotations

import os
import signal
import threading
import tomllib
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.cli import exits
from belay.project import load_project
from belay.project.upkeep import Talk, update_project, verify_project, why_stale

from .scene import Scene, ended, files, on_stage

NAMES = [f"p{number}" for number in range(6)]
WAITING = "waiting for another belay that changes this project\n"


def publish(web: WebServer, number: int) -> None:
    web.packages({name: {f"1.{number}": {"files": {f"{name}.py": f"V = {number}\n" * 99}}} for name in NAMES})


@pytest.fixture
def ready(scene: Scene, web: WebServer) -> Scene:
    """A project that was never updated."""
    publish(web, 0)
    scene.configure(web.url + "/pi/v2", *(f'{name} = "*"' for name in NAMES))
    return scene


def check_right(scene: Scene, number: int, names: list[str] = NAMES) -> None:
    assert scene.vendored == {f"main/{name}.py": f"V = {number}\n" * 99 for name in names}
    project = load_project(scene.project / "pyproject.toml")
    lock, found = verify_project(project, Talk())
    assert found == []
    assert why_stale(project, lock) == []


def test_two_updates_of_a_project(ready: Scene, web: WebServer) -> None:
    web.behave(latency=0.2)
    both = [ready.start("update") for _ in range(2)]
    results = [ended(process) for process in both]
    assert [result.code for result in results] == [0, 0], results
    assert sorted(result.out for result in results) == ["", "".join(f"{name} 1.0: added\n" for name in NAMES)]
    check_right(ready, 0)


def test_who_waits_goes_on_when_the_other_is_killed(ready: Scene, web: WebServer) -> None:
    web.fault("mute")
    first = ready.start("update")
    web.until_asked()
    second = ready.start("update")
    assert second.stderr is not None
    assert second.stderr.readline() == WAITING
    web.heal()
    first.kill()
    first.communicate()
    assert ended(second).code == 0
    check_right(ready, 0)


def test_two_projects_with_one_store(ready: Scene, tmp_path: Path, web: WebServer) -> None:
    other = Scene(tmp_path)
    web.behave(latency=0.05)
    (other.project / "pyproject.toml").write_bytes((ready.project / "pyproject.toml").read_bytes())
    for number in range(2):
        publish(web, number)
        both = [ready.start("update"), other.start("update", env={"BELAY_CACHE_DIR": str(ready.store)})]
        assert [ended(process).code for process in both] == [0, 0]
        assert ready.vendored == other.vendored
    check_right(ready, 1)
    ready.check_store()
    assert not list(files(other.store))


def test_additions_and_an_update(ready: Scene, web: WebServer) -> None:
    ready.configure(web.url + "/pi/v2", 'p0 = "*"')
    web.behave(latency=0.1)
    words = [("add", "p1"), ("add", "p2", "p3"), ("add", "p4", "p5"), ("update",)]
    for result in [ended(process) for process in [ready.start(*each) for each in words]]:
        assert result.code == 0, result.err
    text = (ready.project / "pyproject.toml").read_text(encoding="utf-8")
    assert sorted(tomllib.loads(text)["tool"]["belay"]["dependencies"]) == NAMES
    check_right(ready, 0)


def test_who_has_waited_starts_from_what_is_there_then(ready: Scene, web: WebServer) -> None:
    project = load_project(ready.project / "pyproject.toml")
    ready.configure(web.url + "/pi/v2", 'p1 = "*"')
    with on_stage(ready):
        update_project(project, Talk())
    check_right(ready, 0, ["p1"])


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent to one process there")
def test_an_addition_that_fails_takes_nothing_of_others_back(ready: Scene, web: WebServer) -> None:
    web.fault("mute", "/pi/v2/index.json", times=1)
    adding = ready.start("add", "nosuch")
    web.until_asked()
    file = ready.project / "pyproject.toml"
    with file.open("a", encoding="utf-8") as editor:
        editor.write("# mine\n")
    mine = file.read_bytes()
    adding.send_signal(signal.SIGINT)
    result = ended(adding)
    assert result.code == exits.INTERRUPTED
    assert "is as it was" not in result.err
    assert file.read_bytes() == mine


def test_a_reader_sees_no_half_of_it(ready: Scene, web: WebServer) -> None:
    assert ready.run("update").code == 0
    failed: list[str] = []

    def change() -> None:
        for number in range(1, 4):
            publish(web, number)
            failed.extend([result.err] if (result := ready.run("update")).code else [])

    changing = threading.Thread(target=change)
    changing.start()
    seen = set()
    while changing.is_alive():
        lock, found = verify_project(load_project(ready.project / "pyproject.toml"), Talk())
        assert found == []
        seen.add(lock.packages[0].version)
    changing.join()
    assert failed == []
    assert len(seen) > 1
    check_right(ready, 3)
