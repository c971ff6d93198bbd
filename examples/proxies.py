"""A driver that runs on this computer, though its bus is the board's.

Wiring: an LM75 or TMP102 temperature sensor at 3.3 V and ground, SCL at pin 5 and SDA at pin 4. The
LED is the board's own.

One sees: which addresses answer on the bus, and the temperature; above 30 degrees the LED shines.
"""

from __future__ import annotations

import sys

import belay


class Thermometer:
    """A driver as for MicroPython: it uses whatever bus it is given, and knows nothing of belay."""

    def __init__(self, bus, address=0x48):
        self.bus, self.address = bus, address

    @property
    def celsius(self) -> float:
        """The temperature: the upper 12 bits of register 0, in sixteenths, the first one the sign."""
        raw = int.from_bytes(self.bus.readfrom_mem(self.address, 0, 2), "big", signed=True)
        return (raw >> 4) / 16


with belay.Device(*sys.argv[1:]) as device:
    # Both stay on the board. What is asked of them here is done there.
    Pin = device.proxy("Pin")
    bus = device.proxy("I2C(0, scl=Pin(5), sda=Pin(4))")
    led = Pin("LED", Pin.OUT)

    found = list(bus.scan())
    print("on the bus:", ", ".join(map(hex, found)) or "nothing")
    if 0x48 in found:
        thermometer = Thermometer(bus)
        print(f"{thermometer.celsius:.1f} degrees Celsius")
        led.value(thermometer.celsius > 30)
