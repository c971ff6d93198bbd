"""The port of a link, for a while in the hands of somebody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from patience import SOON

from belay.exceptions import ConnectionLost
from belay.link import Lent, Link, Mode
from belay.transports.base import Transport
from belay.transports.virtual import open_virtual

from .conftest import run


@pytest.fixture(scope="module")
def port() -> Iterator[Transport]:
    transport = open_virtual("")
    yield transport
    transport.close()


def read_until(lent: Lent, end: bytes) -> bytes:
    seen = b""
    while not seen.endswith(end):
        seen += lent.read(timeout=SOON)
    return seen


def test_of_a_board_that_nobody_spoke_to_nothing_is_asked() -> None:
    link = Link(open_virtual(""))

    def use(lent: Lent) -> None:
        # Its greeting, and nothing that answers to keys.
        assert read_until(lent, b">>> ").count(b">>> ") == 1
        lent.write(b"1+1\r")
        assert read_until(lent, b">>> ") == b"1+1\r\n2\r\n>>> "

    link.lend(use)
    link.close()


def test_what_was_at_the_raw_prompt_is_at_the_friendly_one_and_back(port: Transport) -> None:
    link = Link(port)
    run(link, "x = 42")
    assert link.mode is Mode.RAW

    def use(lent: Lent) -> None:
        assert b"MicroPython" in read_until(lent, b">>> ")
        lent.write(b"x\r")
        assert b"42" in read_until(lent, b">>> ")

    link.lend(use)
    assert link.mode is Mode.UNKNOWN
    assert run(link, "print(x)") == b"42\r\n"


def test_other_conversations_over_it_leave_it_open(port: Transport) -> None:
    link = Link(port)

    def use(lent: Lent) -> bytes:
        other = Link(lent)
        seen = run(other, "print(6 * 7)")
        other.leave()
        other.close()
        return seen

    assert link.lend(use) == b"42\r\n"
    assert run(link, "print(1)") == b"1\r\n"


def test_what_a_thread_waits_for_goes_to_whoever_reads_next(port: Transport) -> None:
    link = Link(port)
    run(link, "pass")

    def use(lent: Lent) -> None:
        read_until(lent, b">>> ")
        waiting = threading.Thread(target=lent.foresee().perform, args=(None,))
        waiting.start()
        again = threading.Thread(target=lent.foresee().perform, args=(None,))
        again.start()
        lent.write(b"7*6\r")
        assert b"42" in read_until(lent, b">>> ")
        for thread in (waiting, again):
            thread.join(SOON)
            assert not thread.is_alive()

    link.lend(use)
    assert run(link, "print(1)") == b"1\r\n"


def test_a_small_read(port: Transport) -> None:
    link = Link(port)
    run(link, "pass")

    def use(lent: Lent) -> None:
        seen = b""
        while not seen.endswith(b">>> "):
            some = lent.read(3, timeout=SOON)
            assert 0 < len(some) <= 3
            seen += some

    link.lend(use)


def test_a_port_that_is_gone() -> None:
    link = Link(open_virtual(""))
    link.transport.close()
    with pytest.raises(ConnectionLost):
        link.lend(lambda lent: lent.read(timeout=SOON))
    link.close()
