"""Presses Ctrl-C at any moment of a call, again and again; run as a process of its own.

A tracer such as coverage's has locks of its own that a Ctrl-C at the wrong moment leaves locked.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from belay.link import Link
from belay.transports import open_transport


@contextmanager
def ctrl_c_after(seconds: float) -> Iterator[None]:
    """A KeyboardInterrupt in the main thread, from outside.

    Again after two seconds: Python swallows what is raised while it collects garbage.
    """
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds, 2.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def check(link: Link, number: int) -> None:
    """The next call gets its own answer."""
    printed = bytearray()
    outcome = link.run(f"print({number})", on_output=printed.extend, timeout=30)
    assert outcome.error == b"", outcome
    assert printed == b"%d\r\n" % number, printed


def main(rounds: int, seed: int) -> None:
    """Do so, then say how often."""
    chance = random.Random(seed)
    transport = open_transport("virtual:")
    link = Link(transport)
    hit = 0
    for _ in range(rounds):
        number = chance.randrange(10**9)
        code = chance.choice(
            [f"print({number})", f"#{'x' * 3000}\nprint({number})", "while True: pass", "1/0", ""]
        )
        try:
            with ctrl_c_after(chance.uniform(0.00005, 0.003)):
                while True:
                    if code:
                        link.run(code)
                    else:
                        link.enter()
        except KeyboardInterrupt:
            hit += 1
        check(link, number)
    link.close()
    print(hit)  # noqa: T201 - for the test that started this program


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main(int(sys.argv[1]), int(sys.argv[2]))
