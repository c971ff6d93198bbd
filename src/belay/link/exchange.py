"""One request to the agent and its answer, whatever happens to either on the way.

A request is carried out at most once. The agent says of what it cannot read that it has not carried it out,
and keeps its last answer: what is torn is asked for again, never run again. See docs/protocol.md.
"""

from __future__ import annotations

import time
from binascii import crc32
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from belay.deadline import Deadline
from belay.exceptions import ProtocolError
from belay.link.pace import Pace, await_more, challenge
from belay.link.wire import Late, OutputHandler, Wire, show
from belay.repl import NEED_DATA, Answer, Candidate, Chunk, Event, Finished, Output, Rebooted, Torn
from belay.repl.frames import AGAIN, LARGEST, REPLY, UNASKED, read_alone, request
from belay.repl.program import UNCLEAR

SIMPLE = "ryemo"
"""Kinds of frames that are a whole answer."""

ASK = "a"
"""The kind of frame in which the board asks the host something."""

REPAIR = 0.1
"""Seconds after the last whole frame before a torn answer is asked for again: it may still be coming."""

STALLED = 0.5
"""Seconds of silence in the middle of a frame before it is asked for again."""

LONGEST_FRAME = 30.0
"""Seconds after which a frame is asked for again whose end does not come though other bytes do."""

SILENCE = 2.0
"""Seconds of silence after which a link that can lose bytes is asked whether the request arrived."""

FILLERS = (0, 256, 4096, LARGEST)
"""So many blanks precede such questions, one after the other: if the board waits for the end of a request, of
which bytes were lost or whose size was torn, they are taken for it."""

SUSPECT = 4
"""Each question that turns out to be needless makes the next one wait so many times longer."""

MAX_REPAIRS = 20
"""So often an answer is asked for again, or a request sent again, before the link counts as unusable."""

_ECHOED = 64
"""So many bytes of a request are looked for in what comes back."""

_HEADER = 8
"""Bytes before the payload: size, function, letter and checksum."""

_CERTAIN = 3
"""With fewer of them that are printed, what is printed might be something else."""

_UNPRINTABLE = bytes([*range(0x20), *range(0x7F, 0x100)])
"""A prompt may not echo these, or not as they are."""

Replier = Callable[[bytes], tuple[bytes, bytes]]
"""Gets what the board asks, and returns the payload of the reply and the bytes that follow it."""


