from __future__ import annotations

import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from belay.board import plain
from belay.board.calls import BoardFailure, Item, Return, Terms
from belay.board.plain import PlainCalls
from belay.exceptions import (
    BoardResetError,
    BoardTimeoutError,
    NotBelayResponseError,
    UntransferableError,
)
from belay.link import Link, Outcome
from belay.transports import open_transport

TERMS = Terms(timeout=20)


class Board:
    """A board with our functions on it, and what it printed."""

    def __init__(self, address: str = "virtual:") -> None:
        self.link = Link(open_transport(address))
        self.link.on_idle_output = self.take
        self.output = b""
        self.terms = Terms(on_output=self.take, timeout=20)
        try:
            self.link.enter()
            self.renew()
        except BaseException:
            self.link.close()
            raise

    def renew(self) -> None:
        self.link.soft_reset()
        self.calls = PlainCalls(self.link)
        self.calls.install(self.terms)
        self.output = b""

    def take(self, data: bytes) -> None:
        self.output += data

    def run(self, code: str) -> None:
        self.calls.execute(code, self.terms)

    def value(self, expression: str) -> Any:
        return self.calls.evaluate(expression, self.terms)

    def printed(self) -> bytes:
        output, self.output = self.output.replace(b"\r\n", b"\n"), b""
        return output


@pytest.fixture(scope="module")
def shared() -> Iterator[Board]:
    board = Board()
    yield board
    board.link.close()


@pytest.fixture
def board(shared: Board) -> Board:
    """A board that other tests used; its globals are fresh."""
    shared.renew()
    return shared


# --- result and text -----------------------------------------------------------------------------

LOOKALIKES = [
    b"no newline",
    b"\x04",
    b"\x04\x04>",
    b"\x04\x04>\x04\x04>",
    b"OK",
    b">>> ",
    b"raw REPL; CTRL-B to exit\r\n>",
    b"\r\nMPY: soft reboot\r\n",
    b"\x1e",
    b"\x1e12345678r1 5\x1e12345678.",
    b"\x04Traceback (most recent call last):\nValueError: no\n\x04>",
    b"_BELAYR||1",
    b"\x00\xff\xfe\x80 invalid",
    b"R\x01\x80\x00\x01",
]


@pytest.mark.parametrize("text", LOOKALIKES, ids=map(str, range(len(LOOKALIKES))))
@pytest.mark.parametrize("length", [10, 2000], ids=["short", "long"])
def test_output_that_looks_like_an_answer_leaves_result_and_text_right(
    shared: Board, text: bytes, length: int
) -> None:
    shared.printed()
    write = f"sys.stdout.buffer.write({text!r})"
    shared.run(f"import sys\ndef show(x=None, *, bad=False):\n {write}\n if bad: 1/0\n return x")
    assert shared.calls.call("show", [7], {}, shared.terms) == 7
    assert shared.printed() == text.replace(b"\r\n", b"\n")
    with pytest.raises(BoardFailure) as caught:
        shared.calls.call("show", [], {"bad": True}, shared.terms)
    assert caught.value.types[0] == "ZeroDivisionError"
    assert shared.printed() == text.replace(b"\r\n", b"\n")
    padding = "#" * length
    shared.run(f"show()\n{padding}")
    assert shared.printed() == text.replace(b"\r\n", b"\n")
    with pytest.raises(BoardFailure, match="ZeroDivisionError"):
        shared.run(f"show(bad=1)\n{padding}")
    assert shared.printed() == text.replace(b"\r\n", b"\n")


def test_a_megabyte_of_output(shared: Board) -> None:
    shared.run("def much():\n for i in range(10000): print('%099d' % i)\n return i")
    shared.printed()
    assert shared.calls.call("much", [], {}, shared.terms) == 9999
    assert shared.printed() == b"".join(b"%099d\n" % i for i in range(10000))


def test_threads_that_print_tear_an_answer_but_never_falsify_it(board: Board) -> None:
    board.run(
        "import _thread\nstop = False\n"
        "def chatter():\n while not stop: print('1', end='')\n"
        "def data(n): return ['a' * (n % 50), n]\n"
        "def bad(n): raise ValueError(n)"
    )
    right = torn = 0
    board.calls.spawn("chatter", [], {}, board.terms)
    for n in range(150):
        try:
            assert board.calls.call("data", [n], {}, board.terms) == ["a" * (n % 50), n]
            with pytest.raises(BoardFailure) as caught:
                board.calls.call("bad", [n], {}, board.terms)
            assert (caught.value.types[0], caught.value.board_args) == ("ValueError", (n,))
            right += 1
        except NotBelayResponseError:
            torn += 1
    board.calls.evaluate("globals().update(stop=True)", board.terms)
    assert right
    assert right + torn == 150


