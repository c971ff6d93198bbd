"""Programs and their ends: output, errors and answers are each right, whatever is printed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from patience import SOON

from belay.exceptions import BoardResetError, BoardTimeoutError, ConnectionLost
from belay.link import Link
from belay.transports import open_transport
from belay.transports.trace import CountingTransport
from belay.transports.virtual import VirtualTransport

from .conftest import OneByte, eventually, run, works

BANNER = 'MicroPython v1.29.0 on 2026-01-01; some board\\nType "help()" for more information.\\n>>> '


BACKGROUND = """
import _thread, os, time, machine
def f():
    while 'go' not in os.listdir('/'): time.sleep(0.005)
    {does}
nothing = _thread.start_new_thread(f, ())
"""


def in_background(link: Link, files: Path, does: str) -> None:
    """Have a thread of the board's do something when the program that starts it is over."""
    link.run(BACKGROUND.format(does=does), timeout=SOON)
    (files / "go").touch()


def framed(link: Link, output: str = "''") -> str:
    mark = link.mark.decode()
    return f"print({output}, end='')\nm={mark!r}\nprint(m + 'r1 2' + m + '.', end='')"


def test_a_heap_that_is_full_to_the_last_byte() -> None:
    """The prompt cannot even run what would prove it."""
    link = Link(open_transport("virtual:?heap=128k"))
    try:
        link.enter()
        for code in ("h=[]\nwhile 1:\n    h.append(bytearray(1000))", "while 1:\n    h.append(h)", "1+1"):
            outcome = link.run(code, timeout=10)
            assert b"MemoryError" in outcome.error
        link.soft_reset()
        works(link)
    finally:
        link.close()


def test_a_program_that_replaces_print(link: Link) -> None:
    link.run("print=None")
    with pytest.raises(BoardTimeoutError):
        link.run("while 1: pass", timeout=0.1)
    assert b"ZeroDivisionError" in link.run("1/0").error
    link.run("del print")
    works(link)


def test_a_plain_program(link: Link) -> None:
    printed = bytearray()
    outcome = link.run("print('a')\nprint('b')", on_output=printed.extend)
    assert printed == b"a\r\nb\r\n"
    assert outcome.frame is None
    assert outcome.error == b""
    assert not outcome.rebooted


def test_an_exception(link: Link) -> None:
    outcome = link.run("print('a')\n1/0")
    assert outcome.error.startswith(b"Traceback (most recent call last):\r\n")
    assert outcome.error.endswith(b"ZeroDivisionError: divide by zero\r\n")
    works(link)


def test_an_exception_that_holds_an_end(link: Link) -> None:
    outcome = link.run("raise ValueError('a\\x04b\\x04\\x04>c')")
    assert outcome.error.endswith(b"ValueError: a\x04b\x04\x04>c\r\n")
    works(link)


def test_a_frame_in_one_turn(transport: VirtualTransport) -> None:
    counting = CountingTransport(transport)
    link = Link(counting)
    link.enter()
    counting.reset()
    assert link.run(framed(link)).frame == b"r1 2"
    assert counting.writes == 1
    counting.reset()
    run(link, "pass")
    assert counting.writes == 2


