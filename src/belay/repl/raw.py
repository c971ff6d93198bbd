"""The raw REPL as a state machine, in the manner of h11: commands make bytes, bytes make events.

Nothing here waits. Whoever owns the bytes feeds them in with :meth:`RawRepl.receive` and asks for events
until :data:`~belay.repl.events.NEED_DATA` comes; each command method returns the bytes to send.

Protocol: https://docs.micropython.org/en/latest/reference/repl.html#raw-mode-and-raw-paste-mode, with two
things of our own on top, since a program can print anything:

* **Frames.** Code of ours on the board puts its answers between marks, ``MARK kind … MARK .``, where the
  mark is random for each connection. An end that comes directly behind a frame is certain.
* **Challenges.** Where an end can only be suspected, the next command is a sum of two random halves. Only a
  REPL that is really there can answer with the whole. It is also how the prompt is first reached: whatever
  the board was doing, what came before the answer is over. Several challenges may be out; the first answer
  says where the conversation ended, the last one that nothing else is still to come.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from belay.repl.buffer import Buffer
from belay.repl.control import (
    ASK_PASTE,
    CLEAR_LINE,
    ENTER_RAW,
    EOT,
    LEAVE_RAW,
    NOT_IN_CODE,
    OK,
    RAW_BANNER,
    SOFT_REBOOT,
)
from belay.repl.ending import BANNER_STARTS, MAX_BANNER, RAW_BANNER_END, REBOOT_STARTS, find_reset
from belay.repl.events import (
    NEED_DATA,
    Accepted,
    Answer,
    Event,
    Finished,
    NeedData,
    Output,
    PasteAborted,
    PasteRefused,
    Prompt,
    Rebooted,
    Window,
)
from belay.repl.program import MAX_HELD, UNCLEAR, Program

_RESET_STARTS: Final = (*BANNER_STARTS, *REBOOT_STARTS)
_RESET_START: Final = re.compile(rb"|".join(map(re.escape, _RESET_STARTS)))
_REBOOT_LINE: Final = re.compile(re.escape(SOFT_REBOOT) + rb"[^\n]*\n")
_PASTE_ANSWER: Final = re.compile(
    # Known and allowed, with the size of the window; known and not allowed; not known: the board took the
    # Ctrl-A at the end of the question as "start again" and prints its banner.
    rb"R\x01(?P<window>..)|R\x00|" + RAW_BANNER_END.pattern,
    re.DOTALL,
)


class State(Enum):
    """What the board is doing, as far as we know."""

    UNKNOWN = auto()
    """Nobody knows: just opened, or something went wrong. A challenge finds out."""
    IDLE = auto()
    """The raw prompt is there."""
    SENT = auto()
    """A command was sent, its ``OK`` is awaited."""
    ASKED = auto()
    """Raw paste was asked for."""
    PASTING = auto()
    """Code is being sent by raw paste."""
    PASTED = auto()
    """The code's end was sent, its acknowledgement is awaited."""
    RUNNING = auto()
    """A program runs."""
    CHALLENGED = auto()
    """A program runs or has ended; a challenge was sent to find out."""
    RESETTING = auto()
    """A soft reset in raw mode was asked for; the message that it begins is awaited."""
    BOOTING = auto()
    """A soft reset in raw mode began: boot.py runs, the raw banner is awaited."""
    REBOOTING = auto()
    """A soft reset in friendly mode was asked for; boot.py and main.py run next."""


