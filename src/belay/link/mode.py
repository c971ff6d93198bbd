"""What runs at the other end of a link, and how to come from one to another.

=============  ===============================================================================
UNKNOWN        Nobody knows: just opened, or something went wrong.
FRIENDLY       The prompt that a person types at; how the board is left.
RAW            The prompt that programs type at.
AGENT          The agent runs and waits for requests.
FOREIGN        Another program runs: one of the user's, or main.py after a reboot.
=============  ===============================================================================

Every call says in which mode the board must be; :func:`go` takes the steps of :data:`STEPS` until it is.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from belay.deadline import Deadline
from belay.exceptions import BoardResetError, BoardTimeoutError
from belay.link.exchange import AgentEnded
from belay.link.recovery import ENTER_TIMEOUT, dismiss, enter, reenter, stop
from belay.link.wire import Late, Wire
from belay.repl import LEAVE_RAW, Accepted, Answer, Candidate, Finished, State

START_TIMEOUT = 5.0
"""Seconds in which the agent begins or ends."""

LEAVE_TIMEOUT = 1.0
"""Seconds for the last byte, when the connection is given up."""

HELLO = "h"
"""The kind of frame with which the agent begins."""

MAX_STARTS = 3
"""So often it is started before it counts as gone: noise may have torn its name, or its hello."""

START_AGENT = b"_belay[0]()"
"""Starts the agent, which was put on the board before."""


class Mode(Enum):
    """What runs at the other end."""

    UNKNOWN = auto()
    FRIENDLY = auto()
    RAW = auto()
    AGENT = auto()
    FOREIGN = auto()


def mode_of(wire: Wire) -> Mode:
    """The mode of a link, as far as is known."""
    if wire.repl.state is State.IDLE:
        return Mode.RAW
    if wire.repl.state in (State.RUNNING, State.CHALLENGED):
        return Mode.AGENT if wire.agent_runs else Mode.FOREIGN
    return Mode.FRIENDLY if wire.left else Mode.UNKNOWN


def go(wire: Wire, wanted: Mode) -> bool:
    """Bring the board into a mode.

    Args:
        wire: The conversation.
        wanted: RAW, AGENT or FRIENDLY.

    Returns:
        Whether the board was found to have been reset meanwhile.

    Raises:
        ReplEntryError: No prompt came.
        BoardTimeoutError: What runs could not be stopped.
        BoardResetError: The agent is not there (any more).
        AgentEnded: There is no memory left on the board to start it.
        ConnectionLost: The link is gone.
    """
    rebooted = False
    if wanted is Mode.AGENT and wire.unanswered and mode_of(wire) is Mode.AGENT:
        # Started anew, it knows no letters.
        rebooted = dismiss(wire)
    while (mode := mode_of(wire)) is not wanted:
        rebooted |= STEPS[mode, wanted](wire)
    return rebooted


def _enter(wire: Wire) -> bool:
    enter(wire, ENTER_TIMEOUT)
    return False


def _stop(wire: Wire) -> bool:
    return stop(wire, wire.on_idle_output)


def _start(wire: Wire) -> bool:
    """Start the agent, which says hello; again if that was torn."""
    rebooted = False
    for attempt in range(1, MAX_STARTS + 1):
        deadline = Deadline(START_TIMEOUT)
        try:
            if wire.cluttered:
                reenter(wire, START_TIMEOUT)
                wire.cluttered = False
            wire.write(wire.repl.execute(START_AGENT))
            wire.until(Accepted, deadline, wire.on_idle_output)
            if _await_hello(wire, deadline):
                wire.agent_runs, wire.unanswered = True, False
                return rebooted
        except Late:
            rebooted |= stop(wire, wire.on_idle_output)
            if attempt == MAX_STARTS:
                raise BoardTimeoutError("starting the agent", START_TIMEOUT, wire.last_seen) from None
    raise BoardResetError(
        "what belay keeps on the board is gone: the board was reset, or a program deleted _belay",
        sent=False,
    )


def _await_hello(wire: Wire, deadline: Deadline) -> bool:
    """Whether it runs; else the prompt is there."""
    while True:
        event = wire.event(deadline)
        if isinstance(event, Answer) and event.kind == HELLO:
            return True
        if isinstance(event, Finished):
            if b"MemoryError" in event.error:
                raise AgentEnded(event.error, rebooted=False)
            return False
        if isinstance(event, Candidate):
            wire.challenge(deadline)
        wire.show(event)


def _leave(wire: Wire) -> bool:
    wire.repl.abandon()
    wire.left = True
    wire.write(LEAVE_RAW, Deadline(LEAVE_TIMEOUT))
    return False


STEPS: dict[tuple[Mode, Mode], Callable[[Wire], bool]] = {
    # from, wanted: the next step on the way
    (Mode.UNKNOWN, Mode.RAW): _enter,
    (Mode.UNKNOWN, Mode.AGENT): _enter,
    (Mode.UNKNOWN, Mode.FRIENDLY): _enter,
    (Mode.FRIENDLY, Mode.RAW): _enter,
    (Mode.FRIENDLY, Mode.AGENT): _enter,
    (Mode.RAW, Mode.AGENT): _start,
    (Mode.RAW, Mode.FRIENDLY): _leave,
    (Mode.AGENT, Mode.RAW): dismiss,
    (Mode.AGENT, Mode.FRIENDLY): dismiss,
    (Mode.FOREIGN, Mode.RAW): _stop,
    (Mode.FOREIGN, Mode.AGENT): _stop,
    (Mode.FOREIGN, Mode.FRIENDLY): _stop,
}
"""How to come from one mode towards another; each returns whether the board was reset meanwhile."""
