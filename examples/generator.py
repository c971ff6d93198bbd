"""A stream of readings: the board measures as long as somebody listens.

Wiring: a light sensor or a potentiometer at pin 26; see adc.py.

One sees: readings until three in a row are alike; then the board stops measuring, too.
"""

from __future__ import annotations

import sys

import belay

PIN, ALIKE = 26, 300

with belay.Device(*sys.argv[1:]) as device:

    @device.task
    def readings(number, milliseconds):
        sensor = ADC(Pin(number))
        measured = 0
        try:
            while True:
                yield sensor.read_u16()
                measured += 1
                time.sleep_ms(milliseconds)
        finally:
            print("the board has measured", measured + 1, "times")

    last = []
    for reading in readings(PIN, 5):
        last = [*last[-2:], reading]
        print("reading", reading)
        if len(last) == 3 and max(last) - min(last) < ALIKE:
            break
    # What the board says at the end of the stream arrives with the next call.
    device("None")
