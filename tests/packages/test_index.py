from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from servers.index_recipes import micropython_lib
from servers.web import WebServer

from belay.exceptions import FetchError, ManifestError
from belay.packages.fetch import Fetcher, Limits
from belay.packages.index import Index
from belay.packages.store import Store
from belay.packages.supply import Supply
from belay.packages.version import parse_wanted

Open = Callable[..., Index]
THREE = {"a": {"1.0": {}, "1.1": {}, "2.0": {}, "2.1rc1": {}}}


@pytest.fixture
def open_index(tmp_path: Path) -> Open:
    """An index as a new process would have it; the store stays."""

    def opened(url: str, mpy: str = "py", *, offline: bool = False) -> Index:
        fetcher = Fetcher(Limits(read=0.5, pause=0.01), proxies={})
        return Index(url, Supply(Store(tmp_path / "cache"), fetcher, offline=offline), mpy)

    return opened


def versions(index: Index, *wanted: str, name: str = "a") -> list[str]:
    return [each.version for each in index.candidates(name, [parse_wanted(text) for text in wanted])]


def paths(web: WebServer) -> list[str]:
    return [request.path.removeprefix("/pi/v2/") for request in web.counts().requests]


def test_what_a_page_says(web: WebServer, open_index: Open) -> None:
    url = web.packages({"a.b": {"1.0": {"files": {"a/b.py": "x = 1\n"}, "deps": [["c", "2.0"]]}}})
    candidate = open_index(url + "/").candidate("a.b", "latest")
    assert candidate is not None
    assert (candidate.name, candidate.version, candidate.source) == ("a.b", "1.0", f"index+{url}")
    [file] = candidate.files
    assert file.destination == "a/b.py"
    assert file.url == f"{url}/file/{file.hash_prefix[:2]}/{file.hash_prefix}"
    assert [need.key for need in candidate.dependencies] == ["c"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["*"], ["2.1rc1"]),
        (["latest"], ["2.1rc1"]),
        (["*", "latest"], ["2.1rc1"]),
        (["1.0"], ["1.0"]),
        (["==1.0.0"], ["1.0"]),
        ([">=1"], ["2.0", "1.1", "1.0"]),
        ([">=1", "<2"], ["1.1", "1.0"]),
        (["^1.0", "*"], ["1.1", "1.0"]),
        ([">=2.1rc1"], ["2.1rc1"]),
        (["latest", ">=1"], []),
        (["1.0", "1.1"], []),
        ([">=3"], []),
    ],
)
def test_which_versions_come_into_question(
    web: WebServer, open_index: Open, wanted: list[str], found: list[str]
) -> None:
    assert versions(open_index(web.packages(THREE)), *wanted) == found


def test_pages_are_fetched_when_they_are_reached(web: WebServer, open_index: Open) -> None:
    index = open_index(web.packages(THREE))
    assert next(index.candidates("a", [parse_wanted(">=1")])).version == "2.0"
    assert paths(web) == ["index.json", "package/py/a/2.0.json"]


def test_any_version_takes_the_latest_page_and_a_range_a_version_s(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE)
    index = open_index(url)
    for wanted in ("*", "^1", "1.0", "latest"):
        versions(index, wanted)
    assert paths(web) == [
        "index.json",
        "package/py/a/latest.json",
        "package/py/a/1.1.json",
        "package/py/a/1.0.json",
    ]


def test_without_a_listing_there_are_exact_versions_and_the_latest(web: WebServer, open_index: Open) -> None:
    index = open_index(web.packages({"a": {"1.0": {}, "1.1": {}}}, listed=False))
    assert index.listing is None
    assert versions(index, "1.0") == ["1.0"]
    assert versions(index, "*") == ["1.1"]
    assert versions(index, "^1") == ["1.1", "1.1"]
    assert versions(index, "<1.1") == []
    assert versions(index, "1.5") == []
    assert versions(index, "*", name="nosuch") == []
    assert index.versions("a") == ["1.1"]
    assert index.latest("nosuch") == ""
    assert index.has("a", [parse_wanted("9")])
    assert not index.has("nosuch", [parse_wanted("*")])


def test_a_listing_that_has_not_changed_vouches_for_the_pages(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE)
    versions(open_index(url), "*")
    web.counts()
    versions(open_index(url), "*")
    assert paths(web) == ["index.json"]


def test_a_listing_that_is_new_does_not(web: WebServer, open_index: Open) -> None:
    versions(open_index(web.packages(THREE)), "*")
    url = web.packages({"a": {"1.0": {}, "1.1": {}}}, updated=1_700_000_001)
    assert versions(open_index(url), "*") == ["1.1"]


def test_a_listing_of_a_moment_ago_does_not_vouch_yet(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE, updated=4_000_000_000)
    versions(open_index(url), "*")
    web.counts()
    versions(open_index(url), "*")
    assert paths(web) == ["index.json", "package/py/a/latest.json"]


