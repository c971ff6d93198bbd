# ruff: noqa: F821, F841, PT012, T201 - functions that run on the board; the blocks of batches
from __future__ import annotations

import io
import os
import signal
import threading
import time
import traceback
from array import array
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any

import pytest

from belay import BoardError, BoardTimeoutError, ConnectionLost, Device
from belay.board.calls import BoardFailure
from belay.board.requests import Fixed
from belay.exceptions import (
    BatchError,
    BoardResetError,
    MaxHistoryLengthError,
    NotBelayResponseError,
    NotRunError,
    UntransferableError,
    notes_of,
)
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport


class Tasks:
    """Some tasks, and what ran of them on the board, in order."""

    def __init__(self, device: Device) -> None:
        device("ran = []")
        self._device = device

        @device.task
        def double(a):
            ran.append(a)
            return a * 2

        @device.task
        def fail(a):
            ran.append("fail")
            raise ValueError("bad", a)

        @device.task
        def same(*args, **kwargs):
            ran.append("same")
            return args, kwargs

        self.double: Any = double
        self.fail: Any = fail
        self.same: Any = same

    @property
    def ran(self) -> Any:
        return self._device("ran")


@pytest.fixture
def tasks(device: Device) -> Tasks:
    return Tasks(device)


@pytest.fixture(scope="module")
def small() -> Iterator[Device]:
    """A board with little memory."""
    with Device("virtual:?heap=131072", agent=True) as device:
        yield device


# --- what can be in it ---------------------------------------------------------------------------


def test_results_are_there_at_the_end(device: Device, tasks: Tasks) -> None:
    with device.batch():
        first, second = tasks.double(1), tasks.double("x")
        assert not first.done()
    assert (first.result(), second.result(), second.exception()) == (2, "xx", None)
    assert tasks.ran == [1, "x"]


VALUES = [
    None, True, -1, 1 << 70, 0.1, 1e300, float("inf"), 1j, "ä\n\x04'", b"\x00\x03", b"\x03" * 300, "x" * 500,
    (), (1,), [1, [2]], {"a": (1, b"b")}, {1, 2}, bytearray(b"a" * 100), array("h", [1, -2] * 60),
    {"k": bytes(range(256))},
]  # fmt: skip


def test_values_of_any_kind_both_ways(device: Device, tasks: Tasks) -> None:
    with device.batch():
        alone = [tasks.same(value) for value in VALUES]
        named = [tasks.same(1, key=value) for value in VALUES]
    assert [future.result() for future in alone] == [((value,), {}) for value in VALUES]
    assert [future.result() for future in named] == [((1,), {"key": value}) for value in VALUES]


def test_arguments_are_those_of_the_call(device: Device, tasks: Tasks) -> None:
    data = [1, bytearray(b"abc")]
    with device.batch():
        future = tasks.same(data)
        data[0], data[1][0] = 2, 0  # type: ignore[index]
    assert future.result() == (([1, bytearray(b"abc")],), {})


def test_statements_expressions_setups_and_threads(device: Device, tasks: Tasks) -> None:
    @device.setup
    def prepare(factor):
        prepared = factor * 2

    @device.thread
    def work(a, *, b):
        worked = (a, b)
        globals()["worked"] = worked

    with device.batch():
        futures = [
            device("x = 1"),
            device("x + 1"),
            device("(x +\n 2)"),
            prepare(3),
            device("prepared"),
            work(1, b=(2,)),
            device("for y in range(3):\n    pass\n"),
            device("# " + "a long comment " * 100 + "\nz = 5", minify=False),
            device("z"),
        ]
    assert [future.result() for future in futures] == [None, 2, 3, None, 6, None, None, None, 5]
    deadline = time.monotonic() + 5
    while device("globals().get('worked')") is None:
        assert time.monotonic() < deadline
    assert device("worked") == (1, (2,))


def test_output_comes_in_order_and_where_it_belongs(
    device: Device, tasks: Tasks, capsys: pytest.CaptureFixture[str]
) -> None:
    @device.task
    def say(text):
        print(text)

    other = io.StringIO()
    with device.batch():
        say("one")
        device("print('two')")
        device("print('three')", stream_out=other)
        device("print('four')", stream_out=None)
        say("five")
        assert capsys.readouterr().out == ""
    assert capsys.readouterr().out == "one\ntwo\nfive\n"
    assert other.getvalue() == "three\n"


