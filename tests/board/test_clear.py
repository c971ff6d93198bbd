"""What a connection makes of bytes decides whether the agent can be used: over telnet, both happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from servers.telnet import TelnetServer, serving

from belay import Device
from belay.exceptions import FeatureUnavailableError
from belay.transports import telnet
from belay.virtual import VirtualBoard

LOGIN = ("micro", "python")


@contextmanager
def behind_telnet(*, doubles: bool) -> Iterator[str]:
    with VirtualBoard() as board:
        server = TelnetServer(board.stdout_fd, board.stdin_fd, login=LOGIN, doubles=doubles)
        with serving(server) as place:
            yield f"telnet://micro@{place}"


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telnet, "ASKS_SECONDS", 0.05)


def test_a_server_that_keeps_to_the_protocol_carries_the_agent() -> None:
    data = bytes(range(256)) * 8
    with behind_telnet(doubles=True) as address, Device(address, password="python") as device:
        assert device.examine().agent

        @device.task
        def same(data):  # type: ignore[no-untyped-def]
            return bytes(data)

        assert same(data) == data


def test_where_bytes_are_lost_calls_go_over_the_plain_repl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.board.clear.TIMEOUT", 0.5)
    with behind_telnet(doubles=False) as address:
        with pytest.raises(FeatureUnavailableError, match="lost or changed"):
            Device(address, password="python", agent=True)
        with Device(address, password="python") as device:
            assert not device.examine().agent
            assert device("[1, 'two']") == [1, "two"]
