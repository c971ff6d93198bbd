"""``belay demo``: the main job in one minute, on a board that needs no hardware; the first half is here."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

import belay
from belay.cli.demo_show import show_source, show_title

if TYPE_CHECKING:
    from belay import Device

    # Names that exist on the board only.
    Pin: Any
    sleep: Any

BOARD = "virtual:"


@click.command(short_help="Show the main job on the virtual board, in a minute.")
def demo() -> None:
    """Show the main job on the virtual board, in a minute: calls, and a project with packages.

    Each step prints its own source and then runs it: what you see is what happened. The packages come from
    an index that the demo serves itself; no network is used, and nothing of yours is changed.
    """
    from belay.cli.demo_project import show_project

    began = time.perf_counter()
    click.secho("belay: a MicroPython board as a part of your Python program\n", bold=True)
    click.echo(f">>> device = belay.Device({BOARD!r})")
    with belay.Device(BOARD) as device:
        about = device.implementation
        version = ".".join(map(str, about.version))
        click.secho(f"{about.name} {version} on {about.board or about.platform}\n", fg="green")
        for title, step in STEPS:
            show_title(title, step)
            show_source(step)
            step(device)
            click.echo()
    show_project()
    seconds = time.perf_counter() - began
    click.secho(f"That was a real MicroPython, {seconds:.1f} s from start to end.", bold=True)
    click.echo("Next: docs/quick-start.md and docs/packages.md, or  belay virtual  for a board to keep.")


def call_a_task(device: Device) -> None:
    """A function becomes a task: it runs on the board, and what it prints arrives as it is printed."""

    @device.task
    def set_led(state):  # type: ignore[no-untyped-def]
        print(f"LED to {state}")
        Pin(25, Pin.OUT).value(state)
        return "done"

    print(set_led(True))


def see_the_pin(device: Device) -> None:
    """The virtual board's pins can be seen from outside, as with a probe."""
    print("the LED's level is", device.virtual.pins[25].value)


def use_a_generator(device: Device) -> None:
    """A generator on the board is a generator here: each item is fetched when it is wanted."""

    @device.task
    def blink(times):  # type: ignore[no-untyped-def]
        led = Pin(25, Pin.OUT)
        for number in range(times):
            led.toggle()
            sleep(0.1)
            yield number, led.value()

    for number, level in blink(4):
        print(f"blink {number}: {level}")


def find_an_error(device: Device) -> None:
    """An error on the board has its own type, and a traceback into this file."""

    @device.task
    def average(values):  # type: ignore[no-untyped-def]
        total = sum(values)
        return total / len(values)

    print(average([3, 4, 8]))
    try:
        average([])
    except ZeroDivisionError:
        traceback.print_exc(limit=-1, file=sys.stdout)


def stop_a_loop(device: Device) -> None:
    """A program that hangs is stopped, and the board goes on."""
    try:
        device("while True: pass", timeout=0.5)
    except TimeoutError as error:
        print(error)
    print("and 6 * 7 is still", device("6 * 7"))


STEPS: list[tuple[str, Callable[[Device], None]]] = [
    ("1. Call a function on the board", call_a_task),
    ("2. See its pin change", see_the_pin),
    ("3. Stream from a generator", use_a_generator),
    ("4. Find an error", find_an_error),
    ("5. Stop what hangs", stop_a_loop),
]
