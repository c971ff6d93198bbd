from __future__ import annotations

import socket
import threading
import time
from typing import ClassVar

import pytest
from patience import SOON

from belay.packages.watched import Watch


class Kept(threading.Thread):
    """A thread that the test can look at."""

    all: ClassVar[list[threading.Thread]] = []

    def start(self) -> None:
        self.all.append(self)
        super().start()


@pytest.fixture
def pair():  # type: ignore[no-untyped-def]
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_an_exchange_is_cut_when_its_time_is_over(pair: tuple[socket.socket, socket.socket]) -> None:
    watch = Watch()
    with watch.exchange(0.1) as exchange:
        exchange.hold(pair[0])
        start = time.monotonic()
        assert pair[0].recv(1) == b""
        assert exchange.cut
        assert 0.05 < time.monotonic() - start < SOON
    watch.close()


def test_exchanges_have_their_own_times(pair: tuple[socket.socket, socket.socket]) -> None:
    watch = Watch()
    with watch.exchange(60.0) as long:
        long.hold(pair[0])
        # The later one ends earlier, so the watch must not sleep until the first ends.
        cut = threading.Event()

        def short() -> None:
            one, other = socket.socketpair()
            with one, other, watch.exchange(0.05) as exchange:
                exchange.hold(one)
                assert one.recv(1) == b""
                cut.set()

        thread = threading.Thread(target=short)
        thread.start()
        assert cut.wait(20)
        thread.join()
        assert not long.cut
        pair[1].send(b"x")
        assert pair[0].recv(1) == b"x"
    watch.close()


def test_what_is_over_is_not_cut(pair: tuple[socket.socket, socket.socket]) -> None:
    watch = Watch()
    with watch.exchange(0.05) as first:
        first.hold(pair[0])
    with watch.exchange(0.15) as second:
        other, end = socket.socketpair()
        with other, end:
            second.hold(other)
            assert other.recv(1) == b"", "the watch has seen the first end come and go"
    assert not first.cut
    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"
    watch.close()


def test_closing_cuts_all_and_what_comes_later(pair: tuple[socket.socket, socket.socket]) -> None:
    watch = Watch()
    with watch.exchange(60.0) as exchange:
        exchange.hold(pair[0])
        watch.close()
        assert pair[0].recv(1) == b""
    one, other = socket.socketpair()
    with one, other, watch.exchange(60.0) as later:
        later.hold(one)
        assert later.cut
        assert one.recv(1) == b""


def test_a_socket_that_is_closed_already_is_no_harm() -> None:
    one, other = socket.socketpair()
    watch = Watch()
    with watch.exchange(60.0) as exchange:
        exchange.hold(one)
        one.close()
        other.close()
        exchange.stop()
        assert exchange.cut
    watch.close()


def test_a_watch_that_nobody_closes_keeps_no_thread(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belay.packages.watched.LINGER", 0.05)
    monkeypatch.setattr("threading.Thread", Kept)
    Kept.all.clear()
    watch = Watch()
    for number in (1, 2):
        with watch.exchange(60.0) as exchange:
            exchange.hold(pair[0])
            assert len(Kept.all) == number
            assert Kept.all[-1].is_alive()
        Kept.all[-1].join(SOON)
        assert not Kept.all[-1].is_alive()
    with watch.exchange(0.1) as exchange:
        exchange.hold(pair[0])
        assert pair[0].recv(1) == b""
        assert exchange.cut
    watch.close()
