# ruff: noqa: F821, PTH123 - functions that run on the board
from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from belay import ConnectionLost, Device
from belay.exceptions import (
    BelayException,
    BoardResetError,
    BoardTimeoutError,
    MaxHistoryLengthError,
    NotRunError,
)
from belay.transports.base import Transport

from .conftest import Connect
from .relay import Relay

SOON = 20.0


class Failing:
    """Opens a port, or raises what it is told to."""

    def __init__(self) -> None:
        self.refuses = 0
        self.tried = 0
        self.waits = threading.Event()

    def __call__(self, transport: Transport) -> Transport:
        self.tried += 1
        if self.refuses:
            self.refuses -= 1
            transport.close()
            self.waits.set()
            raise ConnectionLost("no way")
        return transport


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.002)


# --- the hook ------------------------------------------------------------------------------------


def test_the_hook_is_called_once_all_is_there_and_may_call_the_board(relay: Relay, connect: Connect) -> None:
    seen: list[Any] = []

    def hook(device: Device) -> None:
        assert device.connected
        device("hooked = x + 1")
        seen.append((device("f()"), threading.current_thread()))

    device = connect(attempts=1, on_reconnect=hook)

    @device.task
    def f():
        return x

    device("x = 5")
    assert seen == []
    relay.cut()
    assert device("hooked") == 6
    assert seen == [(5, threading.current_thread())]
    # What it did is not recorded, or it would be done twice the next time.
    steps = device._session._history.length
    device.reconnect()
    assert device._session._history.length == steps
    assert len(seen) == 2


def test_what_the_hook_raises_the_call_raises_and_the_next_call_begins_again(
    relay: Relay, connect: Connect
) -> None:
    problems: list[Exception] = [KeyError("mine")]

    def hook(device: Device) -> None:
        if problems:
            raise problems.pop()

    device = connect(attempts=3, on_reconnect=hook)
    device("x = 1")
    relay.cut()
    with pytest.raises(KeyError, match="mine"):
        device("x += 1")
    assert not device.connected
    assert device("x") == 1


def test_a_loss_within_the_hook_is_one_more_attempt(relay: Relay, connect: Connect) -> None:
    losses = [1, 2]

    def hook(device: Device) -> None:
        if losses:
            losses.pop()
            relay.cut()
            device("x")

    device = connect(attempts=3, on_reconnect=hook)
    device("x = 1")
    relay.cut()
    assert device("x") == 1
    assert losses == []


def test_the_hook_cannot_reconnect_but_reset_and_close(relay: Relay, connect: Connect) -> None:
    does: list[Callable[[Device], object]] = [
        Device.close,
        lambda device: device.soft_reset(main=False),
        Device.reconnect,
    ]

    def hook(device: Device) -> None:
        does.pop()(device)

    device = connect(attempts=1, on_reconnect=hook)
    device("x = 1")
    relay.cut()
    with pytest.raises(BelayException, match="already"):
        device("x")
    assert device("'x' in globals()") is False
    relay.cut()
    with pytest.raises(ConnectionLost, match="closed"):
        device("1")


# --- calls that may be made again ----------------------------------------------------------------


@pytest.mark.parametrize("agent", [True, False])
def test_only_an_idempotent_task_is_called_again(relay: Relay, connect: Connect, agent: bool) -> None:
    device = connect(attempts=2, agent=agent)
    log = relay.board.root / "log"

    def work(number):
        with open("/log", "a") as log:
            log.write(str(number))
        with open("/log") as log:
            times = log.read().count(str(number))
        while times == 1:
            pass
        return number

    once = device.task(work)
    again = device.task(idempotent=True)(work)

    def cut_when_it_runs(number: int) -> None:
        threading.Thread(target=cut, args=(str(number),)).start()

    def cut(text: str) -> None:
        eventually(lambda: log.exists() and text in log.read_text())
        relay.cut()

    cut_when_it_runs(1)
    with pytest.raises(ConnectionLost):
        once(1)
    cut_when_it_runs(2)
    assert again(2) == 2
    cut_when_it_runs(3)
    assert again.map([3, 3]) == [3, 3]
    assert log.read_text() == "122333"
    if not agent:
        # There calls are made one by one.
        return
    cut_when_it_runs(4)
    with pytest.raises(ConnectionLost), device.batch():
        futures = [again(4), once(4)]
    errors = [future.exception() for future in futures]
    assert [isinstance(error, NotRunError) and error.may_have_run for error in errors] == [True, True]
    assert device("1") == 1
    assert log.read_text() == "1223334"