def test_it_is_typed(device: Device, tasks: Tasks) -> None:
    with device.batch() as batch:
        future = batch.submit(tasks.double, 4)
        with pytest.raises(TypeError, match="not a task"):
            batch.submit(len, [])
    assert future.result() == 8
    with pytest.raises(BatchError, match="inside the batch's block"):
        batch.submit(tasks.double, 4)
    with pytest.raises(BatchError, match="only the thread"):
        batch.flush()
    with pytest.raises(BatchError, match="once only"), batch:
        pass


# --- when something goes wrong -------------------------------------------------------------------


def test_the_first_error_ends_it(device: Device, tasks: Tasks) -> None:
    with pytest.raises(ValueError, match="bad") as caught, device.batch():
        before = tasks.double(1)
        failing = tasks.fail(2)
        after = tasks.double(3)
        later = device("4")
    assert isinstance(caught.value, BoardError)
    assert caught.value.board_args == ("bad", 2)
    assert notes_of(caught.value) == ("call 2 of 4 in the batch: fail(2)",)
    lines = traceback.extract_tb(caught.value.__traceback__)
    assert lines[0].filename == lines[-1].filename == __file__
    assert lines[-1].line == 'raise ValueError("bad", a)'
    assert before.result() == 2
    assert failing.exception() is caught.value
    for future, text in ((after, "double(3)"), (later, "device('4')")):
        error = future.exception()
        assert isinstance(error, NotRunError)
        assert str(error) == f"{text} did not run"
        assert not error.may_have_run
        assert error.__cause__ is caught.value
    assert tasks.ran == [1, "fail"]


def test_an_exit_is_an_error_like_any_other(device: Device, tasks: Tasks) -> None:
    with pytest.raises(BoardError, match="3") as caught, device.batch():
        device("raise SystemExit(3)")
        tasks.double(1)
    assert (caught.value.board_type, tasks.ran) == ("SystemExit", [])


def test_a_statement_that_is_no_python(device: Device, tasks: Tasks) -> None:
    with pytest.raises(SyntaxError), device.batch():
        first = tasks.double(1)
        device("1 +")
    assert first.result() == 2


def test_an_exception_in_the_block_sends_nothing(device: Device, tasks: Tasks) -> None:
    with pytest.raises(KeyError), device.batch():
        future = tasks.double(1)
        raise KeyError
    assert future.cancelled()
    with pytest.raises(CancelledError):
        future.result()
    assert tasks.ran == []


def test_an_argument_that_cannot_travel_is_refused_at_its_call(device: Device, tasks: Tasks) -> None:
    with pytest.raises(UntransferableError, match="double: argument 'a'"), device.batch():
        first = tasks.double(1)
        tasks.double(object())
    assert first.cancelled()
    assert tasks.ran == []


def test_a_result_that_cannot_travel_stops_nothing(device: Device, tasks: Tasks) -> None:
    with pytest.raises(UntransferableError, match="type function") as caught, device.batch():
        futures = [
            tasks.double(1),
            device("len"),
            device("[b'a' * 99, len, b'b' * 99]"),
            tasks.double(b"c" * 50),
        ]
    assert notes_of(caught.value) == ("call 2 of 4 in the batch: device('len')",)
    assert futures[1].exception() is caught.value
    assert isinstance(futures[2].exception(), UntransferableError)
    assert [futures[0].result(), futures[3].result()] == [2, b"c" * 100]


def test_trusted_results(device: Device, tasks: Tasks) -> None:
    @device.task(trusted=True)
    def odd():
        class Odd:
            def __repr__(self):
                return "dict(a=1)"

        return Odd()

    with device.batch():
        futures = [odd(), tasks.double(1)]
    assert [future.result() for future in futures] == [{"a": 1}, 2]


def test_ignored_errors_end_nothing(device: Device, tasks: Tasks) -> None:
    @device.setup(ignore_errors=True)
    def wrong():
        1 / 0  # noqa: B018

    with device.batch():
        futures = [tasks.double(1), wrong(), tasks.double(2)]
    assert [future.result() for future in futures] == [2, None, 4]