@pytest.mark.parametrize(
    "body",
    [b"", b"r", b"r1", b"r1 55", b"rx 5", b"r\xb2 55", b"z1 5", b"y2 5", b"e4 None"],
)
def test_what_is_no_frame_of_ours_is_told_so(body: bytes) -> None:
    with pytest.raises(NotBelayResponseError, match="torn"):
        plain._open_frame(body)


def test_what_stands_where_an_error_would_is_output(board: Board) -> None:
    # What a thread printed between the end of the program's output and the prompt.
    def run(*args: object, **kwargs: object) -> Outcome:
        return Outcome(frame=b"r1 5", error=b"noise")

    calls = PlainCalls(cast("Link", SimpleNamespace(run=run)))
    assert calls.evaluate("5", board.terms) == 5
    assert board.printed() == b"noise"


def test_an_answer_of_which_nothing_is_left(board: Board) -> None:
    def run(code: str, **kwargs: object) -> Outcome:
        return Outcome(frame=b"r4 None") if code == "_belay[0](_belay[3])" else Outcome(error=b"\xff noise")

    calls = PlainCalls(cast("Link", SimpleNamespace(run=run)))
    with pytest.raises(NotBelayResponseError, match=r"without an answer: .*noise"):
        calls.evaluate("5", TERMS)


@pytest.mark.parametrize("text", ["(1)", "{1, 2}", "['V', '()']", "<V>", "([], 5)"])
def test_what_is_no_error_of_ours_is_told_so(text: str) -> None:
    with pytest.raises(NotBelayResponseError, match="torn"):
        raise plain._failure(text, "")


# --- the user's names ----------------------------------------------------------------------------


def test_parameters_and_globals_may_have_any_name(board: Board) -> None:
    names = ["function", "key", "method", "args", "mark", "kind", "value", "error", "names", "live"]
    board.run("def f(**kwargs): return sorted(kwargs.items())\ndef g(**kwargs): yield kwargs")
    kwargs = dict.fromkeys(names, 1)
    assert board.calls.call("f", [], kwargs, TERMS) == sorted(kwargs.items())
    key = board.calls.start("g", [], kwargs, TERMS)
    assert board.calls.send(key, None, TERMS) == Item(kwargs)
    board.run("print = repr = str = len = type = getattr = exec = eval = bool = globals = dict = None")
    assert board.calls.call("f", [], {"a": [True, "x"]}, TERMS) == [("a", [True, "x"])]
    with pytest.raises(BoardFailure, match="ZeroDivisionError"):
        board.value("1/0")
    assert isinstance(board.calls.send(key, None, TERMS), Return)
    board.run(f"x = 5\n{'#' * 2000}\nx += 1")
    assert board.value("(y := x)") == 6


@pytest.mark.parametrize("deed", ["del _belay", "_belay = None", "_belay = ()", "_belay = [print] * 9"])
def test_a_program_that_takes_our_functions_away(board: Board, deed: str) -> None:
    board.run(deed)
    with pytest.raises(BoardResetError, match="deleted _belay") as caught:
        board.value("1")
    assert not caught.value.sent


def test_a_long_program_that_takes_our_functions_away_has_run(board: Board) -> None:
    with pytest.raises(BoardResetError) as caught:
        board.run(f"print('here')\n{'#' * 2000}\ndel _belay")
    assert caught.value.sent
    assert board.printed() == b"here\n"


def test_a_name_that_is_missing_is_no_loss(board: Board) -> None:
    with pytest.raises(BoardFailure) as caught:
        board.calls.call("nothing", [], {}, TERMS)
    assert caught.value.types == ("NameError",)
    with pytest.raises(BoardFailure, match="SyntaxError"):
        board.calls.call("not a name", [], {}, TERMS)


# --- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [10, 2000], ids=["short", "long"])
@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt", "GeneratorExit", "BaseException(1)"])
def test_exits_of_the_users_do_not_end_the_repl(board: Board, error: str, length: int) -> None:
    board.run("x = 5\ndef leave(e): raise e")
    padding = "#" * length
    for code in (f"raise {error}\n{padding}", f"{padding}\nleave({error})"):
        with pytest.raises(BoardFailure) as caught:
            board.run(code)
        assert caught.value.types[0] == error.partition("(")[0]
        assert caught.value.types[-1] == "object"
    assert board.value("x") == 5


def test_an_exit_where_no_try_fits_resets_the_board(board: Board) -> None:
    program = "if 1:\n" + "".join(f" x{i} = {i}\n" for i in range(4000)) + "raise SystemExit"
    with pytest.raises(BoardResetError) as caught:
        board.run(program)
    assert caught.value.sent
    board.renew()
    board.run(program.removesuffix("raise SystemExit"))
    assert board.value("x3999") == 3999


