# ruff: noqa: T201 - functions that run on the board
from __future__ import annotations

import io
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from belay import BoardError, BoardTimeoutError, Device
from belay.remote.answers import Answers
from belay.transports.base import READ_SIZE, Transport

LONG = "".join(f"filler_{number} = {number}\n" for number in range(100))
"""Makes a program longer than what travels inside a string: it runs over the raw REPL."""

LENGTHS = pytest.mark.parametrize("filler", ["", LONG], ids=["short", "long"])


class Lines:
    """Standard input that a test fills, and that notes how often it was read."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self.reads = 0

    def give(self, text: str) -> None:
        self._text = io.StringIO(text)
        self.reads = 0

    def readline(self, limit: int = -1, /) -> str:
        self.reads += 1
        return self._text.readline(limit)


class Wire:
    """A transport between board and host that can change what passes; the first question is torn."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.flow_control = inner.flow_control
        self.survives_reset = self.transparent = True
        self.name = inner.name
        self.close: Callable[[], None] = inner.close
        self.write = inner.write
        self.torn = 0

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        data: bytes = self._inner.read(max_bytes, timeout)

        def tear(found: re.Match[bytes]) -> bytes:
            self.torn += 1
            return found[0] if self.torn % 2 == 0 else found[0][:12] + b"printed" + found[0][12:]

        return re.sub(rb"\x1e[0-9a-f]{8}[!A-Z]a\([^\x04]*\x04........", tear, data)


@pytest.fixture(scope="module")
def stdin() -> Lines:
    return Lines()


@pytest.fixture(scope="module")
def asking(stdin: Lines) -> Iterator[Device]:
    """A board whose input() reads what a test gives."""
    with Device("virtual:", agent=True, stdin=stdin) as device:
        yield device


def native(device: Device) -> bool:
    """Whether input() is the firmware's, as a program of somebody else's finds it."""
    printed: list[bytes] = []
    device._session.link.run("print(input)", on_output=printed.append)
    return b"_belay" not in b"".join(printed)


# --- lines ---------------------------------------------------------------------------------------


def test_a_line(asking: Device, stdin: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    @asking.task
    def ask(prompt):
        return input(prompt)

    stdin.give("Ada\n\n  hé€😀 \x03\\'\"\t\r\nlast")
    assert ask("name? ") == "Ada"
    assert capsys.readouterr().out == "name? "
    assert asking("input()") == ""
    assert ask(5) == "  hé€😀 \x03\\'\"\t\r"
    assert ask("\x04\x04>") == "last"
    assert capsys.readouterr().out == "5\x04\x04>"
    with pytest.raises(EOFError) as caught:
        ask("")
    assert isinstance(caught.value, BoardError)


def test_a_line_longer_than_a_request(asking: Device, stdin: Lines) -> None:
    line = "é\x01" * 50_000
    stdin.give(f"{line}\nnext\n")
    assert asking("(len(input()), input())") == (100_000, "next")


@LENGTHS
def test_statements_and_programs(
    asking: Device, stdin: Lines, capsys: pytest.CaptureFixture[str], filler: str
) -> None:
    stdin.give("1\n2\n3\n")
    asking.run(f"{filler}for n in range(3):\n    print('got', input(n))\n", minify=False)
    assert capsys.readouterr().out == "0got 1\n1got 2\n2got 3\n"
    with pytest.raises(EOFError) as caught:
        asking.run(f"{filler}x = 1\ninput()\n", file="mine.py", minify=False)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno) == ("mine.py", filler.count("\n") + 2)
    assert asking("x") == 1


@LENGTHS
def test_programs_may_end_in_many_ways(asking: Device, stdin: Lines, filler: str) -> None:
    for end in ("raise SystemExit(3)", "1 / 0", "1 +", "pass"):
        stdin.give("a\n")
        try:
            asking.run(f"{filler}y = input()\n{end}", minify=False)
        except (BoardError, SyntaxError):
            assert end != "pass"
        else:
            assert end == "pass"
        assert native(asking), end
        stdin.give("b\n")
        assert asking("input()") == "b", end
        assert native(asking), end


def test_a_program_too_long_for_a_try(asking: Device, stdin: Lines) -> None:
    stdin.give("a\n")
    program = "x = 1\n" * 4000 + "y = input()\n1 / 0\n"
    with pytest.raises(ZeroDivisionError):
        asking.run(program, minify=False)
    assert native(asking)
    assert asking("y") == "a"


def test_in_a_batch(asking: Device, stdin: Lines) -> None:
    stdin.give("".join(f"{number}\n" for number in range(50)))
    with asking.batch():
        futures = [asking("input()") for _ in range(50)]
    assert [future.result() for future in futures] == [str(number) for number in range(50)]


