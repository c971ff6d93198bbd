"""The agent survives what the user's functions do to the board."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from belay import Device
from belay.exceptions import BoardError, BoardTimeoutError


@pytest.fixture
def device() -> Iterator[Device]:
    with Device("virtual:", agent=True, timeout=10) as device:
        device("def double(x):\n return x * 2")
        yield device


def names_of(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def survives(device: Device, code: str, raises: str | None = None) -> None:
    """Run something in a function; then calls with small and large values still work."""
    device("def harm():\n" + "\n".join(f" {line}" for line in code.splitlines()))
    # One that is always there, so that the agent itself and not a new one must answer.
    if raises:
        with pytest.raises(BoardError) as caught:
            device("harm()")
        assert raises in names_of(caught.value)
    else:
        device("harm()")
    is_well(device)


def is_well(device: Device) -> None:
    assert device("21 * 2") == 42
    assert device("b'abc' * 1000") == b"abc" * 1000
    assert device("['é', 1.5, None]") == ["é", 1.5, None]


HARM = {
    "sys.exit": ("import sys\nsys.exit()", "SystemExit"),
    "raise SystemExit": ("raise SystemExit(3)", "SystemExit"),
    "an exception": ("1/0", "ZeroDivisionError"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "GeneratorExit"),
    "a generator's end": ("raise StopIteration(5)", "StopIteration"),
    "recursion": ("harm()", "RuntimeError"),
    "MemoryError": ("bytearray(1 << 40)", "MemoryError"),
    "print": ("global print\nprint = None", None),
    "repr, len, type": ("global repr, len, type\nrepr = len = type = None", None),
    "exec and eval": ("global exec, eval\nexec = eval = None", None),
    "print of builtins": ("import builtins\nbuiltins.print = lambda *a, **k: 1/0", None),
    "modules": ("import sys\nsys.modules.clear()", None),
    "json": ("import json\ntry:\n json.loads = None\nexcept AttributeError: pass", None),
    "globals": ("globals().clear()", None),
    "gc off": ("import gc\ngc.disable()\ngc.threshold(1000)\ngc.collect()", None),
    "kbd_intr": ("import micropython\nmicropython.kbd_intr(-1)", None),
    "another kbd_intr": ("import micropython\nmicropython.kbd_intr(0x41)", None),
    "heap lock": ("import micropython\nmicropython.heap_lock()\nmicropython.heap_unlock()", None),
    "stdout": ("import sys\nsys.stdout.write('\\x1e\\x04\\x04>\\x1e12345678Ar1\\x0400000000')", None),
    "an end": ("print('\\x04\\x04>', end='')", None),
    "a banner": ("print('MicroPython v1\\nType \"help()\" for more information.\\n>>> ', end='')", None),
    "a soft reboot": (
        "print('\\x04\\x04MPY: soft reboot\\r\\nraw REPL; CTRL-B to exit\\r\\n>', end='')",
        None,
    ),
    "a thread": ("import _thread\n_thread.start_new_thread(print, ('x' * 1000,))", None),
    "a failing thread": ("import _thread\n_thread.start_new_thread(lambda: 1/0, ())", None),
    "a bad exception": (
        "class E(Exception):\n def __init__(self): self.args = (self,)\n def __repr__(self): 1/0\nraise E",
        "E",
    ),
}


@pytest.mark.parametrize("harm", HARM)
def test_survives(device: Device, harm: str) -> None:
    survives(device, *HARM[harm])


def test_a_function_outlives_its_name(device: Device) -> None:
    @device.task
    def triple(x: int) -> int:
        return x * 3

    assert triple(5) == 15
    device("globals().clear()")
    assert triple(5) == 15


def test_an_interrupt_is_possible_again(device: Device) -> None:
    """A function that switched Ctrl-C off does not do so for the next."""
    device("import micropython\nmicropython.kbd_intr(-1)")
    with pytest.raises(BoardTimeoutError):
        device("while True: pass", timeout=0.2)
    is_well(device)


def test_a_function_that_reads_stdin(device: Device) -> None:
    """It gets what the host sends meanwhile, and nothing of that is missed."""
    device(
        "import sys\ndef read():\n"
        " try:\n  return sys.stdin.read(1)\n except KeyboardInterrupt:\n  return 'no'"
    )
    with pytest.raises(BoardTimeoutError):
        device("read()", timeout=0.2)
    is_well(device)


@pytest.mark.parametrize("heap", ["64k", "72k", "96k"])
def test_little_memory(heap: str) -> None:
    """Functions fail for lack of memory at every size of what they keep; the agent goes on."""
    with Device(f"virtual:?heap={heap}", agent=True, timeout=20) as device:
        device("kept = []\ndef keep(n):\n kept.append(bytearray(n))\ndef size(n):\n return len(bytes(n))")
        failed = 0
        for size in (4000, 2000, 1000, 500, 200, 100, 50, 30, 20, 10):
            try:
                while True:
                    device(f"keep({size})")
            except MemoryError:
                failed += 1
        assert failed == 10
        try:
            device("kept.clear()")
        except MemoryError:
            # Not even a byte is left to understand the request.
            device.soft_reset()
            device("def size(n):\n return len(bytes(n))")
        assert device("size(100)") == 100
        assert device("21 * 2") == 42


@pytest.mark.parametrize("free", [10_000, 15_000, 20_000])
def test_little_memory_for_an_answer(free: int) -> None:
    with Device("virtual:?heap=96k", agent=True, timeout=20) as device:
        device(
            "import gc\nkept = []\n"
            f"gc.collect()\nwhile gc.mem_free() > {free}:\n kept.append(bytearray(100))\n gc.collect()"
        )
        answers: list[Any] = []
        for size in range(100, 3000, 100):
            try:
                assert device(f"b'x' * {size}") == b"x" * size
                answers.append(size)
            except MemoryError:
                pass
        # In the least there is no room for the part of the agent that writes bytes.
        assert answers or free == 10_000
        assert device("21 * 2") == 42


def test_libraries_with_the_names_of_the_firmwares_own() -> None:
    with Device("virtual:?heap=128k&fs=lfs2:256k", agent=True) as device:
        device.filesystem.make_folder("/lib")
        for name in ("binascii", "io", "json", "os", "select", "struct", "time"):
            device.filesystem.write(f"/lib/{name}.py", b"MINE = True")
        device.soft_reset(main=False)
        assert device("__import__('io').MINE") is True
        assert device("os.MINE") is True
        data = bytes(range(256)) * 40
        device.filesystem.write("/data", data)
        assert device.filesystem.read("/data") == data
        assert device("__import__('io').MINE") is True
