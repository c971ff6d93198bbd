"""What connecting and calling cost: turns, bytes and time, on the virtual board.

A turn is a change from writing to reading that brings data: what a link's delay is paid for. Turns and bytes
are the same on every machine; milliseconds are not.

    python3 dev.py bench calls [ADDRESS] [--calls N] [--json]
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any

import belay
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport


@dataclass(frozen=True)
class Row:
    """One kind of work, per call: turns, bytes out and in, and milliseconds."""

    work: str
    turns: float
    bytes_out: float
    bytes_in: float
    milliseconds: float
    peer: str = ""


# Measured with belay 0.30.1 and mpremote 1.29.0 against an RP2040 emulated cycle by cycle; turns and bytes do
# not depend on the machine. Milliseconds are not comparable with the virtual board's and are left out.
PEERS = {
    "connect": "belay 0.30.1: 42 turns, 1900 bytes (22 turns without time sync)",
    "task f(5)": "belay 0.30.1: 2 turns, 57 + 27 bytes; without time sync 44 + 23",
    "eval 1+1": "belay 0.30.1: 2 turns, 45 + 26 bytes; mpremote 1.29.0: 2 turns, 20 + 12",
}


class Meter:
    """Counts what passes over a device's transport."""

    def __init__(self) -> None:
        self.count: CountingTransport | None = None

    def wrap(self, transport: Transport) -> Transport:
        self.count = CountingTransport(transport)
        return self.count

    def measure(self, work: str, call: Callable[[], Any], times: int, *, fresh: bool = False) -> Row:
        if self.count and not fresh:
            self.count.reset()
        start = time.perf_counter()
        for _ in range(times):
            call()
        seconds = time.perf_counter() - start
        count = self.count
        if count is None:
            raise RuntimeError("no transport was opened")
        return Row(
            work,
            count.turns / times,
            count.bytes_out / times,
            count.bytes_in / times,
            seconds / times * 1000,
            PEERS.get(work, ""),
        )


def measure(address: str, calls: int) -> list[Row]:
    meter = Meter()
    devices: list[belay.Device] = []

    def connect() -> None:
        devices.append(belay.Device(address, wrap=meter.wrap))

    rows = [meter.measure("connect", connect, 1, fresh=True)]
    [device] = devices

    @device.task
    def f(a):  # type: ignore[no-untyped-def]
        return a * 2

    @device.task
    def echo(data):  # type: ignore[no-untyped-def]
        return data

    @device.task
    def count(n):  # type: ignore[no-untyped-def]
        yield from range(n)

    @device.task
    def boom():  # type: ignore[no-untyped-def]
        raise ValueError("no")

    @device.task
    def talk():  # type: ignore[no-untyped-def]
        print("hello")

    def fail() -> None:
        try:
            boom()
        except ValueError:
            return
        raise AssertionError("the board's error did not arrive")

    def definition() -> None:
        @device.task
        def later(a):  # type: ignore[no-untyped-def]
            return a

    rows += [
        meter.measure("task f(5)", lambda: f(5), calls),
        meter.measure("eval 1+1", lambda: device("1+1"), calls),
        meter.measure("statement x=1", lambda: device("x=1"), calls),
        meter.measure("task that raises", fail, calls),
        meter.measure("define a task", definition, max(1, calls // 10)),
        meter.measure(
            "task, 1 KiB of bytes both ways", lambda: echo(bytes(range(256)) * 4), max(1, calls // 10)
        ),
    ]
    with redirect_stdout(StringIO()):
        rows.append(meter.measure("task that prints", talk, calls))
    rows.append(meter.measure("generator of 100 items", lambda: list(count(100)), max(1, calls // 100)))
    rows += with_proxies(device, meter, calls)
    device.close()
    return rows


def with_proxies(device: belay.Device, meter: Meter, calls: int) -> list[Row]:
    device("class Motor:\n speed = 5\n def turn(self, by, slow=0): return by\n def log(self): return [1, 2]")
    motor = device.proxy("Motor()")
    log = motor.log()
    # What is found out once, and the parts of the agent, are there from now on.
    motor.turn(1)
    motor.turn(1, slow=log)
    assert list(log) == [1, 2]
    assert motor == motor  # noqa: PLR0124 - on the board
    return [
        meter.measure("proxy.attribute", lambda: motor.speed, calls),
        meter.measure("proxy.method(5)", lambda: motor.turn(5), calls),
        meter.measure("proxy.method(5, slow=proxy)", lambda: motor.turn(5, slow=log), calls),
        meter.measure("proxy.method() -> proxy, dropped", motor.log, calls),
        meter.measure("proxy == proxy", lambda: motor == log, calls),
        meter.measure("proxy[1]", lambda: log[1], calls),
        meter.measure("device.proxy, dropped", lambda: device.proxy("Motor"), calls),
        meter.measure(
            "iteration, 100 ints of a list", lambda: [*iter(hundred(device))], max(1, calls // 100)
        ),
    ]


def hundred(device: belay.Device) -> Any:
    return device.proxy("range(100)")


def table(rows: list[Row]) -> str:
    lines = [f"{'work':32} {'turns':>7} {'bytes out':>10} {'bytes in':>9} {'ms':>8}  peers"]
    for row in rows:
        wire = f"{row.turns:7.2f} {row.bytes_out:10.1f} {row.bytes_in:9.1f}"
        lines.append(f"{row.work:32} {wire} {row.milliseconds:8.3f}  {row.peer}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address", nargs="?", default="virtual:")
    parser.add_argument("--calls", type=int, default=500, help="how often each call is made (default: 500)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    rows = measure(given.address, given.calls)
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        system = f"{platform.system()} {platform.machine()}"
        print(f"{given.address} with Python {platform.python_version()} on {system}\n")
        print(table(rows))


if __name__ == "__main__":
    main()
