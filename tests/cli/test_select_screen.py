"""The menu on a terminal whose keys a test presses, with a virtual board that blinks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from patience import SOON

from belay import Device
from belay.cli.select.menu import Menu
from belay.cli.select.screen import Screen
from belay.exceptions import PortBusyError
from belay.transports.usb import UsbSpecifier
from tests.terminal.conftest import User

ONE = UsbSpecifier(0x2E8A, 5, "e6614c311b137637", "MicroPython", "Board in FS mode", "1-2", "port1")
TWO = UsbSpecifier(0x1A86, 0x7523, None, None, "USB Serial", "1-3", "port2")

NAMELESS = """
import machine
kept = machine.Pin.__init__
def refuse(pin, id, *rest, **more):
    if isinstance(id, str):
        raise ValueError
    kept(pin, id, *rest, **more)
machine.Pin.__init__ = refuse
"""


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    with Device("virtual:", startup="", agent=False) as device:
        yield device


class Choosing:
    """A menu in a thread of its own, and who sits at it."""

    def __init__(self, visit: Callable[[str], AbstractContextManager[Device]], **options: Any) -> None:
        self.boards = [ONE, TWO]
        self.user = User()
        self.result: UsbSpecifier | BaseException | None = None
        self.screen = Screen(self.user, Menu(self.boards), lambda: list(self.boards), visit, **options)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self.screen.run()
        except KeyboardInterrupt as error:
            self.result = error

    def ended(self) -> UsbSpecifier | BaseException | None:
        self._thread.join(SOON)
        assert not self._thread.is_alive()
        return self.result


Start = Callable[..., Choosing]


@pytest.fixture
def start(device: Device) -> Iterator[Start]:
    """Starts menus, of which none stays."""
    started: list[Choosing] = []

    @contextmanager
    def visit(port: str) -> Iterator[Device]:
        yield device

    def start(visit: Any = visit, **options: Any) -> Choosing:
        started.append(Choosing(visit, **options))
        return started[-1]

    yield start
    for each in started:
        each.user.press(b"\x03")
        each.ended()


def test_a_board_is_taken(start: Start) -> None:
    choosing = start()
    choosing.user.until("»  1  port1".encode())
    choosing.user.press(b"\x1b[")
    choosing.user.press(b"B")
    choosing.user.until("»  2  port2".encode())
    choosing.user.press(b"\r")
    assert choosing.ended() == TWO
    # It is taken off the screen.
    assert choosing.user.seen.endswith(b"\x1b[3A\r\x1b[J")


@pytest.mark.parametrize("key", [b"\x1b", b"\x03", b"q"])
def test_nothing_is_taken(start: Start, key: bytes) -> None:
    choosing = start()
    choosing.user.press(key)
    assert isinstance(choosing.ended(), KeyboardInterrupt)


def test_a_terminal_that_is_closed(start: Start) -> None:
    choosing = start()
    choosing.user.end()
    assert isinstance(choosing.ended(), KeyboardInterrupt)


def test_a_paste_takes_nothing(start: Start) -> None:
    choosing = start()
    choosing.user.press(b"\x1b[200~2\r\n\x1b[201~")
    choosing.user.press(b"2")
    choosing.user.until("»  2".encode())
    choosing.user.press(b"\r")
    assert choosing.ended() == TWO


def test_a_board_that_is_plugged_in_shows_up(start: Start) -> None:
    choosing = start()
    choosing.user.until(b"port2")
    choosing.boards.append(UsbSpecifier(1, 2, device="port3"))
    # Whenever no key comes in time.
    choosing.user.press(b"")
    choosing.user.until(b"port3")
    choosing.boards.clear()
    choosing.user.press(b"")
    choosing.user.until(b"no board is connected")


def test_it_blinks_until_a_key_is_pressed(start: Start, device: Device) -> None:
    choosing = start()
    pin = device.virtual.pins[25]
    choosing.user.press(b"b")
    choosing.user.until(b"port1: connecting")
    choosing.user.until(b"port1: LED blinks; micropython 1.")
    for level in (1, 0, 1):
        assert pin.wait_for(level, SOON)
    choosing.user.press(b"\x1b[A")
    # No key that ends it does anything else.
    choosing.user.until("»  1  port1".encode())
    choosing.user.press(b"b")
    choosing.user.until(b"port1: LED blinks")
    assert pin.wait_for(1, SOON)
    choosing.user.press(b"\r")
    assert choosing.ended() == ONE
    assert pin.mode == "IN"
    assert choosing.screen.learned == {"port1": device.implementation}


def test_leaving_while_it_blinks(start: Start, device: Device) -> None:
    choosing = start()
    choosing.user.press(b"b")
    choosing.user.until(b"LED blinks")
    choosing.user.press(b"\x03")
    assert isinstance(choosing.ended(), KeyboardInterrupt)
    assert device.virtual.pins[25].mode == "IN"


def test_a_board_that_is_busy(start: Start) -> None:
    def visit(port: str) -> AbstractContextManager[Device]:
        raise PortBusyError(f"{port} is in use")

    choosing = start(visit)
    choosing.user.press(b"b")
    choosing.user.until(b"port1: port1 is in use")
    choosing.user.press(b"\r")
    assert choosing.ended() == ONE


def test_a_board_whose_led_has_no_name(start: Start, device: Device) -> None:
    device(NAMELESS)
    try:
        choosing = start()
        choosing.user.press(b"b")
        choosing.user.until(b"Blink on which pin? ")
        choosing.user.press(b"9\r")
        choosing.user.until(b"port1: pin 9 blinks")
        assert device.virtual.pins[9].wait_for(1, SOON)
        choosing.user.press(b"x")
        choosing.user.until("»".encode())
        choosing.user.press(b"b")
        choosing.user.until(b"Blink on which pin? ")
        choosing.user.press(b"99\r")
        choosing.user.until(b"invalid pin")
    finally:
        choosing.user.press(b"\x03")
        choosing.ended()
        device("machine.Pin.__init__ = kept")


def test_a_dumb_terminal(start: Start) -> None:
    choosing = start(dumb=True)
    choosing.user.until("»  1  port1".encode())
    choosing.user.press(b"2")
    seen = choosing.user.until("»  2  port2".encode())
    assert b"\x1b" not in seen
    assert b"arrows" not in seen
