from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import belay.transports
from belay.cli import exits
from belay.exceptions import DeviceNotFoundError
from belay.transports.base import Transport
from belay.transports.virtual import VirtualTransport, open_virtual
from tests.board.test_resetting import Usb
from tests.link.conftest import Wrapper

from .conftest import Belay


class Kept(Wrapper):
    """A board that goes on when its port is closed."""

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def board() -> Iterator[VirtualTransport]:
    transport = open_virtual("")
    yield transport
    transport.close()


Plug = Callable[..., list[str]]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    """What opening a port finds, one after the other, the last ever again; the addresses asked for."""

    def plug(*found: Transport | Exception) -> list[str]:
        asked: list[str] = []

        def open_transport(address: str, **_options: object) -> Transport:
            there = found[min(len(asked), len(found) - 1)]
            asked.append(address)
            if isinstance(there, Exception):
                raise there
            return there

        monkeypatch.setattr(belay.transports, "open_transport", open_transport)
        return asked

    return plug


def test_hard(belay: Belay, board: VirtualTransport, plug: Plug) -> None:
    plug(Kept(board))
    before = board.board.interpreter_pid
    result = belay("reset", "/dev/ttyACM0")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert board.board.interpreter_pid != before


def test_soft(belay: Belay, board: VirtualTransport, plug: Plug) -> None:
    plug(Kept(board))
    (board.board.root / "main.py").write_text("open('ran', 'w').close()", encoding="utf-8")
    result = belay("reset", "--soft", "/dev/ttyACM0")
    assert (result.code, result.out, result.err) == (0, "", "")
    (board.board.root / "main.py").unlink()
    (board.board.root / "ran").unlink()


def test_a_port_that_goes_away_is_waited_for(belay: Belay, board: VirtualTransport, plug: Plug) -> None:
    asked = plug(Usb(Kept(board), b"reset()"), DeviceNotFoundError("no"), Kept(board))
    assert belay("reset", "id:abc").code == 0
    assert asked == ["id:abc"] * 3


def test_a_port_that_does_not_come_back(
    belay: Belay, board: VirtualTransport, plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belay.cli.reset._awaited.__defaults__", (0.0,))
    plug(Usb(Kept(board), b"reset()"), DeviceNotFoundError("there is no port /dev/ttyACM0"))
    result = belay("reset", "/dev/ttyACM0")
    assert result.code == exits.CONNECTION
    assert result.err.startswith(
        "error: the board was reset, and did not come back within 0 s: there is no port"
    )
    assert "hint: " in result.err


def test_no_board(belay: Belay) -> None:
    assert belay("reset", "/dev/nosuch").code == exits.NOT_FOUND


def test_bootloader(belay: Belay, board: VirtualTransport, plug: Plug) -> None:
    plug(Usb(Kept(board), b"bootloader()"))
    result = belay("bootloader", "/dev/ttyACM0")
    assert (result.code, result.out, result.err) == (0, "", "the board waits for new firmware\n")
    plug(Kept(board))
    result = belay("bootloader", "/dev/ttyACM0")
    assert result.code == exits.UNAVAILABLE
    assert "hint: many boards do" in result.err
