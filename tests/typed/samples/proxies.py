"""What type checkers make of proxies; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

from belay import Device, Proxy

device = Device("virtual:")
motor: Proxy = device.proxy("motor")

assert_type(device.proxy("import machine"), Any)
assert_type(device("[1]", proxy=True), Any)
assert_type(device(motor), Any)
assert_type(motor.speed, Any)
assert_type(motor.turn(1, slow=True), Any)
assert_type(motor[1:2], Any)
assert_type(motor + 1, Any)
assert_type(2 * motor, Any)
assert_type(-motor, Any)
assert_type(motor < 3, Any)
assert_type(len(motor), int)
assert_type(iter(motor), Iterator[Any])
assert_type("a" in motor, bool)
motor.speed = 5
motor[0] = 1
motor += 1
del motor.speed, motor[0]


@device.task(proxy=True)
def log(n: int) -> list[int]:
    return [n]


assert_type(log(5), list[int])


async def run() -> None:
    assert_type(await motor.later(), Any)
    with motor as entered:
        assert_type(entered, Any)


device.proxy(5)  # wrong
device(7)  # wrong
