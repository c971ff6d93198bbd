"""What goes wrong on the board goes wrong here: the same type, the same message, and the line in this file.

Wiring: none.

One sees: three mistakes that are caught, each as what it is, and the end of a traceback that leads
into this file.
"""

from __future__ import annotations

import sys
import traceback

import belay

with belay.Device(*sys.argv[1:]) as device:

    @device.task
    def share(cake, guests):
        return cake // guests

    @device.task
    def open_drawer(name):
        with open(name) as drawer:
            return drawer.read()

    @device.task(timeout=0.2)
    def endless():
        while True:
            pass

    try:
        share(12, 0)
    except ZeroDivisionError as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(f"{type(error).__name__}: {error}; in {where.name}: {where.line}")
    try:
        open_drawer("/no/such/drawer")
    except OSError as error:
        print(f"OSError {error.errno}, raised by the board: {isinstance(error, belay.BoardError)}")
    try:
        endless()
    except belay.BoardTimeoutError:
        print("it took too long, and was stopped")
    print(f"the board goes on: 12 pieces for 4 are {share(12, 4)} each")
