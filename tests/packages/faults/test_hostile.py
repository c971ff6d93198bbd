"""Whatever strangers say, of packages or in a project: nothing is written elsewhere, nothing crashes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.web import WebServer

from belay.cli import exits

from .scene import Result, Scene, belay, on_stage

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")

REFUSED = {exits.USAGE, exits.CONNECTION, exits.PACKAGES}
CONTENT = b"X = 1\n"
HASH = hashlib.sha256(CONTENT).hexdigest()[:8]

# --- what strangers say ----------------------------------------------------------------------------

SAFE = ["a.py", "b/c.py", "b/d.py", "c/d/e.py", "\u00e9.py", "b"]
UNSAFE = [
    "..",
    "../x.py",
    "../../canary",
    "b/../../x",
    "/etc/x.py",
    "//host/share",
    "/",
    "",
    ".",
    "./a.py",
    "b//c.py",
    "b/",
    "C:x.py",
    "C:/x.py",
    "\\\\host\\x",
    "..\\x.py",
    "b\\..\\x",
    "nul",
    "b/con.py",
    "com1.txt",
    "lpt\u00b9",
    "a.py:stream",
    "a.py.",
    "a.py ",
    " a.py",
    "A.PY",
    "B/c.py",
    "e\u0301.py",
    "\u202egnp.py",
    "a\x00.py",
    "a\n.py",
    "~/x.py",
    "~root/x",
    "$HOME/x",
    ".git/hooks/post-checkout",
    "git~1/config",
    ".gitmodules",
    "x" * 300,
    "/".join("d" * 40),
    "a.py/b.py",
    "*",
    "\ud800.py",
    "-rf",
    "\uff0e\uff0e/x.py",
    "..%2fx.py",
]
WHERES = [
    "x.py",
    "../x.py",
    "file:///etc/passwd",
    "/etc/passwd",
    "http://example.invalid/x",
    "ftp://a/b",
    "x\x00",
    "",
]
paths = st.sampled_from(SAFE) | st.sampled_from(UNSAFE) | st.text(max_size=12)
words = st.sampled_from(["", "*", "latest", "1.0", ">=1", "../x", "a b", "\x1b[31m"]) | st.text(max_size=5)
names = st.sampled_from(["b", "c", "..", "../b", "a/b", "A", "nul", ".git", "./x", "__future__"])
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
manifests = st.fixed_dictionaries(
    {},
    optional={
        "v": st.sampled_from([1, 1, 1, 2, -1, 10**30, "1"]),
        "version": words | st.floats() | st.integers(),
        "hashes": st.lists(
            st.tuples(paths, st.sampled_from([HASH] * 6 + ["..", "zz", "aa/../..", ""])), max_size=4
        ),
        "urls": st.lists(st.tuples(paths, st.sampled_from(["x.py"] * 4 + WHERES)), max_size=4),
        "deps": st.lists(st.tuples(names, words), max_size=2),
    },
)
ODD = [
    b"",
    b"\xff\xfe{}",
    b'{"hashes": NaN}',
    b'{"version": 1e999}',
    b'{"version": %s}' % (b"9" * 5000),
    b"[" * 50_000,
    b'{"deps":' * 20_000,
    b'{"hashes": [["a.py", "%s"]], "hashes": []}' % HASH.encode(),
    b'\xef\xbb\xbf{"hashes": []}',
    b'{"version": "1.0\\ud800"}',
    b'{"hashes": %s}' % json.dumps([[f"f{i}.py", HASH] for i in range(2001)]).encode(),
    b'{"deps": %s}' % json.dumps([["b", ""]] * 501).encode(),
    b'{"version": "%s"}' % (b"1" * 2_000_000),
    b"null",
    b"<html>",
]
pages = manifests.map(lambda page: json.dumps(page).encode()) | json_values.map(
    lambda page: json.dumps(page).encode()
)
pages = pages | st.sampled_from(ODD)
GOOD = json.dumps({"v": 1, "version": "1.0", "hashes": [["a.py", HASH]]}).encode()
listings = st.sampled_from(
    [
        None,
        None,
        b'{"v":2,"packages":[{"name":"a","version":"1.0","versions":{"py":["1.0"]}}]}',
        b'{"v":2,"packages":[{"name":"a","version":"../1","versions":{"py":["../1","..","\\u001b[2J"]}}]}',
        b'{"v":2,"updated":1e300,"packages":[{"name":"../a"},{"name":"a"},{"name":"a","versions":{}}]}',
        b'{"v":3,"packages":[]}',
        b'{"packages":' + b"[" * 100_000,
        b"\xff",
    ]
)
PLACES = [
    "project/.belay",
    "project/.belay/.gitattributes",
    "project/.belay/.local",
    "project/.belay/.local/in-use",
    "project/.belay/.local/.gitignore",
    "project/.belay/.local/journal.json",
    "project/.belay/.local/record.json",
    "project/.belay/.local/before.toml",
    "project/.belay/.local/new",
    "project/.belay/.local/old",
    "project/.belay/.local/new.lock",
    "project/.belay/dependencies",
    "project/.belay/dependencies/main",
    "project/.belay/dependencies/main/b",
    "project/.belay/dependencies/main/a.py",
    "project/belay.lock",
]
TARGETS = ["elsewhere", "elsewhere/canary", "elsewhere/nothing", "home", "project", "canary"]
links = st.dictionaries(st.sampled_from(PLACES), st.sampled_from(TARGETS), max_size=2)


# --- the stage -------------------------------------------------------------------------------------


def link(scene: Scene, wanted: Mapping[str, str]) -> None:
    for place, target in wanted.items():
        path = scene.top / place
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(scene.top / target)


def check(scene: Scene, *more: str, refused: set[int] = REFUSED) -> Result:
    """An update is done, or refused with a reason; and it writes nowhere else."""
    ours = ("project/.belay", "project/belay.lock", "store", *more)
    around = scene.seen(*ours)
    before = scene.seen("store", "project/.belay/.local")
    with on_stage(scene):
        result = belay("update")
        again = belay("verify")
    assert scene.seen(*ours) == around
    assert "Traceback" not in result.err
    assert "\x1b" not in result.err
    if result.code:
        assert result.code in refused, result
        assert "error: " in result.err
        left = {
            path: what
            for path, what in scene.seen("store", "project/.belay/.local").items()
            if path in before
        }
        assert left == before
        assert again.code in refused | {0}, again
    else:
        assert again.code == 0, again
    return result


def make(factory: pytest.TempPathFactory) -> Scene:
    return Scene(factory.mktemp("scene"))


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    """A web server for all examples of a test."""
    with WebServer() as made:
        yield made


few = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))


def hostile_index(web: WebServer, scene: Scene, page: bytes, listing: bytes | None) -> None:
    web.clear()
    web.page("/pi/v2/package/py/a/latest.json", page)
    web.page("/pi/v2/package/py/b/latest.json", GOOD)
    web.page(f"/pi/v2/file/{HASH[:2]}/{HASH}", CONTENT)
    web.page("/pi/v2/package/py/a/x.py", CONTENT)
    if listing is not None:
        web.page("/pi/v2/index.json", listing)
    scene.configure(web.url + "/pi/v2", 'a = "*"')
    check(scene)


@few
@given(page=pages, listing=listings)
def test_pages_of_an_index(
    tmp_path_factory: pytest.TempPathFactory, server: WebServer, page: bytes, listing: bytes | None
) -> None:
    hostile_index(server, make(tmp_path_factory), page, listing)


@pytest.mark.long
@many
@given(page=pages, listing=listings)
def test_pages_of_an_index_at_length(
    tmp_path_factory: pytest.TempPathFactory, server: WebServer, page: bytes, listing: bytes | None
) -> None:
    hostile_index(server, make(tmp_path_factory), page, listing)


@pytest.mark.parametrize("page", ODD)
def test_odd_pages(scene: Scene, web: WebServer, page: bytes) -> None:
    hostile_index(web, scene, page, None)


def test_paths_that_are_refused(scene: Scene, web: WebServer) -> None:
    for path in UNSAFE:
        page = json.dumps(
            {"hashes": [["a.py", HASH], ["b/c.py", HASH], ["\u00e9.py", HASH], [path, HASH]]}
        ).encode()
        web.clear()
        web.page("/pi/v2/package/py/a/latest.json", page)
        web.page(f"/pi/v2/file/{HASH[:2]}/{HASH}", CONTENT)
        scene.configure(web.url + "/pi/v2", 'a = "*"')
        result = check(scene)
        if path in ("~/x.py", "~root/x", "$HOME/x", "-rf", "\uff0e\uff0e/x.py", "..%2fx.py", ".gitmodules"):
            assert result.code == 0, "a name like any other, as it is not expanded"
        else:
            assert result.code == exits.PACKAGES, path


# --- what strangers have put into a project ---------------------------------------------------------


def hostile_links(web: WebServer, scene: Scene, wanted: Mapping[str, str]) -> None:
    web.clear()
    web.packages({"a": {"1.0": {"files": {"a.py": "A = 1\n", "b/c.py": "C = 1\n"}}}})
    scene.configure(web.url + "/pi/v2", 'a = "*"')
    link(scene, wanted)
    check(scene, refused=REFUSED | {exits.FILE})


@few
@given(wanted=links)
def test_links(tmp_path_factory: pytest.TempPathFactory, server: WebServer, wanted: dict[str, str]) -> None:
    hostile_links(server, make(tmp_path_factory), wanted)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("target", ["elsewhere", "elsewhere/nothing"])
def test_each_link(scene: Scene, web: WebServer, place: str, target: str) -> None:
    hostile_links(web, scene, {place: target})


@pytest.mark.parametrize("place", [place for place in PLACES if ".local/" in place])
def test_pipes_are_not_waited_for(scene: Scene, web: WebServer, place: str) -> None:
    web.packages({"a": {"1.0": {}}})
    scene.configure(web.url + "/pi/v2", 'a = "*"')
    (scene.top / place).parent.mkdir(parents=True)
    os.mkfifo(scene.top / place)
    check(scene)


SETTINGS = [
    'dependencies_path = "../elsewhere"',
    'dependencies_path = "/srv"',
    'dependencies_path = "lib/../../elsewhere"',
    'dependencies_path = "C:/x"',
    'dependencies_path = "nul"',
    'dependencies_path = ".git/hooks"',
    'dependencies_path = "link"',
    'dependencies_path = "link/below"',
    'dependencies_path = "code.py"',
    'dependencies_path = "belay.lock"',
    'dependencies_path = "pyproject.toml/x"',
    'dependencies_path = ".belay/.local"',
    'dependencies_path = ".belay/.local/new"',
    'dependencies_path = ".BELAY/.local/new"',
    'name = "../x"',
    'package_indices = ["file://host/x"]',
]
GROUPS = [
    "..",
    "../x",
    "/x",
    "nul",
    "a/b",
    "a\\\\b",
    "C:",
    ".git",
    "x.",
    "MAIN",
    "",
    " ",
    ".",
    "\\u0000",
    "x" * 300,
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_that_lead_elsewhere(scene: Scene, web: WebServer, setting: str) -> None:
    web.packages({"a": {"1.0": {}}})
    (scene.project / "link").symlink_to(scene.top / "elsewhere")
    file = scene.project / "pyproject.toml"
    index = "" if "indices" in setting else f'package_indices = ["{web.url}/pi/v2"]\n'
    text = f'[tool.belay]\n{index}{setting}\n[tool.belay.dependencies]\na = "*"\n'
    file.write_text(text, encoding="utf-8")
    assert check(scene, refused=REFUSED | {exits.FILE}).code


@pytest.mark.parametrize("group", GROUPS)
def test_groups_that_lead_elsewhere(scene: Scene, web: WebServer, group: str) -> None:
    web.packages({"a": {"1.0": {}}})
    text = f'[tool.belay]\npackage_indices = ["{web.url}/pi/v2"]\n'
    text += f'[tool.belay.group."{group}".dependencies]\na = "*"\n'
    (scene.project / "pyproject.toml").write_text(text, encoding="utf-8")
    assert check(scene).code == exits.USAGE


@pytest.mark.parametrize("group", ["belay.lock", "pyproject.toml", "code.py"])
def test_groups_that_are_files_of_the_project(scene: Scene, web: WebServer, group: str) -> None:
    web.packages({"a": {"1.0": {}}})
    text = f'[tool.belay]\npackage_indices = ["{web.url}/pi/v2"]\ndependencies_path = "."\n'
    text += f'[tool.belay.group."{group}".dependencies]\na = "*"\n'
    (scene.project / "pyproject.toml").write_text(text, encoding="utf-8")
    assert check(scene).code == exits.PACKAGES


@pytest.mark.parametrize(
    "key", ["..", "a/b", "C:", "nul", "con.x", "a b", "", "x" * 300, "__init__", "\\u202ea", "~"]
)
def test_dependencies_of_odd_names(scene: Scene, web: WebServer, key: str) -> None:
    (scene.project / "part").mkdir()
    (scene.project / "part" / "x.py").write_text("", encoding="utf-8")
    scene.configure(web.url + "/pi/v2", f'"{key}" = "./part"')
    check(scene)


@pytest.mark.parametrize("target", ["../../canary", "../../elsewhere", "/etc/passwd", ".", "loop"])
def test_a_folder_with_links(scene: Scene, web: WebServer, target: str) -> None:
    part = scene.project / "part"
    part.mkdir()
    (part / "x.py").write_text("", encoding="utf-8")
    (part / "loop").symlink_to(target)
    scene.configure(web.url + "/pi/v2", 'part = "./part"')
    assert check(scene, refused=REFUSED | {exits.FILE}).code


LOCK = """version = 1
mpy_version = "py"
indices = []
requirements = []

[[package]]
name = "x"
version = ""
source = "path+x"
groups = ["{group}"]
dependencies = []
files = [
    {{ path = "{path}", size = 1, sha256 = "{digits}", url = "{url}" }},
]
"""


@pytest.mark.parametrize("path", ["../../../canary", "/etc/x", "nul", "a\\\\b"])
@pytest.mark.parametrize("command", ["update", "fetch", "verify", "clean", "lock"])
def test_a_lock_of_strangers(scene: Scene, web: WebServer, path: str, command: str) -> None:
    scene.configure(web.url + "/pi/v2")
    text = LOCK.format(group="main", path=path, digits="0" * 64, url="file:///etc/passwd")
    (scene.project / "belay.lock").write_text(text, encoding="utf-8")
    around = scene.seen("project/.belay/.local")
    with on_stage(scene):
        result = belay(command)
    assert result.code == exits.PACKAGES
    assert f"{scene.project / 'belay.lock'}, line " in result.err
    (scene.project / ".belay").is_dir() and around.setdefault(str(scene.project / ".belay"), "0o40755")
    assert scene.seen("project/.belay/.local") == around
