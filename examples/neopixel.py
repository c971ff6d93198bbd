"""A rainbow goes round a ring of colour LEDs: this computer mixes the colours, the board passes them on.

Wiring: the data input of a ring or strip of eight WS2812 ("NeoPixel") to pin 16, its ground to the
board's ground, its supply to 5 V. The firmware's own module neopixel sends its colours by
machine.bitstream as well.

One sees: a rainbow that turns once.
"""

from __future__ import annotations

import colorsys
import sys

import belay

PIN, LEDS, STEPS = 16, 8, 32


def rainbow(turn: float) -> bytes:
    """The colours of all LEDs, dimmed; each is sent as green, red, blue."""
    colours = bytearray()
    for led in range(LEDS):
        red, green, blue = colorsys.hsv_to_rgb((led / LEDS + turn) % 1, 1, 0.2)
        colours += bytes(round(255 * part) for part in (green, red, blue))
    return bytes(colours)


with belay.Device(*sys.argv[1:]) as device:

    @device.setup
    def prepare(number):
        data = Pin(number, Pin.OUT)

    @device.task
    def show(colours):
        machine.bitstream(data, 0, (400, 850, 800, 450), colours)

    prepare(PIN)
    for step in range(STEPS):
        show(rainbow(step / STEPS))
    print(f"{STEPS} pictures of {LEDS} LEDs")
    show(bytes(3 * LEDS))
