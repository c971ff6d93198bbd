from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from patience import SOON

import belay.transports.fd
from belay.exceptions import ConnectionLost
from belay.transports.fd import FdTransport, _Visit, wait_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(params=[False, True], ids=["poll", "select"])
def by_select(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


def test_nothing_is_ready(pipe: tuple[int, int], by_select: bool) -> None:
    assert wait_ready([pipe[0]], [], 0.01, by_select=by_select) == ([], [])


def test_both_ends_are_ready(pipe: tuple[int, int], by_select: bool) -> None:
    os.write(pipe[1], b"x")
    assert wait_ready([pipe[0]], [pipe[1]], 5, by_select=by_select) == ([pipe[0]], [pipe[1]])


def test_a_broken_end_is_ready(by_select: bool) -> None:
    ours, theirs = os.pipe()
    os.close(theirs)
    assert wait_ready([ours], [], 5, by_select=by_select) == ([ours], [])
    os.close(ours)


def test_one_descriptor_for_both_directions(by_select: bool) -> None:
    master, slave = os.openpty()
    os.write(slave, b"x")
    assert wait_ready([master], [master], 5, by_select=by_select) == ([master], [master])
    os.close(master)
    os.close(slave)


def test_poll_knows_high_numbers() -> None:
    import resource

    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 1100:
        pytest.skip("this session may not open so many files")
    low, write_fd = os.pipe()
    high = os.dup2(low, 1100)
    os.close(low)
    transport = FdTransport("high", high, write_fd)
    os.write(write_fd, b"x")
    assert transport.read(timeout=20) == b"x"
    transport.close()


def test_the_loss_is_worded_by_whoever_knows() -> None:
    read_fd, theirs = os.pipe()
    nothing = os.open(os.devnull, os.O_WRONLY)
    transport = FdTransport("board", read_fd, nothing, on_eof=lambda: ConnectionLost("it died of old age"))
    os.close(theirs)
    with pytest.raises(ConnectionLost, match="old age"):
        transport.read(timeout=20)
    transport.close()


def test_on_close_is_called_once_and_after_the_descriptors() -> None:
    read_fd, write_fd = os.pipe()
    calls = []

    def on_close() -> None:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(read_fd)
        calls.append(1)

    transport = FdTransport("board", read_fd, write_fd, on_close=on_close)
    transport.close()
    transport.close()
    assert calls == [1]


def test_flow_control_is_what_was_said() -> None:
    transport = FdTransport("uart", *os.pipe(), flow_control=False)
    assert not transport.flow_control
    transport.close()


def test_an_error_of_the_system_is_a_loss_with_its_cause() -> None:
    """A write to the end that reads is an error that no lost connection makes."""
    read_fd, write_fd = os.pipe()
    transport = FdTransport("swapped", write_fd, read_fd)
    with pytest.raises(ConnectionLost) as caught:
        transport.write(b"x", timeout=20)
    assert isinstance(caught.value.__cause__, OSError)
    transport.close()


def test_a_directory_cannot_be_read_from() -> None:
    transport = FdTransport("folder", os.open("/", os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))
    with pytest.raises(ConnectionLost) as caught:
        transport.read(timeout=20)
    assert isinstance(caught.value.__cause__, IsADirectoryError)
    transport.close()


def test_interrupts_while_bytes_come_lose_none() -> None:
    """A handler raises wherever the transport waits or receives, thousands of times a second."""
    data = bytes(range(251)) * 8000
    read_fd, theirs = os.pipe()
    transport = FdTransport("board", read_fd, os.open(os.devnull, os.O_WRONLY))
    raised = 0

    def interrupt(_number: int, frame: FrameType | None) -> None:
        nonlocal raised
        if frame is not None and frame.f_code.co_name in {"_receive", "_wait", "wait_ready"}:
            raised += 1
            raise KeyboardInterrupt

    def send() -> None:
        left = data
        while left:
            left = left[os.write(theirs, left[:1000]) :]

    before = signal.signal(signal.SIGALRM, interrupt)
    sender = threading.Thread(target=send)
    sender.start()
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    received = bytearray()
    try:
        while len(received) < len(data):
            try:
                received += transport.read(701, timeout=10)
            except KeyboardInterrupt:
                continue
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        sender.join(10)
        transport.close()
        os.close(theirs)
    assert received == data
    assert raised > 0


def test_a_reader_that_does_not_leave_does_not_hang_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the machine was stuck."""
    monkeypatch.setattr("belay.transports.fd._LEAVE_SECONDS", 0.05)
    transport = FdTransport("board", *os.pipe())
    stuck = _Visit()
    stuck.thread = -1
    with stuck.lock:
        transport._begin(stuck)
        transport.close()
    with pytest.raises(ConnectionLost, match="was closed"):
        transport.read()


def interrupted(at: int, work: Callable[[], object]) -> bool:
    """Do something that is interrupted just before the ``at``-th line or return; False if it has fewer."""
    left = at

    def trace(frame: FrameType, event: str, _argument: object) -> object:
        nonlocal left
        if frame.f_code.co_filename == belay.transports.fd.__file__:
            left -= event != "exception"
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("what", ["read", "write"])
def test_an_interrupt_anywhere_leaves_nobody_counted(what: str) -> None:
    """Nor does close leave anything open, or wait for who is not there."""
    places = 0
    hit = True
    while hit:
        places += 1
        read_fd, theirs = os.pipe()
        transport = FdTransport("board", read_fd, os.open(os.devnull, os.O_WRONLY))
        os.write(theirs, b"x")
        hit = interrupted(places, lambda t=transport: t.read() if what == "read" else t.write(b"x"))  # type: ignore[misc]
        assert not transport._used_by(None)
        start = time.monotonic()
        transport.close()
        assert time.monotonic() - start < SOON
        for fd in (read_fd, transport._wake_fd):
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(fd)
        os.close(theirs)
    assert places > 10


def test_an_interrupted_close_is_completed_by_the_next() -> None:
    places = 0
    hit = True
    while hit:
        places += 1
        read_fd, theirs = os.pipe()
        calls: list[int] = []
        transport = FdTransport(
            "board",
            read_fd,
            os.open(os.devnull, os.O_WRONLY),
            on_close=lambda c=calls: c.append(1),  # type: ignore[misc]
        )
        hit = interrupted(places, transport.close)
        transport.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(read_fd)
        assert calls == [1]
        os.close(theirs)
    assert places > 5


def test_a_transport_that_cannot_be_made_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    read_fd, write_fd = os.pipe()
    closed = []

    def no_more() -> tuple[int, int]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pipe", no_more)
    with pytest.raises(OSError, match="Too many"):
        FdTransport("board", read_fd, write_fd, on_close=lambda: closed.append(1))
    assert closed == [1]
