"""A LED blinks, and this computer says when.

Wiring: none, where the firmware calls the board's own LED "LED", as a Pico's does. Else put the
number of a pin with a LED (and its resistor to ground) into LED.

One sees: the LED blinks ten times, each time a little slower.
"""

from __future__ import annotations

import sys
import time

import belay

LED = "LED"

with belay.Device(*sys.argv[1:]) as device:

    @device.setup
    def prepare(name):
        led = Pin(name, Pin.OUT)

    @device.task
    def light(on):
        led.value(on)

    prepare(LED)
    for beat in range(10):
        for on in (True, False):
            light(on)
            time.sleep(0.005 * (beat + 1))
    print(f"{device.implementation.name} on {device.implementation.platform} has blinked")
