"""A session, with a real board at one end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from patience import SOON

from belay import Device
from belay.exceptions import ConnectionFailedError, ConnectionLost, DeviceNotFoundError
from belay.link import Link
from belay.terminal import Terminal, flow, talk
from belay.terminal.talk import name_of
from belay.transports.virtual import VirtualTransport, open_virtual
from tests.link.conftest import Uart, run

from .conftest import PROMPT, Session, User


def test_keys_go_to_the_board_and_its_output_comes_back(session: Session) -> None:
    user = session.user
    user.press(b"6*")
    user.press(b"7\r")
    assert user.until(b"\r\n>>> ") == b"6*7\r\n42\r\n>>> "
    user.press(b"\x1b[A\r")  # the line before
    assert b"42" in user.until(b"\r\n>>> ")


def test_ctrl_c_and_ctrl_d_are_the_boards(session: Session) -> None:
    user = session.user
    user.press(b"print('on'); exec('while True: pass')\r")
    user.until(b"on\r\n")
    user.press(b"\x03")
    user.until(b"KeyboardInterrupt")
    user.until(PROMPT)
    user.press(b"\x04")
    user.until(b"soft reboot")
    user.until(PROMPT)


def test_letters_of_others_both_ways(session: Session) -> None:
    user = session.user
    user.press(b"import sys; print(sys.stdin.readline())\r")
    user.until(b"\r\n")
    user.press("ü€😀\n".encode())
    assert "ü€😀" in user.until(PROMPT).decode()
    user.press(b"sys.stdout.buffer.write(b'\\xff\\xc3'); print('|')\r")
    assert "\ufffd\ufffd2\r\n|" in user.until(b"\r\n|\r\n").decode()
    user.until(PROMPT)


def test_a_program_is_pasted_whole(session: Session) -> None:
    user = session.user
    user.press(
        b"\x1b[200~def f(x):\n    if x:\n        return 'ja: " + "ü".encode() + b"'\n\nprint(f(1))\n\x1b[201~"
    )
    user.until(b"paste mode")
    assert "\r\nja: ü\r\n>>> ".encode() in user.until(b"\r\n>>> ")
    user.press(b"\x1b[200~f(1)\x1b[201~")
    user.until(b"f(1)")
    user.press(b"[:2]\r")
    user.until(b"'ja'\r\n>>> ")


def test_a_large_paste(session: Session) -> None:
    user = session.user
    lines = b"".join(b"x%d = %d  # %s\n" % (number, number, b"-" * 80) for number in range(1000))
    user.press(b"\x1b[200~" + lines)
    user.press(b"\x1b[201~")
    user.until(b"=== x999 = 999")
    user.until(b"\r\n>>> ")
    user.press(b"sum(globals()['x%d' % n] for n in range(1000))\r")
    user.until(b"499500\r\n>>> ")


def test_a_paste_over_a_line_that_loses_what_comes_too_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the machine had all the time that it may need.
    monkeypatch.setattr(flow, "ECHO_PATIENCE", SOON)
    monkeypatch.setattr(flow, "ECHO_QUIET", SOON)
    user = User()
    uart = Uart(open_virtual(""))
    uart.period = 10 * SOON
    session = Session(user, Link(uart))
    user.press(b"print('re' + 'ady')\r")
    user.until(b"ready\r\n>>> ")
    lines = b"".join(b"y%d = %d  # %s\n" % (number, number, b"-" * 80) for number in range(100))
    user.press(b"\x1b[200~" + lines + b"\x1b[201~")
    user.until(b"=== y99")
    user.until(b"\r\n>>> ")
    user.press(b"sum(globals()['y%d' % n] for n in range(100))\r")
    user.until(b"4950\r\n>>> ")
    assert uart.lost == 0
    session.leave()
    uart.close()


def test_a_program_that_runs_is_not_disturbed(link: Link, port: VirtualTransport) -> None:
    run(link, "pass")
    link.leave()
    port.write(b"import time\rfor n in range(10**6): print('still', n); time.sleep_ms(1)\r\r")
    user = User()
    session = Session(user, link)
    first = user.until(b"still 1")
    user.until(b"still 20\r\n")
    assert b"Keyboard" not in first
    session.leave()
    # It goes on, for whoever comes next.
    user = User()
    session = Session(user, link)
    user.until(b"still")
    user.press(b"\x03")
    user.until(b"KeyboardInterrupt")
    session.leave()


def test_the_prompt_of_belay_is_left(link: Link) -> None:
    run(link, "z = 5")
    user = User()
    session = Session(user, link)
    user.until(PROMPT)
    user.press(b"z\r")
    user.until(b"5\r\n>>> ")
    session.leave()
    assert run(link, "print(z)") == b"5\r\n"


def test_another_key_that_leaves(link: Link) -> None:
    user = User()
    session = Session(user, link, leave=b"!")
    user.press(b"\r\x1d\r")
    user.until(PROMPT)
    user.press(b"!")
    assert session.ended() is None


def test_a_console_that_is_closed(link: Link) -> None:
    user = User()
    session = Session(user, link)
    user.end()
    assert session.ended() is None
    session = Session(user, link)
    user.press(b"\x14")
    user.until(b"quit]")
    user.end()
    assert session.ended() is None


def test_an_output_that_is_gone(link: Link) -> None:
    user = User()
    session = Session(user, link)
    user.broken = True
    user.press(b"\r")
    assert isinstance(session.ended(), BrokenPipeError)


def test_no_terminal_to_show_it_gets_the_bytes(link: Link) -> None:
    user = User(shows=False)
    session = Session(user, link)
    user.press(b"import sys; sys.stdout.buffer.write(b'\\xff\\x1b]0;t\\x07|' + b'end|'); None\r")
    user.until(b"\xff\x1b]0;t\x07|end|")
    user.press(b"\x14h")
    session.leave()
    assert "Ctrl-]" in user.told


# --- the menu -----------------------------------------------------------------------------------


def test_quit_and_nothing(session: Session) -> None:
    user = session.user
    user.press(b"\x14x1+1\r")
    user.until(b"2\r\n>>> ")
    user.press(b"\x14q")
    assert session.ended() is None


def test_output_waits_while_the_menu_is_open(session: Session) -> None:
    user = session.user
    user.press(b"import time\rfor n in range(40): print('out', n); time.sleep_ms(1)\r\r")
    user.until(b"out 3\r\n")
    user.press(b"\x14")
    user.until(b"quit] ")
    assert b"out" not in user.seen
    user.press(b"x")
    user.until(b"out 39\r\n")


def test_our_keys_can_be_typed(session: Session) -> None:
    user = session.user
    user.press(b"import sys; print(sys.stdin.buffer.read(2))\r")
    user.until(b"\r\n")
    user.press(b"\x14\x14")
    user.press(b"\x14\x1d")
    user.until(rb"b'\x14\x1d'")
    user.until(PROMPT)


def test_resets(session: Session) -> None:
    user = session.user
    user.press(b"import machine; print(machine.reset_cause() == machine.SOFT_RESET, 'x' in dir())\rx = 1\r")
    user.until(b"x = 1\r\n>>> ")
    user.press(b"\x14s")
    user.until(b"soft reboot")
    user.until(PROMPT)
    user.press(b"'x' in dir()\r")
    user.until(b"False\r\n>>> ")
    user.press(b"\x14r")
    user.until(b"machine.reset()\r\n")
    user.until(b"MicroPython")
    user.until(PROMPT)
    user.press(b"import machine; machine.reset_cause() == machine.HARD_RESET\r")
    user.until(b"True\r\n>>> ")


def test_a_file_is_run_at_the_prompt(session: Session, port: VirtualTransport, tmp_path: Path) -> None:
    file = tmp_path / "hello.py"
    file.write_text("print('hällo', input('who? '))\nimport none_such\n", encoding="utf-8")
    user = session.user
    user.press(b"\x14f%s\r" % str(file).encode())
    user.until(b"who? ")
    user.press(b"Ada\r")
    user.until("hällo Ada\r\n".encode())
    user.until(b'File "hello.py", line 2')
    user.until(PROMPT)
    assert not list(port.board.root.glob("*.py"))


def test_files_that_cannot_be_run(session: Session, tmp_path: Path) -> None:
    user = session.user
    user.press(b"\x14f%s\r" % str(tmp_path / "missing.py").encode())
    user.until(b"missing.py: No such file")
    (tmp_path / "bad.py").write_text("x = (\n", encoding="utf-8")
    user.press(b"\x14f%s\r" % str(tmp_path / "bad.py").encode())
    user.until(b"SyntaxError")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    user.press(b"\x14f%s\r" % str(tmp_path / "bytes").encode())
    user.until(b"no text")
    user.press(b"1+1\r")
    user.until(b"2\r\n>>> ")


def test_a_long_answer_stays_on_its_line(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.terminal.display.columns", lambda: 20)
    user = session.user
    user.press(b"\x14f" + b"0123456789" * 5)
    user.until(b"\r\x1b[K1234567890123456789")
    user.press(b"\x03")


def test_a_file_is_put_onto_the_board(session: Session, port: VirtualTransport, tmp_path: Path) -> None:
    content = bytes(range(256)) * 20
    (tmp_path / "data.bin").write_bytes(content)
    user = session.user
    user.press(b"kept = 7\r")
    user.until(PROMPT)
    user.press(b"\x14p%s\r\r" % str(tmp_path / "data.bin").encode())
    user.until(b"5120 bytes are in /data.bin")
    user.until(PROMPT)
    assert (port.board.root / "data.bin").read_bytes() == content
    user.press(b"kept\r")
    user.until(b"7\r\n>>> ")
    user.press(b"\x14p%s\r/none/\r" % str(tmp_path / "data.bin").encode())
    user.until(b"error: /none/data.bin")
    user.until(PROMPT)
    (port.board.root / "data.bin").unlink()


def test_a_log(session: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    user = session.user
    user.press(b"\x14l%s\r" % str(log).encode())
    user.until(b"is added to")
    user.press(b"print('in' + ' the log')\r")
    user.until(b"in the log\r\n>>> ")
    user.press(b"\x14l")
    user.until(b"the log is closed")
    user.press(b"print('no' + ' more')\r")
    user.until(b"no more\r\n>>> ")
    assert log.read_bytes() == b"print('in' + ' the log')\r\nin the log\r\n>>> "
    user.press(b"\x14l%s\r" % str(tmp_path).encode())
    user.until(b"Is a directory")


# --- a board that goes away ---------------------------------------------------------------------


def test_a_board_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "RETRY", 0.01)
    port, other = open_virtual(""), open_virtual("", name="another name")
    errors = iter([DeviceNotFoundError("not yet"), ConnectionFailedError("not ready")])
    links: list[Link] = []

    def reopen() -> Link:
        for error in errors:
            raise error
        links.append(Link(other))
        return links[0]

    user = User()
    session = Session(user, Link(port), reopen=reopen)
    user.until(PROMPT)
    port.board.power_cut()
    user.until(b"virtual: is gone; waiting for it, Ctrl-] leaves")
    user.until(b"another name is back")
    user.until(PROMPT)
    user.press(b"1+1\r")
    user.until(b"2\r\n>>> ")
    session.leave()
    for each in (port, other):
        each.close()


def test_nobody_has_to_wait_for_it() -> None:
    port = open_virtual("")
    tried = threading.Event()

    def reopen() -> Link:
        tried.set()
        raise ConnectionLost("not yet")

    user = User()
    session = Session(user, Link(port), reopen=reopen)
    user.until(PROMPT)
    user.press(b"\x14")
    user.until(b"quit]")
    port.board.power_cut()
    user.until(b"is gone")
    user.press(b"typed in vain")
    session.leave()
    port.close()


def test_names_of_keys() -> None:
    assert [name_of(key) for key in (b"\x1d", b"\x14", b"!")] == ["Ctrl-]", "Ctrl-T", "!"]


# --- a program's session ------------------------------------------------------------------------


@pytest.mark.parametrize("listen", [None, True], ids=["quiet", "listens"])
def test_a_session_lends_its_connection_more_than_once(listen: bool | None) -> None:
    with Device("virtual:", listen=listen) as device:

        @device.task
        def thrice(x):  # type: ignore[no-untyped-def]
            return x * 3

        for _ in range(2):
            user = User()
            terminal = Terminal(user)
            thread = threading.Thread(target=device._session.lend, args=(terminal.run,), daemon=True)
            thread.start()
            user.until(PROMPT)
            user.press(b"6*7\r")
            user.until(b"42\r\n>>> ")
            user.press(b"\x1d")
            thread.join(SOON)
            assert not thread.is_alive()
            assert thrice(14) == 42
