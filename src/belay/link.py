"""One conversation with a board: a transport and the REPL's language, and the waiting in between.

Every wait of the protocol's own has a :class:`~belay.deadline.Deadline`, which a chatty board cannot stretch. A
program on the board may run as long as it likes, unless the caller sets a time-out; a link that is gone is noticed
in either case, since the transport says so. Whatever goes wrong while a program runs (a time-out, Ctrl-C on the
host, an error in the caller's output handler), the board is brought back to its prompt before the error goes on.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from belay.deadline import Deadline
from belay.exceptions import (
    BelayException,
    BoardResetError,
    BoardTimeoutError,
    ConnectionLost,
    InternalError,
    ReplEntryError,
)
from belay.repl import (
    INTERRUPT,
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
    RawRepl,
    Rebooted,
    State,
    Window,
)
from belay.transports.base import Transport

ANSWER_TIMEOUT = 5.0
"""Seconds in which a board takes a command, opens a window, or proves its prompt."""

ENTER_TIMEOUT = 10.0
"""Seconds for reaching the prompt: an ESP32 that was reset by opening its port boots in about two."""

RESET_TIMEOUT = 10.0
"""Seconds for a soft reset; boot.py is a part of it."""

STOP_TIMEOUT = 5.0
"""Seconds for stopping a program that may catch KeyboardInterrupt a few times."""

WRITE_TIMEOUT = 10.0
"""Seconds in which a board makes room for what is sent to it."""

QUIET = 0.25
"""After so many silent seconds a program's output is shown even if it may be the end of it."""

SETTLE = 0.05
"""Seconds of silence after which a board is taken to have digested an interrupt."""

PIECE = 256
"""Bytes that any port takes at once where there is no flow control."""

PIECE_PAUSE = 0.01
"""Seconds between such pieces."""

PASTE_FROM = 1024
"""From so many bytes on, code is sent by raw paste: more turns, but the board compiles while it reads."""

LAST_SEEN = 200
"""So many of the last bytes that came are kept for error messages."""