def test_a_call_that_takes_too_long(device: Device, tasks: Tasks) -> None:
    @device.task(timeout=1.5)
    def sleeps(seconds):
        ran.append(seconds)
        time.sleep(seconds)
        return "x" * 10

    device("import time")
    with pytest.raises(BoardTimeoutError) as caught, device.batch():
        futures = [tasks.double(0), sleeps(0), sleeps(30), sleeps(0), tasks.double(5)]
    assert notes_of(caught.value) == ("call 3 of 5 in the batch: sleeps(30)",)
    assert [future.result() for future in futures[:2]] == [0, "x" * 10]
    assert futures[2].exception() is caught.value
    assert [type(future.exception()) for future in futures[3:]] == [NotRunError] * 2
    assert tasks.ran == [0, 0, 30]


def test_each_call_has_its_own_time(device: Device) -> None:
    @device.task(timeout=1.5)
    def sleeps(seconds):
        time.sleep(seconds)
        return seconds

    device("import time")
    assert sleeps.map([0.2] * 10) == [0.2] * 10


class Interrupting(io.StringIO):
    def write(self, text: str, /) -> int:
        raise KeyboardInterrupt


def test_ctrl_c_leaves_board_and_device_usable(device: Device, tasks: Tasks) -> None:
    with pytest.raises(KeyboardInterrupt), device.batch():
        before = tasks.double(1)
        during = device("print('x')", stream_out=Interrupting())
        after = tasks.double(2)
    assert before.result() == 2
    error = during.exception()
    assert isinstance(error, NotRunError)
    assert error.may_have_run
    error = after.exception()
    assert isinstance(error, NotRunError)
    assert not error.may_have_run
    assert tasks.ran == [1]
    with device.batch():
        again = tasks.double(3)
    assert again.result() == 6


def test_a_board_that_is_lost() -> None:
    with Device("virtual:", agent=True) as device:
        tasks = Tasks(device)
        pid = device.virtual.interpreter_pid
        device("import os, time")
        stream = Killing(pid)
        with pytest.raises(ConnectionLost) as caught, device.batch() as batch:
            first = tasks.double(1)
            batch.flush()
            second = device("1", stream_out=stream)
            third = device("print('killed'), time.sleep(30)", stream_out=stream)
            late = tasks.double(3)
        assert first.result() == 2
        assert notes_of(caught.value) == ("calls 1 to 2 of 3 may or may not have run",)
        for future, may_have_run in ((second, True), (third, True), (late, False)):
            error = future.exception()
            assert isinstance(error, NotRunError)
            assert error.may_have_run is may_have_run


class Killing(io.StringIO):
    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid

    def write(self, text: str, /) -> int:
        os.kill(self._pid, signal.SIGKILL)
        return len(text)


# --- its block -----------------------------------------------------------------------------------


def test_results_before_the_end(device: Device, tasks: Tasks) -> None:
    with device.batch() as batch:
        first = tasks.double(1)
        with pytest.raises(BatchError, match=r"no result before.*"):
            first.result()
        with pytest.raises(BatchError):
            first.exception()
        batch.flush()
        assert first.result() == 2
        second = tasks.double(first.result())
        batch.flush()
        batch.flush()
        third = tasks.double(3)
    assert [second.result(), third.result(), tasks.ran] == [4, 6, [1, 2, 3]]


def test_an_error_of_what_is_sent_early(device: Device, tasks: Tasks) -> None:
    with device.batch() as batch:
        tasks.fail(1)
        with pytest.raises(ValueError, match="bad"):
            batch.flush()
        second = tasks.double(1)
    assert second.result() == 2


def test_a_call_that_was_cancelled_is_not_sent(device: Device, tasks: Tasks) -> None:
    with device.batch():
        futures = [tasks.double(number) for number in range(3)]
        assert futures[1].cancel()
    assert tasks.ran == [0, 2]


def test_one_inside_another(device: Device, tasks: Tasks) -> None:
    with device.batch() as outer:
        first = tasks.double(1)
        with device.batch():
            second = tasks.double(2)
            with pytest.raises(BatchError):
                first.result()
        assert [first.result(), second.result()] == [2, 4]
        third = tasks.double(3)
        with pytest.raises(KeyError), device.batch():
            fourth = tasks.double(4)
            raise KeyError
        fifth = outer.submit(tasks.double, 5)
    assert [third.result(), fourth.cancelled(), fifth.result(), tasks.ran] == [6, True, 10, [1, 2, 3, 5]]


