"""The raw REPL as a state machine, in the manner of h11: commands make bytes, bytes make events.

Nothing here waits. Whoever owns the bytes feeds them in with :meth:`RawRepl.receive` and asks for events
until :data:`~belay.repl.events.NEED_DATA` comes; each command method returns the bytes to send.

Protocol: https://docs.micropython.org/en/latest/reference/repl.html#raw-mode-and-raw-paste-mode, with two
things of our own on top, since a program can print anything:

* **Frames.** Code of ours on the board puts its answers between marks, ``MARK kind … MARK .``, where the
  mark is random for each connection. After a frame the end of the program is certain.
* **Challenges.** Where an end can only be suspected, the next command is a sum of two random halves. Only a
  REPL that is really there can answer with the whole. It is also how the prompt is first reached: whatever
  the board was doing, what came before the answer is over.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from belay.repl.control import (
    ASK_PASTE,
    ENTER_RAW,
    EOT,
    LEAVE_RAW,
    NOT_IN_CODE,
    OK,
    PASTE_ACCEPTED,
    PASTE_UNSUPPORTED,
    RAW_BANNER,
    SOFT_REBOOT,
)
from belay.repl.ending import MAX_BANNER, find_banner, looks_ended, may_reboot, read_backwards, was_reset
from belay.repl.events import (
    NEED_DATA,
    Accepted,
    Candidate,
    Event,
    Finished,
    Frame,
    NeedData,
    Output,
    PasteAborted,
    PasteRefused,
    Prompt,
    Rebooted,
    Window,
)

CLOSE = b"."
"""The byte after a mark that ends a frame; any other begins one."""

MAX_ERROR = 16 * 1024
"""An exception's text longer than this is taken for output: nothing is held back for ever."""

MAX_HELD = 64 * 1024
"""While a challenge is open, at most so many bytes of output are held back."""


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
    """A soft reset in raw mode was asked for; the raw banner is awaited."""
    REBOOTING = auto()
    """A soft reset in friendly mode was asked for; boot.py and main.py run next."""


