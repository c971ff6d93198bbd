"""A transport and the REPL's language put together: bytes are written, events come back, in time or not."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from belay.deadline import Deadline
from belay.exceptions import BoardResetError, ConnectionLost
from belay.link.stopping import Stop, current_stop
from belay.repl import NEED_DATA, Answer, Event, NeedData, Output, RawRepl, Rebooted
from belay.transports.base import Transport

WRITE_TIMEOUT = 10.0
"""Seconds in which a board makes room for what is sent to it."""

PIECE = 256
"""Bytes that any port takes at once where there is no flow control."""

PIECE_PAUSE = 0.01
"""Seconds between such pieces."""

LAST_SEEN = 200
"""So many of the last bytes that came are kept for error messages."""

SLICE = 0.2 if sys.platform == "win32" else threading.TIMEOUT_MAX
"""Seconds of one wait for another thread. On Windows a wait for a lock keeps Ctrl-C out until it ends."""

ALONE = 0.05
"""Seconds that a thread which can be stopped reads by itself; most answers come sooner. Then another thread
reads for it, so that it can be woken."""

OutputHandler = Callable[[bytes], None]
NewsHandler = Callable[[str, bytes], None]
"""Gets the kind and the body of a frame that nobody asked for."""

EVENT, LOG = "v", "l"
"""Kinds of such frames."""


class Late(Exception):  # noqa: N818 - not an error yet
    """The time for something was over.

    Not a TimeoutError: one of those may come from the caller's output handler, and means something else.
    """


class Wire:
    """One conversation's bytes and what they mean. Used by one thread at a time.

    Args:
        transport: The open byte pipe.

    Attributes:
        repl: The state machine.
        last_seen: The last bytes that came.
        paste: Whether the board knows raw paste; None until it was asked.
        on_idle_output: Gets what threads and timers print while no program runs.
        on_news: Gets the events and logs that the board sends.
        agent_runs: Whether the program that runs, if one does, is the agent.
        unanswered: Whether a request to the agent was given up. It may never have come there, and then one
            that is sent later might have the letter of the last that did.
        cluttered: Whether bulk may have met the raw prompt, which keeps the room for the longest line
            that it ever read until raw mode is left.
        left: Whether the board was left at its friendly prompt.
        largest_request: The size of the largest payload that the agent takes.
        lost: Whether the transport said that the other side is gone.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.repl = RawRepl(b"\x1e" + secrets.token_hex(4).encode())
        self.last_seen = b""
        self.paste: bool | None = None
        self.on_idle_output: OutputHandler = _ignore
        self.on_news: NewsHandler = _ignore
        self.agent_runs = False
        self.unanswered = False
        self.cluttered = False
        self.left = False
        self.largest_request = 0
        self.lost = False
        self._foreseen: Read | None = None
        self._reader: threading.Thread | None = None

    def write(self, data: bytes, deadline: Deadline | None = None) -> None:
        """Write, in pieces where the board's input could overflow.

        Args:
            data: The bytes.
            deadline: By when; :data:`WRITE_TIMEOUT` limits it in any case.

        Raises:
            Late: The board did not take it in time.
            ConnectionLost: The link is gone.
        """
        limit = (deadline or Deadline(None)).limit(WRITE_TIMEOUT)
        size = len(data) if self.transport.flow_control else PIECE
        for start in range(0, len(data), size or 1):
            if start:
                time.sleep(PIECE_PAUSE)
            try:
                self.transport.write(data[start : start + size], timeout=limit.remaining)
            except TimeoutError:
                raise Late from None
            except ConnectionLost:
                self.lost = True
                raise

    def challenge(self, deadline: Deadline) -> None:
        """Ask for proof that the prompt is there.

        Raises:
            Late: The board did not take it in time.
            ConnectionLost: The link is gone.
        """
        self.write(self.repl.challenge(secrets.token_hex(4)), deadline)

    def receive(self, timeout: float | None) -> bool:
        """Read what is there, and give it to the state machine.

        Args:
            timeout: Seconds to wait for the first byte; None waits for ever, 0 does not wait.

        Returns:
            Whether something came.

        Raises:
            ConnectionLost: The link is gone.
        """
        data = self.read(timeout)
        self.take(data)
        return bool(data)

    def read(self, timeout: float | None) -> bytes:
        """Read what is there; it must be given to :meth:`take` unless it is understood otherwise.

        Returns:
            The bytes; none if nothing came in time.

        Raises:
            ConnectionLost: The link is gone.
        """
        try:
            return self.fetch(timeout)
        except TimeoutError:
            return b""

    def take(self, data: bytes) -> None:
        """Give bytes to the state machine."""
        if data:
            self.last_seen = (self.last_seen + data)[-LAST_SEEN:]
            self.repl.receive(data)

    def foresee(self) -> Read:
        """What another thread is to read, or reads already; whoever receives next gets it.

        So the idle reader can wait in the transport without having its turn.
        """
        self._foreseen = self._foreseen or Read(self.transport)
        return self._foreseen

    def fetch(self, timeout: float | None) -> bytes:
        """Read, or take what another thread reads.

        Args:
            timeout: Seconds to wait for the first byte; None waits for ever, 0 does not wait.

        Returns:
            At least one byte, which :meth:`take` has not got.

        Raises:
            TimeoutError: Nothing came in time.
            Stopped: Another thread stopped this one.
            ConnectionLost: The link is gone.
        """
        try:
            stop, read = current_stop(), self._foreseen
            if read is None and stop is None:
                return self.transport.read(timeout=timeout)
            if stop:
                stop.check()
            deadline = Deadline(timeout)
            if read is None:
                try:
                    return self.transport.read(timeout=deadline.limit(ALONE).remaining)
                except TimeoutError:
                    if deadline.expired:
                        raise
                read = self._begin_reading()
            if not read.wait(deadline, stop):
                raise TimeoutError
            data, self._foreseen = read.data, None
            # Nothing came, or the link is gone: the transport says so to each who reads.
            return data or self.transport.read(timeout=deadline.remaining)
        except ConnectionLost:
            self.lost = True
            raise

    def _begin_reading(self) -> Read:
        """Have another thread read."""
        read, name = self.foresee(), f"belay reads {self.transport.name}"
        self._reader = threading.Thread(target=read.perform, args=(None,), name=name, daemon=True)
        self._reader.start()
        return read

    def end_reading(self, timeout: float) -> None:
        """Wait for the end of a thread that reads; the transport must have been closed.

        Args:
            timeout: Seconds.
        """
        if self._reader:
            self._reader.join(timeout)

    def event(self, deadline: Deadline) -> Event:
        """The next event.

        Raises:
            Late: None came in time.
            ConnectionLost: The link is gone.
        """
        while isinstance(event := self.repl.next_event(), NeedData):
            if deadline.expired or not self.receive(deadline.remaining):
                raise Late
        return event

    def poll(self) -> Event | NeedData:
        """The next event of what is there, without waiting.

        Raises:
            ConnectionLost: The link is gone.
        """
        event = self.repl.next_event()
        if event is NEED_DATA and self.receive(0):
            event = self.repl.next_event()
        return event

    def show(self, event: Event) -> None:
        """Hand on what was printed while nothing was asked."""
        show(event, self.on_idle_output)

    def take_news(self, answer: Answer) -> bool:
        """Hand on an event or a log.

        Returns:
            Whether it is one.
        """
        if answer.kind not in (EVENT, LOG):
            return False
        self.on_news(answer.kind, answer.body)
        return True

    def events(self) -> list[Event]:
        """The events of what was received; never waits."""
        return list(iter(self.repl.next_event, NEED_DATA))  # type: ignore[arg-type]

    def until(self, kind: type[Event], deadline: Deadline, on_output: OutputHandler | None) -> None:
        """Wait for an event of one kind.

        Raises:
            Late: None came in time.
            BoardResetError: The board was reset just before the command reached it.
            ConnectionLost: The link is gone.
        """
        while not isinstance(event := self.event(deadline), kind):
            if isinstance(event, Output):
                show(event, on_output)
            elif event == Rebooted(raw=False):
                raise BoardResetError("the board was reset while the call was sent", sent=True)


