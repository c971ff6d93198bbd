from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest

from belay.packages.workers import Workers


def test_results_and_errors() -> None:
    workers = Workers(2)
    good, bad = workers.submit(int, "42"), workers.submit(int, "x")
    assert good.result(10) == 42
    with pytest.raises(ValueError, match="invalid literal"):
        bad.result(10)
    workers.close()


def test_there_are_as_many_threads_as_there_is_work() -> None:
    workers = Workers(3)
    names = {workers.submit(threading.get_ident).result(10) for _ in range(5)}
    assert len(names) == 1, "a thread that has finished is used again"
    together = threading.Barrier(3)
    waiting = [workers.submit(together.wait) for _ in range(3)]
    assert sorted(future.result(10) for future in waiting) == [0, 1, 2]
    workers.close()


def test_closing_drops_what_has_not_begun() -> None:
    workers = Workers(1)
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> str:
        begun.set()
        go_on.wait(10)
        return "done"

    first, second = workers.submit(hold), workers.submit(hold)
    assert begun.wait(10)
    workers.close()
    go_on.set()
    assert first.result(10) == "done"
    with pytest.raises(CancelledError):
        second.result(10)
    with pytest.raises(RuntimeError, match="closed"):
        workers.submit(hold)


def test_a_job_can_be_cancelled() -> None:
    workers = Workers(1)
    go_on = threading.Event()
    first, second, third = workers.submit(go_on.wait, 10), workers.submit(int), workers.submit(int)
    assert second.cancel()
    go_on.set()
    assert first.result(10)
    assert third.result(10) == 0
    workers.close()
