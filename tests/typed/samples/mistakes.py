"""Mistakes that type checkers must find, each on a line with ``# wrong``; checked by mypy and pyright."""

from __future__ import annotations

from belay import Device

device = Device("virtual:")


@device.task
def plain(a: int, *, b: str = "") -> float:
    return 1.0


@device.setup
def prepare(pin: int) -> None: ...


class Sensor(Device):
    @Device.task
    @staticmethod
    def read(channel: int) -> float:
        return 0.0


sensor = Sensor("virtual:")

plain("x")  # wrong
plain(1, c="")  # wrong
plain()  # wrong
prepare("x")  # wrong
sensor.read("x")  # wrong
sensor.read()  # wrong
text: str = sensor.read(1)  # wrong
device.task(autoinit=True)  # wrong
device.setup(autoinit="yes")  # wrong
device.teardown(autoinit=True)  # wrong
device.thread(ignore_errors=True)  # wrong
Device.task(minifi=False)  # wrong
Device("virtual:", attempt=3)  # wrong
plain.map(3)  # wrong
with device.batch() as batch:
    batch.submit(plain, "x")  # wrong
    batch.submit(plain, 1, c="")  # wrong
