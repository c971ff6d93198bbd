"""What every transport promises, asked of each."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from patience import SOON

from belay.exceptions import ConnectionLost
from belay.transports import open_transport
from belay.transports.base import Transport

if TYPE_CHECKING:
    from conftest import Wire

BIG = bytes(range(256)) * 4096
"""A megabyte: more than any pipe, pty or socket holds."""

ECHOES = ["exec:cat", "execpty:cat", "loop://"]


def read_exactly(transport: Transport, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += transport.read(timeout=10)
    return data


def in_background(target: Any, *args: Any) -> Future[Any]:
    pool = ThreadPoolExecutor(1)
    future = pool.submit(target, *args)
    pool.shutdown(wait=False)
    return future


@pytest.fixture(params=ECHOES)
def echo(request: pytest.FixtureRequest) -> Any:
    transport = open_transport(request.param)
    yield transport
    transport.close()


def test_reads_what_is_there_without_waiting_for_more(wire: Wire) -> None:
    wire.send(b"hello")
    assert read_exactly(wire.transport, 5) == b"hello"


def test_reads_at_most_what_was_asked_for(wire: Wire) -> None:
    wire.send(b"hello")
    assert [wire.transport.read(1, timeout=20) for _ in range(5)] == [b"h", b"e", b"l", b"l", b"o"]


def test_every_byte_passes_as_it_is(wire: Wire) -> None:
    every = bytes(range(256))
    wire.send(every)
    assert read_exactly(wire.transport, 256) == every
    wire.transport.write(every, timeout=20)
    assert wire.receive(256) == every


def test_one_byte_at_a_time(wire: Wire) -> None:
    for number in range(50):
        wire.transport.write(bytes([number]), timeout=20)
        assert wire.receive(1) == bytes([number])
        wire.send(bytes([number]))
        assert wire.transport.read(timeout=20) == bytes([number])


def test_a_read_of_nothing_is_refused(wire: Wire) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        wire.transport.read(0)


def test_a_read_ends_with_its_time(wire: Wire) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        wire.transport.read(timeout=0.05)
    assert 0.05 <= time.monotonic() - start < SOON


def test_a_read_without_time_does_not_wait(wire: Wire) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        wire.transport.read(timeout=0)
    assert time.monotonic() - start < SOON


def test_a_read_after_a_time_out_goes_on(wire: Wire) -> None:
    with pytest.raises(TimeoutError):
        wire.transport.read(timeout=0)
    wire.send(b"late")
    assert read_exactly(wire.transport, 4) == b"late"


def test_a_read_waits_for_ever_if_told_so(wire: Wire) -> None:
    reading = in_background(wire.transport.read)
    wire.send(b"x")
    assert reading.result(20) == b"x"


def test_a_write_ends_with_its_time(wire: Wire) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        wire.transport.write(BIG * 32, timeout=0.05)
    assert time.monotonic() - start < SOON


def test_an_empty_write_is_fine(wire: Wire) -> None:
    wire.transport.write(b"", timeout=0)


def test_a_big_write_arrives(wire: Wire) -> None:
    writing = in_background(wire.transport.write, BIG, 10)
    assert wire.receive(len(BIG)) == BIG
    writing.result(20)


def test_both_directions_full_do_not_block_each_other(wire: Wire) -> None:
    """The board reads nothing until all its output is gone."""

    def board() -> bytes:
        wire.send(BIG[::-1])
        return wire.receive(len(BIG))

    received = in_background(board)
    wire.transport.write(BIG, timeout=10)
    assert received.result(10) == BIG
    assert read_exactly(wire.transport, len(BIG)) == BIG[::-1]


def test_reader_and_writer_in_two_threads(wire: Wire) -> None:
    def board() -> None:
        for _ in range(16):
            wire.send(wire.receive(65536))

    echoing = in_background(board)
    reading = in_background(read_exactly, wire.transport, len(BIG))
    for start in range(0, len(BIG), 65536):
        wire.transport.write(BIG[start : start + 65536], timeout=10)
    assert reading.result(10) == BIG
    echoing.result(20)


def test_what_came_before_the_end_is_read_first(wire: Wire) -> None:
    wire.send(b"last words")
    if wire.transport.name.startswith("/dev/"):
        # A tty that is hung up forgets what nobody had read; so read some of it.
        assert wire.transport.read(1, timeout=20) == b"l"
        return
    wire.hang_up()
    assert read_exactly(wire.transport, 10) == b"last words"
    with pytest.raises(ConnectionLost):
        wire.transport.read(timeout=20)


def test_the_end_is_a_loss_for_reads(wire: Wire) -> None:
    wire.hang_up()
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            wire.transport.read(timeout=20)


def test_the_end_wakes_a_read(wire: Wire) -> None:
    reading = in_background(wire.transport.read)
    wire.hang_up()
    with pytest.raises(ConnectionLost):
        reading.result(20)


def test_the_end_is_a_loss_for_writes(wire: Wire) -> None:
    wire.hang_up()
    ending = time.monotonic() + SOON
    with pytest.raises(ConnectionLost):  # noqa: PT012 - the kernel takes some before it tells
        while time.monotonic() < ending:
            wire.transport.write(BIG, timeout=20)


def test_close_wakes_a_read_in_another_thread(wire: Wire) -> None:
    reading = in_background(wire.transport.read)
    wire.transport.close()
    with pytest.raises(ConnectionLost):
        reading.result(20)


def test_close_wakes_a_write_in_another_thread(wire: Wire) -> None:
    writing = in_background(wire.transport.write, BIG * 32)
    wire.transport.close()
    with pytest.raises(ConnectionLost):
        writing.result(20)


def test_after_close_nothing_works_and_nothing_hangs(wire: Wire) -> None:
    wire.transport.close()
    wire.transport.close()
    with pytest.raises(ConnectionLost, match="was closed"):
        wire.transport.read()
    with pytest.raises(ConnectionLost, match="was closed"):
        wire.transport.write(b"x")


def test_ctrl_c_ends_a_read_and_loses_nothing(wire: Wire) -> None:
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        wire.transport.read()
    timer.join()
    wire.send(b"still here")
    assert read_exactly(wire.transport, 10) == b"still here"


def test_ctrl_c_ends_a_write(wire: Wire) -> None:
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        wire.transport.write(BIG * 32)
    timer.join()


def test_a_handler_of_a_signal_may_close(wire: Wire) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: wire.transport.close())
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        timer.start()
        with pytest.raises(ConnectionLost, match="was closed"):
            wire.transport.read(timeout=20)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("address", ECHOES)
def test_the_name_is_the_address(address: str) -> None:
    transport = open_transport(address)
    try:
        assert transport.name == address
        assert transport.flow_control
    finally:
        transport.close()


def test_an_echo_of_a_megabyte(echo: Transport) -> None:
    """One thread writes all, then reads all: cat stops reading when its output is full."""
    size = 65536 if echo.name == "loop://" else len(BIG)
    echo.write(BIG[:size], timeout=10)
    assert read_exactly(echo, size) == BIG[:size]


def test_an_echo_says_nothing_of_its_own(echo: Transport) -> None:
    with pytest.raises(TimeoutError):
        echo.read(timeout=0.05)


def test_closing_an_echo_wakes_its_reader(echo: Transport) -> None:
    reading = in_background(echo.read)
    echo.close()
    with pytest.raises(ConnectionLost):
        reading.result(20)
