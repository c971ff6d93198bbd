from __future__ import annotations

import json
from pathlib import Path

import pytest

from belay.exceptions import PublishError
from belay.packages.manifest import parse_manifest
from belay.publish.about import About
from belay.publish.needs import Needs
from belay.publish.packagejson import check_replaceable, package_json
from belay.publish.pieces import Piece

ABOUT = About("app", "1.0")


def test_what_it_says(tmp_path: Path) -> None:
    pieces = {"app/x.py": Piece(b"", tmp_path / "src" / "app" / "x.py")}
    data = package_json(ABOUT, pieces, Needs((("y", "latest"),)), tmp_path)
    assert json.loads(data) == {
        "urls": [["app/x.py", "src/app/x.py"]],
        "deps": [["y", "latest"]],
        "version": "1.0",
    }
    assert data.decode().splitlines() == [
        "{",
        '  "urls": [',
        '    ["app/x.py", "src/app/x.py"]',
        "  ],",
        '  "deps": [',
        '    ["y", "latest"]',
        "  ],",
        '  "version": "1.0"',
        "}",
    ]
    found = parse_manifest(data, name="app", place="https://h.test/a/package.json", source="")
    assert [(file.destination, file.url) for file in found.files] == [
        ("app/x.py", "https://h.test/a/src/app/x.py")
    ]
    assert "deps" not in json.loads(package_json(ABOUT, pieces, Needs(), tmp_path))


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("github:o/r", "github:o/r/x.py"),
        ("gitlab:o/r/sub/", "gitlab:o/r/sub/x.py"),
        ("https://example.com/a", "https://example.com/a/x.py"),
    ],
)
def test_absolute_names(base: str, url: str) -> None:
    data = package_json(ABOUT, {"x.py": Piece(b"", Path("/p/x.py"))}, Needs(), Path("/p"), base=base)
    assert json.loads(data)["urls"] == [["x.py", url]]


@pytest.mark.parametrize(
    "base", ["o/r", "github:o", "github:o/r@v1", "https://", "ftp://example.com/a", "a b"]
)
def test_places_that_mip_does_not_know(base: str) -> None:
    with pytest.raises(PublishError, match="no place that mip knows"):
        package_json(ABOUT, {}, Needs(), Path("/p"), base=base)


@pytest.mark.parametrize(
    "place", [None, Path("/elsewhere/x.py"), Path("/p/.belay/x.py"), Path("/p/my file.py"), Path("/p/ä.py")]
)
def test_files_that_no_address_leads_to(place: Path | None) -> None:
    with pytest.raises(PublishError) as caught:
        package_json(ABOUT, {"x.py": Piece(b"", place)}, Needs(), Path("/p"))
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[]",
        "what",
        '{"name": "npm", "urls": []}',
        '{"urls": [["x.py", "x.py"]], "version": "1.0"}',
        '{"urls": 5, "version": 1}',
        '{"dependencies": {}}',
    ],
)
def test_what_somebody_else_has_written(tmp_path: Path, content: str) -> None:
    file = tmp_path / "package.json"
    check_replaceable(file)
    file.write_text(content)
    with pytest.raises(PublishError, match="is there already"):
        check_replaceable(file)


def test_what_was_written_before(tmp_path: Path) -> None:
    file = tmp_path / "package.json"
    for needs in (Needs(), Needs((("y", "latest"),))):
        data = package_json(ABOUT, {"x.py": Piece(b"", tmp_path / "x.py")}, needs, tmp_path)
        file.write_bytes(data)
        check_replaceable(file)
        file.write_bytes(data.replace(b"\n", b"\r\n"))
        check_replaceable(file)
