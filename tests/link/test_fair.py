from __future__ import annotations

import threading

import pytest

from belay.exceptions import BelayException
from belay.link.fair import Queue, Ticket

from .conftest import eventually
from .test_stopping import press_ctrl_c


def take(queue: Queue, entered: list[str], name: str, leave: threading.Event) -> threading.Thread:
    """A thread that waits for its turn and keeps it for a while."""

    def hold() -> None:
        ticket = queue.ticket()
        with ticket.lock, ticket.active:
            ticket.wait()
            assert queue.mine
            entered.append(name)
            leave.wait(10)
        assert not queue.mine

    before = queue._last
    thread = threading.Thread(target=hold)
    thread.start()
    eventually(lambda: queue._last is not before)
    return thread


def test_first_come_first_served() -> None:
    queue = Queue()
    entered: list[str] = []
    leave = [threading.Event() for _ in range(5)]
    threads = [take(queue, entered, str(at), event) for at, event in enumerate(leave)]
    for at, event in enumerate(leave):
        eventually(lambda at=at: len(entered) == at + 1)
        event.set()
    for thread in threads:
        thread.join(10)
    assert entered == ["0", "1", "2", "3", "4"]


def test_one_that_gives_up_lets_nobody_pass_too_early() -> None:
    queue = Queue()
    entered: list[str] = []
    leave, later = threading.Event(), threading.Event()
    first = take(queue, entered, "first", leave)
    eventually(lambda: entered == ["first"])
    ticket = queue.ticket()
    with pytest.raises(TimeoutError, match="somebody else"), ticket.lock, ticket.active:
        ticket.wait(0.01)
    last = take(queue, entered, "last", later)
    assert not last.join(0.05)
    assert entered == ["first"]
    leave.set()
    eventually(lambda: entered == ["first", "last"])
    later.set()
    first.join(10)
    last.join(10)


def test_in_time() -> None:
    queue = Queue()
    for _ in range(3):
        ticket = queue.ticket()
        with ticket.lock, ticket.active:
            ticket.wait(0)
            assert queue.mine
    assert not queue.mine


def test_waiting_with_a_time_out_for_one_that_leaves() -> None:
    queue = Queue()
    entered: list[str] = []
    leave = threading.Event()
    first = take(queue, entered, "first", leave)
    threading.Timer(0.05, leave.set).start()
    ticket = queue.ticket()
    with ticket.lock, ticket.active:
        ticket.wait(10)
    first.join(10)


def test_nothing_is_kept_of_those_who_left() -> None:
    queue = Queue()
    tickets: list[Ticket] = []
    for _ in range(3):
        ticket = queue.ticket()
        tickets.append(ticket)
        with ticket.lock, ticket.active:
            ticket.wait()
    assert [ticket._before for ticket in tickets] == [None, None, None]


def test_nobody_has_a_turn_at_first() -> None:
    assert not Queue().mine


def test_doing_something_in_turn() -> None:
    queue = Queue()
    assert queue.do(lambda: 5) == 5
    assert queue.latest is not None
    with pytest.raises(ZeroDivisionError):
        queue.do(lambda: 1 // 0)
    with pytest.raises(BelayException, match="while the output of another"):
        queue.do(lambda: queue.do(lambda: 5))
    entered: list[str] = []
    leave = threading.Event()
    thread = take(queue, entered, "first", leave)
    eventually(lambda: entered == ["first"])
    with pytest.raises(TimeoutError, match="somebody else"):
        queue.do(lambda: 5, timeout=0)
    leave.set()
    assert queue.do(lambda: 6) == 6
    thread.join(10)


def test_a_ctrl_c_within_a_wait_with_a_time_out_leaves_the_lock_free() -> None:
    press_ctrl_c(300, 5, "turns")
