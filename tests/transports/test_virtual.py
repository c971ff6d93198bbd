from __future__ import annotations

import os
import signal

import pytest

from belay.exceptions import AddressError, BoardCrashedError
from belay.transports import open_transport
from belay.transports.virtual import VirtualTransport


def test_a_prompt_comes() -> None:
    transport = open_transport("virtual:")
    assert isinstance(transport, VirtualTransport)
    assert transport.name == "virtual:"
    data = b""
    while not data.endswith(b">>> "):
        data += transport.read(timeout=10)
    assert b"MicroPython" in data
    root = transport.board.root
    assert root.is_dir()
    transport.close()
    assert not root.exists()


def test_a_crash_is_worded_by_the_board() -> None:
    transport = open_transport("virtual:")
    assert isinstance(transport, VirtualTransport)
    os.kill(transport.board.interpreter_pid, signal.SIGKILL)
    with pytest.raises(BoardCrashedError) as caught:  # noqa: PT012 - the banner comes first
        while True:
            transport.read(timeout=10)
    assert caught.value.returncode == -signal.SIGKILL
    transport.close()


def test_an_unknown_option() -> None:
    with pytest.raises(AddressError):
        open_transport("virtual:?colour=red")
