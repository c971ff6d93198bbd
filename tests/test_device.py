# ruff: noqa: B018, F811, F821, F841, N805, T201 - functions that run on the board
from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import SOON

import belay
from belay import BoardError, BoardTimeoutError, ConnectionLost, Device, UsbSpecifier
from belay.exceptions import (
    AddressError,
    BoardResetError,
    ConnectionFailedError,
    DeviceNotFoundError,
    FeatureUnavailableError,
    MaxHistoryLengthError,
    UntransferableError,
)
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport


@pytest.fixture(autouse=True, scope="module", params=["1", "0"], ids=["agent", "plain"])
def _way(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same tests by the agent and over the plain REPL."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BELAY_AGENT", request.param)
        yield


@pytest.fixture(scope="module")
def shared(_way: None) -> Iterator[Device]:
    with Device("virtual:") as device:
        yield device


def open_descriptors() -> int:
    """How many files this process has open; 0 where nobody knows."""
    listing = Path("/proc/self/fd")
    return len(list(listing.iterdir())) if listing.exists() else 0


# --- statements and expressions ------------------------------------------------------------------


def test_statements_and_expressions(shared: Device, capsys: pytest.CaptureFixture[str]) -> None:
    assert shared("foo = 1 + 2") is None
    assert shared("foo") == 3
    assert shared("'hello'") == "hello"
    assert shared("b'x'") == b"x"
    assert shared("'%d' % 3") == "3"
    assert shared("# nothing") is None
    assert shared("") is None
    assert shared("foo  # a comment", minify=False) == 3
    assert shared("print(foo)") is None
    assert shared("[print('x', end='')]") == [None]
    assert capsys.readouterr().out == "3\nx"
    assert shared("(bar := 7)") == 7
    assert shared("bar") == 7
    assert shared("if True:\n    baz = '''a\n  b'''\n") is None
    assert shared("baz") == "a\n  b"
    with pytest.raises(UntransferableError, match="the result: a value of type function"):
        shared("lambda: 1")
    with pytest.raises(SyntaxError):
        shared("foo = = 1")
    with pytest.raises(NameError):
        shared("nowhere")


def test_times(shared: Device) -> None:
    for code in (
        "while True: pass",
        "while True: [1] * 100",
        "time.sleep(100)",
        "import sys; sys.stdin.read(1)",
    ):
        started = time.monotonic()
        with pytest.raises(BoardTimeoutError) as caught:
            shared(code, timeout=0.3)
        assert isinstance(caught.value, TimeoutError)
        assert time.monotonic() - started < SOON
        assert shared("1 + 1") == 2


def test_ctrl_c_on_the_host_stops_the_board(shared: Device) -> None:
    @shared.task
    def forever():
        while True:
            ticks.append(1)
            if len(ticks) > 100:
                del ticks[:]

    shared("ticks = []")
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        forever()
    timer.join()
    count = shared("len(ticks)")
    assert shared("len(ticks)") == count


# --- subclasses ----------------------------------------------------------------------------------


class Base(Device):
    events: list[str]

    @Device.task
    def double(x):
        return 2 * x

    @Device.task
    def replaced():
        return "base"

    @Device.setup(autoinit=True)
    def setup():
        order = ["base setup"]

    @Device.task
    def plain_again():
        return 1

    def __pre_autoinit__(self) -> None:
        order = self("'order' in globals()")
        self.events = [f"pre {order} {self.double(2)}"]  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        self.events.append(f"post {self('order')}")


class Sensor(Base):
    @Device.setup(autoinit=True)
    def more():
        order.append("more")

    @Base.task(minify=False)
    def replaced():  # type: ignore[override]
        return "sensor"

    @Device.task(implementation="micropython")
    def which():
        return "micropython"

    @Device.task(implementation="circuitpython")  # type: ignore[no-redef]
    def which():
        return "circuitpython"

    @Device.setup(autoinit=True, implementation="circuitpython")
    def never():
        order.append("never")

    @Device.thread
    def work(n):
        order.append(n)

    @Device.teardown
    def teardown():
        print("torn down")

    def plain_again(self) -> str:  # type: ignore[override]
        return f"host {self.double(4)}"


def test_subclasses(capsys: pytest.CaptureFixture[str]) -> None:
    with Sensor("virtual:") as sensor:
        assert sensor.events == ["pre False 4", "post ['base setup', 'more']"]
        assert sensor.double(3) == sensor.task.double(3) == 6
        assert sensor.replaced() == "sensor"
        assert sensor.which() == "micropython"
        assert sensor.plain_again() == "host 8"
        assert "plain_again" not in dir(sensor.task)
        assert sensor.work(5) is None
        assert repr(sensor) == "<Sensor virtual: (micropython)>"
        with pytest.raises(AttributeError):
            sensor.never.__wrapped__

        @sensor.task
        def later():
            return double(1)

        assert later() == 2
    assert capsys.readouterr().out == "torn down\n"


