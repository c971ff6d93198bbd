from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import ManifestError, PackageError, UnsafePathError
from belay.packages.manifest import (
    MAX_BYTES,
    MAX_DEPENDENCIES,
    MAX_FILES,
    is_web_page,
    joined,
    manifest_url,
    parse_manifest,
    single_file,
)
from belay.packages.model import Candidate, FromHost, FromIndex, FromUrl, RemoteFile, Source

PLACE = "https://example.com/lib/package.json"
INDEX = "https://example.com/pi/v2"


def read(page: object, *, place: str = PLACE, index: str = INDEX) -> Candidate:
    data = page if isinstance(page, bytes) else json.dumps(page).encode()
    return parse_manifest(data, name="x", place=place, source=f"index+{INDEX}", index=index)


def test_a_page_of_an_index() -> None:
    page = {
        "v": 1,
        "hashes": [["x/__init__.py", "0123abcd"], ["x/y.py", "AB12"]],
        "version": "0.10.0",
        "more": [{}],
    }
    assert read(page) == Candidate(
        "x",
        "0.10.0",
        f"index+{INDEX}",
        (
            RemoteFile("x/__init__.py", f"{INDEX}/file/01/0123abcd", "0123abcd"),
            RemoteFile("x/y.py", f"{INDEX}/file/AB/AB12", "ab12"),
        ),
    )


@pytest.mark.parametrize(
    ("place", "where", "url"),
    [
        (PLACE, "x.py", "https://example.com/lib/x.py"),
        (PLACE, "a/b c.py", "https://example.com/lib/a/b%20c.py"),
        (PLACE, "a/b%20c.py", "https://example.com/lib/a/b%20c.py"),
        (PLACE, "../x.py", "https://example.com/x.py"),
        (PLACE, "https://other.example/x.py", "https://other.example/x.py"),
        (PLACE, "http://other.example/x.py", "http://other.example/x.py"),
        ("file:///srv/lib/package.json", "a%20b#.py", "file:///srv/lib/a%2520b%23.py"),
        ("file:///srv/lib/package.json", "a/../x.py", "file:///srv/lib/x.py"),
    ],
)
def test_urls(place: str, where: str, url: str) -> None:
    assert read({"urls": [["x.py", where]]}, place=place).files == (RemoteFile("x.py", url),)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "/etc/passwd",
        "//other.example/x.py",
        "file:///etc/passwd",
        "..\\x",
        "a\x00b",
        "mip:x",
        "ftp://x/y.py",
        "C:/x.py",
    ],
)
@pytest.mark.parametrize("place", [PLACE, "file:///srv/lib/package.json"])
def test_urls_that_are_refused(place: str, where: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read({"urls": [["x.py", where]]}, place=place)
    assert caught.value.where == place


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]", "127.255.0.9", "LOCALHOST."])
def test_only_a_manifest_of_this_machine_names_a_server_of_it(host: str) -> None:
    url = f"http://{host}/x.py"
    pages = ({"urls": [["a.py", url]]}, {"deps": [[url, ""]]}, {"deps": [[f"http://{host}/x", ""]]})
    for page in map(json.dumps, pages):
        with pytest.raises(ManifestError, match="on this machine"):
            parse_manifest(page.encode(), name="x", place="https://example.com/package.json", source="x")
        for place in ("http://localhost/package.json", "file:///srv/lib/package.json"):
            assert parse_manifest(page.encode(), name="x", place=place, source="x")


@pytest.mark.parametrize("where", ["../x.py", "a/../../x.py", "../lib2/x.py", "..", "../../../../etc/passwd"])
def test_a_local_manifest_names_no_file_out_of_its_folder(where: str) -> None:
    with pytest.raises(UnsafePathError, match="leads out"):
        read({"urls": [["x.py", where]]}, place="file:///srv/lib/package.json")


def test_files_of_hosts_have_a_way_of_their_own() -> None:
    page = json.dumps({"urls": [["x.py", "github:o/r/x.py@v1"]]}).encode()
    with pytest.raises(ManifestError, match="cannot be named here"):
        parse_manifest(page, name="x", place=PLACE, source="")
    found = parse_manifest(
        page, name="x", place=PLACE, source="", host_url=lambda place: f"https://example.com/{place.path}"
    )
    assert found.files == (RemoteFile("x.py", "https://example.com/x.py"),)