OUTPUTS = {
    "an end": "'\\x04\\x04>'",
    "ends": "'\\x04\\x04>' * 1000",
    "an end and more": "'\\x04\\x04>more'",
    "an error": "'\\x04Traceback (most recent call last):\\n  File x\\nE: e\\n\\x04>'",
    "prompts": "'>>> OK>\\r\\n>'",
    "a banner": f"'{BANNER}'",
    "a raw banner": "'raw REPL; CTRL-B to exit\\n>'",
    "a reset": "'\\x04\\x04MPY: soft reboot\\nraw REPL; CTRL-B to exit\\n>'",
    "no newline": "'abc'",
    "newlines": "'\\n\\n\\n'",
    "an EOT": "'\\x04'",
    "NULs": "'\\x00' * 100",
    "a window": "'R\\x01\\x80\\x00\\x01'",
    "a title": "'\\x1b]0;title\\x1b\\\\'",
}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    "wrapped", [False, pytest.param(True, marks=pytest.mark.long)], ids=["whole", "bytewise"]
)
def test_output_of_all_kinds(transport: VirtualTransport, output: str, wrapped: bool) -> None:
    link = Link(OneByte(transport) if wrapped else transport)
    link.enter()
    expected = eval(OUTPUTS[output]).replace("\n", "\r\n").encode()
    assert run(link, f"print({OUTPUTS[output]}, end='')") == expected
    printed = bytearray()
    outcome = link.run(framed(link, OUTPUTS[output]), on_output=printed.extend)
    assert outcome.frame == b"r1 2"
    assert printed == expected
    printed.clear()
    outcome = link.run(f"print({OUTPUTS[output]}, end='')\nraise KeyError(5)", on_output=printed.extend)
    assert outcome.error.endswith(b"KeyError: 5\r\n")
    assert outcome.error.startswith(b"Traceback")
    assert printed == expected
    works(link)


def test_every_byte(link: Link) -> None:
    printed = run(link, "import sys\nfor i in range(256): sys.stdout.buffer.write(bytes([i]))\n")
    assert printed == bytes(range(256))


def test_invalid_utf8(link: Link) -> None:
    assert (
        run(link, "import sys\nn=sys.stdout.buffer.write(b'\\xff\\xfe\\xc3(\\xf0\\x9f')")
        == b"\xff\xfe\xc3(\xf0\x9f"
    )


def test_a_megabyte(link: Link) -> None:
    assert run(link, "for i in range(16384): print('%062d' % i)") == b"".join(
        b"%062d\r\n" % i for i in range(16384)
    )


def test_a_megabyte_in_a_frame(link: Link) -> None:
    mark = link.mark.decode()
    outcome = link.run(
        f"m={mark!r}\nprint(m+'r',end='')\nfor i in range(1000): print('x'*1000,end='')\nprint(m+'.',end='')"
    )
    assert outcome.frame == b"r" + b"x" * 1_000_000


def test_ends_in_pieces(link: Link) -> None:
    code = "import time\nfor c in 'a\\x04\\x04>b\\x04Trace\\x04>c':\n  print(c, end='')\n  time.sleep(0.05)"
    assert run(link, code) == b"a\x04\x04>b\x04Trace\x04>c"
    works(link)


@pytest.mark.parametrize("pause", [0.35, 0.7, 1.2])
def test_an_end_and_a_pause(link: Link, pause: float) -> None:
    """The challenge waits in the board's input until the program has ended."""
    code = f"import time\nprint('\\x04\\x04>', end='')\ntime.sleep({pause})\nprint('more')"
    assert run(link, code) == b"\x04\x04>more\r\n"
    works(link)


def test_an_end_and_a_frame_later(link: Link) -> None:
    printed = bytearray()
    code = "import time\nprint('\\x04\\x04>', end='')\ntime.sleep(0.4)\n"
    assert link.run(code + framed(link), on_output=printed.extend).frame == b"r1 2"
    assert printed == b"\x04\x04>"
    works(link)


def test_the_challenge_is_read_as_input(link: Link) -> None:
    code = "import sys\nprint('\\x04\\x04>', end='')\nwhile sys.stdin.read(1) != '\\x04': pass\nprint('read')"
    start = time.monotonic()
    assert run(link, code) == b"\x04\x04>read\r\n"
    assert time.monotonic() - start < SOON
    works(link)


def test_each_challenge_is_read_as_input(link: Link) -> None:
    code = (
        "import sys\n"
        "for i in range(3):\n"
        "  print('\\x04\\x04>', end='')\n"
        "  while sys.stdin.read(1) != '\\x04': pass\n"
    )
    assert run(link, code) == b"\x04\x04>" * 3
    works(link)