def test_two_of_one_class_have_nothing_in_common() -> None:
    with Base("virtual:") as one, Base("virtual:") as other:
        one("x = 1")
        other("x = 2")
        assert (one("x"), other("x"), one.double(1)) == (1, 2, 2)
        assert one.double is not other.double


def test_what_fails_while_a_device_is_made_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Device] = []

    class Failing(Device):
        @Device.setup(autoinit=True)
        def fails():
            1 / 0

        def __pre_autoinit__(self) -> None:
            made.append(self)

    with pytest.raises(ZeroDivisionError):
        Failing("virtual:")
    with pytest.raises(ConnectionLost, match="closed"):
        made[0]("1")


# --- life ----------------------------------------------------------------------------------------


def test_the_end_runs_teardowns_in_order_whatever_they_raise(capsys: pytest.CaptureFixture[str]) -> None:
    device = Device("virtual:")

    @device.teardown
    def first(name="first"):
        print(name)

    @device.teardown
    def second():
        print("second")
        1 / 0

    @device.teardown(register=False)
    def third():
        print("third")

    @device.teardown
    def needs(argument):
        print("never")

    @device.teardown(ignore_errors=True)
    def fourth():
        print("fourth")
        1 / 0

    @device.teardown(implementation="circuitpython")
    def elsewhere():
        print("never")

    with pytest.raises(ZeroDivisionError) as caught:
        device.close()
    assert isinstance(caught.value, BoardError)
    assert capsys.readouterr().out == "first\nsecond\nthird\nfourth\n"
    device.close()
    assert repr(device) == "<Device virtual: (closed)>"
    for call in (lambda: device("1"), device.soft_reset, device.reconnect, device.teardown.first):
        with pytest.raises(ConnectionLost, match="closed"):
            call()


def test_a_teardowns_error_does_not_hide_the_programs() -> None:
    with pytest.raises(KeyError, match="mine") as caught, Device("virtual:") as device:  # noqa: PT012

        @device.teardown
        def fails():
            1 / 0

        raise KeyError("mine")
    assert "divide by zero" in caught.value.__notes__[0]

    with pytest.raises(ZeroDivisionError), Device("virtual:") as device:

        @device.teardown
        def fails_too():
            1 / 0


def test_a_board_that_is_gone_at_the_end() -> None:
    device = Device("virtual:", attempts=5)

    @device.teardown
    def fine():
        pass

    os.kill(device.virtual.interpreter_pid, signal.SIGKILL)
    with pytest.raises(ConnectionLost):
        device.close()
    assert "closed" in repr(device)


def test_a_killed_board_leaves_nothing_behind() -> None:
    threads = set(threading.enumerate())
    descriptors = open_descriptors()
    device = Device("virtual:")
    root, pid = device.virtual.root, device.virtual.pid
    timer = threading.Timer(0.2, os.kill, (device.virtual.interpreter_pid, signal.SIGKILL))
    timer.start()
    started = time.monotonic()
    with pytest.raises(ConnectionLost, match="SIGKILL"):
        device("while True: pass")
    assert time.monotonic() - started < SOON
    timer.join()
    device.close()
    assert not set(threading.enumerate()) - threads
    assert not root.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert open_descriptors() <= descriptors


def test_a_failed_connect_leaves_nothing_behind() -> None:
    with Device("virtual:"):
        pass
    descriptors = open_descriptors()
    with pytest.raises(ConnectionFailedError):
        Device("virtual:", startup="import nowhere")
    with pytest.raises(ConnectionFailedError):
        Device("exec:cat /dev/null")
    with pytest.raises(AddressError):
        Device("nonsense:")
    assert open_descriptors() <= descriptors


