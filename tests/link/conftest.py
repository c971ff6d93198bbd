"""A real MicroPython behind a link, and transports that make life harder."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from belay.exceptions import ConnectionLost
from belay.link import Link
from belay.transports import open_transport
from belay.transports.base import READ_SIZE, Transport
from belay.transports.virtual import VirtualTransport


class Wrapper:
    """Passes everything on; changes nothing."""

    survives_reset = True
    transparent = True

    def __init__(self, inner: Transport) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def flow_control(self) -> bool:
        return self.inner.flow_control

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, timeout)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self.inner.write(data, timeout)

    def close(self) -> None:
        self.inner.close()


class OneByte(Wrapper):
    """Delivers one byte a read."""

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        return self.inner.read(1, timeout)


class Slow(Wrapper):
    """A link with a delay: what is read was sent some time ago."""

    delay = 0.02

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        data = self.inner.read(max_bytes, timeout)
        time.sleep(self.delay)
        return data


class Noisy(Wrapper):
    """Random bytes come before the first ones of the board's."""

    def __init__(self, inner: Transport, noise: bytes) -> None:
        super().__init__(inner)
        self._noise = noise

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        if self._noise:
            noise, self._noise = self._noise[:max_bytes], self._noise[max_bytes:]
            return noise
        return self.inner.read(max_bytes, timeout)


class Uart(Wrapper):
    """A port without flow control: what exceeds 256 bytes in a burst is lost.

    A burst ends when the board answers, or after a few milliseconds.
    """

    room = 256
    period = 0.005

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.lost = 0
        self._held = 0
        self._at = time.monotonic()

    @property
    def flow_control(self) -> bool:
        return False

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        data = self.inner.read(max_bytes, timeout)
        self._held = 0
        return data

    def write(self, data: bytes, timeout: float | None = None) -> None:
        now = time.monotonic()
        if now - self._at >= self.period:
            self._held = 0
            self._at = now
        taken = data[: self.room - self._held]
        self._held += len(taken)
        self.lost += len(data) - len(taken)
        self.inner.write(taken, timeout)


class Scripted:
    """Something that is not a board, as seen from the host.

    Args:
        chatter: What it sends, again and again; nothing if empty.
        room: How many bytes it takes.
    """

    name = "scripted:"
    flow_control = True

    survives_reset = True
    transparent = True

    def __init__(self, chatter: bytes = b"", room: float = float("inf")) -> None:
        self._chatter = chatter
        self._room = room
        self._closed = threading.Event()
        self.written = b""

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        if not self._chatter or timeout == 0:
            if self._closed.wait(timeout):
                raise ConnectionLost("closed")
            raise TimeoutError
        if self._closed.wait(0.0005):
            raise ConnectionLost("closed")
        return self._chatter

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self.written += data
        if len(self.written) > self._room:
            if self._closed.wait(timeout):
                raise ConnectionLost("closed")
            raise TimeoutError

    def close(self) -> None:
        self._closed.set()


class Script:
    """What a board sends, answer for answer; then silence."""

    name = "script:"
    flow_control = True

    def __init__(self, *answers: bytes | Callable[[bytes], bytes]) -> None:
        self._answers = deque(answers)
        self._ready: deque[bytes] = deque()
        self.written: list[bytes] = []

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        if self._ready:
            return self._ready.popleft()
        assert timeout is not None, "waits for ever for what never comes"
        time.sleep(timeout)
        raise TimeoutError

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self.written.append(data)
        if self._answers:
            answer = self._answers.popleft()
            answer = answer(data) if callable(answer) else answer
            if answer:
                self._ready.append(answer)

    def close(self) -> None:
        pass


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.002)


def run(link: Link, code: str, timeout: float | None = 30.0) -> bytes:
    """Run code that must not fail; what it printed."""
    printed = bytearray()
    outcome = link.run(code, on_output=printed.extend, timeout=timeout)
    assert outcome.error == b""
    return bytes(printed)


def works(link: Link) -> None:
    """The link is in order: each of three programs gets its own answer."""
    for _ in range(3):
        number = random.randrange(10**9)
        assert run(link, f"print({number})") == b"%d\r\n" % number


@pytest.fixture
def transport() -> Iterator[VirtualTransport]:
    transport = open_transport("virtual:")
    assert isinstance(transport, VirtualTransport)
    yield transport
    transport.close()
    # Also where a Ctrl-C hit the transport itself.
    transport.board.close()


@pytest.fixture
def link(transport: VirtualTransport) -> Iterator[Link]:
    link = Link(transport)
    link.enter()
    yield link
    link.close()


@pytest.fixture
def files(transport: VirtualTransport) -> Path:
    """The board's files."""
    return transport.board.root
