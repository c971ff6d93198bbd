"""The board's time for a call, and the room that the agent takes: measured on the board itself."""

from __future__ import annotations

import contextlib
import json

from port import CountedPort

import belay
from belay.board import onboard
from belay.board.agent import Fixed
from belay.repl.frames import BYE, request
from belay.transports import open_transport
from belay.transports.base import READ_SIZE, Transport

ALLOCATED = "[__import__('gc').collect(), __import__('gc').mem_alloc()][1]"
MARK = "\x1e01234567"

# Runs on the board. The agent gets its requests out of memory; len is the cheapest that can stand for a
# write. All else is the agent as it is.
REPEATED_REQUESTS = """
def _bench(source, mark, data, write):
    import gc, io, select, sys, time

    class Module:
        pass

    fake, polling = Module(), Module()
    fake.stdin, fake.stdout = Module(), Module()
    fake.stdin.buffer, fake.stdout.buffer = io.BytesIO(data), Module()
    fake.stdout.buffer.write = write
    fake.print_exception, fake.modules = sys.print_exception, {}
    polling.poll = Module
    Module.register = lambda *_: None
    # Switching Ctrl-C on is the system's work, and for a program of the REPL's (which does it twice) not
    # counted either.
    interrupts = Module()
    interrupts.kbd_intr = abs
    names = {}
    sys.modules["sys"], sys.modules["select"], sys.modules["micropython"] = fake, polling, interrupts
    try:
        exec(source, names)
        run = names["_belay"](mark, 16384, 0)[0]
    finally:
        del sys.modules["sys"], sys.modules["select"], sys.modules["micropython"]
    gc.collect()
    # The interpreter's processor time: what else the machine does is left out.
    start = time.clock()
    run()
    taken = time.clock() - start
    return taken

def _bench_reading(data, sizes, times):
    # What the memory that stands for the wire costs by itself, read as the agent reads it.
    import io, time

    stream = io.BytesIO(data)
    read, readinto, head = stream.read, stream.readinto, bytearray(8)
    start = time.clock()
    for _ in range(times):
        for size in sizes:
            readinto(head)
            read(size)
    reading = time.clock() - start
    start = time.clock()
    for _ in range(times):
        for size in sizes:
            pass
    return reading - (time.clock() - start)

def _bench_agent(source, mark, before, requests, sizes, times, after):
    import io
    answers = io.BytesIO()
    _bench(source, mark, before + requests + after, answers.write)
    once = _bench(source, mark, before + after, len)
    often = _bench(source, mark, before + requests * times + after, len)
    return often - once - _bench_reading(requests * times, sizes, times), answers.getvalue()
"""


def board_time(times: int) -> float:
    """The seconds that a board needs for ``f(5)``, reading and writing left out.

    The requests are those that the host sent for real calls.

    Args:
        times: How many calls to measure, about.
    """
    recorders: list[Recorder] = []

    def recorded(transport: Transport) -> Transport:
        recorders.append(Recorder(transport))
        return recorders[-1]

    with belay.Device("virtual:", wrap=recorded) as device:

        @device.task
        def f(a):  # type: ignore[no-untyped-def]
            return a * 2

        f(5)
        [recorder] = recorders
        recorder.sent.clear()
        assert [f(5) for _ in range(26)] == [10] * 26
        requests = list(recorder.sent)
        assert len(requests) == 26, "a call is one write"
        number, first = requests[0][2], requests[0][3]
        define = json.dumps(["def f(a):\n return a*2", "f", number]).encode()
        # Another letter than that of the first call, or it would be taken for the same request.
        before = request(Fixed.DEFINE, ord("A") if first != ord("A") else ord("B"), define)
        device(REPEATED_REQUESTS)
        device.setup(_keep)(
            onboard.read("agent"),
            MARK,
            before,
            b"".join(requests),
            [len(one) - 8 for one in requests],
            request(BYE, first, b"[]"),
        )
        taken: list[float] = []
        for _ in range(3):
            many, answers = device(f"_bench_agent(*_kept[:5], {-(-times // 26)}, _kept[5])")
            assert answers.count(b"r10\x04") == 26, answers
            taken.append(many / (-(-times // 26) * 26))
        return min(taken)


def room() -> tuple[int, int]:
    """The bytes of the board's heap that a connection takes, after a garbage collection.

    Returns:
        What a program on the board cannot use while belay is connected, and what of it is the agent alone
        (the rest is what it holds while it runs, and the REPL's buffer).
    """
    with CountedPort() as port:
        free, *_ = _at_prompt(port.path, f"{onboard.read('startup')}\nprint({ALLOCATED})")
        with belay.Device(port.path) as device:
            connected = device(ALLOCATED)
        # It has left the raw mode, and what that held; the agent is still there.
        left, gone = _at_prompt(port.path, f"print({ALLOCATED})\n_belay = 0\nprint({ALLOCATED})")
    return connected - free, left - gone


def _at_prompt(path: str, code: str) -> list[int]:
    """The numbers that a program prints, run at the raw REPL with nothing of belay's."""
    with contextlib.closing(open_transport(path)) as transport:
        transport.write(b"\r\3\2\1" + code.encode() + b"\4")
        answer = b""
        while not answer.endswith(b"\4\4>"):
            answer += transport.read(timeout=10)
        transport.write(b"\2")
    return [int(word) for word in answer[answer.rindex(b">OK") + 3 : -3].split()]


def _keep(*kept):  # type: ignore[no-untyped-def]
    _kept = kept


class Recorder:
    """A transport that keeps what is written."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.name = inner.name
        self.flow_control = inner.flow_control
        self.survives_reset, self.transparent = inner.survives_reset, inner.transparent
        self.sent: list[bytes] = []

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, timeout)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self.sent.append(bytes(data))
        self.inner.write(data, timeout)

    def close(self) -> None:
        self.inner.close()
