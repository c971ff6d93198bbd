"""A transport and the REPL's language put together: bytes are written, events come back, in time or not."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from belay.deadline import Deadline
from belay.exceptions import BoardResetError
from belay.repl import NEED_DATA, Event, NeedData, Output, RawRepl, Rebooted
from belay.transports.base import Transport

WRITE_TIMEOUT = 10.0
"""Seconds in which a board makes room for what is sent to it."""

PIECE = 256
"""Bytes that any port takes at once where there is no flow control."""

PIECE_PAUSE = 0.01
"""Seconds between such pieces."""

LAST_SEEN = 200
"""So many of the last bytes that came are kept for error messages."""

OutputHandler = Callable[[bytes], None]


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
        agent_runs: Whether the program that runs, if one does, is the agent.
        left: Whether the board was left at its friendly prompt.
        largest_request: The size of the largest payload that the agent takes.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.repl = RawRepl(b"\x1e" + secrets.token_hex(4).encode())
        self.last_seen = b""
        self.paste: bool | None = None
        self.on_idle_output: OutputHandler = _ignore
        self.agent_runs = False
        self.left = False
        self.largest_request = 0

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
        try:
            data = self.transport.read(timeout=timeout)
        except TimeoutError:
            return False
        self.last_seen = (self.last_seen + data)[-LAST_SEEN:]
        self.repl.receive(data)
        return True

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


def show(event: Event, on_output: OutputHandler | None) -> None:
    """Hand output on, if it is output and somebody wants it."""
    if on_output and isinstance(event, Output):
        on_output(event.data)


def _ignore(data: bytes) -> None:
    """Throw output away."""
