"""A board over WiFi: a program does not notice, but for the time that a call takes.

Wiring: none. The board must be in the network with WebREPL on it (`import webrepl_setup`, once). The
address is ws:// and the board's, as in ws://192.168.4.1; without hardware, what `belay virtual
--webrepl 8266` prints, whose password is "python". The password is asked for, or taken from the
environment variable BELAY_PASSWORD.

One sees: the LED goes on and off again, and how long a call takes on its way through the air.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from getpass import getpass

import belay

CALLS = 20

with belay.Device(*sys.argv[1:], password=os.environ.get("BELAY_PASSWORD") or getpass) as device:

    @device.setup
    def prepare():
        led = Pin("LED", Pin.OUT)

    @device.task
    def toggle():
        led.value(not led.value())
        return led.value()

    prepare()
    print("the LED is", ["off", "on"][toggle()])
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        toggle()
        times.append(time.perf_counter() - started)
    print(f"{CALLS} calls to {device.address}, half of them in {1000 * statistics.median(times):.1f} ms")
    print("the LED is", ["off", "on"][toggle()])
