from __future__ import annotations

import json

from belay.publish import pages


def test_a_page() -> None:
    assert json.loads(pages.page([("a.py", "0011")], "1.0", [])) == {
        "v": 1,
        "hashes": [["a.py", "0011"]],
        "version": "1.0",
    }
    found = json.loads(pages.page([], "1.0", [("x", "latest")]))
    assert found["deps"] == [["x", "latest"]]


def test_places() -> None:
    assert pages.page_place("6", "a.b", "1.0") == "package/6/a.b/1.0.json"
    assert pages.file_place("0a1b2c3d") == "file/0a/0a1b2c3d"


def test_versions() -> None:
    assert pages.in_order(["1.10", "1.9", "1.10", "x"]) == ["x", "1.9", "1.10"]
    assert pages.newest(["1.9", "1.10", "2.0a1"]) == "1.10"
    assert pages.newest(["2.0a1", "1.0b1"]) == "2.0a1"


def test_the_list_has_a_line_for_each_package() -> None:
    told = {"author": "Ada", "description": "ä", "license": "MIT", "path": "src"}
    one = pages.entry("b", "1.0", told, {"py": ["1.0"], "6": ["1.0"]}, [b"page"])
    other = pages.entry("b", "1.0", told, {"py": ["1.0"], "6": ["1.0"]}, [b"another page"])
    assert list(one) == ["name", "version", "author", "description", "license", "versions", "path", "digest"]
    assert one["versions"] == {"6": ["1.0"], "py": ["1.0"]}
    assert {**one, "digest": ""} == {**other, "digest": ""}
    assert one["digest"] != other["digest"]
    text = pages.listing({"b": one, "a": {**one, "name": "a"}}, None).decode()
    assert text.count("\n") == 4
    assert [each["name"] for each in json.loads(text)["packages"]] == ["a", "b"]
    assert "updated" not in json.loads(text)
    assert json.loads(pages.listing({}, 1700000000)) == {"v": 2, "updated": 1700000000, "packages": []}
