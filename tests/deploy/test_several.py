"""Work on several boards at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from patience import SOON

from belay.deploy.several import Cancelled, GoOn, Outcome, on_each


def test_one_that_fails_keeps_no_other() -> None:
    together = threading.Barrier(3)
    ended: list[str] = []

    def work(address: str, go_on: GoOn) -> int:
        # Only where all run at once does anybody come past this.
        together.wait(SOON)
        if address == "b":
            raise ValueError(address)
        return len(address)

    found = on_each(["a", "b", "ccc"], work, on_end=lambda outcome: ended.append(outcome.address))
    assert [found[0], found[2]] == [Outcome("a", 1), Outcome("ccc", 3)]
    assert isinstance(found[1].error, ValueError)
    assert sorted(ended) == ["a", "b", "ccc"]


@pytest.mark.skipif(os.name == "nt", reason="there, such a signal ends the process")
def test_ctrl_c_stops_each_at_the_next_point() -> None:
    stopped: list[str] = []
    together = threading.Barrier(2)

    def work(address: str, go_on: GoOn) -> None:
        if together.wait(SOON) == 0:
            # To the process, as a terminal does it: the main thread waits.
            os.kill(os.getpid(), signal.SIGINT)
        try:
            while True:
                go_on()
        except Cancelled:
            stopped.append(address)
            raise

    with pytest.raises(KeyboardInterrupt):
        on_each(["a", "b"], work)
    assert sorted(stopped) == ["a", "b"]
