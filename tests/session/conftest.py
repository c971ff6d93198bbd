from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from belay import Device

from .relay import Relay

Connect = Callable[..., Device]


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    """A board behind a TCP port."""
    relay = Relay(tmp_path / "root")
    yield relay
    relay.close()


@pytest.fixture
def connect(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Connects to it; nobody waits between two attempts."""
    monkeypatch.setattr("belay.session.reconnecting.PAUSE", 0.001)
    with ExitStack() as stack:

        def connect(**options: Any) -> Device:
            device = Device(relay.side.address, **{"timeout": 60.0, **options})
            stack.callback(device.close)
            return device

        yield connect
