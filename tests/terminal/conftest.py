"""A user at a console, and boards to talk to."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from patience import SOON

from belay.exceptions import BelayException
from belay.link import Link
from belay.terminal import Terminal
from belay.transports.virtual import VirtualTransport, open_virtual

PROMPT = b">>> "


class User:
    """A console whose keys are pressed by a test, which waits for what is shown."""

    def __init__(self, *, typed: bool = True, shows: bool = True) -> None:
        self.typed, self.shows = typed, shows
        self.told = ""
        self.broken = False
        self._keys: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._seen = b""

    # --- what a session needs -------------------------------------------------------------------

    def read(self, timeout: float | None) -> bytes:
        try:
            keys = self._keys.get(timeout=timeout)
        except queue.Empty:
            return b""
        if keys is None:
            raise EOFError
        return keys

    def wake(self) -> None:
        self._keys.put(b"")

    def write(self, data: bytes) -> None:
        if self.broken:
            raise BrokenPipeError
        with self._changed:
            self._seen += data
            self._changed.notify_all()

    def say(self, text: str) -> None:
        self.told += text
        self.write(text.encode() if self.shows else b"")

    # --- what a test does -----------------------------------------------------------------------

    def press(self, keys: bytes) -> None:
        self._keys.put(keys)

    def end(self) -> None:
        self._keys.put(None)

    def until(self, end: bytes) -> bytes:
        """What is shown up to and with ``end``."""
        deadline = time.monotonic() + SOON
        with self._changed:
            while end not in self._seen:
                assert self._changed.wait(deadline - time.monotonic()), (
                    f"no {end!r} in {self._seen[-2000:]!r}"
                )
            at = self._seen.index(end) + len(end)
            found, self._seen = self._seen[:at], self._seen[at:]
            return found

    @property
    def seen(self) -> bytes:
        """What is shown and not yet waited for."""
        return self._seen


class Session:
    """A terminal session in a thread of its own.

    Attributes:
        user: Who sits at it.
    """

    def __init__(
        self, user: User, link: Link, *, reopen: Callable[[], Link] | None = None, **options: object
    ) -> None:
        self.user = user
        self.error: BaseException | None = None
        terminal = Terminal(user, greets=False, **options)  # type: ignore[arg-type]

        def run() -> None:
            try:
                terminal.run(link, reopen or self._no_return)
            except (BelayException, OSError) as error:
                self.error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def ended(self) -> BaseException | None:
        """Wait for the end; the error that it ended with."""
        self._thread.join(SOON)
        assert not self._thread.is_alive()
        return self.error

    def leave(self) -> None:
        """Leave by the key."""
        self.user.press(b"\x1d")
        assert self.ended() is None

    def _no_return(self) -> Link:
        raise AssertionError("the board is not to go away")


@pytest.fixture(scope="module")
def port() -> Iterator[VirtualTransport]:
    """A board for all tests of a module."""
    transport = open_virtual("")
    yield transport
    transport.close()


@pytest.fixture(scope="module")
def link(port: VirtualTransport) -> Link:
    """The only link to it: what a session still waits for at its end, the next one gets."""
    return Link(port)


@pytest.fixture
def session(link: Link) -> Iterator[Session]:
    """A session with it, at an empty prompt."""
    user = User()
    session = Session(user, link)
    user.press(b"\r\x03\rprint('re' + 'ady')\r")
    user.until(b"ready\r\n>>> ")
    yield session
    user.press(b"\x1d")
    session.ended()
