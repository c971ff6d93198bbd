"""The console of Windows, by its own functions.

See https://learn.microsoft.com/en-us/windows/console/console-virtual-terminal-sequences: keys come as the
sequences that terminals elsewhere send, and those that the board sends are understood.
"""

from __future__ import annotations

import codecs
import ctypes
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from belay.terminal.keys import BRACKETS_OFF, BRACKETS_ON

STD_INPUT_HANDLE, STD_OUTPUT_HANDLE = -10, -11

ENABLE_PROCESSED_INPUT = 0x0001
ENABLE_LINE_INPUT = 0x0002
ENABLE_ECHO_INPUT = 0x0004
ENABLE_WINDOW_INPUT = 0x0008
ENABLE_MOUSE_INPUT = 0x0010
ENABLE_VIRTUAL_TERMINAL_INPUT = 0x0200
ENABLE_PROCESSED_OUTPUT = 0x0001
ENABLE_VIRTUAL_TERMINAL_PROCESSING = 0x0004

KEY_EVENT = 0x0001
WAIT_OBJECT_0, INFINITE = 0, 0xFFFFFFFF

_MOST = 1024
"""Events that are taken at once."""
_RESTORE = BRACKETS_OFF + b"\x1b[0m\x1b[?25h"


class KeyEvent(ctypes.Structure):
    """KEY_EVENT_RECORD."""

    _fields_ = (
        ("is_down", ctypes.c_int32),
        ("count", ctypes.c_uint16),
        ("key", ctypes.c_uint16),
        ("scan", ctypes.c_uint16),
        ("unit", ctypes.c_uint16),
        ("state", ctypes.c_uint32),
    )


class InputRecord(ctypes.Structure):
    """INPUT_RECORD; of the events of other kinds, which are no longer, nothing is read."""

    _fields_ = (("kind", ctypes.c_uint16), ("key", KeyEvent))


class WindowsConsole:
    """The standard streams, the input by single keys if it is a console.

    Args:
        kernel32: The functions of the system; None for the real ones.
    """

    def __init__(self, kernel32: Any = None) -> None:
        self.typed, self.shows = sys.stdin.isatty(), sys.stdout.isatty()
        self._api = kernel32 or _kernel32()
        self._modes: dict[int, int] = {}
        self._decoder = codecs.getincrementaldecoder("utf-16-le")("replace")

    def __enter__(self) -> Self:
        self._event = self._api.CreateEventW(None, False, False, None)
        self._in = self._api.GetStdHandle(STD_INPUT_HANDLE)
        self._out = self._api.GetStdHandle(STD_OUTPUT_HANDLE)
        try:
            if self.typed:
                self._change(
                    self._in,
                    ENABLE_VIRTUAL_TERMINAL_INPUT,
                    # Quick edit stays as it is: some mark and paste with the mouse.
                    ENABLE_PROCESSED_INPUT
                    | ENABLE_LINE_INPUT
                    | ENABLE_ECHO_INPUT
                    | ENABLE_WINDOW_INPUT
                    | ENABLE_MOUSE_INPUT,
                )
            if self.shows:
                self._change(self._out, ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING, 0)
            if self.typed and self.shows:
                self.write(BRACKETS_ON)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.typed and self.shows:
                with suppress(OSError):
                    self.write(_RESTORE)
        finally:
            for handle, mode in self._modes.items():
                self._api.SetConsoleMode(handle, mode)
            self._api.CloseHandle(self._event)

    def read(self, timeout: float | None) -> bytes:
        """Wait for keys, the end of the input (EOFError), :meth:`wake`, or the end of the time."""
        if not self.typed:
            data = sys.stdin.buffer.readline()
            if not data:
                raise EOFError
            return data
        handles = (ctypes.c_void_p * 2)(self._in, self._event)
        wait = INFINITE if timeout is None else max(0, int(timeout * 1000))
        if self._api.WaitForMultipleObjects(2, handles, False, wait) != WAIT_OBJECT_0:
            return b""
        return self._take_keys()

    def wake(self) -> None:
        """Let :meth:`read` return."""
        self._api.SetEvent(self._event)

    def write(self, data: bytes) -> None:
        """Write all of it; to a console Python's own stream turns UTF-8 into what it wants."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """Tell the user something."""
        sys.stderr.write(text)
        sys.stderr.flush()

    def _take_keys(self) -> bytes:
        """The keys that were pressed; none if something else happened."""
        records = (InputRecord * _MOST)()
        count = ctypes.c_uint32()
        if not self._api.ReadConsoleInputW(self._in, records, _MOST, ctypes.byref(count)):
            raise EOFError
        units = bytearray()
        for record in records[: count.value]:
            # Of a key that is let go only Alt with digits brings a character; it is its own event then.
            if record.kind == KEY_EVENT and record.key.is_down and record.key.unit:
                units += record.key.unit.to_bytes(2, "little") * max(1, record.key.count)
        return self._decoder.decode(bytes(units)).encode()

    def _change(self, handle: int, more: int, less: int) -> None:
        mode = ctypes.c_uint32()
        if self._api.GetConsoleMode(handle, ctypes.byref(mode)):
            self._modes[handle] = mode.value
            self._api.SetConsoleMode(handle, (mode.value | more) & ~less)


def _kernel32() -> Any:
    """The functions, with the types of what is no number."""
    api: Any = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009 - only Windows has it
    handle = ctypes.c_void_p
    api.CreateEventW.restype = handle
    api.CreateEventW.argtypes = (handle, ctypes.c_int32, ctypes.c_int32, ctypes.c_wchar_p)
    api.GetStdHandle.restype = handle
    for name in ("CloseHandle", "SetEvent"):
        getattr(api, name).argtypes = (handle,)
    api.GetConsoleMode.argtypes = (handle, ctypes.c_void_p)
    api.SetConsoleMode.argtypes = (handle, ctypes.c_uint32)
    api.WaitForMultipleObjects.argtypes = (ctypes.c_uint32, handle, ctypes.c_int32, ctypes.c_uint32)
    api.ReadConsoleInputW.argtypes = (handle, handle, ctypes.c_uint32, ctypes.c_void_p)
    return api
