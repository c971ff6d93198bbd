"""What is vendored can be imported at its place, and nothing is ever written elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.index_recipes import mark, micropython_lib
from servers.web import WebServer

from belay import Device
from belay.cli import main
from belay.exceptions import PackageError
from belay.packages.local import path_of, read_local
from belay.packages.manifest import joined, parse_manifest
from belay.packages.model import Candidate, FromPath, LockedFile
from belay.packages.requirement import parse_requirement
from belay.packages.vendor import Vendored


def locked(candidate: Candidate) -> dict[str, LockedFile]:
    return {
        file.destination: LockedFile(file.destination, len(text), hashlib.sha256(text).hexdigest(), file.url)
        for file in candidate.files
        for text in [content(file.url)]
    }


def content(url: str) -> bytes:
    return path_of(url).read_bytes() if url.startswith("file:") else url.encode()


SOURCES = {
    "one.py": "where = 'one'",
    "helpers.py": "where = 'helpers'",
    "__init__.py": "where = 'init'",
    "tree/__init__.py": "from . import inner\nwhere = 'tree ' + inner.where",
    "tree/inner.py": "where = 'inner'",
    "described/package.json": json.dumps({"urls": [["described/__init__.py", "src/x.py"]]}),
    "described/src/x.py": "where = 'described'",
}


@pytest.mark.parametrize(
    ("key", "value", "statement", "where"),
    [
        ("sensor", "./one.py", "import sensor as x", "one"),
        ("one", {"uri": "./one.py", "rename_to_init": False}, "import one as x", "one"),
        ("parts", {"uri": "./one.py", "rename_to_init": False}, "import parts.one as x", "one"),
        ("umqtt.simple", "./one.py", "import umqtt.simple as x", "one"),
        ("my-sensor", "./one.py", "import my_sensor as x", "one"),
        ("many", ["./__init__.py", "./helpers.py"], "import many as x", "init"),
        ("many", ["./__init__.py", "./helpers.py"], "from many import helpers as x", "helpers"),
        ("wood", "./tree", "import wood as x", "tree inner"),
        ("any", "./described", "import described as x", "described"),
    ],
)
def test_each_form_can_be_imported_by_micropython(
    tmp_path: Path, key: str, value: object, statement: str, where: str
) -> None:
    for name, text in SOURCES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    root = tmp_path / "project"
    need = parse_requirement(key, value)
    parts = [
        read_local(key, source, root, alone=len(need.sources) == 1, rename_to_init=need.rename_to_init)
        for source in need.sources
        if isinstance(source, FromPath)
    ]
    files = locked(joined(key, "", parts))
    Vendored(root, PurePosixPath("vendored")).apply({"lib": files}, lambda file: content(file.url))
    with Device(f"virtual:{root / 'vendored'}") as device:
        device("import sys")
        device("sys.path[:] = ['/lib']")
        device(statement)
        assert device("x.where") == where


@pytest.fixture
def project(web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that asks the index of the web server; its folder is the current one."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(root)
    write(root, web, [])
    return root


def write(root: Path, web: WebServer, dependencies: Iterable[str], mpy_version: str = "py") -> None:
    head = ["[tool.belay]", f'package_indices = ["{web.url}/pi/v2"]', f'mpy_version = "{mpy_version}"']
    text = "\n".join([*head, "[tool.belay.dependencies]", *dependencies, ""])
    (root / "pyproject.toml").write_text(text, encoding="utf-8")


@contextmanager
def board(root: Path, *groups: str) -> Iterator[Device]:
    """A virtual board that finds nothing but the vendored files of groups."""
    with Device(f"virtual:{root / '.belay' / 'dependencies'}") as device:
        device("import sys")
        device(f"sys.path[:] = {[f'/{group}' for group in groups]}")
        yield device


def module(path: str) -> str:
    """What a file is imported as."""
    return path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")


ROWS = [
    # What stands in pyproject.toml, what is imported then, and what says where that is from.
    ('aiohttp = "*"', "aiohttp", "index aiohttp"),
    ('"umqtt.simple" = ">=1,<2"', "umqtt.simple", "index umqtt.simple"),
    ('short = "unittest-discover@1.0"', "unittest_discover", "index unittest-discover"),
    ('page = "{web}/files/page.py"', "page", "web page.py"),
    ('other = "{web}/files/page.py"', "other", "web page.py"),
    ('plain = {{uri = "{web}/files/page.py", rename_to_init = false}}', "plain.page", "web page.py"),
    ('same = {{uri = "{web}/files/same.py", rename_to_init = false}}', "same", "web same.py"),
    ('pair = ["{web}/files/__init__.py", "{web}/files/page.py"]', "pair", "web __init__.py"),
    ('pair2 = ["{web}/files/__init__.py", "{web}/files/page.py"]', "pair2.page", "web page.py"),
    ('manifest = "{web}/files/package.json"', "described", "web page.py"),
    ('folder = "{web}/files"', "described.inner", "web same.py"),
    ('sensor = "../local/one.py"', "sensor", "local one"),
    ('one = {{uri = "../local/one.py", rename_to_init = false}}', "one", "local one"),
    ('"dotted.name" = "../local/one.py"', "dotted.name", "local one"),
    ('"with-hyphen" = "../local/one.py"', "with_hyphen", "local one"),
    ('many = ["../local/__init__.py", "../local/helpers.py"]', "many.helpers", "local helpers"),
    ('mixed = ["../local/__init__.py", "{web}/files/page.py", "abc"]', "mixed.page", "web page.py"),
    ('mixed2 = ["../local/__init__.py", "abc"]', "abc", "index abc"),
    ('wood = "../local/tree"', "wood", "local tree inner"),
    ('both = ["../local/tree", "../local/helpers.py"]', "both.helpers", "local helpers"),
    ('any = "../local/described"', "told", "local told"),
    ('any2 = "../local/described/package.json"', "told", "local told"),
]


def test_each_form_can_be_imported_after_an_update(web: WebServer, project: Path) -> None:
    names = ("aiohttp", "umqtt.simple", "unittest-discover", "abc")
    made = {name: f"where = 'index {name}'\n" for name in names}
    places = {name: name.replace("-", "_").replace(".", "/") for name in made}
    places["aiohttp"] = "aiohttp/__init__"
    web.packages({name: {"1.0": {"files": {f"{places[name]}.py": text}}} for name, text in made.items()})
    for name in ("page.py", "same.py", "__init__.py"):
        web.page(f"/files/{name}", f"where = 'web {name}'\n")
    urls = [["described/__init__.py", "page.py"], ["described/inner.py", "same.py"]]
    web.manifest("/files/package.json", urls=urls)
    local = {**SOURCES, "described/package.json": json.dumps({"urls": [["told.py", "src/x.py"]]})}
    for name, text in local.items():
        path = project.parent / "local" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("'tree '", "'local tree '").replace("where = '", "where = 'local "))
    (project.parent / "local" / "tree" / "inner.py").write_text("where = 'inner'")
    (project.parent / "local" / "tree" / "__init__.py").write_text(
        "from . import inner\nwhere = 'local tree ' + inner.where"
    )
    (project.parent / "local" / "described" / "src" / "x.py").write_text("where = 'local told'")
    write(project, web, [line.format(web=web.url) for line, _, _ in ROWS])
    assert main(["update"]) == 0
    with board(project, "main") as device:
        for line, name, where in ROWS:
            device(f"import {name} as found")
            assert device("found.where") == where, line


@pytest.mark.parametrize("mpy_version", ["py", "6"])
def test_everything_of_an_index_can_be_imported_where_it_lands(
    web: WebServer, project: Path, mpy_version: str
) -> None:
    web.index()
    made = micropython_lib()
    write(project, web, [f'"{name}" = "*"' for name in made.packages], mpy_version)
    assert main(["update"]) == 0
    expected: dict[str, object] = {}
    for package in made.packages.values():
        assert package.latest is not None
        for path, text in package.latest.files.items():
            number = int(text.splitlines()[0].removeprefix(b"CONTENT = "))
            expected[module(path)] = number if mpy_version == "py" else mark(path, text)
    folder = project / ".belay" / "dependencies" / "main"
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert sorted(map(module, there)) == sorted(expected)
    with board(project, "main") as device:
        for path in there:
            name = module(path)
            device(f"import {name}")
            assert device(f"sys.modules[{name!r}].CONTENT") == expected[name], path
            device(f"del sys.modules[{name!r}]")


def test_a_package_that_is_there_as_sources_only(web: WebServer, project: Path) -> None:
    web.packages({"a": {"1.0": {"deps": [["b", ""]]}}, "b": {"1.0": {}}}, sources=["b"])
    write(project, web, ['a = "*"'], "6")
    assert main(["update"]) == 0
    with board(project, "main") as device:
        device("import a, b")
        assert (device("a.__file__"), device("b.__file__")) == ("/main/a.mpy", "/main/b.py")
        assert device("a.CONTENT") == mark("a.py", b"V = '1.0'\n")
        assert device("b.V") == "1.0"


safe = st.sampled_from(["a.py", "b/c.py", "b/d.py", "c/d/e.py", "\u00e9"])
unsafe = st.sampled_from(["b", "..", "../x", "/x", "x\\y", "C:x", "nul", "A.py", ".git/x", "e\u0301"])
hostile = unsafe | st.text(st.sampled_from("ab./\\: ~\x00"), min_size=1, max_size=8)
destinations = st.lists(safe, max_size=3, unique=True).flatmap(
    lambda paths: st.just(paths) | hostile.map(lambda path: [*paths, path])
)


@settings(max_examples=100, deadline=None)
@given(destinations, st.sampled_from(["main"] * 6 + ["..", "../..", "nul", "a/b"]))
def test_hostile_manifests_write_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory, destinations: list[str], group: str
) -> None:
    top = tmp_path_factory.mktemp("top")
    root = top / "project"
    root.mkdir()
    (top / "victim").write_text("x", encoding="utf-8")
    (root / "code.py").write_text("x", encoding="utf-8")
    target = root / ".belay" / "dependencies"
    data = json.dumps({"urls": [[path, "x"] for path in destinations]}).encode()
    try:
        found = parse_manifest(data, name="x", place="https://example.com/package.json", source="")
        Vendored(root, PurePosixPath(".belay/dependencies")).apply(
            {group: locked(found)}, lambda file: content(file.url)
        )
    except PackageError:
        landed = set()
    else:
        landed = {target / group / file.destination for file in found.files}
    state = root / ".belay" / ".local"
    files = {path for path in top.rglob("*") if path.is_file() and not path.is_relative_to(state)}
    assert files == {top / "victim", root / "code.py", *landed}
