from __future__ import annotations

import hashlib
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.exceptions import FetchError
from belay.packages.fetch import Fetcher, Limits
from belay.packages.model import LockedFile, RemoteFile
from belay.packages.store import Store
from belay.packages.stored import clear, elements
from belay.packages.supply import Held, Page, Progress, Supply


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def supply(store: Store) -> Iterator[Supply]:
    with Supply(store, Fetcher(Limits(read=2.0, pause=0.01), proxies={})) as made:
        yield made


def again(supply: Supply, *, offline: bool = False) -> Supply:
    """A supply as another process would have it, with the same store."""
    return Supply(Store(supply.store.folder), Fetcher(proxies={}), offline=offline)


def digits(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def locked(url: str, content: bytes) -> LockedFile:
    return LockedFile("a.py", len(content), digits(content), url)


def paths(web: WebServer) -> list[str]:
    return [request.path for request in web.counts().requests]


# --- pages -----------------------------------------------------------------------------------------


def test_a_page_is_asked_for_once(web: WebServer, supply: Supply) -> None:
    url = web.page("/p", b"hello")
    page = supply.page(url)
    assert (page.content, page.sha256, page.changed) == (b"hello", digits(b"hello"), True)
    assert supply.page(url) is page
    assert paths(web) == ["/p"]


def test_a_page_that_has_not_changed_is_not_sent_again(web: WebServer, supply: Supply) -> None:
    url = web.page("/p", b"hello", {"Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"})
    supply.page(url)
    page = again(supply).page(url)
    assert (page.content, page.changed, page.modified) == (b"hello", False, "Tue, 14 Nov 2023 22:13:20 GMT")
    assert "if-none-match" in web.counts().requests[1].headers
    web.page("/p", b"other")
    page = again(supply).page(url)
    assert (page.content, page.changed) == (b"other", True)


def test_a_page_that_somebody_vouches_for_is_not_asked_for(web: WebServer, supply: Supply) -> None:
    url = web.page("/p", b"hello")
    now = time.time()
    supply.page(url, under="this")
    assert paths(web) == ["/p"]
    assert again(supply).page(url, under="this", settled=now - 10).content == b"hello"
    assert paths(web) == []
    again(supply).page(url, under="this", settled=now + 1000)
    assert paths(web) == ["/p"], "it was fetched too early to be vouched for"
    again(supply).page(url, under="another", settled=now - 10)
    assert paths(web) == ["/p"]
    again(supply).page(url, under="another", settled=now - 10)
    assert paths(web) == [], "that it was not modified has been noted"


def test_a_damaged_page_is_fetched_again(web: WebServer, supply: Supply) -> None:
    url = web.page("/p", b"hello")
    supply.page(url, under="this")
    [record] = supply.store.records()
    record.path.write_bytes(record.path.read_bytes()[:-1] + b"O")
    assert again(supply).page(url, under="this").content == b"hello"


def test_a_page_that_is_too_large(web: WebServer, supply: Supply) -> None:
    with pytest.raises(FetchError) as caught:
        supply.page(web.page("/p", b"hello"), most=4)
    assert caught.value.kind == "too-large"


def test_not_modified_where_nothing_was_known(web: WebServer, supply: Supply) -> None:
    web.fault("status", status=304)
    with pytest.raises(FetchError, match="not modified"):
        supply.page(web.url + "/p")


def test_offline_the_store_is_all_there_is(web: WebServer, supply: Supply) -> None:
    page, file = web.page("/p", b"hello"), RemoteFile("a.py", web.page("/f", b"file"))
    supply.page(page)
    held = supply.file(file)
    web.counts()
    offline = again(supply, offline=True)
    assert offline.page(page).content == b"hello"
    assert offline.file(file) == held
    for url in [web.url + "/other", file.url]:
        with pytest.raises(FetchError) as caught:
            offline.page(url)
        assert caught.value.kind == "offline"
    with pytest.raises(FetchError) as caught:
        offline.file(RemoteFile("a.py", file.url, "00"))
    assert caught.value.kind == "offline"
    assert paths(web) == []


def test_files_of_this_machine_are_read_each_time(supply: Supply, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    for content in (b"one", b"two"):
        file.write_bytes(content)
        offline = again(supply, offline=True)
        assert offline.page(file.as_uri(), under="this").content == content
        assert offline.file(RemoteFile("a.py", file.as_uri())).sha256 == digits(content)


# --- files -----------------------------------------------------------------------------------------


def test_a_file_whose_hash_is_known_is_fetched_once(web: WebServer, supply: Supply) -> None:
    file = RemoteFile("a.py", web.page("/f", b"hello"), digits(b"hello")[:8])
    assert supply.file(file) == Held(digits(b"hello"), 5)
    assert again(supply).file(file) == Held(digits(b"hello"), 5)
    assert paths(web) == ["/f"]
    assert supply.store.read(digits(b"hello")) == b"hello"


def test_a_file_whose_hash_is_not_known_may_change(web: WebServer, supply: Supply) -> None:
    file = RemoteFile("a.py", web.page("/f", b"hello"))
    supply.file(file)
    assert again(supply).file(file).sha256 == digits(b"hello")
    assert "if-none-match" in web.counts().requests[1].headers
    web.page("/f", b"other")
    assert again(supply).file(file).sha256 == digits(b"other")


def test_content_of_another_address_is_not_taken_for_its_hash(web: WebServer, supply: Supply) -> None:
    """Eight digits are soon made to agree; what another index has said about them is not believed."""
    supply.file(RemoteFile("a.py", web.page("/evil/f", b"hello"), digits(b"hello")[:8]))
    supply.file(RemoteFile("a.py", web.page("/good/f", b"hello"), digits(b"hello")[:8]))
    assert paths(web) == ["/evil/f", "/good/f"]


@pytest.mark.parametrize("fault", ["wrong", "truncate"])
def test_a_file_that_is_not_what_it_should_be(web: WebServer, supply: Supply, fault: str) -> None:
    file = RemoteFile("a.py", web.page("/f", b"hello"), digits(b"hello")[:8])
    web.fault(fault)
    with pytest.raises(FetchError) as caught:
        supply.file(file)
    assert caught.value.kind == {"wrong": "mismatch", "truncate": "truncated"}[fault]
    assert not supply.store.contents()
    web.heal()
    assert supply.file(file).size == 5


@pytest.mark.parametrize("count", [2, 8, 40, 64])
def test_hashes_of_any_length(web: WebServer, supply: Supply, count: int) -> None:
    file = RemoteFile("a.py", web.page("/f", b"hello"), digits(b"hello")[:count].upper())
    assert supply.file(file).sha256 == digits(b"hello")


def test_a_file_that_was_locked(web: WebServer, supply: Supply) -> None:
    url = web.page("/f", b"hello")
    supply.bring([locked(url, b"hello"), locked(url, b"hello")])
    assert supply.store.has(digits(b"hello"), 5)
    supply.bring([locked(url, b"hello")])
    assert supply.content(locked(url, b"hello")) == b"hello"
    assert paths(web) == ["/f"]
    clear(supply.store, elements(supply.store))
    assert supply.content(locked(url, b"hello")) == b"hello"
    assert paths(web) == ["/f"]


def test_a_damaged_file_is_fetched_again(web: WebServer, supply: Supply) -> None:
    file = locked(web.page("/f", b"hello"), b"hello")
    supply.bring([file])
    for path, _ in supply.store.contents().values():
        path.write_bytes(b"HELLO")
    assert supply.content(file) == b"hello"
    assert again(supply).content(file) == b"hello"
    assert paths(web) == ["/f", "/f"]


def test_a_file_that_has_changed_since_it_was_locked(web: WebServer, supply: Supply) -> None:
    with pytest.raises(FetchError) as caught:
        supply.bring([locked(web.page("/f", b"other"), b"hello")])
    assert caught.value.kind == "mismatch"
    assert "since it was locked" in (caught.value.hint or "")


def test_without_a_store_files_are_still_here(web: WebServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    with Supply(Store(tmp_path / "cache"), Fetcher(proxies={})) as supply:
        file = locked(web.page("/f", b"hello"), b"hello")
        supply.bring([file])
        supply.page(web.url + "/f")
        assert supply.content(file) == b"hello"
    assert paths(web) == ["/f", "/f"]


# --- many at once ----------------------------------------------------------------------------------


def test_files_that_are_here_are_not_asked_for(web: WebServer, supply: Supply) -> None:
    contents = [b"%d" % number for number in range(5)]
    wanted = [
        RemoteFile("a.py", web.page(f"/{n}", data), digits(data)[:8]) for n, data in enumerate(contents)
    ]
    supply.files(wanted[1:4:2])
    web.counts()
    assert again(supply).files(wanted) == [Held(digits(data), 1) for data in contents]
    assert sorted(paths(web)) == ["/0", "/2", "/4"]


def test_large_files_are_not_held_in_memory(web: WebServer, supply: Supply) -> None:
    content = bytes(4 << 20)
    url = web.page("/large", content)
    supply.page(web.page("/p", b"hello"))  # whatever has to be imported is so now
    web.counts()
    tracemalloc.start()
    try:
        held = supply.file(RemoteFile("a.py", url, digits(content)[:8]))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held == Held(digits(content), len(content))
    assert most < len(content) / 2
    assert supply.content(locked(url, content)) == content
    assert paths(web) == ["/large"]


def test_many_at_once(web: WebServer, store: Store) -> None:
    web.behave(latency=0.05)
    files = [RemoteFile("a.py", web.page(f"/{i}", b"%d" % i)) for i in range(64)]
    seen: list[Progress] = []
    with Supply(store, Fetcher(proxies={}), progress=seen.append) as supply:
        held = supply.each(supply.file, files)
    assert [each.sha256 for each in held] == [digits(b"%d" % i) for i in range(64)]
    assert seen == [Progress(done, 64) for done in range(1, 65)]
    assert 4 < web.counts().most_open <= 32


def test_the_first_error_ends_it(web: WebServer, supply: Supply) -> None:
    files = [RemoteFile("a.py", f"{web.url}/{i}") for i in range(500)]
    with pytest.raises(FetchError) as caught:
        supply.each(supply.file, files)
    assert caught.value.kind == "not-found"
    supply.close()
    assert len(paths(web)) < 500


def test_what_comes_may_lead_to_more(web: WebServer, supply: Supply) -> None:
    for number in range(20):
        web.page(f"/{number}", str(number + 1))
    web.page("/20", "")
    found = []

    def then(future: Future[Page]) -> list[Future[Page]]:
        text = future.result().content.decode()
        found.append(text)
        return [supply.page_soon(f"{web.url}/{text}"), supply.page_soon(web.url + "/0")] if text else []

    supply.gather([supply.page_soon(web.url + "/0")], then)
    assert found == [*map(str, range(1, 21)), ""]
    assert len(paths(web)) == 21
