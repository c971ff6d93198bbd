from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from belay.board.calls import BoardFailure, Calls, Item, Terms
from belay.exceptions import (
    BoardResetError,
    BoardTimeoutError,
    ConnectionFailedError,
    ConnectionLost,
    MaxHistoryLengthError,
    PortBusyError,
    ReplEntryError,
    notes_of,
)
from belay.link import EVENT, Lent, Link
from belay.session import Session
from belay.session.reconnecting import PAUSE
from belay.transports import open_transport
from belay.transports.base import READ_SIZE, Transport

TERMS = Terms(timeout=20)
PATIENCE = 20.0


class Eager:
    """Reads all that comes at once, so that a test can tell what has come before anybody asks for it."""

    flow_control = True
    survives_reset = True
    transparent = True

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.name = inner.name
        self.seen = b""
        self._taken = 0
        self._end: ConnectionLost | None = None
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._pump)
        self._thread.start()

    def _pump(self) -> None:
        while self._end is None:
            data, end = b"", None
            try:
                data = self.inner.read()
            except ConnectionLost as lost:
                end = lost
            with self._news:
                self.seen += data
                self._end = end
                self._news.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE), self.seen[-500:]

    def wait_for_the_end(self) -> None:
        self.wait_for(lambda: self._end is not None)

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        with self._news:
            if not self._news.wait_for(lambda: len(self.seen) > self._taken or self._end, timeout):
                raise TimeoutError
            if self._end and len(self.seen) == self._taken:
                raise self._end
            data = self.seen[self._taken :][:max_bytes]
            self._taken += len(data)
            return data

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self.inner.write(data, timeout)

    def close(self) -> None:
        self.inner.close()
        self._thread.join()


class Board:
    """A board whose port can be made to fail, and a session with it."""

    def __init__(self, root: Path) -> None:
        self.address = f"virtual:{root}"
        self.root = root
        self.refusals = 0
        self.opened: list[Eager] = []
        self.output = b""
        self.session: Session | Any = None

    def open(self) -> Transport:
        if self.opened and self.refusals:
            self.refusals -= 1
            raise PortBusyError(self.address)
        self.opened.append(Eager(open_transport(self.address)))
        return self.opened[-1]

    def take(self, data: bytes) -> None:
        self.output += data

    def connect(self, **options: Any) -> Session:
        self.session = Session(self.open, on_output=self.take, **options)
        return self.session

    def kill(self, *, later: float = 0) -> None:
        """Kill the board: now, and return when the loss can be noticed; or in a while."""
        port = self.opened[-1]

        def kill() -> None:
            os.kill(port.inner.board.interpreter_pid, signal.SIGKILL)

        if later:
            threading.Timer(later, kill).start()
        else:
            kill()
            port.wait_for_the_end()

    def value(self, expression: str) -> Any:
        return self.session.ask(lambda calls: calls.evaluate(expression, TERMS))

    def run(self, code: str, *, record: bool = True) -> None:
        def step(calls: Calls, terms: Terms) -> None:
            calls.execute(code, terms)

        self.session.ask(lambda calls: step(calls, TERMS), replay=step if record else None)

    def reset_behind_our_back(self) -> None:
        """Reset the board as a watchdog does, between two calls."""
        self.run("import machine", record=False)
        later(self, "machine.reset()")
        port = self.opened[-1]
        before = len(port.seen)
        port.wait_for(lambda: b">>> " in port.seen[before:])


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    # Other tests' threads may still be on their way out.
    before = set(threading.enumerate())
    board = Board(tmp_path / "root")
    yield board
    if board.session:
        board.session.close()
    assert not set(threading.enumerate()) - before


# --- connecting ----------------------------------------------------------------------------------


def test_connecting_makes_a_fresh_interpreter_and_prints_nothing(board: Board) -> None:
    board.root.mkdir()
    (board.root / "boot.py").write_text("booted = 1")
    (board.root / "main.py").write_text("print('never')\nran = 1")
    session = board.connect()
    assert session.implementation.name == "micropython"
    assert board.value("('booted' in globals(), 'ran' in globals(), 'Pin' in globals())") == (
        True,
        False,
        True,
    )
    assert board.output == b""


