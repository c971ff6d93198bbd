from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.cli import exits

from .conftest import BELAY, Belay

LONG = "A client of MQTT, " + "which says a lot of itself, " * 5
PACKAGES = [
    {"name": "umqtt.simple", "version": "1.4.0", "description": LONG},
    {"name": "umqtt.robust", "version": "1.0.2", "description": "MQTT  that\ncomes back\x1b[31m"},
    {"name": "ntptime", "version": "0.1.1", "description": "Zeit über NTP"},
]


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@pytest.fixture
def web(server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    """A web server with two indices; the current folder is in no project, the store is empty."""
    server.clear()
    server.page("/one/index.json", json.dumps({"v": 2, "packages": PACKAGES}))
    server.packages({"mqtt": {"9.0": {}}, "ntptime": {"9.0": {}}}, "/two")
    server.packages({"mqtt": {"9.0": {}}}, "/bare", listed=False)
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return server


@pytest.fixture
def project(web: WebServer, tmp_path: Path) -> Path:
    """A project with both indices, in the current folder."""
    indices = f'["{web.url}/one", {{name = "mine", url = "{web.url}/two"}}]'
    (tmp_path / "pyproject.toml").write_text(f"[tool.belay]\npackage_indices = {indices}\n", encoding="utf-8")
    return tmp_path


def test_search(belay: Belay, web: WebServer) -> None:
    result = belay("search", "MQTT", "--index", f"{web.url}/one/")
    assert (result.code, result.err) == (0, "")
    titles, robust, simple = result.out.splitlines()
    assert titles == "name          version  description"
    assert robust == "umqtt.robust  1.0.2    MQTT that comes back [31m"
    assert simple.startswith("umqtt.simple  1.4.0    A client of MQTT, which says a lot")
    assert (len(simple), simple[-1]) == (100, "…")


def test_nothing_is_cut_where_there_is_no_terminal(web: WebServer) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    words = [*BELAY, "search", "umqtt.simple", "--index", f"{web.url}/one"]
    done = subprocess.run(words, capture_output=True, env=environment, check=True)
    assert done.stdout.decode().endswith(LONG.strip() + os.linesep)
    ascii_only = {**environment, "COLUMNS": "60", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(words, capture_output=True, env=ascii_only, check=True)
    assert done.stdout.decode().splitlines()[1].endswith("...")


def test_the_indices_of_a_project(belay: Belay, web: WebServer, project: Path) -> None:
    result = belay("search", "ntptime")
    assert (result.code, result.out.splitlines()) == (
        0,
        [
            f"name     version  index{' ' * (len(web.url) - len('http://') + len('/one') - 5)}  description",
            f"ntptime  0.1.1    {web.url.removeprefix('http://')}/one  Zeit über NTP",
            "ntptime  9.0      mine",
        ],
    )
    assert "that of the first index is taken" in result.err
    assert belay("search", "ntptime", "--index", "mine").out.splitlines()[1] == "ntptime  9.0"
    result = belay("search", "ntptime", "--index", "yours")
    assert result.code == exits.USAGE
    assert "there is no index 'yours'\nhint: give a URL, a folder, or one of the project's: " in result.err
    assert "mine" in result.err


def test_a_folder_as_an_index(belay: Belay, web: WebServer, tmp_path: Path) -> None:
    folder = tmp_path / "my index"
    folder.mkdir()
    (folder / "index.json").write_text(json.dumps({"v": 2, "packages": PACKAGES}), encoding="utf-8")
    assert belay("search", "ntp", "--index", "./my index").code == 0


def test_json(belay: Belay, web: WebServer, project: Path) -> None:
    [first, second] = json.loads(belay("search", "ntptime", "--json").out)
    assert first == {
        "name": "ntptime",
        "version": "0.1.1",
        "description": "Zeit über NTP",
        "author": "",
        "versions": ["0.1.1"],
        "index": f"{web.url}/one",
        "taken": True,
    }
    assert (second["index"], second["taken"], second["versions"]) == (f"{web.url}/two", False, ["9.0"])


def test_limit(belay: Belay, web: WebServer) -> None:
    url = web.index()
    result = belay("search", "module", "--index", url)
    assert len(result.out.splitlines()) == 21
    assert result.err == "127 packages found, of which these fit best; --limit prints more\n"
    result = belay("search", "module", "--index", url, "--limit", "200")
    assert (len(result.out.splitlines()), result.err) == (128, "")
    assert len(json.loads(belay("search", "module", "--index", url, "--json").out)) == 127
    assert len(json.loads(belay("search", "module", "--index", url, "--json", "--limit", "3").out)) == 3


def test_nothing_found(belay: Belay, web: WebServer, project: Path) -> None:
    result = belay("search", "ntptim", "mqt")
    assert (result.code, result.out) == (exits.PACKAGES, "")
    assert result.err == "error: no package has all of ntptim, mqt\nhint: each of them is there; try fewer\n"
    result = belay("search", "ntpptime")
    assert result.err == (
        "error: none of 5 packages has 'ntpptime' in its name, description or author\n"
        "hint: did you mean ntptime?\n"
    )
    result = belay("search", "qqqqq", "--json")
    assert (result.code, result.out) == (exits.PACKAGES, "[]\n")
    assert "hint: a part of a word finds more" in result.err
    assert belay("search", " ").code == exits.USAGE


def test_an_index_that_cannot_be_searched(belay: Belay, web: WebServer) -> None:
    said = f"{web.url}/bare has no index.json, so it cannot be searched\n"
    result = belay("search", "mqtt", "--index", f"{web.url}/bare")
    assert (result.code, result.out) == (exits.PACKAGES, "")
    assert result.err.startswith(f"error: {said}hint: ")
    result = belay("search", "mqtt", "--index", f"{web.url}/bare", "--index", f"{web.url}/two")
    assert (result.code, result.err) == (0, f"note: {said}")
    web.fault("status", "/two", status=403)
    assert belay("search", "mqtt", "--index", f"{web.url}/two").code == exits.CONNECTION


def test_offline(belay: Belay, web: WebServer, project: Path) -> None:
    assert belay("search", "mqtt", "--offline").code == exits.PACKAGES
    out = belay("search", "mqtt").out
    web.counts()
    assert belay("search", "mqtt", "--offline").out == out
    assert not web.counts().requests


def test_a_project_that_is_not_understood(belay: Belay, web: WebServer, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.belay]\npackage_indices = 1\n", encoding="utf-8")
    assert belay("search", "mqtt", "--index", f"{web.url}/one").code == exits.USAGE
