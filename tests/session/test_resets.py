"""A board that was started anew behind our back, in each way that a virtual board can be."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from belay import ConnectionLost
from belay.exceptions import BoardResetError, BoardTimeoutError
from belay.session.connection import Connection

from .conftest import Connect
from .relay import Relay

WAYS: dict[str, Callable[[Relay], None]] = {
    # A bridge has a power supply of its own: the port stays.
    "power": Relay.power_cycle,
    # What the board says while it boots may not arrive: the program that listens was not there yet.
    "unheard": lambda relay: relay.power_cycle(deaf=True),
    "another program": lambda relay: relay.type(b"\x03\x02\x04"),
    "in raw mode": lambda relay: relay.type(b"\x03\x04"),
}


@pytest.mark.parametrize("listen", [None, True])
@pytest.mark.parametrize("how", WAYS)
def test_a_reset_between_two_calls_is_mended_at_once(
    relay: Relay, connect: Connect, how: str, listen: bool | None
) -> None:
    seen: list[object] = []
    device = connect(attempts=1, agent=True, listen=listen, on_reconnect=seen.append)
    device("x = 1")
    WAYS[how](relay)
    # This looks only: it may be asked again even if it ran.
    assert device("x", stream_out=None) == 1
    assert seen == [device]


@pytest.mark.parametrize("how", WAYS)
def test_without_attempts_a_reset_is_told_once(relay: Relay, connect: Connect, how: str) -> None:
    device = connect(agent=True)
    device("x = 1")
    WAYS[how](relay)
    with pytest.raises(BoardResetError):
        device("x", stream_out=None)
    with pytest.raises(NameError):
        device("x")


@pytest.mark.parametrize("how", ["power", "in raw mode"])
def test_without_the_agent(relay: Relay, connect: Connect, how: str) -> None:
    device = connect(attempts=1, agent=False)
    device("x = 1")
    WAYS[how](relay)
    assert device("x", stream_out=None) == 1


def test_a_reset_while_the_board_is_given_back_what_it_knew(
    relay: Relay, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = connect(attempts=1, agent=True)
    device("x = 1")
    relay.power_cycle()
    restart = Connection.restart

    def reset_again(connection: Connection) -> None:
        monkeypatch.setattr(Connection, "restart", restart)
        relay.power_cycle()
        raise BoardTimeoutError("the soft reset", 10)

    monkeypatch.setattr(Connection, "restart", reset_again)
    assert device("x") == 1


def test_a_request_that_met_a_prompt_did_not_run(relay: Relay, connect: Connect) -> None:
    device = connect(attempts=1, agent=True)

    @device.task
    def once(text):
        with open("/log", "a") as log:  # noqa: PTH123
            log.write(text)

    done = []
    for text in ("a", "b" * 3000, "c", "d", "e"):
        relay.power_cycle(deaf=True)
        try:
            # Not to be asked again if it may have run; in few cases what comes back is too short to be sure.
            once(text)
        except BoardResetError:
            continue
        done.append(text)
    assert done
    assert (relay.board.root / "log").read_text() == "".join(done)


@pytest.mark.parametrize("agent", [True, False])
def test_power_that_fails_within_a_call(relay: Relay, connect: Connect, agent: bool) -> None:
    device = connect(attempts=1, agent=agent)
    device("x = 1")
    begun = relay.board.root / "begun"

    @device.task
    def run():
        open("/begun", "w").close()  # noqa: PTH123
        while True:
            pass

    def fail() -> None:
        while not begun.exists():
            threading.Event().wait(0.002)
        relay.power_cycle()

    failing = threading.Thread(target=fail)
    failing.start()
    with pytest.raises(ConnectionLost) as caught:
        run()
    failing.join()
    assert isinstance(caught.value, BoardResetError)
    assert caught.value.sent
    assert device("x") == 1