def test_connecting_may_leave_the_interpreter_as_it_is(board: Board) -> None:
    board.root.mkdir()
    (board.root / "main.py").write_text("ran = 1")
    board.connect(fresh=False)
    assert board.value("ran") == 1


def test_startup_statements_take_the_place_of_the_usual_ones(board: Board) -> None:
    board.connect(startup="started = 1\nprint('started')")
    assert board.value("(started, 'Pin' in globals())") == (1, False)
    assert board.output == b"started\r\n"
    board.session.close()
    board.connect(startup="")
    assert board.value("'os' in globals()") is False


@pytest.mark.parametrize(
    ("startup", "reason"), [("import nowhere", "no module named 'nowhere'"), ("x x", "SyntaxError")]
)
def test_startup_statements_that_fail_free_the_port(board: Board, startup: str, reason: str) -> None:
    with pytest.raises(ConnectionFailedError, match=reason) as caught:
        board.connect(startup=startup)
    assert "startup statements" in str(caught.value)
    with pytest.raises(ConnectionLost):
        board.opened[0].write(b"x")
    board.connect()


def test_a_board_that_refuses_our_functions(board: Board) -> None:
    board.root.mkdir()
    (board.root / "boot.py").write_text("def globals(): raise MemoryError('full')")
    with pytest.raises(
        ConnectionFailedError, match=r"cannot be prepared: (?s:.*)MemoryError: full"
    ) as caught:
        board.connect()
    assert "memory" in str(caught.value.hint)
    with pytest.raises(ConnectionLost):
        board.opened[0].write(b"x")
    (board.root / "boot.py").unlink()
    board.connect()


