from __future__ import annotations

import pytest

from belay.link import Link
from belay.transports.trace import CountingTransport
from belay.transports.virtual import VirtualTransport

from .conftest import run, works


def test_the_input_of_a_program_that_does_not_read_stays_small(
    transport: VirtualTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It prints what looks like its end all the time; asking each time would fill the board's input."""
    monkeypatch.setattr("belay.link.pace.ASK_AGAIN", 0.01)
    monkeypatch.setattr("belay.link.pace.PROOF", 0.02)
    counting = CountingTransport(transport)
    link = Link(counting)
    link.enter()
    counting.reset()
    code = "import time\nfor i in range(100):\n  print('\\x04\\x04>', end='')\n  time.sleep(0.01)"
    # Behind it may stand how the prompt answered, if that took longer than the time set above.
    assert run(link, code).startswith(b"\x04\x04>" * 100)
    # In a second of 10 ms steps: the program, the free questions, and some at 30, 90, 270, 810 ms.
    assert 6 <= counting.writes <= 15
    works(link)
