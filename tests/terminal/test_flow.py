"""The threads of a session, where a board does not do its part."""

from __future__ import annotations

import pytest

from belay.link import Link
from belay.terminal import flow
from belay.transports.virtual import open_virtual

from .conftest import PROMPT, Session, User


def test_a_board_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "WRITE_PATIENCE", 0.1)
    port = open_virtual("")
    user = User()
    session = Session(user, Link(port))
    user.until(PROMPT)
    user.press(b"print('bu' + 'sy'); exec('while True: pass')\r")
    user.until(b"busy\r\n")
    user.press(b"x" * 1_000_000)
    user.until(b"the board does not read: 1000000 bytes are dropped")
    session.leave()
    port.close()


def test_ctrl_c_does_not_wait_for_what_was_typed_before() -> None:
    port = open_virtual("")
    user = User()
    session = Session(user, Link(port))
    user.until(PROMPT)
    user.press(b"import time\rprint('bu' + 'sy'); time.sleep(1000)\r")
    user.until(b"busy\r\n")
    user.press(b"\x03")
    user.until(b"KeyboardInterrupt")
    session.leave()
    port.close()
