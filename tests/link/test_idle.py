"""What comes while nobody asks is read at once, and calls do not notice."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import SOON

from belay.exceptions import BoardResetError, BoardTimeoutError, ConnectionLost
from belay.link import EVENT, LOG, Link, Mode
from belay.link.wire import Wire
from belay.transports.base import READ_SIZE, Transport
from belay.transports.virtual import VirtualTransport

from .conftest import OneByte, Slow, Uart, Wrapper, eventually, run, works
from .test_stopping import press_ctrl_c

NUMBERS = itertools.count()
THREAD = """
import _thread, os, time
def f():
 while {go!r} not in os.listdir('/'): time.sleep(0.005)
 {does}
nothing = _thread.start_new_thread(f, ())
"""


def listeners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("belay listens")]


def root_of(transport: Transport) -> Path:
    """The files of the board behind a line."""
    while not isinstance(transport, VirtualTransport):
        assert isinstance(transport, Wrapper)
        transport = transport.inner
    return Path(transport.board.root)


def later(link: Link, does: str) -> None:
    """Have a thread of the board's do something when the program that starts it is over."""
    go = root_of(link.transport) / f"go{next(NUMBERS)}"
    run(link, THREAD.format(go=go.name, does=does))
    go.touch()


@pytest.fixture
def heard(link: Link) -> Iterator[bytearray]:
    """What is printed while nothing is asked."""
    heard = bytearray()
    link.on_idle_output = heard.extend
    link.listen()
    yield heard
    link.close()
    assert not listeners()


def test_what_a_thread_prints_appears_without_a_call(link: Link, heard: bytearray) -> None:
    later(link, "print('one'); time.sleep(0.05); print('two')")
    eventually(lambda: heard == b"one\r\ntwo\r\n")
    later(link, "print('three')")
    eventually(lambda: heard.endswith(b"three\r\n"))
    works(link)


def test_without_listening_it_comes_with_the_next_call(link: Link) -> None:
    heard = bytearray()
    link.on_idle_output = heard.extend
    later(link, "print('one')")
    time.sleep(0.2)
    assert heard == b""
    run(link, "pass")
    assert heard == b"one\r\n"
    assert not listeners()


def test_a_board_never_waits_for_a_reader(link: Link, heard: bytearray, files: Path) -> None:
    """More is printed than any pipe holds, and the thread comes to its end."""
    later(link, "for i in range(4000): print('x' * 98)\n open('/end', 'w').close()")
    eventually((files / "end").exists, 20)
    eventually(lambda: heard == (b"x" * 98 + b"\r\n") * 4000)


def test_it_is_started_once_and_ends_with_the_link(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.link.conversation.STOP_LISTENING", 3 * SOON)
    link.listen()
    link.listen()
    assert len(listeners()) == 1
    start = time.monotonic()
    link.close()
    assert time.monotonic() - start < SOON
    assert not listeners()
    link.listen()
    assert not listeners()


def test_closing_while_a_call_is_under_way(link: Link, heard: bytearray) -> None:
    threading.Timer(0.1, link.close).start()
    with pytest.raises(ConnectionLost):
        link.run("while True: pass")


@pytest.mark.parametrize("kind", [OneByte, Slow, Uart])
def test_calls_get_their_own_answers(transport: VirtualTransport, kind: type[Wrapper]) -> None:
    link = Link(kind(transport))
    link.enter()
    heard = bytearray()
    link.on_idle_output = heard.extend
    link.listen()
    for _ in range(5):
        works(link)
        count = heard.count(b"bg\r\n")
        later(link, "print('bg')")
        eventually(lambda count=count: heard.count(b"bg\r\n") > count)
    link.close()


def test_a_burst_of_calls_reads_for_itself(transport: VirtualTransport) -> None:
    readers: list[str] = []

    class Watched(Wrapper):
        def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
            data = self.inner.read(max_bytes, timeout)
            readers.append(threading.current_thread().name)
            return data

    link = Link(Watched(transport))
    link.enter()
    link.listen()
    readers.clear()
    for _ in range(200):
        link.run("pass")
    idle = sum(name.startswith("belay listens") for name in readers)
    assert idle < len(readers) / 4
    link.close()


def test_a_time_out_while_the_idle_reader_reads(link: Link, heard: bytearray) -> None:
    time.sleep(0.1)
    start = time.monotonic()
    with pytest.raises(BoardTimeoutError) as caught:
        link.run("import time\ntime.sleep(60)", timeout=0.2)
    assert 0.2 <= time.monotonic() - start < SOON
    assert caught.value.hint == "it was interrupted"
    works(link)


def test_a_loss_is_told_to_the_next_call(link: Link, heard: bytearray, transport: VirtualTransport) -> None:
    os.kill(transport.board.interpreter_pid, signal.SIGKILL)
    eventually(lambda: not listeners())
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            link.run("pass")


def test_a_reset_is_told_to_the_next_call(link: Link, heard: bytearray, files: Path) -> None:
    (files / "main.py").write_text("open('/main', 'w').close()")
    later(link, "import machine; machine.reset()")
    eventually((files / "main").exists)
    eventually(lambda: link.mode is Mode.UNKNOWN)
    with pytest.raises(BoardResetError):
        link.run("pass")
    works(link)


def test_a_main_py_that_runs_on_is_heard(link: Link, heard: bytearray, files: Path) -> None:
    (files / "main.py").write_text(
        "import time\nfor i in range(3):\n time.sleep(0.1)\n print(i)\nwhile True: time.sleep(1)"
    )
    assert not link.reboot(timeout=0.05)
    assert link.mode is Mode.FOREIGN
    eventually(lambda: heard == b"0\r\n1\r\n2\r\n")
    works(link)


def test_what_may_be_something_else_is_shown_after_a_silence(
    link: Link, heard: bytearray, files: Path
) -> None:
    (files / "main.py").write_text(
        "import time, sys\ntime.sleep(0.1)\nsys.stdout.write('a\x04')\nwhile True: time.sleep(1)"
    )
    assert not link.reboot(timeout=0.05)
    eventually(lambda: heard == b"a\x04")


def test_a_handler_that_raises_is_reported_and_ends_nothing(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))
    heard = bytearray()

    def handler(data: bytes) -> None:
        heard.extend(data)
        raise KeyError(len(heard))

    link.on_idle_output = handler
    link.listen()
    later(link, "print('one')")
    eventually(lambda: b"one" in heard and reported)
    later(link, "print('two')")
    eventually(lambda: b"two" in heard)
    eventually(lambda: len(reported) >= 2)
    assert all(isinstance(error, KeyError) for error in reported)
    works(link)


