from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.index_recipes import UPDATED
from servers.web import WebServer

from belay.exceptions import FetchError, PackageError
from belay.project import Project, load_project
from belay.project.outdated import Prospect, find_outdated
from belay.project.upkeep import Talk, update_project


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@pytest.fixture
def web(server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    """A web server with nothing on it, and an empty store."""
    server.clear()
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    return server


def release(text: str, *deps: str) -> dict[str, object]:
    return {"files": {text.partition("=")[0].strip() + ".py": text}, "deps": [[dep, ""] for dep in deps]}


def project(root: Path, index: str, *dependencies: str) -> Project:
    lines = ["[tool.belay]", f'package_indices = ["{index}"]', "[tool.belay.dependencies]", *dependencies, ""]
    (root / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
    return load_project(root / "pyproject.toml")


def found(of: Project, *, offline: bool = False) -> dict[str, Prospect]:
    return {each.name: each for each in find_outdated(of, Talk(), offline=offline).found}


def versions(prospect: Prospect) -> tuple[str | None, str | None, str]:
    old, new = prospect.old, prospect.new
    return old and old.version, new and new.version, prospect.latest


@pytest.mark.parametrize("listed", [True, False])
def test_newer_versions(web: WebServer, tmp_path: Path, listed: bool) -> None:
    one = {"1.0": release("a = 1")}
    url = web.packages({"a": one, "b": {"1.0": release("b = 1", "a")}}, listed=listed)
    wanting = project(tmp_path, url, 'b = "*"')
    update_project(wanting, Talk())
    assert found(wanting) == {}
    web.packages({"a": {**one, "2.0": release("a = 2")}, "b": {"1.0": release("b = 1", "a")}}, listed=listed)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {name: versions(each) for name, each in found(wanting).items()} == {"a": ("1.0", "2.0", "2.0")}
    a = found(wanting)["a"]
    assert (a.changes, a.held, a.content_changed, a.needs, a.needed_by) == (True, False, False, (), {"b": ""})
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    outside = tmp_path / "cache"
    assert {k: v for k, v in before.items() if outside not in k.parents} == {
        k: v for k, v in after.items() if outside not in k.parents
    }


@pytest.mark.parametrize("listed", [True, False])
def test_what_the_requirement_does_not_allow(web: WebServer, tmp_path: Path, listed: bool) -> None:
    three = {version: release(f"a = {version}") for version in ("1.0", "1.1", "2.0")}
    wanting = project(tmp_path, web.packages({"a": three}, listed=listed), 'a = "1.0"')
    update_project(wanting, Talk())
    a = found(wanting)["a"]
    assert versions(a) == ("1.0", "1.0", "2.0")
    assert (a.changes, a.held, [need.wanted for need in a.needs]) == (False, True, ["mip:a@1.0"])
    if listed:
        wanting = project(tmp_path, web.url + "/pi/v2", 'a = "<2"')
        assert versions(found(wanting)["a"]) == ("1.0", "1.1", "2.0")


def test_the_same_version_with_other_content(web: WebServer, tmp_path: Path) -> None:
    wanting = project(tmp_path, web.packages({"a": {"1.0": release("a = 1")}}), 'a = "*"')
    update_project(wanting, Talk())
    # A new build of the index; its listing vouches for all pages.
    web.packages({"a": {"1.0": release("a = 1.5")}}, updated=UPDATED + 1)
    a = found(wanting)["a"]
    assert versions(a) == ("1.0", "1.0", "1.0")
    assert (a.content_changed, a.changes, a.held) == (True, True, False)
    update_project(wanting, Talk())
    assert found(wanting) == {}


def test_packages_that_come_and_go(web: WebServer, tmp_path: Path) -> None:
    b, c = {"1.0": release("b = 1")}, {"1.0": release("c = 1")}
    url = web.packages({"a": {"1.0": release("a = 1", "b")}, "b": b, "c": c})
    wanting = project(tmp_path, url, 'a = "*"')
    update_project(wanting, Talk())
    web.packages({"a": {"2.0": release("a = 2", "c")}, "b": b, "c": c})
    changes = found(wanting)
    assert {name: versions(each) for name, each in changes.items()} == {
        "a": ("1.0", "2.0", "2.0"),
        "b": ("1.0", None, ""),
        "c": (None, "1.0", "1.0"),
    }
    assert all(each.changes for each in changes.values())
    assert changes["b"].needed_by == {"a": ""}


def test_an_index_that_takes_a_release_back(web: WebServer, tmp_path: Path) -> None:
    wanting = project(tmp_path, web.packages({"a": {"2.0": release("a = 2")}}), 'a = "*"')
    update_project(wanting, Talk())
    web.packages({"a": {"1.0": release("a = 1")}})
    assert versions(found(wanting)["a"]) == ("2.0", "1.0", "1.0")


def test_files_of_this_machine_and_of_the_web(web: WebServer, tmp_path: Path) -> None:
    index = web.packages({})
    url = web.page("/remote.py", "r = 1\n")
    for name in ("local", "live"):
        (tmp_path / f"{name}.py").write_text("x = 1\n", encoding="utf-8")
    wanting = project(
        tmp_path,
        index,
        'local = "./local.py"',
        'live = {uri = "./live.py", develop = true}',
        f'remote = "{url}"',
    )
    update_project(wanting, Talk())
    assert found(wanting) == {}
    for name in ("local", "live"):
        (tmp_path / f"{name}.py").write_text("x = 2\n", encoding="utf-8")
    web.page("/remote.py", "r = 2\n")
    changes = found(wanting)
    assert {name: (versions(each), each.content_changed) for name, each in changes.items()} == {
        "local": (("", "", ""), True),
        "remote": (("", "", ""), True),
    }


def test_another_source(web: WebServer, tmp_path: Path) -> None:
    a = {"a": {"1.0": release("a = 1")}}
    wanting = project(tmp_path, web.packages(a, "/first"), 'a = "*"')
    update_project(wanting, Talk())
    moved = found(project(tmp_path, web.packages(a, "/second"), 'a = "*"'))["a"]
    assert (moved.source_changed, moved.content_changed, moved.changes) == (True, False, True)


def test_offline(web: WebServer, tmp_path: Path) -> None:
    one = {"1.0": release("a = 1")}
    wanting = project(tmp_path, web.packages({"a": {**one, "2.0": release("a = 2")}}), 'a = "1.0"')
    update_project(wanting, Talk())
    web.counts()
    assert versions(found(wanting, offline=True)["a"]) == ("1.0", "1.0", "2.0")
    assert not web.counts().requests


def test_what_is_unchanged_is_asked_for_once(web: WebServer, tmp_path: Path) -> None:
    wanting = project(tmp_path, web.index(), 'aiohttp = "*"', '"umqtt.simple" = "<9"')
    update_project(wanting, Talk())
    web.counts()
    found(wanting)
    assert [request.path for request in web.counts().requests] == ["/pi/v2/index.json"]


def test_without_a_lock_or_an_index(web: WebServer, tmp_path: Path) -> None:
    wanting = project(tmp_path, web.packages({"a": {"1.0": {}}}), 'a = "*"')
    with pytest.raises(PackageError, match="is missing"):
        find_outdated(wanting, Talk())
    update_project(wanting, Talk())
    web.fault("status", "/pi/v2", status=403)
    with pytest.raises(FetchError):
        find_outdated(wanting, Talk())
