"""Reading what a running program sends: output, frames of our own, and its end.

What a program prints is given out as it comes. Only what may belong to something else is held back: to a
mark, to the end of the program, to the banner of a power-up. Of what was given out a part is remembered, so
that the end can be read backwards from the answer to a challenge even if some of it was taken for output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from belay.repl.buffer import Buffer
from belay.repl.control import EOT, PROMPT, RAW_BANNER
from belay.repl.ending import (
    BANNER_STARTS,
    LAST_BYTES,
    MAX_BANNER,
    NAMED_REBOOT_STARTS,
    Verdict,
    failed_answers,
    judge_answer,
    judge_banner,
    judge_end,
    judge_prompt,
    looks_ended,
    read_backwards,
    waits_for_key,
)
from belay.repl.events import Answer, Candidate, Event, Finished, Output, Torn
from belay.repl.frames import read_frame

UNCLEAR: Final = "x"
"""The kind of frame with which the agent says that it has read what is no request."""

PRINTED: Final = "t"
"""The kind of frame that holds printed text, of a program that wants it not to be torn."""

MAX_HELD: Final = 64 * 1024
"""At most so many bytes are held back, or remembered for reading the end backwards. An exception's text that
is longer becomes output."""

_STARTS: Final = (EOT, *BANNER_STARTS, *NAMED_REBOOT_STARTS)
"""How something begins that is no output, or may not be."""
_ENDED_AT_ONCE: Final = EOT + EOT + PROMPT


class Program:
    """The program that runs, as far as its bytes tell.

    Args:
        mark: Opens and closes the frames of our own code.
        buffer: Where the received bytes are.
    """

    def __init__(self, mark: bytes, buffer: Buffer) -> None:
        self._mark = mark
        self._buffer = buffer
        self.start()

    def start(self) -> None:
        """A new program runs."""
        self._shown = bytearray()
        self._nonces: list[bytes] = []
        self._asked = 0
        self._look_for(*_STARTS)
        self._torn = False
        """The last frame was torn: what comes before the next one may be its rest."""
        self._framed = False
        """A frame was the last that came: what looks like the end now is the end."""
        self._suspected = False
        """A candidate for the end was pointed out, or a challenge is out already."""
        self._doubtful = False
        """Something came since the last challenge that may have been the end."""
        self._remembers = False
        """Something came that may have been the end, so more must be remembered."""

    def challenge(self, nonce: bytes) -> None:
        """A challenge is being sent; from now on its answer is looked for."""
        self._nonces.append(nonce)
        self._asked += 1
        self._look_for(*_STARTS, RAW_BANNER, nonce)
        self._suspected = True
        self._doubtful = False
        self._remembers = True

    # --- what is known besides the events -------------------------------------------------------

    @property
    def holding(self) -> bool:
        """Whether output is held back that may be shown."""
        return self._releasable() > 0

    @property
    def doubtful(self) -> bool:
        """Whether the program may have ended since the last challenge, or since it began."""
        return self._doubtful or self._looks_ended()

    @property
    def restarts(self) -> int:
        """How often the prompt must announce itself before it answers the last challenge.

        Another number each time, and not the next one: an answer that does not hold the random number, since
        the prompt could not run the challenge, is told by this from the answers to all other challenges, and
        from a program that had just been started and ended with an error of its own.
        """
        return 3 * self._asked - 2

    @property
    def waits_for_key(self) -> bool:
        """Whether a key must be pressed before a prompt comes."""
        return waits_for_key(self._tail())

    def release(self) -> Sequence[Event]:
        """Give out what is held back."""
        self._remembers = True
        return self._give(self._releasable())

    @property
    def quiet(self) -> bool:
        """Whether nothing came behind the last frame, and nothing is asked."""
        return self._framed and not self._nonces and not len(self._buffer)

    def note_frame(self) -> None:
        """A whole frame came that was read elsewhere."""
        self._framed = True

    def expect_output(self) -> None:
        """The program goes on: what comes next may be its output, also directly behind a frame."""
        self._framed = False

    def give_up_frame(self) -> Sequence[Event]:
        """The rest of the frame that the buffer begins with does not come."""
        following = self._buffer.find(self._mark, len(self._mark))
        if following < 0:
            following = len(self._buffer) - self._buffer.partial(self._mark)
        self._torn = True
        # The end of the program may be in it.
        self._doubt()
        return self._give(following)

    # --- reading --------------------------------------------------------------------------------

    def read(self) -> Sequence[Event]:
        """The next events; none if more bytes are needed. ``Finished`` among them: the prompt is there."""
        if self._framed and not len(self._buffer):
            # Nothing came behind the last frame.
            return ()
        mark = self._buffer.find(self._mark)
        if mark == 0 and (frame := self._read_frame()):
            return frame
        proof = self._find_proof()
        if proof >= 0 and (mark <= 0 or mark > proof):
            return self._conclude(proof)
        return self._wait() if mark == 0 else self._read_output(mark)

    def _read_output(self, mark: int) -> Sequence[Event]:
        """The buffer begins with output, or with what may be none."""
        certain, verdict = self._certain()
        if certain > 0:
            return self._give(certain)
        if verdict is Verdict.ENDED and self._framed and not self._nonces and self._ended_at_once():
            return (Finished(),)
        if mark > 0:
            # The frame that follows shows that what looks like an end is none.
            return self._give(mark)
        if verdict is Verdict.ENDED:
            self._doubt()
        return self._wait(suspicious=verdict is Verdict.ENDED)

    def _certain(self) -> tuple[int, Verdict]:
        """How many bytes are output for certain, and what is to be thought of what follows them."""
        at = 0
        while found := self._starts.search(self._buffer.data, at):
            at = found.start()
            verdict = self._judge(at)
            if verdict is not Verdict.NO:
                return at, verdict
            if found[0] == EOT:
                self._doubt()
            at += 1
        return len(self._buffer) - self._buffer.partial(*self._wanted), Verdict.NO

    def _judge(self, at: int) -> Verdict:
        """What is to be thought of the bytes from ``at`` on, where something begins."""
        data = self._buffer.data
        if data.startswith(EOT, at):
            return judge_end(data, at)
        if data.startswith(RAW_BANNER, at):
            return judge_answer(data, at, self._nonces)
        if data.startswith(BANNER_STARTS, at):
            return judge_banner(data, at)
        if data.startswith(NAMED_REBOOT_STARTS, at):
            return judge_prompt(data, at)
        # A mark or the answer to a challenge.
        return Verdict.OPEN

    def _ended_at_once(self) -> bool:
        """Whether the program ended directly behind its last frame, without an error."""
        ended = self._buffer.data.startswith(_ENDED_AT_ONCE)
        if ended:
            self._buffer.take(len(_ENDED_AT_ONCE))
        return ended

    def _read_frame(self) -> Sequence[Event]:
        """The buffer begins with a mark."""
        frame = read_frame(self._buffer, self._mark)
        if frame is None:
            return ()
        self._torn = isinstance(frame, Torn)
        if not self._torn:
            self._shown.clear()
            self._framed = True
            self._doubtful = False
            if isinstance(frame, Answer) and frame.kind == UNCLEAR:
                # The agent lives, and has thrown away whatever challenge there was.
                self._nonces.clear()
                self._look_for(*_STARTS)
            self._suspected = self._remembers = bool(self._nonces)
            if isinstance(frame, Answer) and frame.kind == PRINTED:
                return (Output(frame.body),)
        return (frame,)

    def _wait(self, *, suspicious: bool = False) -> Sequence[Event]:
        """Hold back what is there, but not without limit; say once that it may be the end."""
        if not self._suspected and (suspicious or self._looks_ended()):
            self._suspected = True
            return (Candidate(),)
        excess = self._releasable() - MAX_HELD
        if excess <= 0:
            return ()
        self._doubt()
        return self._give(excess)

    # --- proof ----------------------------------------------------------------------------------

    def _nonce(self) -> int:
        return self._buffer.find(self._nonces[-1]) if self._nonces else -1

    def _find_proof(self) -> int:
        """Where the answer to the last challenge begins, if all of it is there; else -1.

        Threads may print between any two of its bytes, but not into the number.
        """
        at = self._nonce()
        if at < 0:
            return self._find_failed_proof()
        if self._after_proof(at) > 0:
            return at
        if len(self._buffer) - at > MAX_HELD:
            # Whatever said the number, it was not the prompt.
            self._nonces.clear()
            self._look_for(*_STARTS)
            self._doubt()
        return -1

    def _after_proof(self, at: int) -> int:
        data = self._buffer.data
        for expected in (EOT, EOT, PROMPT):
            at = data.find(expected, at) + 1
            if not at:
                return 0
        return at

    def _conclude(self, proof: int) -> Sequence[Event]:
        """The prompt is there: all that came before the first answer is the whole conversation."""
        shown = len(self._shown)
        rest = self._buffer.take(self._after_proof(proof))
        conversation = bytes(self._shown) + rest
        answers = [at for nonce in self._nonces if (at := conversation.find(nonce)) >= 0]
        failed = failed_answers(conversation)
        if len(answers) + len(failed) <= len(self._nonces):
            # More would mean that the program printed what looks like one.
            answers += failed
        return tuple(read_backwards(shown, conversation[: min(answers)]))

    def _find_failed_proof(self) -> int:
        """Where the answer to the last challenge is, if the prompt could not run it.

        Never to the first: before it a program may have been started, and have failed by itself.
        """
        if len(self._nonces) < 2 or self._buffer.find(RAW_BANNER) < 0:
            return -1
        return max(failed_answers(self._buffer.data, self.restarts), default=-1)

    # --- pieces ---------------------------------------------------------------------------------

    def _look_for(self, *starts: bytes) -> None:
        self._wanted = (self._mark, *starts)
        self._starts = re.compile(b"|".join(map(re.escape, self._wanted)))

    def _doubt(self) -> None:
        self._doubtful = self._remembers = True

    def _looks_ended(self) -> bool:
        last = self._buffer.data[-1:] or self._shown[-1:]
        return bool(last) and last[0] in LAST_BYTES and looks_ended(self._tail())

    def _tail(self) -> bytes:
        return bytes(self._shown[-MAX_BANNER:] + self._buffer.data[-MAX_BANNER:])[-MAX_BANNER:]

    def _releasable(self) -> int:
        """How much may be shown without tearing a frame or an answer."""
        if not len(self._buffer):
            return 0
        found = [at for at in (self._buffer.find(self._mark), self._nonce()) if at >= 0]
        return min(found, default=len(self._buffer) - self._buffer.partial(self._mark, *self._nonces[-1:]))

    def _give(self, size: int) -> Sequence[Event]:
        if size <= 0:
            return ()
        data = self._buffer.take(size)
        self._framed = False
        self._shown += data
        keep = MAX_HELD if self._remembers else MAX_BANNER
        if len(self._shown) > 2 * keep:
            del self._shown[:-keep]
        return (Torn(data) if self._torn else Output(data),)
