"""Getting the board back: to its prompt from any state, and away from a program that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from belay.deadline import Deadline
from belay.exceptions import BoardTimeoutError, ReplEntryError
from belay.link.wire import Late, OutputHandler, Wire, show
from belay.repl import INTERRUPT, LEAVE_RAW, Answer, Candidate, Event, Finished, Rebooted
from belay.repl.frames import BYE, request
from belay.repl.program import UNCLEAR
from belay.transports.base import silence_advice

ENTER_TIMEOUT = 10.0
"""Seconds for reaching the prompt: an ESP32 that was reset by opening its port boots in about two."""

STOP_TIMEOUT = 5.0
"""Seconds for stopping a program that may catch KeyboardInterrupt a few times."""

DISMISS_TIMEOUT = 1.0
"""Seconds in which an idle agent ends."""

CONFIRM_TIMEOUT = 2.0
"""Seconds in which an agent or a prompt says that it is there."""

SETTLE = 0.05
"""Seconds of silence after which a board is taken to have digested an interrupt."""

MAX_SETTLE = 0.5
"""Seconds to wait for such a silence where a thread prints without end."""

FIRST_PROOF = 0.3
"""Seconds in which an idle board proves its prompt; tried again with ever more."""


def enter(wire: Wire, timeout: float) -> None:
    """Reach the raw prompt, whatever the board is doing.

    Raises:
        ReplEntryError: No prompt came in ``timeout`` seconds.
        ConnectionLost: The link is gone.
    """
    wire.last_seen = b""
    wire.agent_runs = wire.left = False
    deadline = Deadline(timeout)
    for stage, keys, wait in _stages():
        try:
            _press(wire, keys, deadline)
            _prove(wire, deadline.limit(wait), Heard(None))
            return
        except Late:
            if not deadline.expired:
                continue
        wire.repl.abandon()
        raise ReplEntryError(
            stage,
            wire.last_seen,
            hint=f"{silence_advice(wire.transport)} A program that catches KeyboardInterrupt can keep the "
            "prompt away: reset the board while connecting",
        )


def reenter(wire: Wire, timeout: float) -> None:
    """Leave the raw prompt and come back.

    Raises:
        Late: It did not come back in ``timeout`` seconds.
        ConnectionLost: The link is gone.
    """
    deadline = Deadline(timeout)
    wire.write(LEAVE_RAW, deadline)
    # The friendly banner in between is no reset.
    _prove(wire, deadline, Heard(None))


def stop(wire: Wire, on_output: OutputHandler | None) -> bool:
    """Interrupt what runs until the prompt is there, or the agent waits for requests.

    Args:
        wire: The conversation.
        on_output: Gets what the program still prints.

    Returns:
        Whether the board was reset meanwhile, so that everything defined on it is gone.

    Raises:
        BoardTimeoutError: It could not be stopped.
        ConnectionLost: The link is gone.
    """
    deadline = Deadline(STOP_TIMEOUT)
    wait = FIRST_PROOF
    heard = Heard(on_output)
    while not deadline.expired:
        try:
            wire.write(INTERRUPT, deadline)
            _settle(wire, deadline, heard)
            _prove(wire, deadline.limit(wait), heard)
            return heard.rebooted
        except Late:
            wait *= 2
    wire.repl.abandon()
    raise BoardTimeoutError(
        "stopping the program",
        STOP_TIMEOUT,
        wire.last_seen,
        hint="does it catch KeyboardInterrupt, or switch it off? Reset the board",
    )


def dismiss(wire: Wire) -> bool:
    """Have the agent end, which waits for requests; interrupt it if it does not.

    Returns:
        Whether the board was reset meanwhile.

    Raises:
        BoardTimeoutError: It could not be stopped.
        ConnectionLost: The link is gone.
    """
    heard = Heard(wire.on_idle_output)
    try:
        deadline = Deadline(DISMISS_TIMEOUT)
        wire.write(request(BYE, ord("A"), b"[]"), deadline)
        _until_finished(wire, deadline, heard)
    except Late:
        wire.agent_runs = False
        return stop(wire, wire.on_idle_output) or heard.rebooted
    return heard.rebooted


def depart(wire: Wire) -> bool:
    """Wait for the end of the agent, which says that it was interrupted.

    What else was sent to it may be on the prompt's line now; the next call starts from scratch.

    Returns:
        Whether the board was reset meanwhile.

    Raises:
        BoardTimeoutError: It does not end.
        ConnectionLost: The link is gone.
    """
    heard = Heard(wire.on_idle_output)
    try:
        _until_finished(wire, Deadline(DISMISS_TIMEOUT), heard)
    except Late:
        heard.rebooted |= stop(wire, wire.on_idle_output)
    wire.repl.abandon()
    return heard.rebooted


def confirm(wire: Wire) -> bool:
    """Find out whether the agent still runs, where something looks as if the board had been reset.

    Returns:
        Whether the board was reset.

    Raises:
        ConnectionLost: The link is gone.
    """
    heard = Heard(wire.on_idle_output)
    with suppress(Late):
        _prove(wire, Deadline(CONFIRM_TIMEOUT), heard)
    return heard.rebooted


def _stages() -> Iterator[tuple[str, tuple[bytes, ...], float]]:
    """What to press, and how many seconds to wait then for the prompt to prove itself: ever more patient.

    Ctrl-C is followed at once by the challenge the first time, which costs one turn with a board that idles.
    Some boards lose what follows a Ctrl-C that interrupts, so later it is given time to settle.
    CircuitPython wants any key after an interrupted code.py. Ctrl-B comes late, since CircuitPython
    starts a new interpreter when it leaves raw mode.
    """
    yield "interrupting what runs", (INTERRUPT,), FIRST_PROOF
    wait = 0.5
    while True:
        yield "interrupting what runs, slowly", (INTERRUPT, INTERRUPT, b""), wait
        yield "looking for the friendly prompt", (b"\r" + INTERRUPT, LEAVE_RAW, b"\r", b""), wait
        wait *= 2


def _press(wire: Wire, keys: tuple[bytes, ...], deadline: Deadline) -> None:
    """Send control bytes, each after the echo of the one before has died away."""
    for index, key in enumerate(keys):
        if index:
            _settle(wire, deadline, Heard(None))
        wire.write(key, deadline)


def _settle(wire: Wire, deadline: Deadline, heard: Heard) -> None:
    """Wait until the board shows its prompt or is silent for a moment, but not for ever."""
    limit = deadline.limit(MAX_SETTLE)
    while not limit.expired and wire.receive(limit.limit(SETTLE).remaining):
        events = wire.events()
        for event in events:
            heard.take(event)
        if any(isinstance(event, Candidate | Finished) for event in events):
            return


def _prove(wire: Wire, deadline: Deadline, heard: Heard) -> None:
    """Challenge the board, and wait for its prompt.

    Also if an earlier challenge was answered: an interrupt that came too late for the program may, on old
    firmware, hit the next thing that runs. This must not be the next call.

    Raises:
        Late: No proof came.
    """
    wire.challenge(deadline)
    _until_finished(wire, deadline, heard)


def _until_finished(wire: Wire, deadline: Deadline, heard: Heard) -> None:
    """Wait until the prompt is there, or until the agent says that it does not understand the challenge.

    Raises:
        Late: It did not in time.
    """
    while True:
        event = wire.event(deadline)
        heard.take(event)
        if isinstance(event, Finished):
            wire.agent_runs = False
            return
        if isinstance(event, Answer) and event.kind == UNCLEAR and wire.agent_runs:
            return


class Heard:
    """What came while the board was being stopped.

    Args:
        on_output: Gets the output in it.

    Attributes:
        rebooted: Whether the board was reset.
    """

    def __init__(self, on_output: OutputHandler | None) -> None:
        self.rebooted = False
        self._on_output = on_output

    def take(self, event: Event) -> None:
        """Take note of an event."""
        self.rebooted |= isinstance(event, Rebooted)
        show(event, self._on_output)
        if isinstance(event, Finished):
            # The rest is the prompt's own.
            self._on_output = None
