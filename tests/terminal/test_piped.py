"""Lines that come from a pipe."""

from __future__ import annotations

from belay.exceptions import ConnectionLost
from belay.link import Link
from belay.transports.virtual import open_virtual
from tests.link.conftest import run

from .conftest import PROMPT, Session, User


def piped(link: Link, *pieces: bytes) -> bytes:
    """What is shown of an input that comes in pieces."""
    user = User(typed=False, shows=False)
    session = Session(user, link)
    for piece in pieces:
        user.press(piece)
    user.end()
    assert session.ended() is None
    assert user.told == ""
    return user.seen


def test_lines_are_typed_and_the_last_prompt_ends_it(link: Link) -> None:
    run(link, "pass")
    shown = piped(
        link,
        b"1+1\nfor x in range(2):\n",
        b"    print(x)\r\n\nimport time; time.sleep_ms(4",
        b"00)\n6*7\n",
        b"print('hello', input('who? '))\nAda\n",
    )
    assert b">>> 1+1\r\n2\r\n>>> " in shown
    assert b"... \r\n0\r\n1\r\n>>> import time; time.sleep_ms(400)\r\n>>> 6*7\r\n42\r\n>>> " in shown
    assert shown.endswith(b"hello Ada\r\n>>> ")


def test_what_is_no_line_is_sent_as_it_is(link: Link) -> None:
    run(link, "q = 3")
    link.leave()
    assert piped(link, b"\x04").endswith(b"\r\n>>> ")
    assert b"NameError" in piped(link, b"q")


def test_without_a_line_the_board_is_watched() -> None:
    port = open_virtual("")
    user = User(typed=False)
    session = Session(user, Link(port))
    user.end()
    user.until(PROMPT)
    port.write(b"6*7\r")
    user.until(b"42\r\n>>> ")
    port.board.power_cut()
    assert isinstance(session.ended(), ConnectionLost)
    port.close()


def test_a_board_that_goes_away_while_lines_are_typed() -> None:
    port = open_virtual("")
    user = User(typed=False)
    session = Session(user, Link(port))
    user.press(b"import machine\n")
    user.until(b"import machine\r\n>>> ")
    port.board.power_cut()
    user.press(b"1\n2\n")
    assert isinstance(session.ended(), ConnectionLost)
    port.close()