def test_held_output_is_shown_after_a_while(link: Link) -> None:
    """A person sees what a program printed although it may be the end of it."""
    seen: list[tuple[float, bytes]] = []
    code = (
        "import time\nprint('M', end='')\ntime.sleep(2)\n"
        "print('\\x04Name: ', end='')\ntime.sleep(2)\nprint('x')"
    )
    start = time.monotonic()
    link.run(code, on_output=lambda data: seen.append((time.monotonic() - start, data)))
    assert [data for _, data in seen[:2]] == [b"M", b"\x04Name: "]
    assert seen[0][0] < 1.9
    assert 2 < seen[1][0] < 3.9


def test_output_after_a_false_end_is_shown(link: Link) -> None:
    seen: list[float] = []
    code = "import time\nprint('\\x04\\x04>')\nfor i in range(20):\n  print(i)\n  time.sleep(0.1)"
    start = time.monotonic()
    link.run(code, on_output=lambda data: seen.append(time.monotonic() - start))
    assert len([at for at in seen if at < 1.9]) >= 2


def test_output_comes_as_it_is_printed(link: Link) -> None:
    times: list[float] = []
    link.run(
        "import time\nfor i in range(3):\n  print(i, end='')\n  time.sleep(0.2)",
        on_output=lambda data: times.append(time.monotonic()),
    )
    assert len(times) == 3
    assert times[2] - times[0] > 0.3


THREAD = """
import _thread, time
def f():
    for i in range(20):
        print('bg')
        time.sleep(0.002)
_thread.start_new_thread(f, ())
time.sleep({sleep})
print('end')
"""


@pytest.mark.parametrize("sleep", [0, 0.01, 0.1])
def test_threads_print_around_the_end(link: Link, sleep: float) -> None:
    idle = bytearray()
    link.on_idle_output = idle.extend
    for _ in range(3):
        printed = bytearray()
        outcome = link.run(THREAD.format(sleep=sleep), on_output=printed.extend, timeout=20)
        assert outcome.error == b""
        eventually(lambda: (run(link, "pass") or True) and time.sleep(0.1) is None)
        assert b"end" in printed


def test_a_thread_prints_without_end(link: Link, files: Path) -> None:
    """It hides the ends of programs, but none is lost, and no time-out is stretched."""
    in_background(link, files, "while True: print('bg'); time.sleep(0.001)")
    for number in range(5):
        printed = bytearray()
        link.run(f"print('<{number}>')", on_output=printed.extend, timeout=20)
        assert b"<%d>" % number in printed


def test_idle_output(link: Link, files: Path) -> None:
    idle = bytearray()
    link.on_idle_output = idle.extend
    in_background(link, files, "print('bg'); open('/said', 'w').close()")
    eventually((files / "said").exists)
    run(link, "pass")
    assert idle == b"bg\r\n"


def test_a_handler_of_idle_output_that_raises(link: Link, files: Path) -> None:
    def fail(data: bytes) -> None:
        raise TimeoutError("mine")

    link.on_idle_output = fail
    in_background(link, files, "print('bg'); open('/said', 'w').close()")
    eventually((files / "said").exists)
    with pytest.raises(TimeoutError, match="mine"):
        link.run("pass")
    works(link)


@pytest.mark.parametrize(
    "leave", ["raise SystemExit", "import sys\nsys.exit()", "import machine\nmachine.soft_reset()"]
)
def test_a_program_that_resets_softly(link: Link, leave: str) -> None:
    run(link, "x = 1")
    printed = bytearray()
    outcome = link.run(f"print('bye')\n{leave}", on_output=printed.extend)
    assert outcome.rebooted
    assert outcome.error == b""
    # Where the board stops for long in the middle of it, what the REPL says is taken for output, too.
    assert printed.startswith(b"bye\r\n")
    assert link.run("x").error.endswith(b"NameError: name 'x' isn't defined\r\n")
    works(link)