def test_a_call_that_is_lost_again_and_again_is_given_up(relay: Relay, connect: Connect) -> None:
    device = connect(attempts=3)

    @device.task(idempotent=True)
    def die():
        with open("/log", "a") as log:
            log.write("x")
        import machine

        machine.reset()

    with pytest.raises(BoardResetError):
        die()
    assert (relay.board.root / "log").read_text() == "xxxx"
    assert device("1") == 1


def test_what_cannot_be_idempotent_says_so(connect: Connect) -> None:
    device = connect()
    with pytest.raises(ValueError, match="generator cannot be idempotent"):

        @device.task(idempotent=True)
        def items():
            yield 1

    with pytest.raises(TypeError, match="setup has no option idempotent"):
        device.setup(idempotent=True)


# --- what is recorded ----------------------------------------------------------------------------


def test_expressions_that_call_nothing_are_not_recorded(connect: Connect) -> None:
    device = connect(attempts=1)
    history = device._session._history
    device("x = [1]")
    for _ in range(5):
        device("x[0]")
        device("len(x)")
        with device.batch():
            device("x")
    assert history.length == 1
    device("x.append(2)")
    device("x", record=True)
    device("x.append(3)", record=False)
    assert history.length == 3


def test_what_raises_the_limit(relay: Relay, connect: Connect) -> None:
    class Small(Device):
        MAX_CMD_HISTORY_LEN = 3

    device = Small(relay.side.address, attempts=1)
    try:
        for number in range(10):
            device(f"x = {number}")

            @device.task
            def f():
                return x

        device("x += 1")
        with pytest.raises(MaxHistoryLengthError):
            device("x += 1")
        assert device("x") == 10
        relay.cut()
        assert f() == 10
    finally:
        device.close()


def test_a_sync_is_put_back_as_it_was_made(relay: Relay, connect: Connect, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "data").write_text("then")
    (folder / "module.py").write_text("x = 1")
    device = connect(attempts=1)
    device.sync(folder)
    device("import module")
    (folder / "data").write_text("now")
    (folder / "module.py").write_text("x = 2")
    relay.cut()
    # The board has it still: nobody looks at the folder.
    assert device("module.x") == 1
    (relay.board.root / "module.py").unlink()
    relay.cut()
    assert device("module.x") == 1
    (relay.board.root / "data").unlink()
    relay.cut()
    with pytest.raises(ConnectionLost, match=r"cannot be restored: .*data was changed") as caught:
        device("module.x")
    assert "new Device" in str(caught.value.hint)


def test_a_sync_that_is_cut_short_is_finished(relay: Relay, connect: Connect, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}").write_text("x" * 1000)
    device = connect(attempts=2)
    cuts = [1]

    def progress(completed: int, **_: object) -> None:
        if completed > 5000 and cuts:
            cuts.pop()
            relay.cut()

    device.sync(folder, "/data", progress_update=progress)
    assert cuts == []
    assert len(list((relay.board.root / "data").iterdir())) == 20


def test_generators_and_mounts(relay: Relay, connect: Connect, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "theirs.py").write_text("x = 7")
    device = connect(attempts=1)

    @device.task
    def items():
        yield 1
        yield 2

    generator = items()
    assert next(generator) == 1
    with device.mount(folder):
        relay.cut()
        with pytest.raises(BoardResetError, match="generator is gone"):
            next(generator)
        assert list(items()) == [1, 2]
        device("import theirs")
        relay.cut()
        assert device("theirs.x") == 7


