"""Time-outs, Ctrl-C on the host, errors in between: whatever goes wrong, the next call is right."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from patience import SOON

from belay.exceptions import BoardResetError, BoardTimeoutError, ReplEntryError
from belay.link import Link, Stop, Stopped
from belay.transports.virtual import VirtualTransport

from .conftest import OneByte, Slow, run, works
from .ctrl_c import ctrl_c_after

ENDLESS = {
    "tight loop": "while True: pass",
    "sleep": "import time\ntime.sleep(60)",
    "short sleeps": "import time\nwhile True: time.sleep(0.001)",
    "allocating": "while True: a = [bytearray(1000) for i in range(50)]",
    "blocked read": "import sys\nsys.stdin.read(1)",
    "input": "input()",
    "printing": "while True: print('x' * 50)",
    "printing ends": "while True: print('\\x04\\x04>', end='')",
    "printing banners": "b = "
    "'MicroPython v1\\nType \"help()\" for more information.\\n>>> '\nwhile True: print(b)",
    "printing EOTs": "while True: print('\\x04', end='')",
    "a finally that prints": "try:\n  while True: pass\nfinally: print('x' * 1000)",
    "catches once": "try:\n  while True: pass\nexcept KeyboardInterrupt: pass\nwhile True: pass",
    "compiling": "exec('x=1\\n' * 20000)\nwhile True: pass",
}


@pytest.mark.parametrize("program", ENDLESS)
def test_time_out(link: Link, program: str) -> None:
    start = time.monotonic()
    with pytest.raises(BoardTimeoutError) as caught:
        link.run(ENDLESS[program], timeout=0.25)
    assert time.monotonic() - start < SOON
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.doing == "the program"
    assert caught.value.seconds == 0.25
    assert caught.value.hint == "it was interrupted"
    works(link)


@pytest.mark.parametrize("wrap", [OneByte, Slow])
def test_time_out_over_another_transport(
    transport: VirtualTransport, wrap: type[OneByte] | type[Slow]
) -> None:
    link = Link(wrap(transport))
    link.enter()
    for program in ("tight loop", "sleep"):
        start = time.monotonic()
        with pytest.raises(BoardTimeoutError):
            link.run(ENDLESS[program], timeout=0.3)
        assert time.monotonic() - start < SOON
        works(link)


def test_stopping_is_quick(link: Link) -> None:
    """A tight loop is back at the prompt in a few milliseconds; this leaves room for a busy machine."""
    taken = []
    for _ in range(5):
        start = time.monotonic()
        with pytest.raises(BoardTimeoutError):
            link.run("while True: pass", timeout=0.1)
        taken.append(time.monotonic() - start - 0.1)
    assert min(taken) < 0.05


def test_output_until_the_end_is_handed_on(link: Link) -> None:
    printed = bytearray()
    code = "try:\n  print('a')\n  while True: pass\nfinally: print('b')"
    with pytest.raises(BoardTimeoutError):
        link.run(code, timeout=0.3, on_output=printed.extend)
    assert printed == b"a\r\nb\r\n"


def test_a_program_that_cannot_be_stopped(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.link.recovery.STOP_TIMEOUT", 1.0)
    code = "while True:\n  try:\n    while True: pass\n  except KeyboardInterrupt: pass"
    start = time.monotonic()
    with pytest.raises(BoardTimeoutError) as caught:
        link.run(code, timeout=0.2)
    assert time.monotonic() - start < SOON
    assert caught.value.hint == "it could not be interrupted: reset the board"
    assert not link.synchronised
    with pytest.raises(ReplEntryError, match="interrupting what runs"):
        link.enter(0.5)


def test_a_stubborn_program_ends_after_all(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.link.recovery.STOP_TIMEOUT", 0.5)
    code = (
        "import time\nend = time.time() + 1.5\n"
        "while time.time() < end:\n  try:\n    while time.time() < end: pass\n"
        "  except KeyboardInterrupt: pass"
    )
    with pytest.raises(BoardTimeoutError, match="took longer"):
        link.run(code, timeout=0.2)
    works(link)


def test_a_program_that_switches_ctrl_c_off(link: Link) -> None:
    code = "import micropython, time\nmicropython.kbd_intr(-1)\ntime.sleep(1.5)"
    with pytest.raises(BoardTimeoutError):
        link.run(code, timeout=0.2)
    works(link)


def test_a_reset_while_being_stopped(link: Link) -> None:
    code = "import machine\ntry:\n  while True: pass\nexcept KeyboardInterrupt: machine.reset()"
    with pytest.raises(BoardTimeoutError):
        link.run(code, timeout=0.2)
    with pytest.raises(BoardResetError) as caught:
        link.run("print(1)")
    assert not caught.value.sent
    works(link)


def race(link: Link, rounds: int, seed: int) -> int:
    """Time-outs right at the end of a program; how many of them hit."""
    chance = random.Random(seed)
    hit = 0
    for number in range(rounds):
        timeout = chance.uniform(0.002, 0.006)
        mark = link.mark.decode()
        kind = number % 3
        code = f"import time\ntime.sleep(0.004)\nprint({number})"
        if kind == 1:
            code += f"\nm={mark!r}\nprint(m+'r{number}'+m+'.',end='')"
        elif kind == 2:
            code += "\n1/0"
        try:
            outcome = link.run(code, timeout=timeout)
        except BoardTimeoutError:
            hit += 1
        else:
            if kind == 1:
                assert outcome.frame == b"r%d" % number
            elif kind == 2:
                assert outcome.error.endswith(b"ZeroDivisionError: divide by zero\r\n")
        unique = chance.randrange(10**9)
        assert run(link, f"print({unique})") == b"%d\r\n" % unique
    return hit


def test_a_time_out_right_at_the_end(link: Link) -> None:
    assert 10 < race(link, 200, 1) < 190


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_many_time_outs_right_at_the_end(link: Link, seed: int) -> None:
    race(link, 1000, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_many_time_outs_one_byte_at_a_time(transport: VirtualTransport, seed: int) -> None:
    link = Link(OneByte(transport))
    link.enter()
    race(link, 300, seed)


def test_no_time_at_all(link: Link) -> None:
    for _ in range(5):
        with pytest.raises(BoardTimeoutError):
            link.run("while True: pass", timeout=0)
        works(link)


@pytest.mark.parametrize("program", ["tight loop", "sleep", "printing", "blocked read"])
def test_ctrl_c(link: Link, program: str) -> None:
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), ctrl_c_after(0.2):
        link.run(ENDLESS[program])
    assert time.monotonic() - start < SOON
    works(link)


def press_ctrl_c(rounds: int, seed: int, *ways: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-m", "tests.link.ctrl_c", str(rounds), str(seed), *ways]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.stderr == ""
    assert done.stdout == f"{rounds}\n"


def test_ctrl_c_at_any_moment() -> None:
    press_ctrl_c(60, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_ctrl_c_at_any_moment_often(seed: int) -> None:
    press_ctrl_c(1500, seed)


def test_ctrl_c_twice(link: Link) -> None:
    """Whoever presses it again does not want to wait for a stubborn program."""
    code = (
        "import time\nend = time.time() + 3\n"
        "while time.time() < end:\n  try:\n    while time.time() < end: pass\n"
        "  except KeyboardInterrupt: pass"
    )
    start = time.monotonic()
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.3)
        with pytest.raises(KeyboardInterrupt):
            link.run(code)
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert time.monotonic() - start < 2.8
    works(link)


def test_ctrl_c_while_entering(transport: VirtualTransport) -> None:
    for delay in (0.02, 0.1):
        link = Link(transport)
        try:
            with ctrl_c_after(delay):
                while True:
                    link.enter()
        except KeyboardInterrupt:
            pass
        works(link)


def test_ctrl_c_during_a_soft_reset(link: Link, files: Path) -> None:
    (files / "boot.py").write_text("import time\ntime.sleep(60)")
    with pytest.raises(KeyboardInterrupt), ctrl_c_after(0.3):
        link.soft_reset()
    works(link)


def test_ctrl_c_while_waiting_for_a_turn(link: Link) -> None:
    busy = threading.Thread(target=link.run, args=("import time\nprint(1)\ntime.sleep(0.7)",))
    busy.start()
    threading.Event().wait(0.1)
    with pytest.raises(KeyboardInterrupt), ctrl_c_after(0.2):
        link.run("print(2)")
    busy.join()
    works(link)


@pytest.mark.parametrize(
    "error", [ValueError("mine"), TimeoutError("mine"), OSError("mine"), SystemExit("mine")]
)
def test_a_handler_that_raises(link: Link, error: BaseException) -> None:
    def fail(data: bytes) -> None:
        raise error

    start = time.monotonic()
    with pytest.raises(type(error), match="mine") as caught:
        link.run("while True: print('x')", on_output=fail)
    assert caught.value is error
    assert time.monotonic() - start < SOON
    works(link)


def test_a_handler_that_raises_while_a_program_is_stopped(link: Link) -> None:
    def fail(data: bytes) -> None:
        if b"stopped" in data:
            raise ValueError("mine")

    code = "try:\n  while True: pass\nexcept KeyboardInterrupt: print('stopped')\nwhile True: print('x')"
    with pytest.raises(ValueError, match="mine"):
        link.run(code, timeout=0.2, on_output=fail)
    works(link)


def test_a_slow_handler_costs_no_answer(link: Link) -> None:
    """The time was over while the host was busy; the answer had been there all along."""
    outcome = link.run(
        f"print(1)\nm={link.mark.decode()!r}\nprint(m+'r'+m+'.',end='')",
        on_output=lambda data: time.sleep(0.6),
        timeout=0.5,
    )
    assert outcome.frame == b"r"


def test_a_soft_reset_that_takes_too_long(link: Link, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.link.conversation.RESET_TIMEOUT", 0.5)
    (files / "boot.py").write_text("while True: print('boot')")
    with pytest.raises(BoardTimeoutError, match="the soft reset took longer"):
        link.soft_reset()
    works(link)


def test_the_board_does_not_take_the_code(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else reads the input: here a thread that waits for it."""
    monkeypatch.setattr("belay.link.sending.ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr("belay.link.conversation.ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr(type(link.transport), "write", _swallow(type(link.transport).write, once=b"print"))
    with pytest.raises(BoardTimeoutError, match="sending the code took longer"):
        link.run("print('lost')")
    works(link)


def _swallow(write: object, once: bytes) -> object:
    """A line that loses one write."""
    lost: list[bytes] = []

    def lossy(self: VirtualTransport, data: bytes, timeout: float | None = None) -> None:
        if not lost and data.startswith(once):
            lost.append(data)
            data = data[:-1]
        write(self, data, timeout)  # type: ignore[operator]

    return lossy


@pytest.mark.parametrize("program", ["tight loop", "printing", "catches once"])
def test_another_thread_may_stop_it(link: Link, program: str) -> None:
    stop = Stop()
    begun = threading.Event()
    stopper = threading.Thread(target=lambda: begun.wait(SOON) and stop.request())
    stopper.start()
    with pytest.raises(Stopped):
        stop.run(lambda: link.run(f"print('begun')\n{ENDLESS[program]}", on_output=lambda data: begun.set()))
    stopper.join()
    works(link)
    # It is over for good.
    stop.request()
    works(link)


def test_what_is_stopped_before_it_begins_does_not_begin(link: Link) -> None:
    stop = Stop()
    stop.request()
    with pytest.raises(Stopped):
        stop.run(lambda: link.run("there = 1"))
    assert run(link, "print('there' in globals())") == b"False\r\n"


def test_whoever_waits_for_the_turn_is_stopped_when_it_comes(link: Link) -> None:
    begun, stop = threading.Event(), Stop()
    waiting: list[BaseException] = []
    first = threading.Thread(
        target=lambda: link.run(
            "print('begun')\nimport sys\nsys.stdin.read(1)", on_output=lambda data: begun.set()
        )
    )

    def second() -> None:
        try:
            stop.run(lambda: link.run("there = 1"))
        except Stopped as stopped:
            waiting.append(stopped)

    first.start()
    assert begun.wait(SOON)
    other = threading.Thread(target=second)
    other.start()
    stop.request()
    link.transport.write(b"x")
    first.join(SOON)
    other.join(SOON)
    assert len(waiting) == 1
    assert run(link, "print('there' in globals())") == b"False\r\n"
