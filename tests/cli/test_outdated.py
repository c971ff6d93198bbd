from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.cli import exits

from .conftest import Belay

NEWER = """\
package  locked  wanted  latest
a        1.0     2.0     2.0
b        1.0     1.0     2.0     held by b<2 (main)
c        1.0     1.0     2.0     held by c@1.0 (needed by d)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@pytest.fixture
def web(server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    """A web server, and a project in the current folder that asks its index for packages in version 1.0."""
    server.clear()
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    lines = ["[tool.belay]", f'package_indices = ["{server.url}/pi/v2"]', "[tool.belay.dependencies]"]
    lines += ['a = "*"', 'b = "<2"', 'd = "*"', 'local = "./local.py"', ""]
    (root / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
    (root / "local.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.chdir(root)
    offer(server, "1.0")
    return server


def offer(web: WebServer, *versions: str) -> None:
    """An index with these versions, and a package that has one only and needs another in its first."""
    packages = {name: {version: {} for version in versions} for name in "abc"}
    web.packages({**packages, "d": {"1.0": {"deps": [["c", "1.0"]]}}})


def test_nothing_is_outdated(belay: Belay, web: WebServer) -> None:
    assert belay("update").code == 0
    result = belay("outdated", "--check")
    assert (result.code, result.out) == (0, "")
    assert result.err == "locked: 5 packages; nothing is outdated\n"
    assert belay("outdated", "--json").out == "[]\n"


def test_newer_versions(belay: Belay, web: WebServer) -> None:
    belay("update")
    offer(web, "1.0", "2.0")
    lock = Path("belay.lock").read_bytes()
    result = belay("outdated")
    assert (result.code, result.out) == (0, NEWER)
    assert result.err == (
        "locked: 5 packages; `belay update` would change: 1; newer than their requirements allow: 2\n"
    )
    assert belay("outdated", "--check").code == exits.PACKAGES
    assert Path("belay.lock").read_bytes() == lock
    belay("update")
    # What an update would not change is no reason to fail.
    assert belay("outdated", "--check").code == 0


def test_json(belay: Belay, web: WebServer) -> None:
    belay("update")
    offer(web, "1.0", "2.0")
    pages = {page["name"]: page for page in json.loads(belay("outdated", "--json").out)}
    assert pages.keys() == {"a", "b", "c"}
    assert pages["b"] == {
        "name": "b",
        "locked": "1.0",
        "wanted": "1.0",
        "latest": "2.0",
        "content_changed": False,
        "source": f"index+{web.url}/pi/v2",
        "groups": ["main"],
        "requirements": [{"group": "main", "name": "b", "wanted": "mip:b<2"}],
        "needed_by": [],
    }
    assert (pages["c"]["requirements"], pages["c"]["needed_by"]) == (
        [],
        [{"name": "d", "wanted": "mip:c@1.0"}],
    )


def test_content_that_changed(belay: Belay, web: WebServer) -> None:
    belay("update")
    Path("local.py").write_text("x = 2\n", encoding="utf-8")
    result = belay("outdated", "--check")
    assert (result.code, result.out.splitlines()[1:]) == (
        exits.PACKAGES,
        ["local    -       -       -       content changed"],
    )
    [page] = json.loads(belay("outdated", "--json").out)
    assert (page["locked"], page["wanted"], page["latest"], page["content_changed"]) == ("", "", None, True)


def test_a_stale_lock_is_told(belay: Belay, web: WebServer) -> None:
    belay("update")
    web.packages({"a": {"1.0": {}}, "b": {"1.0": {}}, "e": {"1.0": {}}})
    file = Path("pyproject.toml")
    file.write_text(file.read_text(encoding="utf-8").replace('d = "*"', 'e = "*"'), encoding="utf-8")
    result = belay("outdated")
    assert [" ".join(line.split()) for line in result.out.splitlines()[1:]] == [
        "c 1.0 - - no longer needed",
        "d 1.0 - - no longer needed",
        "e - 1.0 1.0 new",
    ]
    assert "note: e (main) is not locked\n" in result.err


def test_another_index(belay: Belay, web: WebServer) -> None:
    belay("update")
    packages = {name: {"1.0": {}} for name in "abc"}
    url = web.packages({**packages, "d": {"1.0": {"deps": [["c", "1.0"]]}}}, "/other")
    file = Path("pyproject.toml")
    file.write_text(file.read_text(encoding="utf-8").replace("/pi/v2", "/other"), encoding="utf-8")
    result = belay("outdated")
    assert result.out.splitlines()[1] == f"a        1.0     1.0     1.0     from {url}"
    assert "note: package_indices have changed\n" in result.err


def test_offline(belay: Belay, web: WebServer) -> None:
    assert belay("outdated", "--offline").code == exits.PACKAGES
    belay("update")
    offer(web, "1.0", "2.0")
    web.counts()
    assert "nothing is outdated" in belay("outdated", "--offline").err
    assert not web.counts().requests


def test_what_cannot_be_told(belay: Belay, web: WebServer) -> None:
    result = belay("outdated")
    assert result.code == exits.PACKAGES
    assert "is missing\nhint: `belay update` makes it\n" in result.err
    belay("update")
    web.fault("status", "/pi/v2/index.json", status=403)
    result = belay("outdated")
    assert (result.code, result.out) == (exits.CONNECTION, "")


def test_an_index_steers_no_terminal(belay: Belay, web: WebServer) -> None:
    belay("update")
    strange = {"name": "b", "version": "2\x1b[2J", "versions": {"py": ["1.0", "2\x1b[2J"]}}
    others = [{"name": name, "version": "1.0", "versions": {"py": ["1.0"]}} for name in "acd"]
    web.page("/pi/v2/index.json", json.dumps({"v": 2, "packages": [*others, strange]}))
    result = belay("outdated")
    assert "\x1b" not in result.out + result.err
