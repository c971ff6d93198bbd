"""What is done to the interpreter's thread from outside."""

from __future__ import annotations

import subprocess
import sys

# The main thread sits in C for good, as it does while MicroPython runs; another one pokes it, and is traced.
POKED = """
import ctypes, os, sys, threading
from belay.virtual.native import Poker

os.dup2(os.pipe()[0], 0)
poker = Poker()
libc = ctypes.CDLL(None)

def poke():
    for _ in range(2000):
        poker.poke()
        for _ in range(20):
            (lambda: None)()
    print("poked", flush=True)
    os._exit(0)

threading.settrace(lambda *event: None)
threading.Thread(target=poke).start()
mutex = ctypes.create_string_buffer(128)
libc.pthread_mutex_lock(mutex)
libc.pthread_mutex_lock(mutex)
"""


def test_pokes_stop_nobody() -> None:
    """A signal that only the main thread could handle must not keep the others from running."""
    done = subprocess.run(
        [sys.executable, "-c", POKED], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.stdout, done.stderr) == ("poked\n", "")