def test_a_handler_cannot_call_the_board_but_close_the_link(link: Link) -> None:
    closed = threading.Event()

    def handler(data: bytes) -> None:
        link.leave()
        link.close()
        closed.set()

    link.on_idle_output = handler
    link.listen()
    later(link, "print('one')")
    assert closed.wait(10)
    eventually(lambda: not listeners())


def news(link: Link, kind: str, text: str) -> str:
    """Statements that send a frame unasked."""
    return (
        f"import binascii, sys; t = '!{kind}{text}'; "
        f"sys.stdout.write('%s%s\\x04%08x' % ({link.mark.decode()!r}, t, binascii.crc32(t.encode())))"
    )


def test_news(link: Link) -> None:
    taken: list[tuple[str, bytes]] = []
    link.on_news = lambda kind, body: taken.append((kind, body))
    printed = bytearray()
    outcome = link.run(
        f"print('before')\n{news(link, EVENT, '(1,)')}\n{news(link, LOG, '(2,)')}\nprint('after')",
        on_output=printed.extend,
    )
    assert outcome.answer is None
    assert taken == [("v", b"(1,)"), ("l", b"(2,)")]
    assert printed == b"before\r\nafter\r\n"


def test_other_frames_are_no_news(link: Link) -> None:
    taken: list[tuple[str, bytes]] = []
    link.on_news = lambda kind, body: taken.append((kind, body))
    assert link.run(news(link, "r", "5")).answer is not None
    assert taken == []


ENDS_WITHOUT_CLOSING = """
from belay import Device
device = Device("virtual:", listen=True)
@device.thread
def chatter():
    while True:
        print("x" * 60)
chatter()
import time
time.sleep(0.5)
"""


def test_the_end_of_the_interpreter(tmp_path: Path) -> None:
    """Also while a board prints without end, and nobody has closed the device."""
    program = tmp_path / "program.py"
    program.write_text(ENDS_WITHOUT_CLOSING)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, program],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"x" * 60 in done.stdout


@pytest.mark.parametrize("ways", [["listen"], ["agent"], ["agent", "listen"]], ids=" ".join)
def test_ctrl_c_at_any_moment(ways: list[str]) -> None:
    press_ctrl_c(25, 7, *ways)


@pytest.mark.long
@pytest.mark.parametrize("ways", [["listen"], ["agent"], ["agent", "listen"]], ids=" ".join)
def test_ctrl_c_at_any_moment_often(ways: list[str]) -> None:
    press_ctrl_c(500, 8, *ways)


def test_only_who_has_the_turn_is_fed(transport: Transport) -> None:
    """What the other thread reads goes to whoever receives next, once."""
    wire = Wire(transport)
    read = wire.foresee()
    assert wire.foresee() is read
    assert not wire.receive(0)
    assert not wire.receive(0.01)
    threading.Timer(0.05, read.perform, (5,)).start()
    transport.write(b"\r\n")
    assert wire.receive(10)
    assert wire.last_seen
    assert wire.foresee() is not read