def test_an_error_of_the_outer_one_keeps_the_inner_from_being_sent(device: Device, tasks: Tasks) -> None:
    with pytest.raises(ValueError, match="bad"), device.batch():
        tasks.fail(1)
        with device.batch():
            second = tasks.double(2)
    assert second.cancelled()
    assert tasks.ran == ["fail"]


def test_other_threads_are_not_affected(device: Device, tasks: Tasks) -> None:
    got: list[Any] = []
    with device.batch():
        future = tasks.double(1)
        thread = threading.Thread(target=lambda: got.append(tasks.double(2)))
        thread.start()
        thread.join()
        waiting = threading.Thread(target=lambda: got.append(future.result(timeout=20)))
        waiting.start()
        assert got == [4]
    waiting.join()
    assert got == [4, 2]
    assert tasks.ran == [2, 1]


def test_two_devices(device: Device, tasks: Tasks) -> None:
    with Device("virtual:") as other, device.batch():
        first = tasks.double(1)
        assert other("1 + 1") == 2
    assert first.result() == 2


def test_generators_are_refused(device: Device, tasks: Tasks) -> None:
    @device.task
    def count(limit):
        yield from range(limit)

    items = count(3)
    assert next(items) == 0
    with device.batch():
        with pytest.raises(BatchError, match=r"count is a generator"):
            count(2)
        with pytest.raises(BatchError):
            next(items)
        first = tasks.double(1)
    assert first.result() == 2
    assert list(items) == [1, 2]


def test_what_cannot_wait_is_refused(device: Device, tasks: Tasks) -> None:
    with device.batch():
        first = tasks.double(1)
        for refused in (
            lambda: device.run("x = 1"),
            device.soft_reset,
            device.reconnect,
            lambda: tasks.double.map([1]),
        ):
            with pytest.raises(BatchError, match="cannot be a part of a batch"):
                refused()

        @device.task
        def made_in_between():
            return 5

        second = made_in_between()
    assert [first.result(), second.result()] == [2, 5]


def test_closing_the_device_in_the_block(capsys: pytest.CaptureFixture[str]) -> None:
    device = Device("virtual:")

    @device.teardown
    def end():
        print("teardown")

    tasks = Tasks(device)
    with pytest.raises(ConnectionLost), device.batch():
        future = tasks.double(1)
        device.close()
    assert capsys.readouterr().out == "teardown\n"
    error = future.exception()
    assert isinstance(error, NotRunError)
    assert not error.may_have_run


def test_an_empty_one(device: Device) -> None:
    with device.batch() as batch:
        batch.flush()


# --- what is remembered --------------------------------------------------------------------------


@pytest.mark.parametrize("agent", [True, False])
def test_what_ran_is_done_again_after_a_loss(agent: bool) -> None:
    with Device("virtual:", attempts=1, agent=agent) as device:
        with pytest.raises(ZeroDivisionError), device.batch():
            device("x = [1]")
            device("x.append(2)")
            device("x.append(3)", record=False)
            device("x.append(1 / 0)")
            device("x.append(4)")
        assert device("x") == [1, 2, 3]
        device.reconnect()
        assert device("x") == [1, 2]


def test_there_may_be_no_room_to_remember(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "MAX_CMD_HISTORY_LEN", 3)
    with Device("virtual:", attempts=1) as device:
        with pytest.raises(MaxHistoryLengthError), device.batch():
            futures = [device(f"x{number} = 1") for number in range(5)]
        assert {type(future.exception()) for future in futures} == {NotRunError}
        with pytest.raises(NameError):
            device("x0", record=False)
        with device.batch():
            for number in range(3):
                device(f"x{number} = 1")


# --- sizes ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counted() -> Iterator[tuple[Device, CountingTransport]]:
    wires = []

    def wrap(inner: Transport) -> Transport:
        wires.append(CountingTransport(inner))
        return wires[0]

    with Device("virtual:", agent=True, wrap=wrap) as device:
        yield device, wires[0]


