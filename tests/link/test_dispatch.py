from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from belay.link import Dispatcher

from .conftest import eventually


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    dispatcher = Dispatcher()
    yield dispatcher
    dispatcher.close()


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    reported: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))
    return reported


def handlers() -> int:
    return sum(thread.name == "belay handlers" for thread in threading.enumerate())


def test_in_order_and_in_a_thread_of_its_own(dispatcher: Dispatcher) -> None:
    assert not dispatcher.started
    assert handlers() == 0
    done: list[object] = []
    for number in range(1000):
        dispatcher.post(done.append, number)
    dispatcher.post(lambda: done.append(threading.current_thread().name))
    assert dispatcher.started
    assert handlers() == 1
    dispatcher.close()
    assert done == [*range(1000), "belay handlers"]
    assert handlers() == 0


def test_what_a_handler_raises_is_reported_and_the_next_is_called(
    dispatcher: Dispatcher, reported: list[BaseException | None]
) -> None:
    done: list[int] = []
    for number in range(3):
        dispatcher.post({}.__getitem__, number)
        dispatcher.post(done.append, number)
    dispatcher.close()
    assert done == [0, 1, 2]
    assert [error.args for error in reported if isinstance(error, KeyError)] == [(0,), (1,), (2,)]


def test_a_handler_that_exits_ends_nothing(
    dispatcher: Dispatcher, reported: list[BaseException | None]
) -> None:
    done: list[int] = []
    dispatcher.post(sys.exit, 1)
    dispatcher.post(done.append, 1)
    dispatcher.close()
    assert done == [1]
    assert [type(error) for error in reported] == [SystemExit]


def test_a_report_as_python_makes_it() -> None:
    program = "from belay.link import Dispatcher\nd = Dispatcher()\nd.post(lambda: 1 / 0)\nd.close()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert "Exception in thread belay handlers" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_at_the_end_of_the_interpreter_what_was_posted_is_done() -> None:
    program = (
        "from belay.link import Dispatcher\nd = Dispatcher()\n"
        "for n in range(2000): d.post(print, n)\nd.post(print, 'end')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("1999\nend\n")


def test_after_closing_nothing_is_called(dispatcher: Dispatcher) -> None:
    done: list[int] = []
    dispatcher.close()
    dispatcher.close()
    dispatcher.start()
    dispatcher.post(done.append, 1)
    assert not dispatcher.started
    assert handlers() == 0
    assert done == []


def test_a_handler_that_closes(dispatcher: Dispatcher) -> None:
    done: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def close() -> None:
        begun.set()
        go.wait(20)
        dispatcher.close()
        done.append(1)

    dispatcher.post(close)
    assert begun.wait(10)
    # What was posted before the end is still called.
    dispatcher.post(done.append, 2)
    go.set()
    eventually(lambda: handlers() == 0)
    assert done == [1, 2]


def test_a_handler_that_takes_its_time_keeps_nobody(dispatcher: Dispatcher) -> None:
    begun, end = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        end.wait(20)

    dispatcher.post(wait)
    assert begun.wait(10)
    dispatcher.close(timeout=0.01)
    assert handlers() == 1
    end.set()


def test_many_threads_start_one(dispatcher: Dispatcher) -> None:
    done: list[int] = []
    threads = [threading.Thread(target=dispatcher.post, args=(done.append, at)) for at in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert handlers() == 1
    dispatcher.close()
    assert sorted(done) == list(range(16))
