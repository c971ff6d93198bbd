"""The console of Windows, against functions that do as its own are documented to do."""

from __future__ import annotations

import ctypes
import io
import sys
from typing import Any

import pytest

from belay.terminal import windows
from belay.terminal.keys import BRACKETS_OFF, BRACKETS_ON
from belay.terminal.windows import InputRecord, WindowsConsole

IN, OUT, EVENT = 3, 7, 11
BEFORE = {IN: 0x1F7, OUT: 0x3}
KEY, FOCUS = windows.KEY_EVENT, 0x10


class Kernel32:
    """Its functions, as far as they are used."""

    def __init__(self) -> None:
        self.modes = dict(BEFORE)
        self.pressed: list[tuple[int, bool, int, int]] = []
        self.signalled = False
        self.closed: list[int] = []

    def CreateEventW(self, *_how: object) -> int:  # noqa: N802
        return EVENT

    def CloseHandle(self, handle: int) -> None:  # noqa: N802
        self.closed.append(handle)

    def SetEvent(self, handle: int) -> None:  # noqa: N802
        assert handle == EVENT
        self.signalled = True

    def GetStdHandle(self, number: int) -> int:  # noqa: N802
        return {-10: IN, -11: OUT}[number]

    def GetConsoleMode(self, handle: int, mode: Any) -> int:  # noqa: N802
        mode._obj.value = self.modes[handle]
        return 1

    def SetConsoleMode(self, handle: int, mode: int) -> None:  # noqa: N802
        self.modes[handle] = mode

    def WaitForMultipleObjects(self, count: int, handles: Any, wait_all: bool, milliseconds: int) -> int:  # noqa: N802
        assert (count, list(handles), wait_all) == (2, [IN, EVENT], False)
        if self.pressed:
            return 0
        assert self.signalled or milliseconds != windows.INFINITE
        signalled, self.signalled = self.signalled, False
        return 1 if signalled else 258

    def ReadConsoleInputW(self, handle: int, records: Any, size: int, count: Any) -> int:  # noqa: N802
        assert handle == IN
        taken, self.pressed = self.pressed[:size], self.pressed[size:]
        for record, (kind, is_down, unit, repeat) in zip(records, taken, strict=False):
            record.kind = kind
            record.key.is_down, record.key.unit, record.key.count = is_down, unit, repeat
        count._obj.value = len(taken)
        return bool(taken)

    def press(self, text: str) -> None:
        units = text.encode("utf-16-le")
        for at in range(0, len(units), 2):
            unit = int.from_bytes(units[at : at + 2], "little")
            self.pressed += [(KEY, True, unit, 1), (KEY, False, unit, 1)]


class Stream(io.TextIOWrapper):
    """A standard stream that is a console, or not."""

    def __init__(self, data: bytes = b"", *, console: bool = True) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8", write_through=True)
        self._console = console

    def isatty(self) -> bool:
        return self._console

    @property
    def written(self) -> bytes:
        return self.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]


def attach(monkeypatch: pytest.MonkeyPatch, data: bytes = b"", *, console: bool = True) -> Stream:
    """Make the standard streams a console, or not; in the test itself, as pytest has its own before."""
    stdout = Stream(console=console)
    monkeypatch.setattr(sys, "stdin", Stream(data, console=console))
    monkeypatch.setattr(sys, "stdout", stdout)
    return stdout


def test_records_are_laid_out_as_in_the_systems_headers() -> None:
    assert ctypes.sizeof(InputRecord) == 20
    assert InputRecord.key.offset == 4
    assert windows.KeyEvent.unit.offset == 10


def test_modes_are_changed_and_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    out = attach(monkeypatch)
    api = Kernel32()
    with WindowsConsole(api) as console:
        assert console.typed
        assert console.shows
        less = windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT | windows.ENABLE_ECHO_INPUT
        assert not api.modes[IN] & less
        assert api.modes[IN] & windows.ENABLE_VIRTUAL_TERMINAL_INPUT
        # What is not ours stays, quick edit among it.
        assert api.modes[IN] & 0x0E0 == BEFORE[IN] & 0x0E0
        assert api.modes[OUT] & windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
        console.write("ü\r\n".encode())
    assert api.modes == BEFORE
    assert api.closed == [EVENT]
    assert out.written.startswith(BRACKETS_ON + "ü\r\n".encode() + BRACKETS_OFF)


def test_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    attach(monkeypatch)
    api = Kernel32()
    with WindowsConsole(api) as console:
        api.press("\x03\x1b[Aü😀")
        api.pressed += [(FOCUS, True, ord("f"), 1), (KEY, True, 0, 1), (KEY, True, ord("x"), 3)]
        assert console.read(None) == "\x03\x1b[Aü😀xxx".encode()
        api.pressed = [(FOCUS, True, 0, 1)]
        assert console.read(None) == b""
        assert console.read(0.01) == b""
        console.wake()
        assert console.read(None) == b""


def test_half_a_letter_waits_for_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    attach(monkeypatch)
    api = Kernel32()
    with WindowsConsole(api) as console:
        api.press("😀")
        rest, api.pressed = api.pressed[2:], api.pressed[:2]
        assert console.read(None) == b""
        api.pressed = rest
        assert console.read(None) == "😀".encode()


def test_a_console_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    attach(monkeypatch)
    api = Kernel32()
    with WindowsConsole(api) as console:
        monkeypatch.setattr(api, "WaitForMultipleObjects", lambda *_: 0)
        with pytest.raises(EOFError):
            console.read(None)


def test_no_console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stdout = attach(monkeypatch, b"one\ntwo", console=False)
    api = Kernel32()
    with WindowsConsole(api) as console:
        assert (console.typed, console.shows) == (False, False)
        assert console.read(None) == b"one\n"
        assert console.read(None) == b"two"
        with pytest.raises(EOFError):
            console.read(None)
        console.write(b"\xff\r\n")
        console.say("said\n")
    assert stdout.written == b"\xff\r\n"
    assert capsys.readouterr().err == "said\n"
    assert api.modes == BEFORE


def test_making_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    attach(monkeypatch)
    api = Kernel32()
    console = WindowsConsole(api)
    monkeypatch.setattr(console, "write", lambda _data: 1 / 0)
    with pytest.raises(ZeroDivisionError), console:
        pass
    assert api.modes[IN] == BEFORE[IN]
