"""Presses Ctrl-C at any moment of a call, again and again; run as a process of its own.

A tracer such as coverage's has locks of its own that a Ctrl-C at the wrong moment leaves locked.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from belay import Device
from belay.board.calls import Terms
from belay.link import Link, Queue
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


def interrupt_a_link(rounds: int, chance: random.Random, *, listen: bool) -> int:
    """Programs over the plain REPL."""
    link = Link(open_transport("virtual:"))
    if listen:
        link.listen()
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
    return hit


def interrupt_a_device(rounds: int, chance: random.Random, *, listen: bool) -> int:
    """Calls by the agent; each of the next calls gets its own answer, and no call ran twice."""
    device = Device("virtual:", agent=True, listen=listen)
    device("n = 0\ndef count(x):\n global n\n n += 1\n return [x, n]\ndef loop():\n while True: pass")
    call: Any = device._session.ask
    hit = 0
    for _ in range(rounds):
        name, args = chance.choice(
            [("count", [1]), ("count", ["x" * 3000]), ("loop", []), ("count", [b"\x03" * 9000])]
        )
        done = device("n")
        try:
            with ctrl_c_after(chance.uniform(0.00005, 0.003)):
                while True:
                    # One more, if it ran: not two, and not none if it answered.
                    at = call(lambda calls: calls.call(name, args, {}, Terms()))[1]  # noqa: B023
                    assert at == done + 1, (at, done)
                    done = at
        except KeyboardInterrupt:
            hit += 1
        number = chance.randrange(10**9)
        assert call(lambda calls: calls.call("count", [number], {}, Terms(timeout=30)))[0] == number  # noqa: B023
        assert device("n") in (done + 1, done + 2)
    device.close()
    return hit


def interrupt_a_queue(rounds: int, chance: random.Random, *, listen: bool) -> int:
    """Turns with a time-out; whoever comes after must get theirs."""
    queue = Queue()
    hit = 0
    for _ in range(rounds):
        try:
            with ctrl_c_after(chance.uniform(0.00002, 0.0004)):
                while True:
                    queue.do(lambda: None, timeout=1)
        except KeyboardInterrupt:
            hit += 1
        done = threading.Event()
        threading.Thread(target=queue.do, args=(done.set,), daemon=True).start()
        assert done.wait(10)
    return hit


def main(rounds: int, seed: int, *ways: str) -> None:
    """Do so, then say how often."""
    kinds = {"agent": interrupt_a_device, "turns": interrupt_a_queue}
    interrupt = next((kinds[way] for way in ways if way in kinds), interrupt_a_link)
    hit = interrupt(rounds, random.Random(seed), listen="listen" in ways)
    print(hit)  # noqa: T201 - for the test that started this program


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
