"""What is vendored can be imported at its place, and nothing is ever written elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belay import Device
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