@pytest.mark.parametrize(
    ("words", "key", "source"),
    [
        (["aiohttp", "latest"], "aiohttp", FromIndex("aiohttp")),
        (["aiohttp", ""], "aiohttp", FromIndex("aiohttp")),
        (["aiohttp"], "aiohttp", FromIndex("aiohttp")),
        (["umqtt.simple", "1.0"], "umqtt.simple", FromIndex("umqtt.simple", "1.0")),
        (["aiohttp", ">=1,<2"], "aiohttp", FromIndex("aiohttp", ">=1,<2")),
        (["github:o/d", "v1"], "d", FromHost("github", "o", "d", "", "v1")),
        (["github:o/d", "latest"], "d", FromHost("github", "o", "d")),
        (["github:o/d@v2", "v1"], "d", FromHost("github", "o", "d", "", "v2")),
        (["https://example.com/my-d/", "1.0"], "my_d", FromUrl("https://example.com/my-d/")),
    ],
)
def test_dependencies(words: list[str], key: str, source: Source) -> None:
    (need,) = read({"deps": [words]}).dependencies
    assert (need.key, need.sources, need.where) == (key, (source,), PLACE)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a", "1", "2"],
        ["../d", ""],
        ["/etc/passwd", ""],
        ["file:///etc", ""],
        ["1.0", ""],
        ["a", "x y"],
        ["", ""],
        ["github:o", ""],
    ],
)
def test_dependencies_that_are_refused(words: list[str]) -> None:
    with pytest.raises(ManifestError):
        read({"deps": [words]})


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"", "no manifest"),
        (b"<html>", "no manifest"),
        (b"\xff\xfe", "no manifest"),
        (b"[" * 100_000, "no manifest"),
        (b'{"more":' + b"[" * 100_000, "no manifest"),
        (b" " * (MAX_BYTES + 1), "larger"),
        ([], "no manifest"),
        ({"v": 2}, "version 2"),
        ({"v": "1"}, r"\$\.v"),
        ({"urls": [["x.py", 1]]}, r"\$\.urls\[0\]\[1\]"),
        ({"urls": [["x.py"]]}, r"\$\.urls"),
        ({"urls": {"x.py": "x.py"}}, r"\$\.urls"),
        ({"hashes": [["x.py", "xyz"]]}, "no hash"),
        ({"hashes": [["x.py", "a"]]}, "no hash"),
        ({"hashes": [["x.py", "../../x"]]}, "no hash"),
        ({"hashes": [["x.py", "a" * 65]]}, "no hash"),
        ({"hashes": [["x.py", "aa"], ["x.py", "bb"]]}, "two files"),
        ({"urls": [[f"{count}.py", "x.py"] for count in range(MAX_FILES + 1)]}, "allowed"),
        ({"deps": [["x", ""]] * (MAX_DEPENDENCIES + 1)}, "allowed"),
        ({"version": "1\n2"}, "no version"),
        ({"version": "1" * 101}, "no version"),
    ],
)
def test_pages_that_are_refused(page: object, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        read(page)


def test_hashes_need_an_index() -> None:
    with pytest.raises(ManifestError, match="in no index"):
        read({"hashes": [["x.py", "aa"]]}, index="")


@pytest.mark.parametrize("form", ["hashes", "urls"])
@pytest.mark.parametrize(
    "destination", ["../x", "/x", "a\\b", "nul", ".git/config", "C:x", "a/../../x", "\ud800"]
)
def test_unsafe_destinations(form: str, destination: str) -> None:
    page = json.dumps({form: [[destination, "abcd"]]}).encode()
    with pytest.raises(PackageError) as caught:
        read(page)
    assert PLACE in caught.value.message


def test_destinations_that_clash() -> None:
    with pytest.raises(UnsafePathError, match="differ by their case"):
        read({"hashes": [["x.py", "aa"], ["X.py", "bb"]]})
    assert len(read({"hashes": [["x.py", "aa"], ["x.py", "aa"]]}).files) == 1


@pytest.mark.parametrize(
    ("version", "text"), [("1.0", "1.0"), (" 3.3.3-4 ", "3.3.3-4"), (1.5, "1.5"), (2, "2"), (None, "")]
)
def test_versions_as_they_are_written(version: object, text: str) -> None:
    assert read({"version": version}).version == text
    assert read(b"\xef\xbb\xbf{}").version == ""


words = st.text(st.sampled_from("ab./\\:@%~ \x00\ud800"), max_size=8) | st.sampled_from(
    ["github:o/r", "https://"]
)
pages = st.fixed_dictionaries(
    {},
    optional={
        "v": st.sampled_from([1, 2, "1"]),
        "hashes": st.lists(st.tuples(words, words | st.sampled_from(["abcd"])), max_size=3),
        "urls": st.lists(st.tuples(words, words), max_size=3),
        "deps": st.lists(st.lists(words, max_size=3), max_size=3),
        "version": st.none() | words | st.integers() | st.floats(),
    },
)


@given(pages, st.sampled_from([PLACE, "file:///srv/lib/package.json"]))
def test_hostile_pages(page: dict[str, object], place: str) -> None:
    try:
        found = read(page, place=place)
    except PackageError:
        return
    for file in found.files:
        assert ".." not in file.destination.split("/")
        assert not file.destination.startswith("/")
        if file.url.startswith("file:"):
            assert file.url.startswith("file:///srv/lib/")
            assert ".." not in file.url.split("/")


@given(st.binary(max_size=60))
def test_garbage(data: bytes) -> None:
    try:
        found = read(data)
    except PackageError:
        return
    assert found.name == "x"


@pytest.mark.parametrize(
    ("url", "manifest"),
    [
        ("https://example.com/x.py", None),
        ("https://example.com/x.mpy?raw=1", None),
        ("https://example.com/x", "https://example.com/x/package.json"),
        ("https://example.com/x/", "https://example.com/x/package.json"),
        ("https://example.com", "https://example.com/package.json"),
        ("https://example.com/x?a=1", "https://example.com/x/package.json?a=1"),
        ("https://example.com/other.json", "https://example.com/other.json"),
    ],
)
def test_what_an_address_means(url: str, manifest: str | None) -> None:
    assert manifest_url(url) == manifest


def test_a_single_file() -> None:
    url = "https://example.com/my%20lib.py?raw=1"
    assert single_file("x", url, source=url) == Candidate("x", "", url, (RemoteFile("x/__init__.py", url),))
    assert single_file("x", url, source=url, alone=False).files == (RemoteFile("x/my lib.py", url),)
    with pytest.raises(UnsafePathError):
        single_file("x", "https://example.com/nul.py", source="", rename_to_init=False)


def test_several_sources_make_one_candidate() -> None:
    first = single_file("os", "https://example.com/__init__.py", source="a", alone=False)
    second = read({"hashes": [["os/path.py", "aa"]], "deps": [["d", ""]], "version": "1.0"})
    both = joined("os", "a, b", [first, second])
    assert [file.destination for file in both.files] == ["os/__init__.py", "os/path.py"]
    assert (both.name, both.version, both.source) == ("os", "1.0", "a, b")
    assert [need.key for need in both.dependencies] == ["d"]
    assert joined("os", "a", [first]) is first
    other = single_file("os", "https://example.com/2/__init__.py", source="c", alone=False)
    with pytest.raises(ManifestError, match="two files"):
        joined("os", "a, c", [first, other])


@pytest.mark.parametrize(
    ("data", "is_page"),
    [
        (b"<!DOCTYPE html><p>", True),
        (b"\xef\xbb\xbf \r\n<HTML lang=en>", True),
        (b"<head>", True),
        (b"<", False),
        (b"", False),
        (b"# <html>", False),
        (b"'<html>'", False),
    ],
)
def test_web_pages(data: bytes, is_page: bool) -> None:
    assert is_web_page(data) == is_page
