"""Following a program that runs, to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass

from belay.deadline import Deadline
from belay.exceptions import ProtocolError
from belay.link.exchange import ASK, MAX_REPAIRS, REPAIR, Replier
from belay.link.pace import Pace, await_more, challenge
from belay.link.wire import Late, OutputHandler, Wire, show
from belay.repl import NEED_DATA, Answer, Candidate, Chunk, Finished, Frame, Rebooted, Torn
from belay.repl.frames import AGAIN, REPLY, request


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


def follow(
    wire: Wire, deadline: Deadline, on_output: OutputHandler | None, on_ask: Replier | None = None
) -> Outcome:
    """Wait for the end of the program that runs.

    Args:
        wire: The conversation.
        deadline: By when it must have ended.
        on_output: Gets what it prints, as it comes.
        on_ask: Answers what it asks the host; None where it cannot ask.

    Raises:
        Late: It goes on.
        ProtocolError: Its questions are torn, again and again.
        ConnectionLost: The link is gone.
    """
    pace = Pace()
    questions = Questions(wire, on_ask)
    frame = answer = None
    rebooted = late = False
    while True:
        event = wire.repl.next_event()
        if event is NEED_DATA:
            if late:
                raise Late
            # Once more after the end of the time: the answer may have been there all along.
            late = deadline.expired
            await_more(wire, deadline, pace, questions.repeat_at)
            questions.repeat()
        elif isinstance(event, Finished):
            questions.finish()
            return Outcome(frame, event.error, rebooted, answer)
        elif isinstance(event, Frame):
            frame = event.body
        elif isinstance(event, Answer):
            if not questions.take(event) and not wire.take_news(event):
                answer = event
        elif isinstance(event, Chunk):
            # Of an answer that an interrupt cut short, or of one that nobody waits for any more.
            pass
        elif isinstance(event, Torn):
            questions.torn()
        elif isinstance(event, Rebooted):
            rebooted = True
        elif isinstance(event, Candidate):
            challenge(wire, deadline, pace)
        else:
            show(event, on_output)


class Questions:
    """What a program asks the host: each question is answered once, and again with the same words.

    Args:
        wire: The conversation.
        on_ask: Answers; None where nothing can be asked.

    Attributes:
        repeat_at: When to have a torn question sent again, by the monotonic clock; None if none is.
    """

    def __init__(self, wire: Wire, on_ask: Replier | None) -> None:
        self.repeat_at: float | None = None
        self._wire = wire
        self._on_ask = on_ask
        self._asked = b""
        self._replied = b""
        self._repeats = 0
        self._needless = False

    def take(self, answer: Answer) -> bool:
        """Reply to a question.

        Returns:
            Whether it is one.
        """
        self.repeat_at = None
        if answer.kind != ASK or self._on_ask is None:
            return False
        self._needless |= answer.body == self._asked
        if answer.body != self._asked:
            payload, bulk = self._on_ask(answer.body)
            self._replied = request(REPLY, ord(answer.sequence), payload) + bulk
            self._asked = answer.body
            self._wire.cluttered |= bool(bulk)
            self._repeats = 0
        self._wire.write(self._replied)
        return True

    def torn(self) -> None:
        """A frame came torn, which may have been a question."""
        if self._on_ask is not None and self.repeat_at is None:
            self.repeat_at = time.monotonic() + REPAIR

    def repeat(self) -> None:
        """Have the question sent again if that is due.

        Raises:
            ProtocolError: It was, too often.
        """
        if self.repeat_at is None or self.repeat_at > time.monotonic():
            return
        self._repeats += 1
        if self._repeats > MAX_REPAIRS:
            raise ProtocolError(f"the link tears too much: no whole question in {MAX_REPAIRS} attempts")
        self.repeat_at = None
        self._needless = True
        self._wire.write(request(AGAIN, ord("A"), b"[0]"))

    def finish(self) -> None:
        """The program has ended. What it did not read of what was sent stands at the prompt now."""
        if self._needless:
            self._wire.repl.abandon()
