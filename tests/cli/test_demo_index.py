from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from belay.cli.demo_index import Release, publish, served
from belay.packages.fetch import Fetcher
from belay.packages.index import Index
from belay.packages.store import Store
from belay.packages.supply import Supply
from belay.packages.version import parse_wanted

ONE = Release("A = 1\n")
TWO = Release("A = 2\n", (("b", "<2"),))


def test_it_is_an_index_whose_changes_are_seen(tmp_path: Path) -> None:
    folder, store = tmp_path / "index", tmp_path / "store"
    publish({"a": {"1.0": ONE}}, folder)
    with served(folder) as url:
        with Supply(Store(store), Fetcher()) as supply:
            index = Index(url, supply)
            assert index.versions("a") == ["1.0"]
            assert index.versions("b") == []
        # As soon as this: within the second in which the first was asked for.
        publish({"a": {"1.0": ONE, "1.1": TWO}}, folder)
        with Supply(Store(store), Fetcher()) as supply:
            (found,) = Index(url, supply).candidates("a", [parse_wanted(">1")])
            assert [need.key for need in found.dependencies] == ["b"]
            held = supply.file(found.files[0])
            assert supply.store.read(held.sha256) == b"A = 2\n"
        with Supply(Store(store), Fetcher()) as supply:
            assert not supply.page(f"{url}/index.json").changed


def test_what_is_not_there_or_not_below_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    publish({}, tmp_path / "index")
    with served(tmp_path / "index") as url:
        for path in ("", "file", "package/py/a/latest.json", "../secret", "%2e%2e/secret"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/{path}", timeout=20)
    with pytest.raises(OSError, match=r"refused|actively"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20)