class Read:
    """One read, made by a thread for whoever receives next.

    Args:
        transport: Where to read.

    Attributes:
        data: What came: nothing if the time was over or the link gone; None while it is awaited.
    """

    def __init__(self, transport: Transport) -> None:
        self.data: bytes | None = None
        self._transport = transport
        self._begun = threading.Lock()
        # Of each thread that waits, a lock that is released to wake it. Bare locks: whoever is interrupted
        # while it waits for a condition may leave that one broken.
        self._bells: list[threading.Lock] = []

    def perform(self, timeout: float | None) -> bool:
        """Read, once: where another thread does so already, wait for that.

        Args:
            timeout: Seconds to wait for the first byte; None waits for ever.

        Returns:
            Whether the link is there, as far as is known.
        """
        if not self._begun.acquire(blocking=False):
            self.wait(Deadline(timeout))
            return True
        data = b""
        try:
            data = self._transport.read(timeout=timeout)
        except TimeoutError:
            pass
        except ConnectionLost:
            return False
        finally:
            self.data = data
            for bell in list(self._bells):
                _ring(bell)
        return True

    def wait(self, deadline: Deadline, stop: Stop | None = None) -> bool:
        """Wait for the end of it.

        Args:
            deadline: How long.
            stop: What may stop this thread.

        Returns:
            Whether it is over.

        Raises:
            Stopped: The thread was stopped.
        """
        if self.data is not None:
            return True
        bell = threading.Lock()
        bell.acquire()
        self._bells.append(bell)
        if stop:
            stop.watch(lambda: _ring(bell))
        try:
            # Looked at again: the end, or the wish to stop, may have come before the bell was there.
            while self.data is None:
                if stop:
                    stop.check()
                left = deadline.remaining
                if not bell.acquire(timeout=SLICE if left is None else min(left, SLICE)) and left == 0:
                    break
        finally:
            if stop:
                stop.watch(None)
        return self.data is not None


def _ring(bell: threading.Lock) -> None:
    """Wake whoever waits for a bell; it may have been rung already."""
    with suppress(RuntimeError):
        bell.release()


def show(event: Event, on_output: OutputHandler | None) -> None:
    """Hand output on, if it is output and somebody wants it."""
    if on_output and isinstance(event, Output):
        on_output(event.data)


def _ignore(*what: object) -> None:
    """Throw something away."""