def test_a_listing_without_a_date_never_does(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE, updated=0)
    versions(open_index(url), "*")
    web.counts()
    versions(open_index(url), "*")
    counts = web.counts()
    assert len(counts.requests) == 2
    assert all("if-none-match" in request.headers for request in counts.requests)


def test_a_listing_dated_by_the_server(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE)
    web.page(
        "/pi/v2/index.json",
        '{"v":2,"packages":[{"name":"a","version":"2.0","versions":{"py":["2.0"]}}]}',
        {"Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"},
    )
    versions(open_index(url), "*")
    web.counts()
    versions(open_index(url), "*")
    assert paths(web) == ["index.json"]


def test_without_a_listing_each_page_is_asked_for(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE, listed=False)
    versions(open_index(url), "*")
    web.counts()
    versions(open_index(url), "*")
    requests = web.counts().requests
    assert "if-none-match" in requests[1].headers
    assert len(requests) == 2


def test_mpy_versions(web: WebServer, open_index: Open) -> None:
    url = web.index()
    index = open_index(url, "6")
    candidate = index.candidate("abc", "latest")
    assert candidate is not None
    assert [file.destination for file in candidate.files] == ["abc.mpy"]
    candidate = open_index(url).candidate("abc", "latest")
    assert candidate is not None
    assert [file.destination for file in candidate.files] == ["abc.py"]


@pytest.mark.parametrize("listed", [True, False])
def test_sources_stand_in_for_an_mpy_version_that_is_missing(
    web: WebServer, open_index: Open, listed: bool
) -> None:
    index = open_index(web.packages(THREE, listed=listed), "5")
    assert versions(index, "*") == ["2.1rc1"]
    expected = (
        ["package/py/a/latest.json"] if listed else ["package/5/a/latest.json", "package/py/a/latest.json"]
    )
    assert paths(web) == ["index.json", *expected]


def test_a_version_that_only_the_sources_have(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE)
    web.page(
        "/pi/v2/index.json",
        '{"v":2,"packages":[{"name":"a","version":"2.0","versions":{"py":["1.0","2.0"],"6":["2.0"]}}]}',
    )
    assert versions(open_index(url, "6"), ">=1") == ["2.0", "1.0"]
    assert "package/py/a/1.0.json" in paths(web)


def test_a_version_that_its_page_does_not_state(web: WebServer, open_index: Open) -> None:
    url = web.packages(THREE)
    web.page("/pi/v2/package/py/a/1.0.json", '{"v":1,"hashes":[]}')
    assert versions(open_index(url), "1.0") == ["1.0"]


def test_an_index_in_a_folder(tmp_path: Path, open_index: Open) -> None:
    made = micropython_lib()
    made.write(tmp_path / "index")
    index = open_index((tmp_path / "index").as_uri(), offline=True)
    assert index.latest("aioble") == "0.6.2"
    candidate = index.candidate("umqtt.simple", "latest")
    assert candidate is not None
    assert candidate.files[0].url.startswith("file:")
    assert versions(index, "*", name="nosuch") == []


@pytest.mark.parametrize("listing", ["", "[]", "nonsense", '{"packages": 3}', '{"packages":[{}]}', "\xff"])
def test_a_listing_that_is_none(web: WebServer, open_index: Open, listing: str) -> None:
    web.page("/pi/v2/index.json", listing.encode("latin-1"))
    with pytest.raises(ManifestError, match="no listing"):
        _ = open_index(web.url + "/pi/v2").listing


def test_an_index_that_never_answers_is_noted(web: WebServer, open_index: Open) -> None:
    web.fault("mute")
    index = open_index(web.url + "/pi/v2")
    assert index.listing is None
    assert index.failure is not None
    assert index.failure.kind == "timeout"
    assert not index.has("a", [parse_wanted("*")])
    assert index.prefetch("a", [parse_wanted("*")]) is None


def test_an_index_without_a_listing_that_falls_silent_is_noted(web: WebServer, open_index: Open) -> None:
    index = open_index(web.packages(THREE, listed=False))
    assert index.listing is None
    web.fault("mute")
    assert index.candidate("a", "latest") is None
    assert index.failure is not None


@pytest.mark.parametrize("path", ["/pi/v2/index.json", "/pi/v2/package"])
def test_an_index_that_fails_is_no_index_without_the_package(
    web: WebServer, open_index: Open, path: str
) -> None:
    index = open_index(web.packages(THREE))
    web.fault("status", path, status=403)
    with pytest.raises(FetchError) as caught:
        versions(index, "*")
    assert caught.value.status == 403


def test_an_index_that_is_not_trusted_is_an_error(tls_web: WebServer, open_index: Open) -> None:
    with pytest.raises(FetchError) as caught:
        _ = open_index(tls_web.packages(THREE)).listing
    assert caught.value.kind == "tls"


def test_a_dead_connection_amid_the_pages_is_an_error(web: WebServer, open_index: Open) -> None:
    index = open_index(web.packages(THREE))
    assert index.listing
    web.fault("drop")
    with pytest.raises(FetchError) as caught:
        versions(index, "*")
    assert caught.value.kind == "dropped"