class RawRepl:
    """One conversation with the raw REPL of a board.

    Args:
        mark: Bytes that open and close the frames of our own code; random, so that no program prints them by
            chance.

    Attributes:
        mark: As given.
        state: What the board is doing.
    """

    def __init__(self, mark: bytes) -> None:
        self.mark = mark
        self.state = State.UNKNOWN
        self._buffer = Buffer()
        self._events: deque[Event] = deque()
        self._program = Program(mark, self._buffer)
        self._window = 0
        self._readers: dict[State, Callable[[], Sequence[Event]]] = {
            State.UNKNOWN: self._read_unknown,
            State.IDLE: self._read_idle,
            State.SENT: self._read_ok,
            State.ASKED: self._read_paste_answer,
            State.PASTING: self._read_window,
            State.PASTED: self._read_paste_end,
            State.RUNNING: self._read_program,
            State.CHALLENGED: self._read_program,
            State.RESETTING: self._read_reset,
            State.BOOTING: self._read_boot,
            State.REBOOTING: self._read_reset,
        }

    # --- bytes in, events out -------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes that came from the board."""
        self._buffer.feed(data)

    def next_event(self) -> Event | NeedData:
        """The next event, or :data:`~belay.repl.events.NEED_DATA`."""
        if not self._events:
            self._events.extend(self._readers[self.state]())
        return self._events.popleft() if self._events else NEED_DATA

    @property
    def holding(self) -> bool:
        """Whether output of a program is held back because it may be something else."""
        return self._running and self._program.holding

    @property
    def inside_frame(self) -> bool:
        """Whether the rest of a frame is awaited."""
        return self._running and self._buffer.data.startswith(self.mark)

    @property
    def doubtful(self) -> bool:
        """Whether the program may have ended without a challenge having asked since."""
        return self._running and self._program.doubtful

    def release(self) -> None:
        """Give out what is held back, as the next event: after a silence a person should see it."""
        if self._running:
            self._events.extend(self._program.release())

    def request(self, request: bytes) -> bytes:
        """Ask something of the program that runs; it must be one that answers with frames.

        Args:
            request: What it understands.
        """
        self._expect(State.RUNNING, State.CHALLENGED)
        self._program.expect_output()
        return request

    def understood(self) -> None:
        """A whole frame came that was read elsewhere."""
        self._program.note_frame()

    @property
    def quiet(self) -> bool:
        """Whether all that came was understood, up to the end of a frame."""
        return self.state is State.RUNNING and not self._events and self._program.quiet

    def give_up_frame(self) -> None:
        """Take the frame that is awaited for torn: the next event is what there is of it."""
        if self.inside_frame:
            self._events.extend(self._program.give_up_frame())

    # --- commands, as bytes to send -------------------------------------------------------------

    def execute(self, code: bytes) -> bytes:
        """Run ``code``.

        Args:
            code: Source without bytes that mean something to the REPL, see :func:`check_code`.
        """
        self._expect(State.IDLE)
        self.state = State.SENT
        return code + EOT

    def ask_paste(self) -> bytes:
        """Ask for raw-paste mode."""
        self._expect(State.IDLE)
        self.state = State.ASKED
        return ASK_PASTE

    def paste_end(self) -> bytes:
        """End the code of a raw paste, or acknowledge that the board gave up reading it."""
        self._expect(State.PASTING, State.RUNNING)
        if self.state is State.PASTING:
            self.state = State.PASTED
        return EOT

    def challenge(self, nonce: str) -> bytes:
        """Ask for proof that the prompt is there.

        Args:
            nonce: Letters and digits, random, an even number of them.

        Returns:
            Bytes that a friendly and a raw prompt both understand; to a running program they are input.
        """
        if not self._running:
            self._forget(State.CHALLENGED)
        key = b"\r" if self._program.waits_for_key else b""
        self.state = State.CHALLENGED
        self._program.challenge(nonce.encode())
        half = len(nonce) // 2
        proof = b"print('%b'+'%b')" % (nonce[:half].encode(), nonce[half:].encode())
        # What was sent to a board that had just been reset may stand at its prompt.
        return key + CLEAR_LINE + ENTER_RAW * self._program.restarts + proof + EOT

    def soft_reset(self) -> bytes:
        """Start the interpreter anew, staying in raw mode: boot.py runs, main.py does not."""
        self._expect(State.IDLE)
        self._forget(State.RESETTING)
        return EOT

    def reboot(self) -> bytes:
        """Start the interpreter anew as a power-up would: boot.py, then main.py, then the friendly prompt.

        From here on they are the program that runs; it ends when the friendly banner comes.
        """
        self._expect(State.IDLE)
        self._forget(State.REBOOTING)
        return LEAVE_RAW + EOT

    def abandon(self) -> None:
        """Something went wrong: from here on nothing is known about the board."""
        self._forget(State.UNKNOWN)

    # --- readers, one a state -------------------------------------------------------------------

    def _read_unknown(self) -> Sequence[Event]:
        self._drop_all_but(MAX_BANNER)
        return ()

    def _read_idle(self) -> Sequence[Event]:
        """What comes at the prompt was printed by a thread, a timer, an interrupt handler or a reset."""
        return self._reset() or self._background()

    def _read_ok(self) -> Sequence[Event]:
        at = self._buffer.find(OK)
        if at < 0:
            return self._reset() or self._background(OK)
        if reset := self._reset(at):
            return reset
        before = self._buffer.take(at)
        self._buffer.take(len(OK))
        return (*_output(before), *self._run())

    def _read_paste_answer(self) -> Sequence[Event]:
        found = _PASTE_ANSWER.search(self._buffer.data)
        if not found:
            return self._excess()
        window = found["window"]
        before = self._buffer.take(found.start())
        self._buffer.take(found.end() - found.start())
        if window is None:
            self.state = State.IDLE
            return (*_output(before), PasteRefused())
        self._window = int.from_bytes(window, "little")
        self.state = State.PASTING
        return (*_output(before), Window(self._window))

    def _read_window(self) -> Sequence[Event]:
        first = self._buffer.take(1)
        if first == b"\x01":
            return (Window(self._window),)
        if first == EOT:
            # It stands for the acknowledgement of the code's end: what the REPL says of the error comes next.
            self._run()
            return (PasteAborted(),)
        return _output(first)

    def _read_paste_end(self) -> Sequence[Event]:
        at = self._buffer.find(EOT)
        # Window increments crossed the end of the code; anything else is a thread's output.
        before = _output(self._buffer.take(at if at >= 0 else len(self._buffer)).replace(b"\x01", b""))
        if at < 0:
            return before
        self._buffer.take(1)
        return (*before, *self._run())

    def _read_program(self) -> Sequence[Event]:
        events = self._program.read()
        if any(isinstance(event, Finished) for event in events):
            self.state = State.IDLE
        elif any(isinstance(event, Answer) and event.kind == UNCLEAR for event in events):
            # The challenge met the agent, which lives.
            self.state = State.RUNNING
        return events

    def _read_reset(self) -> Sequence[Event]:
        found = _REBOOT_LINE.search(self._buffer.data)
        if not found:
            self._drop_all_but(MAX_BANNER)
            return ()
        self._buffer.take(found.end())
        if self.state is State.REBOOTING:
            return self._run()
        self.state = State.BOOTING
        return (Rebooted(raw=True),)

    def _read_boot(self) -> Sequence[Event]:
        found = RAW_BANNER_END.search(self._buffer.data)
        if found:
            printed = self._buffer.take(found.start())
            self._buffer.take(found.end() - found.start())
            self.state = State.IDLE
            return (*_output(printed), Prompt())
        at = self._buffer.find(RAW_BANNER)
        if at < 0:
            at = len(self._buffer) - self._buffer.partial(RAW_BANNER)
        elif len(self._buffer) > at + len(RAW_BANNER) + len(b"\r\n>"):
            # boot.py printed it.
            at += len(RAW_BANNER)
        return _output(self._buffer.take(at))

    # --- pieces ---------------------------------------------------------------------------------

    @property
    def _running(self) -> bool:
        return self.state in (State.RUNNING, State.CHALLENGED)

    def _expect(self, *states: State) -> None:
        if self.state not in states:
            raise RuntimeError(f"the REPL is {self.state.name}, not {' or '.join(s.name for s in states)}")

    def _forget(self, state: State) -> None:
        self._buffer.clear()
        self._events.clear()
        self._program.start()
        self.state = state

    def _run(self) -> Sequence[Event]:
        self._program.start()
        self.state = State.RUNNING
        return (Accepted(),)

    def _reset(self, end: int | None = None) -> Sequence[Event]:
        """If the board says, unasked, that it was reset."""
        at = find_reset(self._buffer.data[:end])
        if at < 0:
            return ()
        before = self._buffer.take(at)
        self._forget(State.UNKNOWN)
        return (*_output(before), Rebooted(raw=False))

    def _background(self, *wanted: bytes) -> Sequence[Event]:
        """Output while no program runs; what may become the message of a reset is held back."""
        found = _RESET_START.search(self._buffer.data)
        if not found:
            size = len(self._buffer) - self._buffer.partial(*_RESET_STARTS, *wanted)
        elif len(self._buffer) - found.start() > MAX_BANNER:
            size = found.end()
        else:
            size = found.start()
        return _output(self._buffer.take(size))

    def _excess(self) -> Sequence[Event]:
        return _output(self._buffer.take(max(0, len(self._buffer) - MAX_HELD)))

    def _drop_all_but(self, size: int) -> None:
        self._buffer.take(max(0, len(self._buffer) - size))


def _output(data: bytes) -> Sequence[Event]:
    return (Output(data),) if data else ()


def check_code(code: bytes) -> None:
    """Refuse code that the REPL would take for commands.

    Raises:
        ValueError: It holds one of Ctrl-A to Ctrl-E.
    """
    for byte in sorted(NOT_IN_CODE):
        if byte in code:
            raise ValueError(f"code for the REPL cannot hold the byte {byte:#04x}")