def test_a_thousand_questions_while_it_prints(
    asking: Device, stdin: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    @asking.task
    def talk(times):
        got = []
        for number in range(times):
            print("before", number)
            got.append(input("? "))
            print("after", got[-1])
        return got

    stdin.give("".join(f"line {number}\n" for number in range(1000)))
    assert talk(1000) == [f"line {number}" for number in range(1000)]
    assert stdin.reads == 1000
    expected = [f"before {number}\n? after line {number}\n" for number in range(1000)]
    assert capsys.readouterr().out == "".join(expected)


@LENGTHS
def test_a_torn_question_is_asked_again_and_not_answered_twice(stdin: Lines, filler: str) -> None:
    wires = []

    def wrap(inner: Transport) -> Transport:
        wires.append(Wire(inner))
        return wires[0]

    with Device("virtual:", agent=True, stdin=stdin, wrap=wrap) as device:
        stdin.give("".join(f"{number}\n" for number in range(10)))
        device.run(f"{filler}got = [input() for _ in range(10)]\n", minify=False)
        assert device("got") == [str(number) for number in range(10)]
        assert stdin.reads == 10
        assert wires[0].torn == 20
        device.run(f"{filler}got = 5", minify=False)
        assert device("got") == 5


# --- who may ask ---------------------------------------------------------------------------------


def test_it_is_the_firmwares_own_while_nothing_of_ours_runs(asking: Device, stdin: Lines) -> None:
    stdin.give("a\nb\n")
    assert asking("input()") == "a"
    assert native(asking)
    assert asking("input()") == "b"
    device = Device("virtual:", agent=True, stdin=stdin)
    link = device._session.link
    device("1")
    assert "_belay_input" in device("repr(input)")
    link.leave()
    assert native(device)
    device.close()


def test_a_host_that_goes_away_leaves_it_as_it_was(asking: Device, stdin: Lines) -> None:
    stdin.give("a\n")
    assert asking("input()") == "a"
    link = asking._session.link
    # What other tools do: Ctrl-C, and whatever they find then.
    link.transport.write(b"\x03")
    assert native(asking)


def test_a_programs_own_input_is_left_alone(asking: Device, stdin: Lines) -> None:
    asking("import builtins\nsaved = input\nbuiltins.input = lambda: 'mine'")
    try:
        assert asking("input()") == "mine"
        asking._session.link.run("pass")
        assert asking("input()") == "mine"
    finally:
        asking("builtins.input = saved")


def test_the_firmwares_own_where_nobody_allows_it() -> None:
    with Device("virtual:", agent=True) as device:
        assert "_belay" not in device("repr(input)")


def test_the_firmwares_own_over_the_plain_repl(stdin: Lines) -> None:
    with Device("virtual:", agent=False, stdin=stdin) as device:
        assert "_belay" not in device("repr(input)")


def test_not_in_a_thread(asking: Device, stdin: Lines) -> None:
    asking("import _thread, time\nproblem = None")
    asking("def work():\n global problem\n try: input()\n except Exception as e: problem = repr(e)")
    asking("_thread.start_new_thread(work, ())\nwhile problem is None: time.sleep_ms(1)", timeout=5)
    assert asking("problem") == "OSError('input() in a thread',)"


def test_after_a_reset(asking: Device, stdin: Lines) -> None:
    asking.soft_reset()
    stdin.give("again\n")
    assert asking("input()") == "again"


def test_other_questions_are_refused(stdin: Lines) -> None:
    with pytest.raises(NotImplementedError, match="'weather'"):
        Answers(stdin)("weather")
    with pytest.raises(NotImplementedError, match="'input'"):
        Answers()("input", 5)


def test_the_board_is_told_of_a_refusal(asking: Device) -> None:
    calls = asking._session._calls
    answers, calls._on_ask = calls._on_ask, None
    try:
        with pytest.raises(OSError, match="the host does not answer 'input'"):
            asking("input()")
    finally:
        calls._on_ask = answers


# --- when something goes wrong -------------------------------------------------------------------


class Failing:
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def readline(self, limit: int = -1, /) -> str:
        raise self._error


@LENGTHS
@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("I/O operation on closed file")])
def test_ctrl_c_at_the_question_leaves_all_usable(
    filler: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Device("virtual:", agent=True, stdin=Failing(error)) as device:
        with pytest.raises(type(error)):
            device.run(f"{filler}x = 1\ninput('? ')\nx = 2\n", minify=False)
        assert device("x") == 1
        assert native(device)
        assert device("x + 1") == 2


def test_a_time_out_at_the_question() -> None:
    asked = threading.Event()

    class Slow:
        def readline(self, limit: int = -1, /) -> str:
            asked.wait(0.4)
            return "late\n"

    with Device("virtual:", agent=True, stdin=Slow()) as device:
        device("x = 1")
        with pytest.raises(BoardTimeoutError):
            device("x = input()\nimport time\ntime.sleep(30)", timeout=0.2)
        assert device("x") in (1, "late")
