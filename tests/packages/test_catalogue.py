from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.exceptions import ResolutionError
from belay.packages.catalogue import Catalogue
from belay.packages.fetch import Fetcher, Limits
from belay.packages.indices import Indices
from belay.packages.model import FromIndex, FromUrl, Requirement
from belay.packages.store import Store
from belay.packages.supply import Supply

PACKAGES = {
    "a": {"1.0": {"deps": [["b", ""]]}},
    "b": {"1.0": {}, "2.0": {"deps": [["c", ""]]}},
    "c": {"1.0": {"deps": [["a", ""], ["nosuch", ""]]}},
}


@pytest.fixture
def supply(tmp_path: Path) -> Iterator[Supply]:
    with Supply(Store(tmp_path / "cache"), Fetcher(Limits(read=0.5, pause=0.01), proxies={})) as made:
        yield made


def need(name: str, wanted: str = "*", index: str = "") -> Requirement:
    return Requirement(name, (FromIndex(name, wanted, index),))


def catalogue(supply: Supply, url: str, *needs: Requirement) -> Catalogue:
    return Catalogue(needs, supply, Indices([url], supply), supply.store.folder)


def test_what_is_needed_is_fetched_ahead(web: WebServer, supply: Supply) -> None:
    url = web.packages(PACKAGES)
    catalogue(supply, url, need("a")).prepare()
    paths = [request.path.removeprefix("/pi/v2/") for request in web.counts().requests]
    assert paths == ["index.json", *(f"package/py/{name}/latest.json" for name in "abc")]


def test_what_is_wrong_ahead_is_left_for_later(web: WebServer, supply: Supply) -> None:
    url = web.packages({"a": {"1.0": {}}})
    web.page("/pi/v2/package/py/a/latest.json", "nonsense")
    needs = [need("a"), need("b", index="mine"), need("c"), Requirement("d", (FromUrl(web.url + "/d"),))]
    offers = catalogue(supply, url, *needs)
    offers.prepare()
    with pytest.raises(ResolutionError, match="there is no index 'mine'"):
        list(offers.candidates("b", [needs[1]]))


def test_the_latest_is_what_the_index_calls_so(web: WebServer, supply: Supply) -> None:
    offers = catalogue(supply, web.packages(PACKAGES))
    one, two = offers.candidates("b", [need("b", ">=1")])
    assert (one.version, two.version) == ("2.0", "1.0")
    latest = need("b", "latest")
    assert offers.accepts(latest, one)
    assert not offers.accepts(latest, two)
    assert offers.accepts(need("b"), two)


def test_what_would_help(web: WebServer, supply: Supply) -> None:
    url = web.packages({"a": {f"1.{i}": {} for i in range(20)}})
    offers = catalogue(supply, url)
    there_is, hint = offers.explain("a", [need("a", ">2")])
    assert there_is == f"{url} has … {', '.join(f'1.{i}' for i in range(12, 20))}"
    assert hint == "the latest is 1.19"
    assert not offers.explain("a", [need("a", ">2"), need("a", "<1")])[1]
    assert "where a comes from" in offers.explain("a", [Requirement("a", (FromUrl(web.url),))])[1]


def test_what_would_help_where_versions_are_not_what_they_seem(web: WebServer, supply: Supply) -> None:
    url = web.packages({"a": {"1.0": {}, "2.0rc1": {}}, "b": {"1.0": {}, "r9": {}}})
    offers = catalogue(supply, url)
    assert offers.explain("a", [need("a", ">1")])[1] == "2.0rc1 is a pre-release, which >1 does not ask for"
    assert offers.explain("b", [need("b", ">1")])[1] == "r9 is no version that can be compared"
    assert offers.explain("b", [need("b", "r8")])[1] == "the latest is r9"
    offers = catalogue(supply, web.packages({"a": {"1.0": {}, "2.0": {}}}, "/bare", listed=False))
    there_is, hint = offers.explain("a", [need("a", "<2")])
    assert there_is == f"{web.url}/bare has 2.0"
    assert hint == "the index lists no versions: only exact ones and the latest, 2.0, can be had"


def test_a_list_is_taken_apart_before(web: WebServer, supply: Supply) -> None:
    both = Requirement("both", (FromIndex("a"), FromUrl(web.page("/x.py", "1"))))
    with pytest.raises(ResolutionError, match="cannot be a part"):
        list(catalogue(supply, web.url).candidates("both", [both]))