def test_a_port_without_a_board(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.session.connection.ENTER_TIMEOUT", 0.3)
    board.open = lambda: open_transport("exec:cat")  # type: ignore[method-assign]
    with pytest.raises(ReplEntryError) as caught:
        board.connect()
    assert notes_of(caught.value) == ("port: exec:cat",)


def test_a_board_that_does_not_come_back(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.root.mkdir()
    (board.root / "boot.py").write_text(
        "import time, machine\nif machine.reset_cause() == machine.SOFT_RESET: time.sleep(99)"
    )
    monkeypatch.setattr("belay.link.conversation.RESET_TIMEOUT", 0.3)
    with pytest.raises(ConnectionFailedError, match="cannot be prepared: the soft reset took longer"):
        board.connect()
    with pytest.raises(ConnectionLost):
        board.opened[0].write(b"x")


# --- losses --------------------------------------------------------------------------------------


def test_a_loss_in_the_middle_of_a_call_is_told_at_once(board: Board) -> None:
    board.connect()
    board.run("x = 1")
    board.kill(later=0.2)
    with pytest.raises(ConnectionLost, match="SIGKILL"):
        board.run("while True: pass")
    with pytest.raises(ConnectionLost, match="lost") as caught:
        board.value("1")
    assert "attempts" in str(caught.value.hint)
    board.session.reconnect(1)
    assert board.value("x") == 1


def test_a_loss_in_the_middle_is_told_even_with_attempts_and_mended_by_the_next(board: Board) -> None:
    board.connect(attempts=3)
    board.run("count = 0")
    board.kill(later=0.2)
    with pytest.raises(ConnectionLost):
        board.run("count += 1\nwhile True: pass")
    assert board.value("count") == 0
    assert len(board.opened) == 2


def test_a_loss_before_anything_was_sent_is_mended_at_once(board: Board) -> None:
    board.connect(attempts=1)
    board.run("count = 1")
    board.session.define("f", "def f(): return 'f'")
    board.run("count += 1")
    board.kill()
    assert board.value("(count, f())") == (2, "f")
    board.kill()
    board.run("count += 1")
    board.kill()
    assert board.value("count") == 3


def test_without_attempts_a_loss_is_told(board: Board) -> None:
    board.connect()
    board.kill()
    with pytest.raises(ConnectionLost):
        board.value("1")
    with pytest.raises(ConnectionLost):
        board.session.soft_reset(main=False, timeout=1)


def test_attempts_are_made_until_the_port_is_there(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.session.reconnecting.PAUSE", 0.01)
    board.connect(attempts=3)
    board.kill()
    board.refusals = 2
    assert board.value("1") == 1
    board.kill()
    board.refusals = 3
    with pytest.raises(ConnectionLost, match="in use") as caught:
        board.value("1")
    assert caught.value.hint is None
    assert board.refusals == 0
    board.session.attempts = -1
    board.refusals = 10
    assert board.value("1") == 1
    assert board.refusals == 0
    assert PAUSE == 1.0


def test_closing_ends_endless_attempts(board: Board) -> None:
    board.connect(attempts=-1)
    board.kill()
    board.refusals = 10**9
    closing = threading.Timer(0.3, board.session.close)
    closing.start()
    with pytest.raises(ConnectionLost):
        board.value("1")
    closing.join()
    assert board.session.closed


def test_a_session_that_is_closed_while_it_connects_keeps_no_port(board: Board) -> None:
    session = board.connect(attempts=5)
    board.kill()
    real = board.open

    def open_and_close() -> Transport:
        transport = real()
        session._connection.given_up.set()
        return transport

    session._connection.open_transport = open_and_close
    with pytest.raises(ConnectionLost):
        board.value("1")
    with pytest.raises(ConnectionLost):
        board.opened[-1].write(b"x")
    assert len(board.opened) == 2


def test_a_step_that_fails_in_the_replay_is_told(board: Board) -> None:
    board.root.mkdir()
    module = board.root / "module.py"
    module.write_text("")
    board.connect(attempts=1)
    board.run("import module")
    module.unlink()
    board.kill()
    for _ in range(2):
        with pytest.raises(ConnectionLost, match=r"cannot be restored: (?s:.*)ImportError"):
            board.value("1")
    module.write_text("")
    assert board.value("module.__name__") == "module"


def test_there_is_a_limit_to_what_is_remembered(board: Board) -> None:
    board.connect(attempts=1, max_history=3)
    for _ in range(3):
        board.run("x = 1")
    board.run("x = 2", record=False)
    with pytest.raises(MaxHistoryLengthError):
        board.run("x = 3")
    with pytest.raises(MaxHistoryLengthError):
        board.session.define("f", "def f(): pass")
    assert board.value("(x, 'f' in globals())") == (2, False)


def test_without_attempts_the_limit_matters_only_to_who_reconnects(board: Board) -> None:
    board.connect(max_history=3)
    for _ in range(5):
        board.run("x = 1")
    with pytest.raises(MaxHistoryLengthError):
        board.session.reconnect(1)
    assert board.value("x") == 1
    board.session.soft_reset(main=False, timeout=None)
    board.run("x = 2")
    board.session.reconnect(1)
    assert board.value("x") == 2


# --- resets --------------------------------------------------------------------------------------


def test_a_reset_behind_our_back_is_told_once(board: Board) -> None:
    board.root.mkdir()
    board.connect()
    board.session.define("f", "def f(): return 'f'")
    board.run("x = 1")
    (board.root / "main.py").write_text("stray = 1")
    board.reset_behind_our_back()
    with pytest.raises(BoardResetError) as caught:
        board.run("x = 2")
    assert not caught.value.sent
    # Fresh: without what main.py left.
    assert board.value("(f(), 'x' in globals(), 'stray' in globals())") == ("f", False, False)


def test_a_reset_behind_our_back_is_mended_at_once_where_that_was_asked_for(board: Board) -> None:
    board.connect(attempts=1)
    board.session.define("f", "def f(): return x")
    board.run("x = 1")
    board.reset_behind_our_back()
    assert board.value("f()") == 1


def test_a_reset_within_a_call_is_told(board: Board) -> None:
    board.connect(attempts=1)
    board.run("x = 1")
    with pytest.raises(BoardResetError) as caught:
        board.run("machine.reset()", record=False)
    assert caught.value.sent
    assert board.value("x") == 1


@pytest.mark.parametrize("attempts", [0, 1])
@pytest.mark.parametrize("agent", [True, False])
def test_our_functions_deleted(board: Board, attempts: int, agent: bool) -> None:
    board.connect(attempts=attempts, agent=agent)
    board.run("x = 1")
    board.session.define("f", "def f(): return 'f'")
    board.run("del _belay", record=False)
    if agent:
        # The agent runs on until it has to leave.
        assert board.value("(x, f())") == (1, "f")
        board.session.link.run("pass")
    if attempts:
        assert board.value("(x, f())") == (1, "f")
    else:
        with pytest.raises(BoardResetError, match="deleted _belay"):
            board.value("x")
        assert board.value("f()") == "f"


def test_a_soft_reset_forgets_all_but_definitions(board: Board) -> None:
    board.connect(attempts=1)
    board.session.define("f", "def f(): return 'f'")
    board.run("x = 1")
    assert board.session.soft_reset(main=False, timeout=None)
    assert board.value("(f(), 'x' in globals(), 'Pin' in globals())") == ("f", False, True)
    board.kill()
    assert board.value("(f(), 'x' in globals())") == ("f", False)


def test_definitions_that_need_something_wait_for_it(board: Board) -> None:
    board.connect()
    board.run("led = 5")
    board.session.define("f", "def f(x=led): return x")
    board.session.define("g", "def g(): return f()")
    board.session.soft_reset(main=False, timeout=None)
    assert board.value("('f' in globals(), 'g' in globals())") == (False, True)
    with pytest.raises(BoardFailure, match="NameError"):
        board.value("f()")
    board.run("led = 6")
    assert board.value("g()") == 6


def test_two_soft_resets_and_one_after_a_reset_behind_our_back(board: Board) -> None:
    board.connect()
    board.session.soft_reset(main=False, timeout=None)
    board.session.soft_reset(main=True, timeout=20)
    board.value("1")
    board.reset_behind_our_back()
    assert board.session.soft_reset(main=True, timeout=20)
    assert board.value("1") == 1


def test_main_py_that_goes_on_is_interrupted_by_the_next_call(board: Board) -> None:
    board.root.mkdir()
    board.connect()
    board.session.define("f", "def f(): return n")
    (board.root / "main.py").write_text(
        "n = 0\nprint('main runs')\nwhile True:\n n += 1\n if n == 1000: print('still')\n"
    )
    assert not board.session.soft_reset(main=True, timeout=1.5)
    assert b"main runs\r\n" in board.output
    assert board.value("f()") > 0
    (board.root / "main.py").write_text("n = 7\nprint('ends')")
    board.output = b""
    assert board.session.soft_reset(main=True, timeout=None)
    assert b"ends\r\n" in board.output
    assert b">>>" not in board.output
    assert board.value("f()") == 7


def test_a_soft_reset_that_is_lost(board: Board) -> None:
    board.root.mkdir()
    board.connect(attempts=1)
    (board.root / "main.py").write_text("while True: pass")
    board.kill(later=0.3)
    with pytest.raises(ConnectionLost):
        board.session.soft_reset(main=True, timeout=None)
    assert board.value("1") == 1


# --- threads and the end -------------------------------------------------------------------------


def test_questions_of_many_threads_are_asked_one_after_another(board: Board) -> None:
    board.connect()
    board.run("def f(x):\n print(x)\n return x\n")
    wrong: list[object] = []

    def once(text: str) -> tuple[Any, bytes]:
        printed: list[bytes] = []
        terms = Terms(on_output=printed.append)
        return board.session.ask(lambda calls: calls.call("f", [text], {}, terms)), b"".join(printed)

    def work(name: str) -> None:
        for n in range(50):
            value, printed = once(f"{name}{n}")
            if (value, printed) != (f"{name}{n}", f"{name}{n}\r\n".encode()):
                wrong.append((value, printed))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closing_cuts_off_a_call_of_another_thread(board: Board) -> None:
    board.connect(attempts=5)
    closing = threading.Timer(0.2, board.session.close)
    closing.start()
    with pytest.raises(ConnectionLost):
        board.run("while True: pass")
    closing.join()
    board.session.close()
    for ask in (
        lambda: board.value("1"),
        lambda: board.session.soft_reset(main=False, timeout=None),
        lambda: board.session.reconnect(1),
    ):
        with pytest.raises(ConnectionLost, match="closed"):
            ask()
    assert len(board.opened) == 1


def test_a_time_out_is_no_loss(board: Board) -> None:
    board.connect()
    board.run("x = 1")
    with pytest.raises(BoardTimeoutError):
        board.session.ask(lambda calls: calls.execute("while True: pass", Terms(timeout=0.2)))
    assert board.value("x") == 1


def test_whoever_holds_the_old_way_to_the_board_can_tell(board: Board) -> None:
    board.connect()
    ways = [board.session.ask(lambda calls: calls)]
    board.run("def g(): yield 1")
    key = ways[0].start("g", [], {}, TERMS)
    assert ways[0].send(key, None, TERMS) == Item(1)
    assert board.session.ask(lambda calls: calls) is ways[0]
    board.session.soft_reset(main=False, timeout=None)
    assert board.session.ask(lambda calls: calls) is not ways[0]


# --- what comes unasked --------------------------------------------------------------------------

NUMBERS = itertools.count()
PRINTS = """
import _thread, os, time
def f():
 while {go!r} not in os.listdir('/'): time.sleep(0.005)
 {does}
nothing = _thread.start_new_thread(f, ())
"""


def later(board: Board, does: str) -> None:
    """Have a thread of the board's do something when the program that starts it is over."""
    go = board.root / f"go{next(NUMBERS)}"
    board.run(PRINTS.format(go=go.name, does=does), record=False)
    go.touch()


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.002)


@pytest.mark.parametrize("agent", [False, True])
def test_listening_from_the_beginning_and_after_a_reconnect(board: Board, agent: bool) -> None:
    board.connect(listen=True, agent=agent)
    later(board, "print('one')")
    eventually(lambda: board.output == b"one\r\n")
    board.session.reconnect(1)
    later(board, "print('two')")
    eventually(lambda: board.output == b"one\r\ntwo\r\n")
    assert board.value("1") == 1


@pytest.mark.parametrize("listen", [None, False])
def test_listening_when_something_prints_by_itself(board: Board, listen: bool | None) -> None:
    board.connect(listen=listen)
    later(board, "print('one')")
    port = board.opened[-1]
    if listen is None:
        board.session.listen()
        board.session.listen()
        eventually(lambda: board.output.startswith(b"one"))
    else:
        board.session.listen()
        port.wait_for(lambda: port.seen.endswith(b"one\r\n"))
        assert board.output == b""
        board.value("1")
        assert board.output == b"one\r\n"


def test_news_go_to_handlers_that_may_call_the_board(board: Board) -> None:
    board.connect(agent=True)
    taken: list[Any] = []
    done = threading.Event()

    def handle(value: Any) -> None:
        taken.append((value, board.value("7")))
        if len(taken) == 20:
            done.set()

    board.session.on_news(EVENT, handle)
    mark = board.session.link.mark.decode()
    board.run(
        f"import binascii, sys\ndef send(n):\n t = '!v(%d,)' % n\n"
        f" sys.stdout.write('%s%s\\x04%08x' % ({mark!r}, t, binascii.crc32(t.encode())))",
        record=False,
    )
    later(board, "for n in range(10): send(n)")
    board.run("for n in range(10, 20): send(n)", record=False)
    assert done.wait(PATIENCE)
    assert sorted(value[0] for value, _ in taken) == list(range(20))
    assert [value for value, _ in taken if value[0] < 10] == [(n,) for n in range(10)]
    assert {seven for _, seven in taken} == {7}


FRAMES = """
import binascii, sys
def say(text):
 text = b'!t' + text.encode()
 sys.stdout.buffer.write({mark!r} + text + b'\\x04%08x' % binascii.crc32(text))
"""


@pytest.mark.parametrize("agent", [False, True])
def test_text_in_frames_is_printed(board: Board, agent: bool) -> None:
    board.connect(agent=agent, listen=True)
    board.run(FRAMES.format(mark=board.session.link.mark), record=False)
    printed = bytearray()
    terms = Terms(on_output=printed.extend)
    board.session.ask(lambda calls: calls.execute("print('a'); say('b\\xe4\\n'); print('c')", terms))
    assert printed.replace(b"\r", b"") == "a\nbä\nc\n".encode()
    if agent:
        later(board, "say('meanwhile')")
        eventually(lambda: board.output == b"meanwhile")
    assert board.value("1 + 1") == 2


def test_questions_are_asked_in_the_order_in_which_they_came(board: Board) -> None:
    board.connect()
    order: list[int] = []
    running = threading.Event()

    def hold(calls: Calls) -> None:
        running.set()
        calls.execute("import time\ntime.sleep(0.3)", TERMS)

    first = threading.Thread(target=board.session.ask, args=(hold,))
    first.start()
    assert running.wait(PATIENCE)
    threads = []
    for number in range(8):
        before = board.session._queue.latest
        thread = threading.Thread(
            target=lambda number=number: board.session.ask(lambda calls: order.append(number))
        )
        thread.start()
        threads.append(thread)
        eventually(lambda before=before: board.session._queue.latest is not before)
    for thread in (first, *threads):
        thread.join()
    assert order == list(range(8))


@pytest.mark.parametrize("agent", [False, True])
def test_a_time_out_interrupts_its_own_function_and_nothing_else(board: Board, agent: bool) -> None:
    board.connect(agent=agent, listen=True)
    board.run(
        "import _thread, time\nn = 0\ndef f():\n global n\n while True:\n  n += 1\n  time.sleep(0.001)\n"
        "_thread.start_new_thread(f, ())\ndef g(x):\n time.sleep(0.02)\n return x"
    )
    answers: list[object] = []

    def ask() -> None:
        for number in range(5):
            answers.append(board.session.ask(lambda calls: calls.call("g", [number], {}, TERMS)) == number)  # noqa: B023

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        with pytest.raises(BoardTimeoutError):
            board.session.ask(lambda calls: calls.execute("while True: pass", Terms(timeout=0.1)))
    for thread in threads:
        thread.join()
    assert answers == [True] * 10
    before = board.value("n")
    eventually(lambda: board.value("n") > before)


def test_several_boards_run_at_the_same_time(tmp_path: Path) -> None:
    boards = [Board(tmp_path / name) for name in "ab"]
    try:
        for one in boards:
            one.connect()
        together = threading.Barrier(2)

        spans: list[tuple[float, float]] = []

        def sleep(one: Board) -> None:
            together.wait()
            start = time.monotonic()
            one.run("import time\ntime.sleep(1)")
            spans.append((start, time.monotonic()))

        threads = [threading.Thread(target=sleep, args=(one,)) for one in boards]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (_, one_end), (other_start, _) = sorted(spans)
        assert other_start < one_end
    finally:
        for one in boards:
            one.session.close()


# --- lending the connection ----------------------------------------------------------------------


def test_after_somebody_else_used_the_connection_calls_start_anew(board: Board) -> None:
    session = board.connect()
    session.define("f", "def f():\n    return 7\n")
    board.run("x = 1")

    def use(link: Link, _reopen: object) -> str:
        def change(lent: Lent) -> str:
            seen = b""
            lent.write(b"x = 2\r")
            while not seen.endswith(b"x = 2\r\n>>> "):
                seen += lent.read(timeout=PATIENCE)
            return "done"

        return link.lend(change)

    assert session.lend(use) == "done"
    assert board.value("'x' in globals()") is False
    assert board.value("f()") == 7


def test_after_somebody_else_used_the_connection_what_was_recorded_is_replayed(board: Board) -> None:
    session = board.connect(attempts=1)
    board.run("x = 1")
    session.lend(lambda link, _reopen: link.lend(lambda lent: lent.write(b"x = 2\r")))
    assert board.value("x") == 1


def test_somebody_else_may_open_the_port_again(board: Board) -> None:
    session = board.connect()
    board.refusals = 1

    def use(link: Link, reopen: Callable[[], Link]) -> None:
        board.kill()
        with pytest.raises(PortBusyError):
            reopen()
        again = reopen()
        assert again is session.link
        assert again is not link

    session.lend(use)
    assert board.value("1") == 1


def test_a_loss_while_somebody_else_uses_the_connection(board: Board) -> None:
    session = board.connect()
    session.lend(lambda _link, _reopen: board.kill())
    with pytest.raises(ConnectionLost):
        board.value("1")
    with pytest.raises(ConnectionLost, match="lost"):
        session.lend(lambda link, _reopen: None)
    session.close()
    with pytest.raises(ConnectionLost, match="closed"):
        session.lend(lambda link, _reopen: None)
