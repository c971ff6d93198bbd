from __future__ import annotations

from pathlib import Path

import pytest
from servers.index_recipes import of
from servers.web import WebServer

from belay.exceptions import FetchError, PackageNotFoundError, ResolutionError
from belay.packages.fetch import Fetcher, Limits
from belay.packages.indices import Indices
from belay.packages.store import Store
from belay.packages.supply import Supply
from belay.packages.version import parse_wanted

QUICK = Limits(read=0.5, pause=0.01)
ANY = [parse_wanted("*")]


@pytest.fixture
def supply(tmp_path: Path) -> Supply:
    return Supply(Store(tmp_path / "cache"), Fetcher(QUICK, proxies={}))


def test_the_first_index_that_has_a_package_is_taken(web: WebServer, supply: Supply) -> None:
    first = web.packages({"a": {"1.0": {}}}, "/first")
    second = web.packages({"a": {"9.0": {}}, "b": {"1.0": {}}}, "/second", listed=False)
    indices = Indices([first, ("mine", second)], supply)
    assert indices.find("a", ANY).url == first
    assert indices.find("a", [parse_wanted(">5")]).url == first
    assert indices.find("b", ANY).url == second
    assert indices.find("a", ANY, "mine").url == second
    assert indices.find("a", ANY, second + "/").url == second
    other = web.packages({"c": {"1.0": {}}}, "/other")
    assert indices.find("c", ANY, other).url == other


def test_an_index_that_nobody_named(web: WebServer, supply: Supply) -> None:
    with pytest.raises(ResolutionError, match="there is no index 'mine'"):
        Indices([web.packages({})], supply).find("a", ANY, "mine")


def test_a_package_that_no_index_has(web: WebServer, supply: Supply) -> None:
    urls = [web.packages({"aiohttp": {"1.0": {}}}, "/first"), web.packages({}, "/second", listed=False)]
    with pytest.raises(PackageNotFoundError) as caught:
        Indices(urls, supply).find("aiohtp", ANY)
    assert caught.value.name == "aiohtp"
    assert all(f"{url} does not have it" in caught.value.message for url in urls)
    assert caught.value.hint == "did you mean aiohttp?"


def test_no_index_at_all(supply: Supply) -> None:
    with pytest.raises(PackageNotFoundError, match=r"(?m)^no index has a package 'a'$") as caught:
        Indices([], supply).find("a", ANY)
    assert caught.value.hint == "package_indices is empty"


def test_an_index_that_cannot_be_reached_is_passed_over(web: WebServer, supply: Supply) -> None:
    living = web.packages({"a": {"1.0": {}}})
    warnings: list[str] = []
    indices = Indices(["https://no-such-host.invalid/pi", living], supply, warn=warnings.append)
    indices.open()
    assert indices.find("a", ANY).url == living
    with pytest.raises(PackageNotFoundError, match="was passed over: the name of"):
        indices.find("b", ANY)
    [warning] = warnings
    assert "https://no-such-host.invalid/pi" in warning


def test_a_folder_that_is_not_there_is_passed_over(supply: Supply, tmp_path: Path) -> None:
    of({"a": {"1.0": {}}}, listed=False).write(tmp_path / "index")
    gone = (tmp_path / "gone").as_uri()
    warnings: list[str] = []
    indices = Indices([gone, (tmp_path / "index").as_uri()], supply, warn=warnings.append)
    assert indices.find("a", ANY).url == (tmp_path / "index").as_uri()
    assert warnings == [f"the index {gone} is passed over: there is no such folder"]
    with pytest.raises(FetchError, match="there is no such folder"):
        Indices([gone], supply).find("a", ANY)


def test_a_silent_index_costs_one_time_out(
    web: WebServer, tls_web: WebServer, ca_file: Path, tmp_path: Path
) -> None:
    # On a server of its own, as it would be: one that answers others is only slow, and asked again.
    web.fault("mute")
    living = tls_web.packages({f"p{i}": {"1.0": {}} for i in range(100)})
    warnings: list[str] = []
    supply = Supply(Store(tmp_path / "cache"), Fetcher(QUICK, ca_file=ca_file, proxies={}))
    indices = Indices([web.url, living], supply, warn=warnings.append)
    indices.open()
    for number in range(100):
        assert indices.find(f"p{number}", ANY).url == living
    assert len(warnings) == 1
    assert [request.path for request in web.counts().requests] == ["/index.json"]


def test_the_only_index_there_is_must_work(web: WebServer, supply: Supply) -> None:
    web.fault("mute")
    with pytest.raises(FetchError) as caught:
        Indices([web.url + "/pi"], supply).find("a", ANY)
    assert caught.value.kind == "timeout"


def test_offline_what_is_not_in_the_store_is_not_found(web: WebServer, tmp_path: Path) -> None:
    supply = Supply(Store(tmp_path / "cache"), Fetcher(proxies={}), offline=True)
    with pytest.raises(PackageNotFoundError) as caught:
        Indices([web.packages({"a": {"1.0": {}}})], supply).find("a", ANY)
    assert "--offline" in (caught.value.hint or "")
    assert not web.counts().requests