def test_many_calls_take_few_turns(counted: tuple[Device, CountingTransport]) -> None:
    device, wire = counted
    tasks = Tasks(device)
    with device.batch():
        tasks.double(b"what is sent when it is first used")
    wire.reset()
    with device.batch():
        futures = [tasks.double(number) if number % 2 else tasks.same(number) for number in range(100)]
    assert wire.turns == 1
    assert futures[99].result() == 198
    wire.reset()
    assert tasks.double.map(range(1000)) == list(range(0, 2000, 2))
    assert wire.turns == 1
    wire.reset()
    with device.batch():
        futures = [tasks.double(str(number)) for number in range(3000)]
    assert wire.turns < 10
    assert [future.result() for future in futures] == [str(number) * 2 for number in range(3000)]
    assert len(tasks.ran) == 1 + 100 + 1000 + 3000


def test_arguments_larger_than_a_request(small: Device) -> None:
    tasks = Tasks(small)
    texts = [chr(ord("a") + number) * 9_000 for number in range(3)]
    with small.batch():
        long = [small(f"len({text!r})") for text in texts]
        bulk = [tasks.double(text.encode()) for text in texts]
        one = tasks.double(1)
    assert [future.result() for future in long] == [9_000] * 3
    assert [future.result() for future in bulk] == [text.encode() * 2 for text in texts]
    assert one.result() == 2


def test_results_that_together_are_larger_than_the_boards_memory(small: Device) -> None:
    @small.task
    def block(number):
        return bytes([number]) * 5000

    assert block.map(range(60)) == [bytes([number]) * 5000 for number in range(60)]


def test_results_that_the_next_call_changes(device: Device) -> None:
    device("buffer = bytearray(100)")

    @device.task
    def fill(value):
        for place in range(len(buffer)):
            buffer[place] = value
        return buffer

    assert fill.map([1, 2, 3]) == [bytearray([value]) * 100 for value in (1, 2, 3)]


def test_a_full_heap_is_told_of_the_right_call(small: Device) -> None:
    tasks = Tasks(small)

    @small.task
    def greedy():
        ran.append("greedy")
        hoard = []
        while True:
            hoard.append(bytearray(500))

    with pytest.raises(MemoryError) as caught, small.batch():
        futures = [tasks.double(1), tasks.double(b"x" * 500), greedy(), tasks.double(2)]
    assert notes_of(caught.value) == ("call 3 of 4 in the batch: greedy()",)
    assert [futures[0].result(), futures[1].result()] == [2, b"x" * 1000]
    assert isinstance(futures[3].exception(), NotRunError)
    assert tasks.ran == [1, b"x" * 500, "greedy"]


def test_memory_for_fewer_calls_at_once(small: Device) -> None:
    small("hoard, calls = [], 0")

    @small.task
    def size(data):
        global calls  # noqa: PLW0603
        calls += 1
        return len(data)

    assert size.map([[[]] * 40] * 2) == [40, 40]
    small("while __import__('gc').mem_free() > 22000: hoard.append(bytearray(1000))")
    agent: Any = small._session._calls
    most, agent._most = agent._most, 10_000
    try:
        assert size.map([[[]] * 40] * 50) == [40] * 50
        assert agent._most < 1000
        assert small("calls") == 52
    finally:
        small("hoard = None")
        agent._most = most


# --- answers that do not come --------------------------------------------------------------------


class Deaf:
    """A way to the board by which requests go, but their answers are not heard: some error comes instead."""

    def __init__(self, agent: Any, errors: dict[int, Exception]) -> None:
        self._send = agent._send
        self._errors = errors

    def __call__(self, function: int, *rest: Any) -> Any:
        answer = self._send(function, *rest)
        if error := self._errors.pop(function, None):
            raise error
        return answer


@pytest.fixture
def deafen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with Device("virtual:", agent=True) as device:
        tasks = Tasks(device)
        tasks.double.map([1])
        device("ran = []")

        def deafen(**errors: Exception) -> tuple[Device, Tasks]:
            agent: Any = device._session._calls
            by_number: dict[int, Exception] = {Fixed[name]: error for name, error in errors.items()}
            monkeypatch.setattr(agent, "_send", Deaf(agent, by_number))
            return device, tasks

        yield deafen


FULL = BoardFailure(["MemoryError"], (), "MemoryError: no room for the answer")