def test_lines_of_long_programs_are_their_own(board: Board) -> None:
    long = "#" * 1100
    for program, line in ((f"x = 1\n1/0\n{long}", 2), (f"{long}\n\n1/0", 3), (f"if 1:\n  {long}\n  1/0", 3)):
        # A generator that is dropped must not shift them.
        board.calls.forget(99)
        with pytest.raises(BoardFailure) as caught:
            board.run(program)
        assert f"line {line}, in <module>" in caught.value.traceback


def test_long_programs_with_the_replys_own_bytes_go_in_strings(board: Board) -> None:
    board.run("x = '''" + "\x01\x02\x03\x04\x05" + "'''\n" + "#" * 2000)
    assert board.value("x") == "\x01\x02\x03\x04\x05"
    assert board.value("'\x04'") == "\x04"


def test_exceptions_with_parts_that_fail_when_shown(board: Board) -> None:
    board.run(
        "class Bad:\n def __repr__(self): raise RuntimeError('again')\n"
        "class E(ValueError):\n def __repr__(self): raise KeyError(5)\n __str__ = __repr__"
    )
    for code, name in (("raise ValueError(Bad())", "ValueError"), ("raise E(1)", "E")):
        with pytest.raises(BoardFailure) as caught:
            board.run(code)
        assert caught.value.types[0] == name
    assert caught.value.types[:2] == ("E", "ValueError")
    with pytest.raises(BoardFailure) as caught:
        board.value("Bad()")
    assert caught.value.types[0] == "RuntimeError"
    assert board.value("1") == 1


def test_arguments_of_exceptions_that_cannot_travel_come_as_text(board: Board) -> None:
    with pytest.raises(BoardFailure) as caught:
        board.run("raise ValueError(1, object())")
    assert caught.value.board_args == ("(1, <object>)",)


def test_a_full_heap_and_back() -> None:
    board = Board("virtual:?heap=128k")
    try:
        with pytest.raises(BoardFailure) as caught:
            board.run("hoard = []\nwhile 1: hoard.append(bytearray(1000))")
        assert caught.value.types[0] == "MemoryError"
        board.renew()
        assert board.value("len(bytearray(50000))") == 50000
        with pytest.raises(BoardFailure, match="MemoryError"):
            board.value("bytearray(200000)")
        assert board.value("1") == 1
    finally:
        board.link.close()


def test_a_result_that_cannot_travel(board: Board) -> None:
    for expression, name in [
        ("object()", "object"),
        ("print", "function"),
        ("[1, (2, {'k': (i for i in ())})]", "generator"),
        ("__import__('os')", "module"),
        ("int", "type"),
        ("{}.items()", "dict_items"),
        ("memoryview(b'')", "memoryview"),
    ]:
        with pytest.raises(UntransferableError) as caught:
            board.value(expression)
        assert (caught.value.where, caught.value.type_name) == ("the result", name)
        assert caught.value.hint
    board.run("class C:\n def __repr__(self): return 'dict(a=1+1)'")
    with pytest.raises(UntransferableError, match="type dict cannot"):
        board.value("C()")
    assert board.calls.evaluate("C()", Terms(trusted=True)) == {"a": 2}
    with pytest.raises(UntransferableError, match="type object cannot"):
        board.calls.evaluate("object()", Terms(trusted=True))


# --- generators ----------------------------------------------------------------------------------


def test_generators_on_the_board_stay_few(board: Board) -> None:
    board.run("alive = []\ndef g():\n alive.append(1)\n try:\n  yield 1\n finally: alive.pop()")
    for _ in range(300):
        key = board.calls.start("g", [], {}, TERMS)
        assert board.calls.send(key, None, TERMS) == Item(1)
        board.calls.forget(key)
    assert board.value("len(alive)") == 0
    gc.collect()


def test_a_generator_whose_key_was_never_answered_is_dropped(board: Board) -> None:
    board.run("def g():\n yield 1\ndef slow():\n while 1: pass")
    with pytest.raises(BoardTimeoutError):
        board.calls.start("slow", [], {}, Terms(timeout=0.2))
    assert list(board.calls._forgotten) == [1]
    assert board.value("1") == 1
    assert not board.calls._forgotten


def test_closing_errors_of_dropped_generators_concern_nobody(board: Board) -> None:
    board.run("def g():\n try:\n  yield 1\n finally: 1/0")
    key = board.calls.start("g", [], {}, TERMS)
    board.calls.send(key, None, TERMS)
    board.calls.forget(key)
    board.calls.forget(12345)
    assert board.value("5") == 5


# --- resets --------------------------------------------------------------------------------------


def test_a_reset_within_a_call(board: Board) -> None:
    with pytest.raises(BoardResetError) as caught:
        board.value("machine.reset() if 'machine' in globals() else __import__('machine').reset()")
    assert caught.value.sent
    board.renew()
    assert board.value("1 + 1") == 2
