"""A board becomes a class: what it can do are its methods, wherever they run.

Wiring: a fan's driver at pin 15, a switch between pin 14 and ground.

One sees: the fan starts slowly; when the switch is closed it stops at once.
"""

from __future__ import annotations

import sys
import time

import belay


class Fan(belay.Device):
    """A fan with a switch; speeds are from 0 to 1."""

    NAME = "fan"

    @belay.Device.setup(autoinit=True)
    def prepare():
        motor = PWM(Pin(15), freq=20_000, duty_u16=0)
        switch = Pin(14, Pin.IN, Pin.PULL_UP)

    @belay.Device.task
    def set_duty(duty):
        # The switch is looked at where it is, without a turn to the computer.
        motor.duty_u16(duty if switch.value() else 0)
        return bool(switch.value())

    @belay.Device.teardown
    def stop():
        motor.duty_u16(0)

    def start(self, seconds: float, steps: int = 20) -> bool:
        """Speed up; whether nobody has switched it off."""
        for step in range(1, steps + 1):
            if not self.set_duty(65535 * step // steps):
                return False
            time.sleep(seconds / steps)
        return True


with Fan(*sys.argv[1:]) as device:
    running = device.start(0.5)
    print("the fan runs" if running else "the fan is switched off")