def test_results_that_are_lost(deafen: Any) -> None:
    device, tasks = deafen(MANY=FULL)
    with pytest.raises(MemoryError, match="no room") as caught, device.batch():
        futures = [tasks.double(number) for number in range(3)]
    assert notes_of(caught.value) == ("call 1 of 3 in the batch: double(0)",)
    assert {type(future.exception()).__name__ for future in futures} == {"MemoryError"}
    assert tasks.ran == [0, 1, 2]


def test_an_error_whose_answer_is_lost(deafen: Any) -> None:
    device, tasks = deafen(MANY=FULL)
    with pytest.raises(MemoryError, match="no room"), device.batch():
        futures = [tasks.double(1), tasks.fail(2), tasks.double(3)]
    assert isinstance(futures[2].exception(), NotRunError)
    assert tasks.ran == [1, "fail"]


def test_an_answer_that_comes_too_late(deafen: Any) -> None:
    device, tasks = deafen(MANY=BoardTimeoutError("the call", 1.0))
    with pytest.raises(BoardTimeoutError) as caught, device.batch():
        futures = [tasks.double(number) for number in range(3)]
    assert notes_of(caught.value) == ("call 1 of 3 in the batch: double(0)",)
    assert {type(future.exception()) for future in futures} == {BoardTimeoutError}
    assert tasks.ran == [0, 1, 2]


@pytest.mark.parametrize("again", [FULL, BoardTimeoutError("the call", 1.0), NotBelayResponseError("junk")])
def test_nobody_knows_what_ran(deafen: Any, again: Exception) -> None:
    device, tasks = deafen(MANY=BoardTimeoutError("the call", 2.0), SO_FAR=again)
    with pytest.raises(BoardTimeoutError, match="2 s") as caught, device.batch():
        futures = [tasks.double(number) for number in range(2)]
    assert notes_of(caught.value) == ("calls 1 to 2 of 2 may or may not have run",)
    assert all(future.exception().may_have_run for future in futures)


def test_a_board_that_was_reset_meanwhile(deafen: Any) -> None:
    device, tasks = deafen(MANY=FULL, SO_FAR=BoardResetError("the board was reset", sent=False))
    device._session.attempts = 1
    with pytest.raises(BoardResetError) as caught, device.batch():
        future = tasks.double(1)
    # Or the calls would be made again.
    assert caught.value.sent
    assert future.exception().may_have_run


def test_a_reset_before_the_request(deafen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device, tasks = deafen()

    def send(*_args: Any) -> Any:
        raise BoardResetError("the board was reset", sent=False)

    monkeypatch.setattr(device._session._calls, "_send", send)
    with pytest.raises(BoardResetError), device.batch():
        future = tasks.double(1)
    assert not future.exception().may_have_run


# --- map -----------------------------------------------------------------------------------------


def test_map(device: Device, tasks: Tasks) -> None:
    assert tasks.double.map([]) == []
    assert tasks.double.map(number for number in range(3)) == [0, 2, 4]
    assert tasks.same.map([1, 2, 3], "ab") == [((1, "a"), {}), ((2, "b"), {})]
    assert tasks.double.map([1, "x", (1,), b"y"]) == [2, "xx", (1, 1), b"yy"]


def test_an_error_says_which_item(device: Device, tasks: Tasks) -> None:
    @device.task
    def inverse(number):
        ran.append(number)
        return 1 / number

    with pytest.raises(ZeroDivisionError) as caught:
        inverse.map([1, 2, 0, 4])
    assert notes_of(caught.value) == ("item 3 of 4: inverse(0)",)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "return 1 / number"
    assert tasks.ran == [1, 2, 0]


def test_an_item_that_cannot_travel(device: Device, tasks: Tasks) -> None:
    with pytest.raises(UntransferableError, match="double: argument 'a'") as caught:
        tasks.double.map([1, object()])
    assert caught.value.__notes__[0].startswith("item 2 of 2: double(<object object")
    assert tasks.ran == []


def test_generators_cannot_be_mapped(device: Device) -> None:
    @device.task
    def count(limit):
        yield from range(limit)

    with pytest.raises(BatchError, match="generator"):
        count.map([1])


def test_a_long_call_is_described_in_short(device: Device, tasks: Tasks) -> None:
    with pytest.raises(ValueError, match="bad") as caught, device.batch():
        tasks.fail([["x" * 100] * 50] * 3)
    assert len(caught.value.__notes__[0]) < 150
