"""The board keeps a heart beating by itself, while this computer asks it other things.

Wiring: none, where the firmware calls the board's own LED "LED"; see blink.py. The board must have
threads, as RP2040, ESP32 and the virtual board have.

One sees: the LED beats slowly, then faster, though the program is busy with sums meanwhile.
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
        pause = 0.1
        beats = 0
        alive = True

    @device.thread
    def heart():
        global beats
        while alive:
            led.value(not led.value())
            beats += 1
            time.sleep(pause)

    @device.task
    def beat_every(seconds):
        global pause
        pause = seconds
        return beats

    @device.teardown
    def rest():
        alive = False
        led.value(0)

    prepare(LED)
    heart()
    for seconds in (0.1, 0.02):
        before, started, sums = beat_every(seconds), time.monotonic(), 0
        while beat_every(seconds) < before + 3:
            device(f"sum(range({sums}))")
            sums += 1
        print(f"{sums} sums in the {time.monotonic() - started:.2f} s of three beats")
