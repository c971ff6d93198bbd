"""The agent's own source on CPython, behind a raw prompt and with a clock that the test owns.

Nothing waits here: where the host would, the clock goes on. So whole conversations with time-outs take a
millisecond, and what waits for ever is found at once.
"""

from __future__ import annotations

import binascii
import builtins
import io
import json
import struct
import sys
import threading
import traceback
from array import array
from collections.abc import Callable
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

from belay.exceptions import ConnectionLost
from belay.transports.base import READ_SIZE

BANNER = b'MicroPython v1.29.0; simulated\r\nType "help()" for more information.\r\n>>> '
RAW = b"raw REPL; CTRL-B to exit\r\n>"
MODULES_WITH_A_CLOCK = ("deadline", "link.exchange", "link.pace", "link.wire", "link.conversation")


class HangError(AssertionError):
    """The host waits without an end for a board that waits for the host."""


class PowerOff(BaseException):
    """Ends the simulation wherever it is."""


class Clock:
    """A clock that goes on when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put it in the place of time in what talks to boards."""
        for name in MODULES_WITH_A_CLOCK:
            patch.setattr(f"belay.{name}.time", self, raising=False)


class SimulatedBoard:
    """A board, as seen from the host, and what it does.

    The board runs in a thread of its own, but only while the host writes to it or waits for it.

    Args:
        clock: The time.
        flow_control: As of a transport.

    Attributes:
        runs: What the functions on the board said with ``ran(…)``.
        on_opcode: Called before each opcode that the agent runs; what it raises, the agent gets.
    """

    name = "simulated:"
    survives_reset = True
    transparent = True

    def __init__(self, clock: Clock, *, flow_control: bool = True) -> None:
        self.flow_control = flow_control
        self.runs: list[Any] = []
        self.on_opcode: Callable[[], None] | None = None
        self._clock = clock
        self._output = bytearray()
        self._input = bytearray()
        self._wake: float | None = None
        self._off = self._closed = self._pending = self._running = False
        self._armed = True
        self._turn_of_board, self._turn_of_host = threading.Semaphore(0), threading.Semaphore(0)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._power_on, daemon=True)
        self._thread.start()
        self._go_on()

    # --- the host's side ------------------------------------------------------------------------

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        self._clock.now += 0.00001
        end = None if timeout is None else self._clock.now + timeout
        while not self._output:
            if self._closed:
                raise ConnectionLost("closed")
            if self._wake is not None and (end is None or self._wake <= end):
                self._clock.now = max(self._clock.now, self._wake)
                self._go_on()
            elif end is None:
                raise HangError(f"the board waits, having got {bytes(self._input)!r}")
            else:
                self._clock.now = max(self._clock.now, end)
                raise TimeoutError
        data = bytes(self._output[:max_bytes])
        del self._output[:max_bytes]
        return data

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if self._closed:
            raise ConnectionLost("closed")
        for at, piece in enumerate(data.split(b"\x03")):
            if at:
                self._ctrl_c()
            self._input += piece
            self._go_on()

    def close(self) -> None:
        self._closed = True

    def turn_off(self) -> None:
        """End the thread."""
        self._off = True
        self._go_on()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _ctrl_c(self) -> None:
        if self._running and self._armed:
            self._pending = True
        else:
            self._input += b"\x03"

    def _go_on(self) -> None:
        if not self._thread.is_alive():
            raise AssertionError("the simulation has ended") from self._failure
        self._turn_of_board.release()
        self._turn_of_host.acquire()

    # --- the board's side -----------------------------------------------------------------------

    def _power_on(self) -> None:
        self._turn_of_board.acquire()
        try:
            self._prompt()
        except PowerOff:
            pass
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._turn_of_host.release()

    def _wait(self, until: float | None) -> None:
        """Let the host go on; returns when something came or the time is over."""
        self._wake = until
        self._turn_of_host.release()
        self._turn_of_board.acquire()
        self._wake = None
        if self._off:
            raise PowerOff
        if self.on_opcode:
            # What a tracer raised has ended the tracing.
            self._trace_all()

    def _check_interrupt(self) -> None:
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _read(self, size: int) -> bytes:
        got = bytearray()
        while len(got) < size:
            self._check_interrupt()
            if not self._input:
                self._wait(None)
                continue
            piece = self._input[: size - len(got)]
            del self._input[: len(piece)]
            got += piece
        return bytes(got)

    def _read_into(self, buffer: Any) -> int:
        self._check_interrupt()
        while not self._input:
            self._wait(None)
            self._check_interrupt()
        size = min(len(self._input), len(buffer))
        buffer[:size] = self._input[:size]
        del self._input[:size]
        return size

    def _poll(self, milliseconds: float) -> list[int]:
        self._check_interrupt()
        end = self._clock.now + milliseconds / 1000
        while not self._input and self._clock.now < end:
            self._wait(end)
            self._check_interrupt()
        return [1] if self._input else []

    def _write(self, data: Any) -> int:
        self._check_interrupt()
        data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
        self._output += data
        return len(data)

    def _print(self, *values: object, sep: str = " ", end: str = "\n", file: object = None) -> None:
        self._write((sep.join(map(str, values)) + end).replace("\n", "\r\n"))

    # --- the prompt -----------------------------------------------------------------------------

    def _prompt(self) -> None:
        self._boot()
        self._output += BANNER
        raw = False
        line = bytearray()
        while True:
            key = self._read(1)
            if key == b"\x01":
                self._output += (b"" if raw else b"\r\n") + RAW
                raw = True
            elif key == b"\x02":
                self._output += b"\r\n" + BANNER
                raw = False
            elif key == b"\x03":
                self._output += b"" if raw else b"\r\n>>> "
            elif key != b"\x04":
                line += key
                continue
            elif not line:
                self._boot()
                self._output += (
                    b"OK\r\nMPY: soft reboot\r\n" + RAW if raw else b"MPY: soft reboot\r\n" + BANNER
                )
            elif raw:
                self._run(bytes(line))
            line.clear()

    def _run(self, code: bytes) -> None:
        self._output += b"OK"
        error = b""
        self._running = True
        try:
            self._traced(compile(code.decode(errors="replace"), "<stdin>", "exec"))
        except PowerOff:
            raise
        except BaseException:  # noqa: BLE001 - as the prompt does
            error = traceback.format_exc().encode("utf-8", "replace").replace(b"\n", b"\r\n")
            error = error.replace(b"\x04", b"?")
        self._running = self._pending = False
        self._armed = True
        self._output += b"\x04" + error + b"\x04>"

    def _traced(self, code: Any) -> None:
        if not self.on_opcode:
            exec(code, self._names)
            return
        sys.settrace(self._trace)
        try:
            exec(code, self._names)
        finally:
            sys.settrace(None)

    def _trace_all(self) -> None:
        sys.settrace(self._trace)
        frame: FrameType | None = sys._getframe()
        while frame:
            if _is_of_board(frame):
                frame.f_trace = self._trace
                frame.f_trace_opcodes = True
            frame = frame.f_back

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not _is_of_board(frame):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and self.on_opcode:
            self.on_opcode()
        return self._trace

    # --- MicroPython, as far as the agent needs it ----------------------------------------------

    def _boot(self) -> None:
        own = dict(vars(builtins))
        # The simulation itself ends by an exception that the agent must not catch.
        own["BaseException"] = (Exception, KeyboardInterrupt, SystemExit, GeneratorExit)
        own.update(print=self._print, __import__=self._import, ran=self.runs.append)
        self._modules = _modules(self)
        self._modules["builtins"] = module = _Module()
        module.__dict__ = own
        self._names: dict[str, Any] = {"__builtins__": own, "__name__": "__main__"}

    def _import(self, name: str, *_: object) -> Any:
        try:
            return self._modules[name]
        except KeyError:
            raise ImportError(name) from None

    def _kbd_intr(self, key: int) -> None:
        self._armed = key == 3