@dataclass(frozen=True)
class Reply:
    """What the agent answered.

    Attributes:
        kind: The kind of frame, a letter.
        body: Its text.
        chunks: The bytes that belong to it, in their order.
    """

    kind: str
    body: bytes
    chunks: tuple[bytes, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether a KeyboardInterrupt ended the function; the agent ends with it."""
        return self.kind == "e" and self.body.startswith(b"(['KeyboardInterrupt'")


class AgentEnded(Exception):  # noqa: N818 - what it means is for the caller to say
    """The agent ended in the middle of an exchange; the prompt is there.

    Attributes:
        error: The text of the exception that ended it, or empty.
        rebooted: Whether the board started anew.
        echoed: Whether it had ended before: the request was typed at a prompt, so nothing of it ran.
    """

    def __init__(self, error: bytes, *, rebooted: bool, echoed: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.rebooted = rebooted
        self.echoed = echoed


class Echo:
    """Looks for a request in what the board prints: a friendly prompt echoes what is typed.

    Args:
        request: What was sent.

    Attributes:
        heard: Whether it was there.
        certain: Whether no function of the user's can have printed it: enough of the checksum is in it.
    """

    def __init__(self, request: bytes) -> None:
        self.heard = False
        self.certain = len(request[:_HEADER].translate(None, _UNPRINTABLE)) >= _CERTAIN
        self._wanted = request[:_ECHOED].translate(None, _UNPRINTABLE)
        self._seen = b""

    def take(self, printed: bytes) -> bool:
        """Look for it in what came next; whether it is there now, and was not before."""
        if self.heard or not self._wanted:
            return False
        seen = self._seen + printed.translate(None, _UNPRINTABLE)
        self.heard = self._wanted in seen
        self._seen = seen[-_ECHOED:]
        return self.heard


@dataclass(frozen=True)
class Exchanging:
    """What is sent, and what happens until the answer is there.

    Attributes:
        payload: The arguments of the function: a list, as JSON.
        blob: Bytes that the function itself reads.
        timeout: Seconds; None waits for ever.
        on_output: Gets what is printed meanwhile.
        on_ask: Answers what the board asks.
        before: Requests that are sent directly before, each a function's number, its payload and its blob.
            They are sent once, whatever becomes of them, and their answers are not looked at: the function
            itself must find out whether they were carried out.
        harmless: Whether the function may be called twice.
    """

    payload: bytes
    on_ask: Replier
    blob: bytes = b""
    timeout: float | None = None
    on_output: OutputHandler | None = None
    before: Sequence[tuple[int, bytes, bytes]] = ()
    harmless: bool = False


class Exchange:
    """One request and what becomes of it.

    Args:
        wire: The conversation; the agent waits for requests.
        function: The number of the function to call.
        sequence: The letter of this request, another one than that of the last.
        terms: What is sent, and what happens meanwhile.
        on_news: Gets frames that nobody asked for.
    """

    def __init__(
        self,
        wire: Wire,
        function: int,
        sequence: str,
        terms: Exchanging,
        *,
        on_news: Callable[[Answer], None],
    ) -> None:
        self._wire = wire
        self._sequence = sequence
        self._request = request(function, ord(sequence), terms.payload) + terms.blob
        self._before = [
            request(number, _earlier(sequence, len(terms.before) - at), payload) + blob
            for at, (number, payload, blob) in enumerate(terms.before)
        ]
        self._on_output = terms.on_output
        self._on_ask = terms.on_ask
        self._on_news = on_news
        self._chunks: dict[int, bytes] = {}
        self._torn = bytearray()
        self._repairs = 0
        self._repair_at: float | None = None
        self._asked = b""
        self._replied = b""
        self._rebooted = False
        self._echo: Echo | None = None
        self._pace: Pace
        self._heard = 0.0
        self._inside: float | None = None
        self._silence = SILENCE
        self._nudges = 0
        self._suspicion = REPAIR

    def run(self, deadline: Deadline) -> Reply:
        """Send the request and wait for the answer.

        Args:
            deadline: By when the answer must be there.

        Raises:
            Late: It is not.
            AgentEnded: The agent, or the board's interpreter, ended.
            ProtocolError: The link is too bad.
            ConnectionLost: The link is gone.
        """
        self._wire.unanswered = True
        if reply := self._ask_simply(deadline):
            self._wire.unanswered = False
            return reply
        self._pace = Pace()
        self._heard = time.monotonic()
        late = False
        while True:
            event = self._wire.repl.next_event()
            if event is NEED_DATA:
                if late:
                    raise Late
                # Once more after the end of the time: the answer may have been there all along.
                late = deadline.expired
                self._await(deadline)
            elif isinstance(event, Answer):
                if reply := self._answer(event):
                    self._wire.unanswered = False
                    return reply
            else:
                self._take(event, deadline)

    def _ask_simply(self, deadline: Deadline) -> Reply | None:
        """Send the request; the reply if all that comes is one whole frame.

        That is what nearly always comes, and what a call's time depends on. Anything else is read with care.
        """
        wire = self._wire
        for request_before in self._before:
            wire.write(request_before)
        simple = wire.transport.flow_control and wire.repl.quiet and not self._before
        wire.write(wire.repl.request(self._request))
        if not simple:
            return None
        data = wire.read(deadline.remaining)
        answer = read_alone(data, wire.repl.mark, self._sequence)
        if answer and answer.kind in SIMPLE:
            wire.repl.understood()
            return Reply(answer.kind, answer.body)
        wire.take(data)
        return None

    # --- what comes -----------------------------------------------------------------------------

    def _take(self, event: Event | object, deadline: Deadline) -> None:
        if isinstance(event, Chunk):
            if event.sequence == self._sequence:
                self._chunks[event.index] = event.data
            self._heard = time.monotonic()
            self._repair_at = self._repair_at and self._heard + REPAIR
        elif isinstance(event, Torn):
            self._torn += event.data
            self._repair_at = self._repair_at or time.monotonic() + REPAIR
        elif isinstance(event, Finished):
            echo = self._echo if self._echo and self._echo.heard else None
            raise AgentEnded(
                event.error,
                rebooted=self._rebooted or echo is not None,
                echoed=echo is not None and echo.certain,
            )
        elif isinstance(event, Rebooted):
            self._rebooted = True
        elif isinstance(event, Candidate):
            challenge(self._wire, deadline, self._pace)
        else:
            if isinstance(event, Output):
                if self._wire.repl.mark[:1] in event.data:
                    self._suspect()
                self._echo = self._echo or Echo(self._request)
                if self._echo.take(event.data):
                    # The agent is gone, and nobody has said so.
                    challenge(self._wire, deadline, self._pace)
            show(event, self._on_output)  # type: ignore[arg-type]

    def _suspect(self) -> None:
        """A thread may have printed into the answer's mark; more likely somebody printed its first byte."""
        if self._repair_at is None:
            self._repair_at = time.monotonic() + self._suspicion
            self._suspicion *= SUSPECT
            self._repairs -= 1

    def _answer(self, answer: Answer) -> Reply | None:
        """Understand a frame; the reply if it is the end of it."""
        self._heard = time.monotonic()
        if answer.kind == UNCLEAR:
            self._resend(answer.body)
        elif answer.sequence == UNASKED:
            self._on_news(answer)
        elif answer.sequence == self._sequence:
            if answer.kind == ASK:
                self._reply(answer.body)
            else:
                return self._complete(answer)
        # Anything else is an answer that came twice.
        return None

    def _complete(self, answer: Answer) -> Reply | None:
        if not answer.kind.isupper():
            self._show_torn(answer)
            return Reply(answer.kind, answer.body)
        count, _, body = answer.body.partition(b" ")
        wanted = range(int(count))
        missing = next((index for index in wanted if index not in self._chunks), None)
        if missing is not None:
            self._ask_again()
            return None
        return Reply(answer.kind.lower(), body, tuple(self._chunks[index] for index in wanted))

    def _resend(self, body: bytes) -> None:
        """The board read something that is no request; it says which one it carried out last."""
        if body.decode(errors="replace") == self._sequence:
            self._ask_again()
        else:
            self._repaired()
            self._wire.write(self._request)

    def _reply(self, asked: bytes) -> None:
        """Answer a question, the same one twice with the same words."""
        if asked != self._asked:
            payload, bulk = self._on_ask(asked)
            self._replied = request(REPLY, ord(self._sequence), payload) + bulk
            self._asked = asked
            self._wire.cluttered |= bool(bulk)
        self._wire.write(self._replied)

    # --- when nothing comes ---------------------------------------------------------------------

    def _await(self, deadline: Deadline) -> None:
        at = self._due()
        if at is None or at > time.monotonic():
            if await_more(self._wire, deadline, self._pace, at):
                self._heard = time.monotonic()
        elif self._repair_at is not None:
            self._ask_again()
        elif self._wire.repl.inside_frame:
            self._wire.repl.give_up_frame()
            self._ask_again()
        else:
            self._nudge(deadline)

    def _due(self) -> float | None:
        """When to ask the board something, if at all."""
        inside = self._wire.repl.inside_frame
        self._inside = (self._inside or time.monotonic()) if inside else None
        if self._repair_at is not None:
            return self._repair_at
        if self._inside is not None:
            return min(self._heard + STALLED, self._inside + LONGEST_FRAME)
        return None if self._wire.transport.flow_control else self._heard + self._silence

    def _nudge(self, deadline: Deadline) -> None:
        """Find out what the board waits for, where bytes may have been lost.

        The agent answers a challenge with what it carried out last, the prompt with its proof; to a function
        that runs it is input, and after it to the agent.
        """
        self._wire.write(b" " * min(FILLERS[self._nudges % len(FILLERS)], self._wire.largest_request))
        challenge(self._wire, deadline, self._pace)
        self._heard = time.monotonic()
        self._nudges += 1
        if self._nudges % len(FILLERS) == 0:
            self._silence *= 2

    def _ask_again(self) -> None:
        """Have the answer sent once more, from the first of its chunks on that is missing."""
        self._repaired()
        self._heard = time.monotonic()
        self._repair_at = None
        chunk = next(index for index in range(len(self._chunks) + 1) if index not in self._chunks)
        self._wire.write(request(AGAIN, ord(self._sequence), b"[%d]" % chunk))

    def _repaired(self) -> None:
        self._repairs += 1
        if self._repairs > MAX_REPAIRS:
            raise ProtocolError(
                f"the link tears too much: no whole answer in {MAX_REPAIRS} attempts",
                hint="does a thread print without end, or does the cable pick up noise?",
            )

    def _show_torn(self, answer: Answer) -> None:
        """Give out what was printed into the frame, now that it is known what the frame was."""
        if self._repairs != 1 or not self._torn or not self._on_output:
            # After several the pieces cannot be told apart.
            return
        text = (answer.sequence + answer.kind).encode() + answer.body
        whole = self._wire.repl.mark + text + b"\x04%08x" % crc32(text)
        torn = bytes(self._torn)
        start = _common(whole, torn)
        end = _common(whole[start:][::-1], torn[start:][::-1])
        if printed := torn[start : len(torn) - end]:
            self._on_output(printed)


def _earlier(sequence: str, by: int) -> int:
    """The letter so many requests before; ``A`` comes after ``Z``."""
    return (ord(sequence) - ord("A") - by) % 26 + ord("A")


def _common(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    size = min(len(one), len(other))
    return next((at for at in range(size) if one[at] != other[at]), size)
