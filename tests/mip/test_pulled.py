"""The plug is pulled in the middle: what worked before works, and the same command finishes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from servers.web import WebServer

from belay import ConnectionLost, Device
from belay.mip.library import Library
from belay.mip.wants import parse_wants

from .conftest import install, library

OLD = {f"p{at}": {"1": {"files": {f"p{at}.py": f"V = 1  # {'old' * 300}\n"}}} for at in range(4)}
NEW = {
    name: {
        **versions,
        "2": {"files": {f"{name}/__init__.py": f"from {name}.x import V\n", f"{name}/x.py": "V = 2\n"}},
    }
    for name, versions in OLD.items()
}
Work = Callable[[Library, str], object]

WORKS: dict[str, tuple[Work, dict[str, set[int]]]] = {
    "install": (
        lambda packages, url: packages.install(parse_wants(["p1@1", "p2@1"], index=url), mpy=False),
        {"p0": {1}, "p1": {0, 1}, "p2": {0, 1}},
    ),
    "upgrade": (
        lambda packages, url: packages.install(parse_wants(["p0", "p3"], index=url), mpy=False),
        {"p0": {1, 2}, "p3": {1, 2}},
    ),
    "remove": (lambda packages, _: packages.remove(["p3"]), {"p0": {1}, "p3": {0, 1}}),
}
"""What is done, and which versions of each package may be there meanwhile; 0 for none."""


@pytest.fixture(scope="module")
def index(web: WebServer) -> str:
    return web.packages(NEW, path="/pulled")


def on(image: Path) -> Device:
    return Device(f"virtual:?fs=lfs2{'' if image.exists() else ':256k'}&image={image}")


def versions(device: Device, names: Iterator[str]) -> dict[str, int]:
    """Which version of each package can be imported; 0 for none."""
    found = {}
    for name in names:
        device(f"try:\n import {name}\n v={name}.V\nexcept ImportError:\n v=0", record=False)
        found[name] = device("v")
    return found


@pytest.mark.parametrize("work", WORKS)
def test_pulled(work: str, index: str, tmp_path: Path) -> None:
    check(work, index, tmp_path, moments=2)


@pytest.mark.long
@pytest.mark.parametrize("work", WORKS)
def test_pulled_at_any_write(work: str, index: str, tmp_path: Path) -> None:
    check(work, index, tmp_path, moments=None)


def check(work: str, index: str, tmp_path: Path, *, moments: int | None) -> None:
    first, image = tmp_path / "first", tmp_path / "image"
    with on(first) as device:
        install(device, index, "p0@1", "p3@1", mpy=False)
    do, allowed = WORKS[work]
    shutil.copy(first, image)
    with on(image) as device:
        begun = device.virtual.flash.counts.writes
        do(library(device, index), index)
        writes = device.virtual.flash.counts.writes - begun
        finished = device.filesystem.tree("/lib", checks=True)
    assert writes > 2
    for at in range(1, writes, max(1, writes // moments) if moments else 1):
        shutil.copy(first, image)
        with suppress(ConnectionLost), on(image) as device:
            device.virtual.power_cut(after_writes=at)
            do(library(device, index), index)
        with on(image) as device:
            there = versions(device, iter(allowed))
            wrong = {name: version for name, version in there.items() if version not in allowed[name]}
            assert not wrong, at
            with suppress(KeyError):
                # It may have been finished but for a word of it.
                do(library(device, index), index)
            assert device.filesystem.tree("/lib", checks=True) == finished, at
            assert library(device, index).verify() == []
