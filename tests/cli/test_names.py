from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from servers.web import WebServer

from belay.cli.app import cli
from belay.packages.lock import Lock
from belay.packages.lockfile import write_lock
from belay.packages.model import LockedPackage

Complete = Callable[..., list[str]]

PROJECT = """\
[tool.belay.dependencies]
aiohttp = "*"
"umqtt.simple" = "*"

[tool.belay.group.dev.dependencies]
aiohttp = "*"
unittest = "*"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    packages = (
        LockedPackage("aiohttp", "1", "x", ("main",), ("ssl",), ()),
        LockedPackage("ssl", "1", "x", ("main",), (), ()),
    )
    write_lock(tmp_path / "belay.lock", Lock(packages))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@pytest.fixture
def complete() -> Complete:
    """What is offered for the last of some words."""

    def offered(*words: str) -> list[str]:
        *before, last = words
        found = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE").get_completions(before, last)
        return [item.value for item in found]

    return offered


def test_dependencies(project: Path, complete: Complete) -> None:
    assert complete("remove", "") == ["aiohttp", "umqtt.simple", "unittest"]
    assert complete("remove", "un") == ["unittest"]
    assert complete("remove", "unittest", "u") == ["umqtt.simple"]


def test_locked_packages(project: Path, complete: Complete) -> None:
    assert complete("update", "") == ["aiohttp", "ssl", "umqtt.simple", "unittest"]
    assert complete("update", "ssl", "") == ["aiohttp", "umqtt.simple", "unittest"]
    assert complete("tree", "--why", "s") == ["ssl"]
    (project / "belay.lock").write_text("[", encoding="utf-8")
    assert complete("update", "") == ["aiohttp", "umqtt.simple", "unittest"]


def test_groups(project: Path, complete: Complete) -> None:
    for verb in ("tree", "remove", "add"):
        assert complete(verb, "--group", "") == ["main", "dev"]
    assert complete("tree", "--group", "d") == ["dev"]


def test_indices(project: Path, complete: Complete) -> None:
    file = project / "pyproject.toml"
    index = '[tool.belay]\npackage_indices = [{name = "mine", url = "https://example.com/pi"}]\n'
    file.write_text(index + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert complete("search", "--index", "m") == ["mine"]
    assert complete("search", "--index", "mine", "--index", "") == []


@pytest.mark.parametrize(
    "text", ["$(id)", "`id`", "a;id", "a&id", "a|id", "a>b", "*", "{a,b}", "'a'", "!!", "a#b"]
)
def test_nothing_is_offered_that_a_shell_would_run(project: Path, complete: Complete, text: str) -> None:
    file = project / "pyproject.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text(f'[tool.belay]\npackage_indices = ["https://a/{text}", "https://b/x"]\n{before}', "utf-8")
    assert [each for each in complete("search", "--index", "") if "x" not in each] == []
    assert complete("search", "--index", "https://b") == ["https://b/x"]


def test_nobody_is_asked_for_a_completion(project: Path, complete: Complete, web: WebServer) -> None:
    file = project / "pyproject.toml"
    before = file.read_text(encoding="utf-8")
    web.packages({"aiohttp": {"1": {}}})
    file.write_text(f'[tool.belay]\npackage_indices = ["{web.url}/pi/v2"]\n{before}', "utf-8")
    there = sorted(project.rglob("*"))
    for words in (
        ["add"],
        ["update"],
        ["remove"],
        ["tree", "--why"],
        ["search", "--index"],
        ["run"],
        ["fetch"],
    ):
        complete(*words, "")
    assert not web.counts().requests
    assert sorted(project.rglob("*")) == there


def test_the_groups_of_a_dependency_are_told(project: Path) -> None:
    found = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE").get_completions(["remove"], "a")
    assert [(item.value, item.help) for item in found] == [("aiohttp", "main, dev")]


@pytest.mark.parametrize("text", ["[tool.belay]\nname = 1\n", "[", ""])
def test_where_there_is_no_project_nothing_is_offered(project: Path, complete: Complete, text: str) -> None:
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    assert complete("remove", "") == complete("tree", "--why", "") == complete("tree", "--group", "") == []