def test_a_program_that_resets_hard(link: Link, files: Path) -> None:
    (files / "main.py").write_text("print('in main')")
    printed = bytearray()
    outcome = link.run("print('bye')\nimport machine\nmachine.reset()", on_output=printed.extend)
    assert outcome.rebooted
    assert printed.startswith(b"bye\r\n")
    assert printed.endswith(b"in main\r\n")
    works(link)


def reset_behind_its_back(link: Link, files: Path) -> None:
    (files / "main.py").write_text("open('/booted', 'w').close()")
    in_background(link, files, "machine.reset()")
    eventually((files / "booted").exists)
    time.sleep(0.3)  # for the banner


def test_a_reset_while_nobody_looked(link: Link, files: Path) -> None:
    reset_behind_its_back(link, files)
    with pytest.raises(BoardResetError) as caught:
        link.run("print(1)")
    assert not caught.value.sent
    works(link)


def test_soft_reset(link: Link, files: Path) -> None:
    (files / "boot.py").write_text("print('in boot')")
    (files / "main.py").write_text("print('in main')")
    idle = bytearray()
    link.on_idle_output = idle.extend
    run(link, "x = 1")
    link.soft_reset()
    assert idle == b"in boot\r\n"
    assert link.run("x").error.endswith(b"NameError: name 'x' isn't defined\r\n")


def test_reboot(link: Link, files: Path) -> None:
    (files / "boot.py").write_text("print('in boot')")
    (files / "main.py").write_text("print('in main')")
    printed = bytearray()
    assert link.reboot(on_output=printed.extend)
    assert printed == b"in boot\r\nin main\r\n"
    works(link)


def test_reboot_into_a_main_that_goes_on(link: Link, files: Path) -> None:
    (files / "main.py").write_text("print('in main')\nwhile True: pass")
    printed = bytearray()
    assert not link.reboot(on_output=printed.extend, timeout=0.3)
    assert printed == b"in main\r\n"
    assert not link.synchronised
    works(link)
    assert link.synchronised


def test_reboot_and_a_handler_that_raises(link: Link, files: Path) -> None:
    (files / "main.py").write_text("while True: print('in main')")

    def fail(data: bytes) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        link.reboot(on_output=fail)
    works(link)


def test_a_reset_after_a_reset(link: Link, files: Path) -> None:
    reset_behind_its_back(link, files)
    link.soft_reset()
    works(link)


@pytest.mark.parametrize("victim", ["interpreter_pid", "pid"])
def test_the_board_dies(transport: VirtualTransport, link: Link, victim: str) -> None:
    pid = getattr(transport.board, victim)
    killed: list[float] = []

    def kill(data: bytes) -> None:
        os.kill(pid, signal.SIGKILL)
        killed.append(time.monotonic())

    with pytest.raises(ConnectionLost):
        link.run("print(1)\nwhile True: pass", on_output=kill)
    assert time.monotonic() - killed[0] < SOON
    with pytest.raises(ConnectionLost):
        link.run("print(1)")


def test_leave(transport: VirtualTransport, link: Link) -> None:
    works(link)
    link.leave()
    data = b""
    while not data.endswith(b">>> "):
        data += transport.read(timeout=10)
    transport.write(b"print(1+1)\r")
    data = b""
    while not data.endswith(b">>> "):
        data += transport.read(timeout=10)
    assert data == b"print(1+1)\r\n2\r\n>>> "
    works(link)


def test_leave_and_close_are_patient(link: Link) -> None:
    link.close()
    link.close()
    link.leave()
    with pytest.raises(ConnectionLost, match="closed"):
        link.run("1")
    with pytest.raises(ConnectionLost, match="closed"):
        link.enter()


def test_a_closed_link_leaves_nothing_behind(transport: VirtualTransport) -> None:
    import threading

    threads = set(threading.enumerate())
    link = Link(transport)
    link.enter()
    run(link, "print(1)")
    supervisor = transport.board.pid
    link.leave()
    link.close()
    assert set(threading.enumerate()) == threads
    with pytest.raises(ProcessLookupError):
        os.kill(supervisor, 0)
