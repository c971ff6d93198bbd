"""One program, several boards: each does its part at the same time.

Wiring: none, where the firmwares call the boards' own LEDs "LED". Name the boards on the command
line, such as /dev/ttyACM0 /dev/ttyACM1, or @left @right (see belay select); virtual: virtual: are
two without hardware.

One sees: a light that runs from board to board, and then how long they take together for what each
does alone.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import belay


class Lamp(belay.Device):
    """A board with a LED."""

    @belay.Device.setup(autoinit=True)
    def prepare():
        led = Pin("LED", Pin.OUT)

    @belay.Device.task
    def light(on):
        led.value(on)

    @belay.Device.task
    def ponder(milliseconds):
        time.sleep_ms(milliseconds)


addresses = sys.argv[1:] or sys.exit("which boards? As in: several.py virtual: virtual:")
with ExitStack() as stack:
    devices = [stack.enter_context(Lamp(address)) for address in addresses]
    for _ in range(3):
        for device in devices:
            device.light(True)
            time.sleep(0.02)
            device.light(False)
    started = time.monotonic()
    with ThreadPoolExecutor(len(devices)) as pool:
        list(pool.map(lambda device: device.ponder(200), devices))
    seconds = time.monotonic() - started
    print(f"{len(devices)} boards have pondered {200 * len(devices)} ms in {1000 * seconds:.0f} ms")
