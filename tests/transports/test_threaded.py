from __future__ import annotations

import threading

import pytest

from belay.exceptions import ConnectionLost
from belay.transports import threaded
from belay.transports.threaded import ThreadedTransport


class Board:
    """Blocking calls as Windows has them: nothing ends them but ``unblock``."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.calls: list[str] = []
        self.answers: list[bytes | None] = []

    def receive(self) -> bytes | None:
        if self.answers:
            return self.answers.pop(0)
        self.gone.wait(10)
        return b""

    def send(self, data: bytes) -> int | None:
        self.calls.append(f"send {data!r}")
        return 1 if len(data) > 1 else None

    def unblock(self) -> None:
        self.calls.append("unblock")
        self.gone.set()

    def release(self) -> None:
        self.calls.append("release")

    def transport(self, **more: object) -> ThreadedTransport:
        return ThreadedTransport(
            "board",
            receive=self.receive,
            send=self.send,
            unblock=self.unblock,
            release=self.release,
            **more,  # type: ignore[arg-type]
        )


def test_nothing_yet_is_not_the_end() -> None:
    board = Board()
    board.answers = [None, None, b"x"]
    transport = board.transport(flow_control=False)
    assert transport.read(timeout=20) == b"x"
    assert transport.name == "board"
    assert not transport.flow_control
    transport.close()


def test_a_partial_send_goes_on() -> None:
    board = Board()
    transport = board.transport()
    transport.write(b"abc", timeout=20)
    transport.close()
    assert board.calls[:3] == ["send b'abc'", "send b'bc'", "send b'c'"]


def test_close_in_order() -> None:
    board = Board()
    ended = threading.Event()
    transport = board.transport(send_eof=ended.set)
    transport.close()
    transport.close()
    assert ended.is_set()
    assert board.calls == ["unblock", "release"]


def test_the_loss_is_worded_by_whoever_knows() -> None:
    board = Board()
    board.gone.set()
    transport = board.transport(on_eof=lambda: ConnectionLost("it died of old age"))
    with pytest.raises(ConnectionLost, match="old age"):
        transport.read(timeout=20)
    with pytest.raises(ConnectionLost, match="old age"):
        transport.write(b"x")
    transport.close()


def test_a_send_that_fails_is_a_loss() -> None:
    board = Board()
    transport = ThreadedTransport(
        "board",
        receive=board.receive,
        send=lambda data: (_ for _ in ()).throw(BrokenPipeError()),  # type: ignore[arg-type]
        unblock=board.unblock,
        release=board.release,
    )
    with pytest.raises(ConnectionLost):
        transport.write(b"x", timeout=20)
    transport.close()


def test_a_file_closed_below_is_a_loss(tmp_path: object) -> None:
    board = Board()

    def receive() -> bytes:
        raise ValueError("I/O operation on closed file")

    transport = ThreadedTransport(
        "board", receive=receive, send=board.send, unblock=board.unblock, release=board.release
    )
    with pytest.raises(ConnectionLost):
        transport.read(timeout=20)
    transport.close()


def test_a_wait_in_slices_is_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where Ctrl-C gets through between two slices only."""
    monkeypatch.setattr(threaded, "_SLICE", 0.01)
    board = Board()
    transport = board.transport()
    with pytest.raises(TimeoutError):
        transport.read(timeout=0.05)
    reading = threading.Timer(0.05, board.answers.append, [b"never"])
    reading.start()
    threading.Timer(0.1, board.gone.set).start()
    with pytest.raises(ConnectionLost):
        transport.read()
    reading.join()
    transport.close()


def test_bytes_may_be_given_back() -> None:
    board = Board()
    board.answers = [b"hello"]
    transport = board.transport()
    assert transport.read(timeout=20) == b"hello"
    transport.unread(b"lo")
    transport.unread(b"")
    assert transport.read(1, timeout=20) == b"l"
    assert transport.read(timeout=20) == b"o"
    transport.close()


def test_what_is_below_may_have_something_to_say() -> None:
    board = Board()
    transport = board.transport()
    transport.nudge()
    transport.write(b"x", timeout=20)
    transport.write(b"", timeout=20)
    assert board.calls == ["send b''", "send b'x'"]
    transport.close()