def test_soft_reset_runs_main_py(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main.py").write_text("print('main here')\nstarted = 1\n")
    with Device(f"virtual:{tmp_path}") as device:

        @device.task
        def double(x):
            return 2 * x

        @device.setup
        def prepare():
            prepared = 1

        prepare()
        assert capsys.readouterr().out == ""
        device.soft_reset()
        assert "main here\n" in capsys.readouterr().out
        assert double(2) == 4
        assert device("('started' in globals(), 'prepared' in globals(), 'Pin' in globals())") == (
            True,
            False,
            True,
        )
        device.soft_reset(main=False)
        assert device("'started' in globals()") is False
        assert device.task.double(3) == 6
        assert capsys.readouterr().out == ""
        (tmp_path / "main.py").write_text("print('forever')\nwhile True: pass\n")
        started = time.monotonic()
        device.soft_reset(timeout=0.3)
        assert time.monotonic() - started < SOON
        assert double(4) == 8
        assert "forever\n" in capsys.readouterr().out


def test_a_full_heap_is_a_memory_error_and_soft_reset_recovers() -> None:
    with Device("virtual:?heap=128k") as device:

        @device.task
        def fill():
            global hoard  # noqa: PLW0603
            hoard = []
            while True:
                hoard.append(bytearray(1000))

        with pytest.raises(MemoryError) as caught:
            fill()
        assert isinstance(caught.value, BoardError)
        device.soft_reset(main=False)
        assert device("len(bytearray(50000))") == 50000
        with pytest.raises(MemoryError):
            fill()


def test_reconnecting(tmp_path: Path) -> None:
    assert Device.MAX_CMD_HISTORY_LEN == 1000

    class Short(Device):
        MAX_CMD_HISTORY_LEN = 4

    with Short(f"virtual:{tmp_path}", attempts=2) as device:
        device("x = [1]")

        @device.setup
        def more(y):
            x.append(y)

        more(2)

        @device.task
        def last(z=0):
            return x[-1] + z

        assert last() == 2
        device.reconnect()
        assert device("x", record=False) == [1, 2]
        os.kill(device.virtual.interpreter_pid, signal.SIGKILL)
        try:
            seen = device("x", record=False)
        except ConnectionLost:
            # The request was on its way already when the board died.
            seen = device("x", record=False)
        assert seen == [1, 2]
        assert last(z=1) == 3
        device("x.append(3)")
        with pytest.raises(MaxHistoryLengthError):
            device("x.append(4)")
        assert last() == 3


def test_reconnecting_without_attempts_is_one_attempt(shared: Device) -> None:
    with Device("virtual:") as device:
        device("x = 1")
        device.reconnect()
        assert device("x") == 1
        device.reconnect(attempts=2)
        assert device("x") == 1


def test_a_reset_within_a_call(shared: Device) -> None:
    with Device("virtual:") as device:

        @device.task
        def double(x):
            return 2 * x

        with pytest.raises(BoardResetError) as caught:
            device("machine.reset()")
        assert caught.value.sent
        assert double(2) == 4


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["virtual:", "  virtual: "])
def test_the_environment_names_the_board(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELAY_DEVICE", value.strip())
    with Device() as device:
        assert device.address == "virtual:"
        assert device("1") == 1


def test_the_environment_may_hold_usb_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"vid": 0xFFFF, "pid": 0xFFFF, "serial_number": "of no board"}
    monkeypatch.setenv("BELAY_DEVICE", json.dumps(fields))
    for arguments in ((), (fields,), (UsbSpecifier(**fields),)):  # type: ignore[arg-type]
        with pytest.raises(DeviceNotFoundError):
            Device(*arguments)  # type: ignore[arg-type]


def test_the_transport_can_be_watched() -> None:
    counts: list[CountingTransport] = []

    def wrap(transport: Any) -> Any:
        counts.append(CountingTransport(transport))
        return counts[-1]

    with Device("virtual:", wrap=wrap) as device:
        device("x = 1")
        counts[0].reset()
        assert device("x") == 1
        assert (counts[0].writes, counts[0].turns) == (1, 1)
        assert device.virtual.interpreter_pid


class Opaque:
    """A transport that does not say what is behind it, as a serial port."""

    def __init__(self, hidden: Transport) -> None:
        self.read, self.write, self.close = hidden.read, hidden.write, hidden.close
        self.name = "opaque"
        self.flow_control = hidden.flow_control
        self.survives_reset, self.transparent = hidden.survives_reset, hidden.transparent


def test_only_virtual_boards_are_virtual() -> None:
    with Device("virtual:", wrap=Opaque) as device:
        assert device("1") == 1
        with pytest.raises(FeatureUnavailableError, match="opaque is not a virtual board"):
            device.virtual


def test_connecting_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Device("virtual:") as device:
        device("None")
        device.soft_reset(main=False)
        device("None")
    assert capsys.readouterr().out == ""


def test_a_program_and_its_exit(shared: Device) -> None:
    out = io.StringIO()
    shared.run("import sys\nprint('here')\nmade = 5\n", stream_out=out)
    assert out.getvalue() == "here\n"
    with pytest.raises(TypeError, match="a program for the board is text, not int"):
        shared.run(42)  # type: ignore[arg-type]
    assert shared("made") == 5
    for padding in ("", "\n" + "#" * 2000):
        with pytest.raises(BoardError) as caught:
            shared.run("def leave():\n    raise SystemExit(3)\nleave()" + padding, minify=False)
        assert (caught.value.board_type, caught.value.board_args) == ("SystemExit", (3,))
    assert shared("made") == 5
    assert belay.exceptions.BoardError is BoardError
