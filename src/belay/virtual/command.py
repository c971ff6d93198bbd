"""The built-in MicroPython as a program of its own, as a ``micropython`` on PATH would be."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

from belay.virtual.launch import find_interpreter
from belay.virtual.options import VirtualOptions


def become_micropython(arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Turn this process into a MicroPython: its streams and its process id stay, nothing else does.

    Ctrl-C and other signals are MicroPython's from here on, and its exit code is that of the process.

    Args:
        arguments: Its command line, without the program's name.
        environment: What is added to the environment.

    Raises:
        FeatureUnavailableError: There is none here.
    """
    library, _ = find_interpreter(VirtualOptions())
    assert library is not None
    from belay.virtual.native import Native

    native = Native(library)
    os.environ.update(environment)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    os._exit(native.run([b"micropython", *map(os.fsencode, arguments)]) & 0xFF)