OutputHandler = Callable[[bytes], None]


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Attributes:
        frame: The body of the last frame that it answered with, or None.
        error: The text of an uncaught exception, as the REPL printed it, or empty.
        rebooted: Whether the board started anew; everything defined on it is gone.
    """

    frame: bytes | None = None
    error: bytes = b""
    rebooted: bool = False


class Link:
    """One conversation over a transport.

    Many threads may use one link; each conversation is whole. Code that runs inside an output handler
    cannot start another.

    Args:
        transport: The open byte pipe; the link owns it from here on.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.mark = b"\x1e" + secrets.token_hex(4).encode()
        self.paste: bool | None = None
        """Whether the board knows raw paste; None until it was asked."""
        self.on_idle_output: OutputHandler = lambda data: None
        """Gets what threads and timers print while no program runs."""
        self._repl = RawRepl(self.mark)
        self._lock = threading.RLock()
        self._talking = False
        self._closed = False
        self._last_seen = b""

    # --- what can be asked of a board -----------------------------------------------------------

    def enter(self, timeout: float = ENTER_TIMEOUT) -> None:
        """Reach the raw prompt, whatever the board is doing.

        Args:
            timeout: Seconds.

        Raises:
            ReplEntryError: No prompt came; it names the stage that failed and what was last seen.
            ConnectionLost: The link is gone.
        """
        with self._conversation():
            self._enter(timeout)

    def run(
        self, code: str, *, on_output: OutputHandler | None = None, timeout: float | None = None
    ) -> Outcome:
        """Run code on the board and wait for its end.

        Args:
            code: Python source.
            on_output: Called with what the program prints, as it comes.
            timeout: Seconds that the program may take; None for as long as it likes.

        Returns:
            How it ended.

        Raises:
            ValueError: The code holds a byte that the REPL takes for a command.
            BoardTimeoutError: It took longer, or the board did not take the code; it was stopped.
            ConnectionLost: The link is gone; the program may or may not have run to its end.
            BoardResetError: The board was reset since the last call; nothing was sent.
        """
        data = code.replace("\r\n", "\n").encode()
        with self._conversation():
            self._ready()
            self._last_seen = b""
            with self._stopping("the program", timeout, on_output):
                self._send(data)
                return self._follow(Deadline(timeout), on_output)

    def soft_reset(self) -> None:
        """Start the interpreter anew and stay at the raw prompt: boot.py runs, main.py does not.

        Raises:
            BoardTimeoutError: The board did not come back in time.
            ConnectionLost: The link is gone.
        """
        with self._conversation():
            self._ready()
            with self._stopping("the soft reset", RESET_TIMEOUT, None):
                self._write(self._repl.soft_reset())
                deadline = Deadline(RESET_TIMEOUT)
                while not isinstance(event := self._event(deadline), Prompt):
                    self._handle_output(event, self.on_idle_output)

    def reboot(self, *, on_output: OutputHandler | None = None, timeout: float | None = None) -> bool:
        """Start the interpreter anew as a power-up would, running boot.py and main.py.

        Args:
            on_output: Called with what they print, as it comes.
            timeout: Seconds to wait for their end; None waits for ever.

        Returns:
            Whether they ended. If not, they go on; the next call interrupts them.

        Raises:
            BoardTimeoutError: The board did not reset.
            ConnectionLost: The link is gone.
        """
        with self._conversation():
            self._ready()
            with self._stopping("the soft reset", RESET_TIMEOUT, on_output):
                self._write(self._repl.reboot())
                self._until(Accepted, Deadline(RESET_TIMEOUT), on_output)
            try:
                with self._stopping("main.py", None, on_output, errors=(KeyboardInterrupt,)):
                    self._follow(Deadline(timeout), on_output)
            except TimeoutError:
                return False
            return True

    @property
    def last_seen(self) -> bytes:
        """The last bytes that came from the board, for messages."""
        return self._last_seen

    @property
    def synchronised(self) -> bool:
        """Whether the board is at its raw prompt, as far as is known."""
        return self._repl.state is State.IDLE

    def interrupt(self) -> None:
        """Stop whatever runs and come back to the prompt.

        Raises:
            BoardTimeoutError: It could not be stopped.
            ConnectionLost: The link is gone.
        """
        with self._conversation():
            self._stop(None)

    def leave(self) -> None:
        """Leave the board at its friendly prompt, as other tools expect to find it. Never raises."""
        with suppress(BelayException, OSError), self._conversation():
            if self._repl.state is State.IDLE:
                self._repl.abandon()
                self.transport.write(b"\x02", timeout=1.0)

    def close(self) -> None:
        """Close the transport. Never raises; a second call does nothing."""
        self._closed = True
        self.transport.close()

    # --- sending --------------------------------------------------------------------------------

    def _ready(self) -> None:
        """Be at the raw prompt, with everything read that came meanwhile."""
        if self._repl.state in (State.RUNNING, State.CHALLENGED):
            self._stop(None)
        elif self._repl.state is not State.IDLE:
            self._enter(ENTER_TIMEOUT)
        looking = Deadline(SETTLE)
        with suppress(TimeoutError):
            # A thread that prints without end must not keep the next call from being sent.
            while not looking.expired:
                event = self._event(Deadline(0))
                if isinstance(event, Rebooted):
                    raise BoardResetError("the board was reset since the last call", sent=False)
                self._handle_output(event, self.on_idle_output)

    def _send(self, code: bytes) -> None:
        """Give the board a program; returns when it has taken all of it."""
        long = len(code) >= (PASTE_FROM if self.transport.flow_control else PIECE)
        if long and self.paste is not False:
            self._paste(code)
            if self.paste:
                return
        self._write(self._repl.execute(code))
        self._until(Accepted, Deadline(ANSWER_TIMEOUT), self.on_idle_output)

    def _paste(self, code: bytes) -> None:
        """Send code by raw paste, if the board knows it."""
        for byte in b"\x01\x02\x03\x04\x05":
            if byte in code:
                raise ValueError(f"code for the REPL cannot hold the byte {byte:#04x}")
        self._write(self._repl.ask_paste())
        room = sent = 0
        while sent < len(code):
            # With room left, only look whether the board gave up; else wait for a window.
            deadline = Deadline(0 if room else ANSWER_TIMEOUT)
            try:
                event = self._event(deadline)
            except TimeoutError:
                if not room:
                    raise
                piece = code[sent : sent + room]
                self._write(piece)
                sent += len(piece)
                room -= len(piece)
                continue
            if isinstance(event, Window):
                room += event.size
            elif isinstance(event, PasteRefused):
                self.paste = False
                return
            elif isinstance(event, PasteAborted):
                break
            else:
                self._handle_output(event, self.on_idle_output)
        self.paste = True
        self._write(self._repl.paste_end())
        self._until(Accepted, Deadline(ANSWER_TIMEOUT), self.on_idle_output)

    def _write(self, data: bytes) -> None:
        """Write, in pieces where the board's input could overflow."""
        if self.transport.flow_control or len(data) <= PIECE:
            self.transport.write(data, timeout=WRITE_TIMEOUT)
            return
        for start in range(0, len(data), PIECE):
            if start:
                time.sleep(PIECE_PAUSE)
            self.transport.write(data[start : start + PIECE], timeout=WRITE_TIMEOUT)

    # --- receiving ------------------------------------------------------------------------------

    def _event(self, deadline: Deadline) -> Event:
        """The next event.

        Raises:
            TimeoutError: None came in time.
        """
        expired = False
        while isinstance(event := self._repl.next_event(), NeedData):
            if expired:
                raise TimeoutError
            # Look once more after the end of the time: the answer may have been there all along.
            expired = deadline.expired
            data = self.transport.read(timeout=deadline.remaining)
            self._last_seen = (self._last_seen + data)[-LAST_SEEN:]
            self._repl.receive(data)
        return event

    def _until(self, kind: type[Event], deadline: Deadline, on_output: OutputHandler | None) -> None:
        while not isinstance(event := self._event(deadline), kind):
            self._handle_output(event, on_output)

    def _follow(self, deadline: Deadline, on_output: OutputHandler | None) -> Outcome:
        """Wait for the end of the program that runs."""
        frame = None
        rebooted = False
        while True:
            event = self._program_event(deadline)
            if isinstance(event, Finished):
                return Outcome(frame, event.error, rebooted)
            if isinstance(event, Frame):
                frame = event.body
            elif isinstance(event, Rebooted):
                rebooted = True
            elif isinstance(event, Candidate):
                self._challenge()
            else:
                self._handle_output(event, on_output)

    def _program_event(self, deadline: Deadline) -> Event:
        """The next event of a program; after a silence, what is held back of its output."""
        while self._repl.holding:
            quiet = deadline.limit(QUIET)
            try:
                return self._event(quiet)
            except TimeoutError:
                if deadline.expired:
                    raise
                if self._repl.state is State.CHALLENGED and self._repl.looks_ended:
                    # The program took the challenge for its input, and ended only now.
                    self._challenge()
                    continue
                event = self._repl.release()
                if event is NEED_DATA:
                    break
                return event
        return self._event(deadline)

    def _challenge(self) -> None:
        self._write(self._repl.challenge(secrets.token_hex(4)))

    def _handle_output(self, event: Event, on_output: OutputHandler | None) -> None:
        if isinstance(event, Output) and on_output:
            on_output(event.data)

    # --- getting the board back -----------------------------------------------------------------

    def _enter(self, timeout: float) -> None:
        self._last_seen = b""
        deadline = Deadline(timeout)
        stage = ""
        for stage, keys, wait in _entry_stages():
            try:
                self._press(keys, deadline)
                self._prove(deadline.limit(wait))
                return
            except TimeoutError:
                if deadline.expired:
                    break
        self._repl.abandon()
        raise ReplEntryError(
            stage,
            self._last_seen,
            hint="is MicroPython on the board, and is this its port and baud rate? A program that catches "
            "KeyboardInterrupt can keep the prompt away: reset the board while connecting",
        )

    def _press(self, keys: tuple[bytes, ...], deadline: Deadline) -> None:
        """Send control bytes, each after the echo of the one before has died away."""
        for index, key in enumerate(keys):
            if index:
                self._settle(deadline)
            self._write(key)

    def _settle(self, deadline: Deadline, on_output: OutputHandler | None = None) -> None:
        """Wait until the board is silent for a moment, but not for ever."""
        limit = deadline.limit(10 * SETTLE)
        while not limit.expired:
            try:
                event = self._event(limit.limit(SETTLE))
            except TimeoutError:
                return
            self._handle_output(event, on_output)
            if isinstance(event, Candidate | Finished):
                return

    def _prove(self, deadline: Deadline, on_output: OutputHandler | None = None) -> None:
        """Challenge the board, and wait for its prompt."""
        self._challenge()
        while not isinstance(event := self._event(deadline), Finished):
            self._handle_output(event, on_output)

    def _stop(self, on_output: OutputHandler | None) -> None:
        """Interrupt what runs until the prompt is there."""
        deadline = Deadline(STOP_TIMEOUT)
        wait = 0.3
        while not deadline.expired:
            self._write(INTERRUPT)
            with suppress(TimeoutError):
                self._settle(deadline, on_output)
                self._prove(deadline.limit(wait), on_output)
                return
            wait *= 2
        self._repl.abandon()
        raise BoardTimeoutError(
            "stopping the program",
            STOP_TIMEOUT,
            self._last_seen,
            hint="does it catch KeyboardInterrupt, or switch it off? Reset the board",
        )

    @contextmanager
    def _stopping(
        self,
        doing: str,
        timeout: float | None,
        on_output: OutputHandler | None,
        errors: tuple[type[BaseException], ...] = (BaseException,),
    ) -> Iterator[None]:
        """Leave the board at its prompt whatever goes wrong within."""
        try:
            yield
        except ConnectionLost:
            self._repl.abandon()
            raise
        except TimeoutError as error:
            if not issubclass(TimeoutError, errors):
                raise
            seen = self._last_seen
            self._stop_quietly(on_output)
            seconds = ANSWER_TIMEOUT if timeout is None else timeout
            raise BoardTimeoutError(doing, seconds, seen, hint="it was interrupted") from error
        except errors:
            self._stop_quietly(None)
            raise

    def _stop_quietly(self, on_output: OutputHandler | None) -> None:
        """Stop the program; if that fails too, the next call starts from scratch."""
        try:
            self._stop(on_output)
        except BelayException:
            self._repl.abandon()
        except BaseException:
            self._repl.abandon()
            raise

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        """Nobody else talks meanwhile."""
        with self._lock:
            if self._talking:
                raise InternalError("a call is being made from within the output of another")
            if self._closed:
                raise ConnectionLost("the connection is closed")
            self._talking = True
            try:
                yield
            finally:
                self._talking = False


def _entry_stages() -> Iterator[tuple[str, tuple[bytes, ...], float]]:
    """What to press, and how many seconds to wait then for the prompt to prove itself: ever more patient.

    Ctrl-C is followed at once by the challenge the first time, which costs one turn with a board that idles.
    Some boards lose what follows a Ctrl-C that interrupts, so later it is given time to settle.
    CircuitPython wants any key after an interrupted code.py. Ctrl-B comes late, since CircuitPython
    starts a new interpreter when it leaves raw mode.
    """
    yield "interrupting what runs", (INTERRUPT,), 0.3
    wait = 0.5
    while True:
        yield "interrupting what runs, slowly", (INTERRUPT, INTERRUPT, b""), wait
        yield "looking for the friendly prompt", (b"\r" + INTERRUPT, b"\x02", b"\r", b""), wait
        wait *= 2
