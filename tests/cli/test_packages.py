"""The commands for a project's packages, which share what they need."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from belay.cli import exits
from belay.packages.lock import Lock, LockedRequirement
from belay.packages.lockfile import read_lock, write_lock
from belay.packages.model import LockedFile, LockedPackage
from belay.project import load_project

from .conftest import Belay

STALE = "the lockfile and the vendored files are as before; `belay update` makes them fit\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, which is the current one."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[tool.belay]\n\n[tool.belay.dependencies]\n", encoding="utf-8")
    monkeypatch.chdir(root)
    return root


def dependencies(root: Path) -> list[str]:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return text.partition("[tool.belay.dependencies]\n")[2].splitlines()


# --- new -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["new", "init"])
def test_new(belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = belay(word, "my project")
    assert (result.code, result.out) == (0, "")
    assert result.err == (
        "wrote README.md, my_project/__init__.py, pyproject.toml in my project\n"
        "hint: cd 'my project' && belay add NAME\n"
    )
    assert load_project(tmp_path / "my project" / "pyproject.toml").name == "my_project"
    result = belay("new", "my project")
    assert result.err == "there is a project in my project already; nothing is missing\n"


def test_new_here(belay: Belay, project: Path) -> None:
    result = belay("new")
    assert result.err == "wrote pyproject.toml\nhint: belay add NAME\n"


def test_new_in_the_way_of_a_file(belay: Belay, project: Path) -> None:
    assert belay("new", "pyproject.toml").code == exits.USAGE


# --- add -------------------------------------------------------------------------------------------


def test_add(belay: Belay, project: Path) -> None:
    result = belay("add", "--no-update", "aiohttp", "requests>=0.9,<1")
    assert (result.code, result.out) == (0, "")
    assert result.err == f'added aiohttp = "*" to main\nadded requests = ">=0.9,<1" to main\n{STALE}'
    assert dependencies(project) == ['aiohttp = "*"', 'requests = ">=0.9,<1"']


def test_add_to_a_group(belay: Belay, project: Path) -> None:
    assert belay("add", "--no-update", "umqtt.simple", "--group", "dev").code == 0
    assert dependencies(project)[-2:] == ["[tool.belay.group.dev.dependencies]", '"umqtt.simple" = "*"']


def test_add_a_path_from_below(belay: Belay, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sub", "../my-sensor"):
        (project / name).mkdir()
    (project / "sub" / "own.py").touch()
    monkeypatch.chdir(project / "sub")
    result = belay("add", "--no-update", "sensor", "../../my-sensor", "--develop")
    assert result.code == 0
    assert result.err == f'added sensor = {{uri = "../my-sensor", develop = true}} to main\n{STALE}'
    assert belay("add", "--no-update", "own.py", "--no-rename-to-init").code == 0
    assert belay("add", "--no-update", str(project / "sub")).code == 0
    assert dependencies(project) == [
        'sensor = {uri = "../my-sensor", develop = true}',
        'own = {uri = "./sub/own.py", rename_to_init = false}',
        f'sub = "{project / "sub"}"',
    ]
    if os.name != "nt":
        assert belay("add", "--no-update", "~", "x").code == exits.USAGE


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["aiohttp", "--develop"], exits.USAGE, "develop is for files and folders"),
        (["../nowhere"], exits.USAGE, "there is no such file or folder"),
        (["aiohttp", "x[y]"], exits.USAGE, "neither extras nor markers"),
        (["1.0"], exits.USAGE, "is a version, of no package"),
        (["aiohttp", "--group", "../../x"], exits.PACKAGES, "is no name"),
        (["aiohttp", "--group", "Main"], exits.PACKAGES, "has a group 'main', and on some systems 'Main' is"),
    ],
)
def test_add_refuses(belay: Belay, project: Path, words: list[str], code: int, reason: str) -> None:
    result = belay("add", "--no-update", *words)
    assert result.code == code
    assert reason in result.err
    assert dependencies(project) == []


def test_a_broken_configuration_names_its_place(belay: Belay, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text("[tool.belay]\nmpy_version = 'x'\n", encoding="utf-8")
    result = belay("add", "--no-update", "aiohttp")
    assert result.code == exits.USAGE
    assert result.err.startswith(f"error: {file}, line 2: tool.belay.mpy_version: must be ")


# --- remove ----------------------------------------------------------------------------------------


def test_remove(belay: Belay, project: Path) -> None:
    belay("add", "--no-update", "aiohttp", "requests")
    belay("add", "--no-update", "aiohttp", "--group", "dev")
    result = belay("remove", "--no-update", "aiohttp")
    assert (result.code, result.out) == (0, "")
    assert result.err == f"removed aiohttp from main\nremoved aiohttp from dev\n{STALE}"
    result = belay("remove", "--no-update", "request")
    assert result.code == exits.PACKAGES
    assert result.err == "error: the project has no dependency 'request'\nhint: did you mean 'requests'?\n"
    result = belay("remove", "--no-update", "requests", "--group", "main2")
    assert result.code == exits.PACKAGES
    assert result.err == "error: the project has no group 'main2'\nhint: did you mean 'main'?\n"


# --- verify, clean ---------------------------------------------------------------------------------


@pytest.fixture
def locked(belay: Belay, project: Path) -> Path:
    """A project with two packages, of which it wants one, the other for the group dev."""
    belay("add", "--no-update", "a")
    belay("add", "--no-update", "b", "--group", "dev")
    packages = []
    for name, group in (("a", "main"), ("b", "dev")):
        path = project / ".belay" / "dependencies" / group / f"{name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(name, encoding="utf-8")
        file = LockedFile(f"{name}.py", 1, hashlib.sha256(name.encode()).hexdigest(), "https://example.com")
        packages.append(LockedPackage(name, "1.0", "index+https://example.com", (group,), (), (file,)))
    wanted = (LockedRequirement("dev", "b", "mip:b", ("b",)), LockedRequirement("main", "a", "mip:a", ("a",)))
    write_lock(project / "belay.lock", Lock(tuple(packages), wanted))
    return project


def test_verify(belay: Belay, locked: Path) -> None:
    result = belay("verify")
    assert (result.code, result.out, result.err) == (0, "", "as locked: 2 files\n")
    assert belay("verify", "--json").out == "[]\n"
    (locked / ".belay" / "dependencies" / "main" / "mine.py").touch()
    result = belay("verify")
    assert (result.code, result.out.split()) == (
        0,
        ["file", "is", ".belay/dependencies/main/mine.py", "unknown"],
    )
    assert result.err == "as locked: 2 files; unknown: 1 file\n"
    (locked / ".belay" / "dependencies" / "main" / "a.py").write_text("edited", encoding="utf-8")
    (locked / ".belay" / "dependencies" / "dev" / "b.py").unlink()
    result = belay("verify", "--json")
    assert result.code == exits.PACKAGES
    assert json.loads(result.out) == [
        {"path": ".belay/dependencies/dev/b.py", "kind": "missing"},
        {"path": ".belay/dependencies/main/a.py", "kind": "changed"},
        {"path": ".belay/dependencies/main/mine.py", "kind": "unknown"},
    ]
    assert result.err == "not as locked: 2 files\nhint: `belay fetch` restores them\n"


def test_verify_looks_into_groups_of_which_nothing_is_locked(belay: Belay, locked: Path) -> None:
    belay("add", "--no-update", "c", "--group", "test")
    left = locked / ".belay" / "dependencies" / "test" / "left.py"
    left.parent.mkdir()
    left.touch()
    assert json.loads(belay("verify", "--json").out) == [
        {"path": ".belay/dependencies/test/left.py", "kind": "unknown"}
    ]


def test_clean(belay: Belay, locked: Path) -> None:
    result = belay("clean")
    assert (result.code, result.out, result.err) == (
        0,
        "",
        "removed 0 files; no longer locked: 0 packages\n",
    )
    belay("remove", "--no-update", "b")
    (locked / ".belay" / "dependencies" / "main" / "a.py").write_text("edited", encoding="utf-8")
    result = belay("clean")
    assert (result.code, result.out) == (0, ".belay/dependencies/dev/b.py\n")
    assert result.err == "removed 1 file; no longer locked: 1 package\n"
    lock = read_lock(locked / "belay.lock")
    assert lock is not None
    assert [package.name for package in lock.packages] == ["a"]
    assert (locked / ".belay" / "dependencies" / "main" / "a.py").read_text(encoding="utf-8") == "edited"
    assert not (locked / ".belay" / "dependencies" / "dev").exists()


@pytest.mark.parametrize("command", ["verify", "clean"])
def test_without_a_lock(belay: Belay, project: Path, command: str) -> None:
    result = belay(command)
    assert result.code == exits.PACKAGES
    assert result.err == f"error: {project / 'belay.lock'} is missing\nhint: `belay update` makes it\n"
    assert {path.name for path in project.iterdir()} == {"pyproject.toml"}