def _is_of_board(frame: FrameType) -> bool:
    # "<stdin>" and "<string>", but not this file or threading's.
    return frame.f_code.co_filename in ("<stdin>", "<string>")


class _Module:
    """What a program can change."""


def _modules(board: SimulatedBoard) -> dict[str, Any]:
    def crc32(data: Any, start: int = 0) -> int:
        return binascii.crc32(data.encode() if isinstance(data, str) else data, start)

    def show(error: BaseException, file: Any = None) -> None:
        text = "".join(traceback.format_exception_only(error))
        (file or SimpleNamespace(write=board._write)).write("Traceback (most recent call last):\n" + text)

    stdin = SimpleNamespace(buffer=SimpleNamespace(read=board._read, readinto=board._read_into))
    stdout = SimpleNamespace(buffer=SimpleNamespace(write=board._write))
    poller = SimpleNamespace(register=lambda *_: None, poll=board._poll)
    return {
        "binascii": SimpleNamespace(
            crc32=crc32,
            a2b_base64=binascii.a2b_base64,
            b2a_base64=binascii.b2a_base64,
            hexlify=binascii.hexlify,
        ),
        "gc": SimpleNamespace(collect=lambda: None, mem_free=lambda: 100000),
        "io": io,
        "json": json,
        "select": SimpleNamespace(poll=lambda: poller),
        "struct": struct,
        "sys": SimpleNamespace(stdin=stdin, stdout=stdout, print_exception=show, modules={}),
        "micropython": SimpleNamespace(kbd_intr=board._kbd_intr),
        "array": SimpleNamespace(array=array),
    }
