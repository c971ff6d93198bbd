"""What is turned at a potentiometer shows as a bar in the terminal.

Wiring: the outer legs of a potentiometer to 3.3 V and ground, the middle one to pin 26 (which has
the ADC's channel 0 on a Pico; on other boards, put the number of a pin that can measure into PIN).

One sees: a bar that follows the knob, and at the end the mean and how much the readings scatter.
Nothing is wired to a virtual board, so there all of them are 0 V.
"""

from __future__ import annotations

import statistics
import sys
import time

import belay

PIN, VOLTS, READINGS = 26, 3.3, 20

with belay.Device(*sys.argv[1:]) as device:

    @device.setup
    def prepare(number):
        knob = ADC(Pin(number))

    @device.task
    def read():
        return knob.read_u16()

    prepare(PIN)
    volts = []
    for _ in range(READINGS):
        share = read() / 65535
        volts.append(share * VOLTS)
        print(f"{volts[-1]:.2f} V {'#' * round(share * 40)}")
        time.sleep(0.01)
    print(f"mean {statistics.mean(volts):.2f} V, scatter {1000 * statistics.stdev(volts):.0f} mV")
