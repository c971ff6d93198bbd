"""One link, many threads: each gets its own answer, in the order of asking; closing from outside."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from patience import SOON

from belay.exceptions import BelayException, ConnectionLost
from belay.link import Link
from belay.transports.virtual import VirtualTransport

from .conftest import eventually, run, works


def test_each_answer_to_its_asker(link: Link) -> None:
    wrong: list[object] = []

    def ask(first: int) -> None:
        for number in range(first, first + 20):
            printed = run(link, f"print({number})")
            if printed != b"%d\r\n" % number:
                wrong.append((number, printed))

    threads = [threading.Thread(target=ask, args=(1000 * at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong


def test_fair(link: Link) -> None:
    """Two threads that never rest: neither has many turns in a row."""
    turns: list[int] = []
    start = threading.Barrier(2)

    def ask(me: int) -> None:
        start.wait()
        for _ in range(50):
            link.run("pass", on_output=None)
            turns.append(me)

    threads = [threading.Thread(target=ask, args=(me,)) for me in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    both = turns[: len(turns) - 10]
    changes = sum(a != b for a, b in pairwise(both))
    assert changes > len(both) * 0.6


def test_time_outs_among_threads(link: Link) -> None:
    """One thread's time-out is not another's answer."""
    wrong: list[object] = []

    def time_out() -> None:
        for _ in range(10):
            try:
                link.run("print('late')\nwhile True: pass", timeout=0.02)
            except TimeoutError:
                continue
            wrong.append("no time-out")

    def ask() -> None:
        for number in range(30):
            if run(link, f"print({number})") != b"%d\r\n" % number:
                wrong.append(number)

    threads = [threading.Thread(target=target) for target in (time_out, ask, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong


@pytest.mark.parametrize("call", ["run", "enter", "soft_reset", "reboot"])
def test_a_call_from_within_the_output_of_another(link: Link, call: str) -> None:
    caught: list[BelayException] = []

    def nested(data: bytes) -> None:
        try:
            getattr(link, call)(*(["print(2)"] if call == "run" else []))
        except BelayException as error:
            caught.append(error)

    printed = bytearray()
    outcome = link.run(
        "print(1)\nraise KeyError(5)", on_output=lambda data: (nested(data), printed.extend(data))[1]
    )
    assert "while the output of another" in str(caught[0])
    assert caught[0].hint
    assert printed == b"1\r\n"
    assert outcome.error.endswith(b"KeyError: 5\r\n")
    works(link)


def test_leaving_from_within_output(link: Link) -> None:
    link.run("print(1)", on_output=lambda data: link.leave())
    works(link)


def test_closing_while_a_call_is_under_way(link: Link) -> None:
    running = threading.Event()
    caught: list[ConnectionLost] = []

    def ask() -> None:
        try:
            link.run("print(1)\nwhile True: pass", on_output=lambda data: running.set())
        except ConnectionLost as error:
            caught.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert running.wait(10)
    link.close()
    for thread in threads:
        thread.join(10)
    assert [type(error) for error in caught] == [ConnectionLost] * 3


def test_closing_from_within_output(link: Link) -> None:
    with pytest.raises(ConnectionLost):
        link.run("print(1)\nwhile True: pass", on_output=lambda data: link.close())


def test_leaving_while_a_call_is_under_way(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait for a program that may run for ever, nor disturb it."""
    monkeypatch.setattr("belay.link.conversation.LEAVE_TIMEOUT", 0.1)
    running = threading.Event()
    printed = bytearray()

    def heard(data: bytes) -> None:
        printed.extend(data)
        running.set()

    code = "import time\nprint(1)\ntime.sleep(2)\nprint(2)"
    thread = threading.Thread(target=link.run, args=(code,), kwargs={"on_output": heard})
    thread.start()
    assert running.wait(10)
    link.leave()
    assert printed == b"1\r\n"
    thread.join(SOON)
    assert printed == b"1\r\n2\r\n"
    works(link)


def test_a_link_is_freed_by_the_end_of_a_waiting_call(transport: VirtualTransport) -> None:
    link = Link(transport)
    before = threading.active_count()
    link.enter()
    thread = threading.Thread(target=link.run, args=("pass",))
    thread.start()
    thread.join(10)
    eventually(lambda: threading.active_count() == before)
