from __future__ import annotations

import subprocess

from belay.cli import demo

from .conftest import BELAY, Belay


def test_each_step_shows_its_source_and_what_came_of_it(belay: Belay) -> None:
    result = belay("demo")
    assert (result.code, result.err) == (0, "")
    parts = [result.out.partition(f"{title}\n")[2] for title, _ in demo.STEPS]
    assert all(parts)
    task, pin, generator, error, stop = parts
    assert "    print(set_led(True))\n\nLED to True\ndone\n" in task
    assert "\nthe LED's level is 1\n" in pin
    assert "\nblink 0: 0\nblink 1: 1\nblink 2: 0\nblink 3: 1\n" in generator
    assert "\n5.0\nTraceback (most recent call last):\n" in error
    assert f'File "{demo.__file__}", line ' in error
    assert "in average\n    return total / len(values)\nboard.ZeroDivisionError: divide by zero\n" in error
    assert "and 6 * 7 is still 42\n" in stop
    assert "type: ignore" not in result.out


def test_it_is_plain_without_a_terminal() -> None:
    done = subprocess.run([*BELAY, "demo"], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
