from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.web import WebServer

from belay import Device
from belay.mip.choice import Origins
from belay.mip.library import Done, Library
from belay.mip.wants import parse_wants
from belay.packages.index import DEFAULT_INDEX

SYS_PATH = "__import__('sys').path"


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched by other tests, or by the user, is not there."""
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "store"))


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Device]:
    with Device(f"virtual:?fs=lfs2:256k&image={tmp_path}/flash") as device:
        yield device


def library(device: Device, index: str = "", **more: Any) -> Library:
    """The packages on a board."""
    path: Callable[[], Any] = lambda: device(SYS_PATH, record=False)  # noqa: E731 - shorter
    return Library(device.filesystem, device.implementation, path, origins=Origins(index), **more)


def install(device: Device, index: str, *words: str, **more: Any) -> Done:
    """Install packages of an index."""
    return library(device, index).install(parse_wants(words, index=index), **more)


def files(device: Device, top: str = "/lib") -> list[str]:
    """The files in a folder of a board."""
    return sorted(path for path, entry in device.filesystem.tree(top).items() if hasattr(entry, "size"))


def changes(done: Done) -> list[str]:
    """What has changed, in words."""
    return [str(change) for change in done.changes]


__all__ = ["DEFAULT_INDEX", "changes", "files", "install", "library"]
