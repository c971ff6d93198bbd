from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers.web import WebServer

from belay.exceptions import FetchError, PackageError
from belay.packages.fetch import Fetcher, Limits
from belay.packages.indices import Indices
from belay.packages.search import Found, search
from belay.packages.store import Store
from belay.packages.supply import Supply

Look = Callable[..., Found]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Searches indices, as a new process would with the same store."""

    def found(urls: list[str], *words: str, offline: bool = False) -> Found:
        fetcher = Fetcher(Limits(read=0.5, pause=0.01), proxies={})
        with Supply(Store(tmp_path / "cache"), fetcher, offline=offline) as supply:
            return search(Indices(urls, supply).all, words, supply)

    return found


def listing(web: WebServer, path: str, *packages: dict[str, Any]) -> str:
    web.page(f"{path}/index.json", json.dumps({"v": 2, "packages": packages}))
    return web.url + path


def names(found: Found) -> list[str]:
    return [hit.name for hit in found.hits]


def test_names_come_before_descriptions_and_authors(web: WebServer, look: Look) -> None:
    url = listing(
        web,
        "/i",
        {"name": "zeta", "description": "for LED strips"},
        {"name": "alpha", "author": "Mr. Led <led@example.com>"},
        {"name": "controlled"},
        {"name": "led-strip"},
        {"name": "led"},
        {"name": "other"},
    )
    assert names(look([url], "LeD")) == ["led", "led-strip", "controlled", "zeta", "alpha"]


def test_all_words_must_be_there(web: WebServer, look: Look) -> None:
    url = listing(
        web,
        "/i",
        {"name": "umqtt.simple", "description": "a client"},
        {"name": "umqtt.robust", "description": "a client that is not simple"},
        {"name": "simple"},
    )
    assert names(look([url], "simple", "mqtt")) == ["umqtt.simple", "umqtt.robust"]
    assert names(look([url], "umqtt_simple")) == ["umqtt.simple"]
    assert names(look([url], "umqtt", "robust"))[0] == "umqtt.robust"


def test_what_a_hit_says(web: WebServer, look: Look) -> None:
    package = {
        "name": "a",
        "version": "2.0",
        "author": "me",
        "description": "one line",
        "versions": {"py": ["1.0", "2.0"]},
    }
    url = listing(web, "/i", package, {"name": "ab", "author": None, "license": 5})
    first, second = look([url], "a").hits
    assert (first.name, first.version, first.author, first.description) == ("a", "2.0", "me", "one line")
    assert (first.versions, first.index, first.taken) == (("1.0", "2.0"), url, True)
    assert (second.author, second.description, second.version) == ("", "", "")


def test_several_indices(web: WebServer, look: Look) -> None:
    first = web.packages({"a": {"1.0": {}}, "a-b": {"1.0": {}}}, "/first")
    second = web.packages({"a": {"9.0": {}}, "a-c": {"1.0": {}}}, "/second")
    found = look([first, second], "a")
    assert [(hit.name, hit.index, hit.taken) for hit in found.hits] == [
        ("a", first, True),
        ("a", second, False),
        ("a-b", first, True),
        ("a-c", second, True),
    ]
    assert found.count == 4


def test_an_index_of_the_real_shape(web: WebServer, look: Look) -> None:
    url = web.index()
    assert names(look([url], "umqtt")) == ["umqtt.robust", "umqtt.simple"]
    assert names(look([url], "http")) == ["aiohttp", "uaiohttpclient"]
    assert [request.path for request in web.counts().requests] == ["/pi/v2/index.json"] * 2


def test_what_cannot_be_searched_is_told(web: WebServer, look: Look) -> None:
    bare = web.packages({"a": {"1.0": {}}}, "/bare", listed=False)
    broken = web.url + "/broken"
    web.page("/broken/index.json", "[")
    dead = "https://no-such-host.invalid/pi"
    good = web.packages({"a": {"1.0": {}}}, "/good")
    found = look([bare, broken, dead, good], "a")
    assert [hit.index for hit in found.hits] == [good]
    assert list(found.skipped) == [bare, broken, dead]
    assert "has no index.json" in found.skipped[bare].message
    assert "is no listing of an index" in found.skipped[broken].message
    assert isinstance(found.skipped[dead], FetchError)
    with pytest.raises(PackageError, match=r"has no index.json, so it cannot be searched"):
        look([bare], "a")
    with pytest.raises(FetchError, match="no-such-host"):
        look([dead], "a")


def test_offline_takes_what_the_store_has(web: WebServer, look: Look) -> None:
    url = web.packages({"a": {"1.0": {}}})
    with pytest.raises(PackageError, match="is not in the store") as caught:
        look([url], "a", offline=True)
    assert caught.value.hint == "without --offline it would be fetched"
    look([url], "a")
    web.counts()
    assert names(look([url], "a", offline=True)) == ["a"]
    assert not web.counts().requests


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["aiohtp"], ("aiohttp",)),
        (["temprature"], ("temperature",)),
        (["temprature", "http"], ("temperature", "http")),
        (["temperature", "http"], ("temperature", "http")),
        (["simpel"], ("simple",)),
        (["qqqqq"], ()),
        (["http", "qqqqq"], ()),
    ],
)
def test_nothing_found(web: WebServer, look: Look, words: list[str], near: tuple[str, ...]) -> None:
    url = listing(
        web,
        "/i",
        {"name": "aiohttp"},
        {"name": "umqtt.simple"},
        {"name": "bme280", "description": "Reads temperature, and more."},
    )
    found = look([url], *words)
    assert (found.hits, found.near) == ((), near)
