from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from belay.cache.made import Made, key_of
from belay.packages.store import Memory, Store
from belay.packages.stored import Element, clear, elements, name_of

PAGE = "https://example.com/pi/v2/package/py/a/latest.json"
FILE = "https://example.com/pi/v2/file/2c/2cf24dba"


def digits(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def keep(store: Store, url: str, content: bytes, *, here: bool = False) -> None:
    memory = Memory(url, digits(content), len(content), here=here)
    if here:
        store.remember(memory, content)
    else:
        store.add(content)
        store.remember(memory)


def names(found: list[Element] | tuple[Element, ...]) -> list[str]:
    return [element.name for element in found]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (PAGE, "index-example.com/pi/v2/package/py/a/latest.json"),
        (FILE, "index-example.com/pi/v2/file/2c/2cf24dba"),
        ("http://localhost:8000/index.json", "index-localhost:8000/index.json"),
        ("https://example.com/lib/sensor.py?raw=1", "web-example.com/lib/sensor.py?raw=1"),
        ("https://user:secret@example.com/a%20b.py", "web-example.com/a b.py"),
        ("https://example.com/%1b%5b2J", "web-example.com/\N{REPLACEMENT CHARACTER}[2J"),
        ("https://raw.githubusercontent.com/o/my-lib/v1.0/a/b.py", "git-github-o-my-lib/v1.0/a/b.py"),
        ("https://github.com/o/r/archive/c.tar.gz#a%20b.py", "git-github-o-r/archive/c.tar.gz#a b.py"),
        ("https://api.github.com/repos/o/r/commits/main", "git-github-o-r/commits/main"),
        ("https://github.com/o/r", "git-github-o-r"),
        ("git+https://github.com/o/r.git@main", "git-github-o-r@main"),
        ("git+ssh://git@codeberg.org:22/o/r@c0ffee#lib/a%20b.py", "git-codeberg-o-r/lib/a b.py@c0ffee"),
        ("git+file:///srv/r.git", "git-srv-r"),
        ("https://gitlab.com/group/sub/r/-/raw/main/a.py", "git-gitlab-group-sub-r/raw/main/a.py"),
        (
            "https://codeberg.org/api/v1/repos/o/r/raw/a.py?ref=main",
            "git-codeberg-o-r/raw/a.py?ref=main",
        ),
        ("https://example.com/github.com/o/r", "web-example.com/github.com/o/r"),
    ],
)
def test_names_say_what_was_asked_for(url: str, name: str) -> None:
    assert name_of(url) == name


def test_all_that_is_there(store: Store) -> None:
    assert elements(store) == []
    keep(store, PAGE, b"a page", here=True)
    keep(store, FILE, b"hello")
    store.add(b"nobody knows from where")
    found = elements(store)
    assert names(found) == [
        f"content-{digits(b'nobody knows from where')}",
        "index-example.com/pi/v2/file/2c/2cf24dba",
        "index-example.com/pi/v2/package/py/a/latest.json",
    ]
    assert [element.url for element in found] == ["", FILE, PAGE]
    assert found[0].size == 23
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert sum(element.size for element in found) == sum(path.stat().st_size for path in files)


def test_shared_content_is_counted_once_and_goes_with_the_last(store: Store) -> None:
    content = b"x" * 1000
    keep(store, "https://a/one.py", content)
    keep(store, "https://b/one.py", content)
    first, second = elements(store)
    assert (first.name, second.name) == ("web-a/one.py", "web-b/one.py")
    assert first.size - second.size == 1000
    assert names(clear(store, [first]).gone) == ["web-a/one.py"]
    assert store.read(digits(content)) == content
    assert clear(store, elements(store)).errors == ()
    assert store.read(digits(content)) is None
    assert store.recall("https://b/one.py") is None


def test_what_is_chosen_goes_and_nothing_else(store: Store) -> None:
    keep(store, "https://a/one.py", b"one")
    keep(store, "https://a/two.py", b"two", here=True)
    keep(store, "https://b/one.py", b"other")
    left = store.add(b"orphan")
    chosen = [element for element in elements(store) if element.name.startswith("web-a/")]
    assert names(clear(store, chosen).gone) == ["web-a/one.py", "web-a/two.py"]
    assert names(elements(store)) == [f"content-{left}", "web-b/one.py"]
    assert store.read(digits(b"one")) is None
    assert store.read(digits(b"other")) == b"other"


def test_what_is_damaged_can_be_cleared(store: Store) -> None:
    keep(store, PAGE, b"x", here=True)
    [element] = elements(store)
    element.path.write_bytes(b"nonsense")
    [damaged] = elements(store)
    assert damaged.name == f"damaged-{element.path.name}"
    clear(store, [damaged])
    assert elements(store) == []


def test_what_somebody_else_has_cleared_is_gone(store: Store) -> None:
    keep(store, FILE, b"hello")
    found = elements(store)
    assert clear(store, found).gone == tuple(found)
    assert clear(store, found) == clear(Store(store.folder), found)


@pytest.mark.skipif(sys.platform == "win32", reason="what is below a file is only missing there")
def test_what_was_made_is_one_element_of_each_kind(store: Store) -> None:
    keep(store, FILE, b"fetched")
    made = Made(store.folder)
    made.keep("minified", key_of(b"a"), b"pass")
    made.keep("compiled", key_of(b"a"), b"M")
    made.keep("compiled", key_of(b"b"), b"MM")
    compiled, minified = elements(store)[1:]
    assert (compiled.name, minified.name) == ("made-compiled", "made-minified")
    assert (compiled.size, minified.size) == (2 * 32 + 3, 32 + 4)
    done = clear(store, [compiled])
    assert done.gone == (compiled,)
    assert done.errors == ()
    assert names(elements(store))[1:] == ["made-minified"]
    assert made.get("compiled", key_of(b"b")) is None
    assert made.get("minified", key_of(b"a")) == b"pass"


def test_a_file_in_place_of_the_store_is_an_error(store: Store) -> None:
    store.folder.write_text("", encoding="utf-8")
    with pytest.raises(NotADirectoryError):
        elements(store)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only for root")
def test_what_cannot_be_removed_is_told(store: Store) -> None:
    keep(store, FILE, b"hello")
    keep(store, PAGE, b"page", here=True)
    folders = [path for path in store.folder.rglob("*") if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        done = clear(store, elements(store))
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert done.gone == ()
    assert [type(error) for error in done.errors] == [PermissionError] * 2
    assert len(elements(store)) == 2