class RawRepl:
    """One conversation with the raw REPL of a board.

    Args:
        mark: Bytes that open and close the frames of our own code; random, so that no program prints them by
            chance.
    """

    def __init__(self, mark: bytes) -> None:
        self.mark = mark
        self.state = State.UNKNOWN
        self._buffer = bytearray()
        self._searched = 0
        self._events: deque[Event] = deque()
        self._answer = b""
        self._window = 0
        self._framed = False
        """The program's last frame came: the end is certain when it comes."""
        self._suspected = False
        """A candidate for the end was pointed out already."""
        self._aborted = False
        """The board gave up reading a raw paste."""
        self._shown = b""
        """What was given out although it may belong to the end."""
        self._readers: dict[State, Callable[[], Event | NeedData]] = {
            State.UNKNOWN: self._read_nothing,
            State.IDLE: self._read_idle,
            State.SENT: self._read_ok,
            State.ASKED: self._read_paste_answer,
            State.PASTING: self._read_window,
            State.PASTED: self._read_paste_end,
            State.RUNNING: self._read_running,
            State.CHALLENGED: self._read_challenged,
            State.RESETTING: self._read_reset,
            State.REBOOTING: self._read_reboot,
        }

    # --- bytes in, events out -------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes that came from the board."""
        self._buffer += data

    def next_event(self) -> Event | NeedData:
        """The next event, or :data:`~belay.repl.events.NEED_DATA`."""
        if self._events:
            return self._events.popleft()
        return self._readers[self.state]()

    @property
    def pending(self) -> bytes:
        """What was received and not yet understood; for error messages."""
        return bytes(self._buffer)

    @property
    def holding(self) -> bool:
        """Whether output of a program is held back because it may be the end of it."""
        return self.state in (State.RUNNING, State.CHALLENGED) and bool(self._buffer)

    @property
    def looks_ended(self) -> bool:
        """Whether the last that came is what a prompt looks like."""
        return looks_ended((self._shown + self._buffer)[-MAX_BANNER:])

    def release(self) -> Event | NeedData:
        """Give out what is held back: it has been quiet for so long that a person should see it.

        Returns:
            The output, or :data:`~belay.repl.events.NEED_DATA` if nothing is held that may be shown.
        """
        if not self.holding or self._buffer.startswith(self.mark):
            return NEED_DATA
        return self._show(len(self._buffer))

    # --- commands, as bytes to send -------------------------------------------------------------

    def execute(self, code: bytes) -> bytes:
        """Run ``code``.

        Args:
            code: Source without bytes that mean something to the REPL (:data:`NOT_IN_CODE`).

        Raises:
            ValueError: ``code`` holds such a byte.
        """
        check_code(code)
        self._expect(State.IDLE)
        self._start(State.SENT)
        return code + EOT

    def ask_paste(self) -> bytes:
        """Ask for raw-paste mode."""
        self._expect(State.IDLE)
        self._start(State.ASKED)
        return ASK_PASTE

    def paste_end(self) -> bytes:
        """End the code of a raw paste, or acknowledge that the board gave up reading it."""
        self._expect(State.PASTING, State.PASTED)
        self.state = State.PASTED
        return EOT

    def challenge(self, nonce: str) -> bytes:
        """Ask for proof that the prompt is there.

        Args:
            nonce: Letters and digits, random, an even number of them.

        Returns:
            Bytes that a friendly and a raw prompt both understand; to a running program they are input.
        """
        if self.state not in (State.RUNNING, State.CHALLENGED):
            self._forget()
        self._answer = nonce.encode()
        self.state = State.CHALLENGED
        half = len(nonce) // 2
        return b"%bprint('%b'+'%b')%b" % (ENTER_RAW, self._answer[:half], self._answer[half:], EOT)

    def soft_reset(self) -> bytes:
        """Start the interpreter anew, staying in raw mode: boot.py runs, main.py does not."""
        self._expect(State.IDLE)
        self._forget()
        self.state = State.RESETTING
        return EOT

    def reboot(self) -> bytes:
        """Start the interpreter anew as a power-up would: boot.py, then main.py, then the friendly prompt.

        From here on they are the program that runs; it ends when the friendly banner comes.
        """
        self._expect(State.IDLE)
        self._forget()
        self.state = State.REBOOTING
        return LEAVE_RAW + EOT

    def abandon(self) -> None:
        """Something went wrong: from here on nothing is known about the board."""
        self._forget()
        self.state = State.UNKNOWN

    # --- readers, one a state -------------------------------------------------------------------

    def _read_nothing(self) -> NeedData:
        return NEED_DATA

    def _read_idle(self) -> Event | NeedData:
        """What comes at the prompt was printed by a thread, a timer or an interrupt handler, or by a reset."""
        if was_reset(bytes(self._buffer)):
            self.abandon()
            return Rebooted(raw=False)
        return self._emit_output(len(self._buffer))

    def _read_ok(self) -> Event | NeedData:
        at = self._buffer.find(OK)
        if at < 0:
            return NEED_DATA
        before = self._take(at)
        del self._buffer[: len(OK)]
        self.state = State.RUNNING
        return self._after_output(before, Accepted())

    def _read_paste_answer(self) -> Event | NeedData:
        # Anything but an answer in raw-paste's own form comes from a board that does not know it: it took
        # the Ctrl-A at the end of the question as "start again" and prints the banner.
        if self._buffer.endswith((PASTE_UNSUPPORTED, RAW_BANNER)):
            self._forget()
            self.state = State.IDLE
            return PasteRefused()
        at = self._buffer.find(PASTE_ACCEPTED)
        if at < 0 or len(self._buffer) < at + len(PASTE_ACCEPTED) + 2:
            return NEED_DATA
        before = self._take(at)
        header = self._take(len(PASTE_ACCEPTED) + 2)
        self._window = int.from_bytes(header[-2:], "little")
        self.state = State.PASTING
        return self._after_output(before, Window(self._window))

    def _read_window(self) -> Event | NeedData:
        if not self._buffer:
            return NEED_DATA
        first = self._take(1)
        if first == b"\x01":
            return Window(self._window)
        if first == EOT:
            self.state = State.PASTED
            # The abort itself stands for the acknowledgement of the end.
            self._aborted = True
            return PasteAborted()
        return Output(first)

    def _read_paste_end(self) -> Event | NeedData:
        if self._aborted:
            self._aborted = False
            self.state = State.RUNNING
            return Accepted()
        at = self._buffer.find(EOT)
        if at < 0:
            return NEED_DATA
        # Window increments that crossed the end of the code; anything else is a thread's output.
        before = self._take(at).replace(b"\x01", b"")
        del self._buffer[:1]
        self.state = State.RUNNING
        return self._after_output(before, Accepted())

    def _read_running(self) -> Event | NeedData:
        if self._buffer.startswith(self.mark):
            return self._read_frame()
        mark = self._buffer.find(self.mark)
        if mark > 0:
            return self._emit_output(mark)
        eot = self._buffer.find(EOT)
        if eot == 0:
            return self._read_ending()
        banner = find_banner(self._buffer)
        certain = min(at for at in (eot, banner, len(self._buffer) - self._partial_mark()) if at >= 0)
        if certain == 0 and self.looks_ended:
            return self._suspect()
        return self._emit_output(certain)

    def _read_frame(self) -> Event | NeedData:
        """The buffer begins with a mark."""
        size = len(self.mark)
        if len(self._buffer) <= size:
            return NEED_DATA
        end = self._buffer.find(self.mark, max(size, self._searched))
        if end >= 0 and len(self._buffer) > end + size:
            self._searched = 0
            closed = self._buffer[end + size : end + size + 1] == CLOSE
            body = self._take(end)[size:]
            if not closed:
                # A frame that was torn by an interrupt; the one that begins here says what happened.
                return self._read_frame()
            del self._buffer[: size + 1]
            self._framed = True
            return Frame(body)
        if end < 0:
            # Remember how far there is no mark: a frame may be a megabyte and come in a thousand pieces.
            self._searched = max(size, len(self._buffer) - size)
        if not self._suspected and self._buffer.endswith(EOT + b">"):
            # The program was interrupted in the middle of a frame.
            self._suspected = True
            return Candidate()
        return NEED_DATA

    def _read_ending(self) -> Event | NeedData:
        """The buffer begins with an EOT and holds no mark."""
        second = self._buffer.find(EOT, 1)
        after = bytes(self._buffer[second + 1 :]) if second > 0 else b""
        if self._framed and after.startswith(b">"):
            error = self._take(second)[1:]
            del self._buffer[:2]
            self.state = State.IDLE
            return Finished(error)
        if self.looks_ended:
            return self._suspect()
        if second < 0:
            return self._emit_output(1) if len(self._buffer) > MAX_ERROR else NEED_DATA
        if after and not after.startswith(b">") and not may_reboot(after):
            return self._emit_output(1)
        return NEED_DATA

    def _read_challenged(self) -> Event | NeedData:
        found = re.search(OK + self._answer + rb"\r?\n\x04\x04>", self._buffer)
        limit = found.start() if found else len(self._buffer)
        mark = self._buffer.find(self.mark, 0, limit)
        if mark > 0:
            return self._emit_output(mark)
        if mark == 0:
            event = self._read_frame()
            if not isinstance(event, NeedData | Candidate):
                return event
        if not found:
            excess = len(self._buffer) - MAX_HELD
            return self._show(excess) if excess > 0 else NEED_DATA
        conversation = bytes(self._buffer[: found.start()]).removesuffix(RAW_BANNER)
        del self._buffer[: found.end()]
        self.state = State.IDLE
        self._events.extend(read_backwards(self._shown, conversation))
        return self._events.popleft()

    def _read_reset(self) -> Event | NeedData:
        printed = self._after_reboot()
        if printed is None or not self._buffer.endswith(RAW_BANNER):
            return NEED_DATA
        self._forget()
        self.state = State.IDLE
        self._events.append(Rebooted(raw=True))
        self._events.append(Prompt())
        printed = printed.removesuffix(RAW_BANNER)
        return Output(printed) if printed else self._events.popleft()

    def _read_reboot(self) -> Event | NeedData:
        printed = self._after_reboot()
        if printed is None:
            return NEED_DATA
        self._forget()
        self._buffer += printed
        self.state = State.RUNNING
        return Accepted()

    def _after_reboot(self) -> bytes | None:
        """What came after the line that says ``soft reboot``, or None if it did not come yet."""
        at = self._buffer.find(SOFT_REBOOT)
        line = self._buffer.find(b"\n", at)
        return None if at < 0 or line < 0 else bytes(self._buffer[line + 1 :])

    # --- pieces ---------------------------------------------------------------------------------

    def _expect(self, *states: State) -> None:
        if self.state not in states:
            raise RuntimeError(f"the REPL is {self.state.name}, not {' or '.join(s.name for s in states)}")

    def _start(self, state: State) -> None:
        self.state = state
        self._framed = self._suspected = self._aborted = False
        self._searched = 0
        self._shown = b""

    def _forget(self) -> None:
        self._buffer.clear()
        self._events.clear()
        self._start(self.state)

    def _suspect(self) -> Event | NeedData:
        """Say once that this may be the end; then it is for the owner to challenge."""
        if self._suspected:
            return NEED_DATA
        self._suspected = True
        return Candidate()

    def _partial_mark(self) -> int:
        """How many bytes at the end of the buffer may be the beginning of a mark."""
        for size in range(min(len(self.mark) - 1, len(self._buffer)), 0, -1):
            if self._buffer.endswith(self.mark[:size]):
                return size
        return 0

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _after_output(self, before: bytes, event: Event) -> Event:
        """Give out first what a thread printed before the board's answer."""
        if not before:
            return event
        self._events.append(event)
        return Output(before)

    def _emit_output(self, size: int) -> Event | NeedData:
        if size <= 0:
            return NEED_DATA
        self._searched = 0
        self._shown = b""
        return Output(self._take(size))

    def _show(self, size: int) -> Output:
        """Give out what may belong to the end, and remember it for when the end is read backwards."""
        data = self._take(size)
        self._shown = (self._shown + data)[-MAX_HELD:]
        return Output(data)


def check_code(code: bytes) -> None:
    """Refuse code that the REPL would take for commands.

    Raises:
        ValueError: It holds one of Ctrl-A to Ctrl-E.
    """
    for byte in NOT_IN_CODE:
        if byte in code:
            raise ValueError(f"code for the REPL cannot hold the byte {byte:#04x}")
