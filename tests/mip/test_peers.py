"""belay mip and ``mpremote mip`` on one board, in turn: neither treads on the other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import peers
import pytest
from servers.web import WebServer

from belay import Device

from .conftest import changes, files, install, library

SERVES = """
import sys
from belay.virtual import VirtualOptions
from belay.virtual.serve import serve_pty
serve_pty(VirtualOptions(), lambda path: print(path, flush=True))
"""
SHAPES = {
    "sensor": {"1.0": {"deps": [["bus", "latest"]]}, "2.0": {"deps": [["bus", "latest"]]}},
    "bus": {"1.0": {}},
}


@pytest.fixture
def peer(pytestconfig: pytest.Config) -> Iterator[tuple[Path, str]]:
    """The folder of mpremote, and a board's port for it."""
    home = peers.mpremote_home(pytestconfig)
    with subprocess.Popen([sys.executable, "-c", SERVES], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield home, server.stdout.readline().strip()
        server.terminate()


@pytest.mark.peers
def test_in_turn(web: WebServer, peer: tuple[Path, str]) -> None:
    index = web.packages(SHAPES, path="/turns")
    home, port = peer

    def mpremote(*words: str) -> None:
        peers.mpremote(home, "connect", port, "mip", "install", "--index", index, *words)

    with Device(port) as device:
        install(device, index, "sensor@1.0")
    mpremote("sensor")
    with Device(port) as device:
        # It has put another one in the place of ours.
        assert [(each.path, each.kind) for each in device.mip.verify()] == [("/lib/sensor.mpy", "changed")]
        assert changes(install(device, index, "sensor")) == ["sensor 1.0 -> 2.0"]
        assert device.mip.verify() == []
    mpremote("--no-mpy", "sensor")
    with Device(port) as device:
        assert files(device) == ["bus.mpy", "bus.py", "sensor.mpy", "sensor.py"]
        mine = library(device, index)
        assert [str(each) for each in mine.strangers("/lib")] == ["bus 1.0", "sensor 2.0"]
        # The board would import theirs; ours is as it was.
        words = install(device, index, "sensor").summary.words  # type: ignore[union-attr]
        assert words == tuple(
            f"the board imports {n}.py, which is there, and not {n}.mpy" for n in ("bus", "sensor")
        )
        device.mip.remove("sensor")
        assert files(device) == ["bus.py", "sensor.py"]