# --- connected, waiting and giving up ------------------------------------------------------------


def test_whether_it_is_connected(relay: Relay, connect: Connect) -> None:
    device = connect()
    assert device.connected
    device.soft_reset(main=False)
    assert device.connected
    relay.cut()
    # Nobody has looked.
    assert device.connected
    with pytest.raises(ConnectionLost):
        device("1")
    assert not device.connected
    device.reconnect()
    assert device.connected
    device.close()
    assert not device.connected


def test_who_listens_notices_a_loss_at_once(relay: Relay, connect: Connect) -> None:
    device = connect(listen=True, attempts=1)
    relay.cut()
    eventually(lambda: not device.connected)
    assert device("1") == 1
    assert device.connected


@pytest.fixture
def impatient() -> Iterator[pytest.MonkeyPatch]:
    """What may be undone within a test."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_silence_is_a_time_out_and_then_a_loss(
    relay: Relay, connect: Connect, impatient: pytest.MonkeyPatch
) -> None:
    def patient(transport: Transport) -> Transport:
        # A new connection has all the time that it may need.
        impatient.undo()
        return transport

    device = connect(attempts=1, wrap=patient)
    device("x = 1")

    @device.task(timeout=0.2)
    def once():
        return x

    relay.forsake()
    impatient.setattr("belay.link.recovery.STOP_TIMEOUT", 0.2)
    with pytest.raises(BoardTimeoutError):
        once()
    impatient.setattr("belay.link.mode.ENTER_TIMEOUT", 0.5)
    assert device("x") == 1
    assert device.connected


@pytest.mark.parametrize(("attempts", "tries"), [(None, 3), (2, 2), (0, 1)])
def test_how_often_it_is_tried(
    relay: Relay, connect: Connect, caplog: pytest.LogCaptureFixture, attempts: int | None, tries: int
) -> None:
    failing = Failing()
    device = connect(attempts=3, wrap=failing)
    failing.refuses = 10**9
    failing.tried = 0
    with caplog.at_level(logging.DEBUG, "belay"), pytest.raises(ConnectionLost, match="no way"):
        device.reconnect(attempts)
    assert failing.tried == tries
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warned) == (tries > 1)
    assert all(device.address in record.getMessage() for record in caplog.records)


def test_who_waits_is_told(relay: Relay, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    failing = Failing()
    device = connect(attempts=-1, wrap=failing)
    failing.refuses = 3
    relay.cut()
    assert device("1") == 1
    first, last = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "gone (no way); trying every" in first
    assert last == f"{device.address} is connected again"


@pytest.mark.parametrize("teardown", [True, False])
def test_closing_ends_a_reconnect_of_another_thread(
    relay: Relay, connect: Connect, monkeypatch: pytest.MonkeyPatch, teardown: bool
) -> None:
    monkeypatch.setattr("belay.session.reconnecting.PAUSE", 600)
    failing = Failing()
    device = connect(attempts=-1, wrap=failing)
    if teardown:

        @device.teardown
        def end():
            pass

    failing.refuses = 1
    relay.cut()
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            device("1")
        except ConnectionLost as error:
            caught.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert failing.waits.wait(SOON)
    if teardown:
        with pytest.raises(ConnectionLost):
            device.close()
    else:
        device.close()
    asking.join(SOON)
    assert len(caught) == 1


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs a signal for one thread")
def test_ctrl_c_ends_a_reconnect_and_leaves_the_device_usable(
    relay: Relay, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belay.session.reconnecting.PAUSE", 600)
    failing = Failing()
    device = connect(attempts=-1, wrap=failing)
    device("x = 1")
    failing.refuses = 1
    relay.cut()

    main = threading.get_ident()

    def press() -> None:
        assert failing.waits.wait(SOON)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        device("x")
    assert device("x") == 1
