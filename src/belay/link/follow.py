"""Following a program that runs, to its end."""

from __future__ import annotations

from dataclasses import dataclass

from belay.deadline import Deadline
from belay.link.pace import Pace, await_more, challenge
from belay.link.wire import Late, OutputHandler, Wire, show
from belay.repl import NEED_DATA, Answer, Candidate, Chunk, Finished, Frame, Rebooted, Torn


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Attributes:
        frame: The body of the last frame that it answered with, or None.
        error: The text of an uncaught exception, as the REPL printed it, or empty.
        rebooted: Whether the board started anew; everything defined on it is gone.
        answer: The last frame of the agent's that it answered with, or None.
    """

    frame: bytes | None = None
    error: bytes = b""
    rebooted: bool = False
    answer: Answer | None = None


def follow(wire: Wire, deadline: Deadline, on_output: OutputHandler | None) -> Outcome:
    """Wait for the end of the program that runs.

    Args:
        wire: The conversation.
        deadline: By when it must have ended.
        on_output: Gets what it prints, as it comes.

    Raises:
        Late: It goes on.
        ConnectionLost: The link is gone.
    """
    pace = Pace()
    frame = answer = None
    rebooted = late = False
    while True:
        event = wire.repl.next_event()
        if event is NEED_DATA:
            if late:
                raise Late
            # Once more after the end of the time: the answer may have been there all along.
            late = deadline.expired
            await_more(wire, deadline, pace)
        elif isinstance(event, Finished):
            return Outcome(frame, event.error, rebooted, answer)
        elif isinstance(event, Frame):
            frame = event.body
        elif isinstance(event, Answer):
            if not wire.take_news(event):
                answer = event
        elif isinstance(event, Chunk | Torn):
            # Of an answer that an interrupt cut short, or of one that nobody waits for any more.
            pass
        elif isinstance(event, Rebooted):
            rebooted = True
        elif isinstance(event, Candidate):
            challenge(wire, deadline, pace)
        else:
            show(event, on_output)
