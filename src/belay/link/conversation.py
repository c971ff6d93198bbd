"""What can be asked of a board that is connected."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from belay.deadline import Deadline
from belay.exceptions import BelayException, BoardResetError, BoardTimeoutError, ConnectionLost
from belay.link.exchange import AgentEnded, Exchange, Exchanging, Replier, Reply
from belay.link.fair import Queue
from belay.link.follow import Outcome, follow
from belay.link.idle import IdleReader
from belay.link.lending import Lent
from belay.link.mode import LEAVE_TIMEOUT, Mode, go, mode_of
from belay.link.recovery import ENTER_TIMEOUT, SETTLE, confirm, depart, enter, reenter, stop
from belay.link.sending import ANSWER_TIMEOUT, PASTE_FROM, Program, paste, send
from belay.link.wire import Late, NewsHandler, OutputHandler, Wire, show
from belay.repl import Accepted, Answer, Candidate, Prompt, Rebooted, check_code
from belay.transports.base import Transport, file_putter

PUT_SECONDS = 10.0
"""Seconds in which a board begins and ends to write a file by a protocol of the connection's own."""

PUT_SLOWEST = 2000
"""Bytes that it writes in each second, at least."""

T = TypeVar("T")

STOP_LISTENING = 1.0
"""Seconds to wait for the idle reader's end; it ends at once, unless a handler keeps it."""

RESET_TIMEOUT = 10.0
"""Seconds for a soft reset; boot.py is a part of it."""


class Link:
    """One conversation over a transport.

    Many threads may use one link; each conversation is whole, and they take turns in the order in which they
    came. Code that runs inside an output handler cannot start another.

    Args:
        transport: The open byte pipe; the link owns it from here on.

    Attributes:
        transport: As given.
        begun: How many programs and requests were sent, or begun to be sent, that may change the board: not
            those of ours that make no difference when they are made again.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.begun = 0
        self._listener: IdleReader | None = None
        self._starting = threading.Lock()
        self._wire = Wire(transport)
        self._queue = Queue()
        self._closed = False
        self._was_reset = False
        self._sequence = 0

    # --- what can be asked of a board -----------------------------------------------------------

    def enter(self, timeout: float = ENTER_TIMEOUT) -> None:
        """Reach the raw prompt, whatever the board is doing.

        Args:
            timeout: Seconds.

        Raises:
            ReplEntryError: No prompt came; it names the stage that failed and what was last seen.
            ConnectionLost: The link is gone.
        """
        self._in_turn(lambda: enter(self._wire, timeout))

    def run(
        self,
        code: str,
        *,
        on_output: OutputHandler | None = None,
        timeout: float | None = None,
        paste_from: int = PASTE_FROM,
        data: bytes = b"",
        on_ask: Replier | None = None,
        harmless: bool = False,
    ) -> Outcome:
        """Run code on the board and wait for its end.

        Args:
            code: Python source.
            on_output: Called with what the program prints, as it comes.
            timeout: Seconds that the program may take once the board has it; None for as long as it likes.
            paste_from: From so many bytes on it is sent by raw paste, where the link has flow control.
            data: What the program reads, sent along with it; then it does not go by raw paste.
            on_ask: Answers what the program asks the host; None where it cannot ask.
            harmless: Whether it may be run twice.

        Returns:
            How it ended.

        Raises:
            ValueError: The code holds a byte that the REPL takes for a command.
            BoardTimeoutError: It took longer, or the board did not take the code; it was interrupted.
            BoardResetError: The board was reset since the last call; nothing was sent.
            ReplEntryError: The last call left the board in an unknown state, and no prompt came.
            ConnectionLost: The link is gone; the program may or may not have run to its end.
        """
        source = code.replace("\r\n", "\n").encode()
        check_code(source)
        program = Program(source, data, paste_from)
        return self._in_turn(lambda: self._run(program, on_output, timeout, on_ask, harmless))

    def exchange(self, function: int, terms: Exchanging) -> Reply:
        """Have the agent call a function; it is started if it does not run.

        Args:
            function: The function's number.
            terms: What to send, and what to do meanwhile.

        Returns:
            The answer.

        Raises:
            AgentEnded: The agent ended before it could answer.
            BoardTimeoutError: No answer came in time; the function was interrupted.
            BoardResetError: The board was reset, or the agent is not on it.
            ProtocolError: The link tears too much.
            ReplEntryError: The last call left the board in an unknown state, and no prompt came.
            ConnectionLost: The link is gone; the function may or may not have run.
        """
        return self._in_turn(lambda: self._exchange(function, terms))

    def soft_reset(self) -> None:
        """Start the interpreter anew and stay at the raw prompt: boot.py runs, main.py does not.

        Raises:
            BoardTimeoutError: The board did not come back in time.
            ReplEntryError: The last call left the board in an unknown state, and no prompt came.
            ConnectionLost: The link is gone.
        """
        self._in_turn(self._soft_reset)

    def reboot(self, *, on_output: OutputHandler | None = None, timeout: float | None = None) -> bool:
        """Start the interpreter anew as a power-up would, running boot.py and main.py.

        Args:
            on_output: Called with what they print, as it comes.
            timeout: Seconds to wait for their end; None waits for ever.

        Returns:
            Whether they ended. If not, they go on; the next call interrupts them.

        Raises:
            BoardTimeoutError: The board did not reset.
            ReplEntryError: The last call left the board in an unknown state, and no prompt came.
            ConnectionLost: The link is gone.
        """
        return self._in_turn(lambda: self._reboot(on_output, timeout))

    def tidy(self) -> None:
        """Leave the raw prompt and come back: the board frees the text that it was sent.

        CircuitPython starts a new interpreter instead.

        Raises:
            ReplEntryError: No prompt came.
            ConnectionLost: The link is gone.
        """
        self._in_turn(self._tidy)

    def knows_paste(self) -> bool:
        """Find out whether the board knows raw paste, if that is not known yet.

        Raises:
            BoardTimeoutError: The board did not answer.
            BoardResetError: The board was reset since the last call; nothing was sent.
            ReplEntryError: The last call left the board in an unknown state, and no prompt came.
            ConnectionLost: The link is gone.
        """
        return self._in_turn(self._knows_paste)

    @property
    def mark(self) -> bytes:
        """What opens and closes the frames of our code on the board; random."""
        return self._wire.repl.mark

    @property
    def paste(self) -> bool | None:
        """Whether the board knows raw paste; None until it was asked."""
        return self._wire.paste

    def set_largest_request(self, size: int) -> None:
        """Say what the agent was told about the size of the largest payload."""
        self._wire.largest_request = size

    @property
    def mode(self) -> Mode:
        """What runs at the other end, as far as is known."""
        return mode_of(self._wire)

    @property
    def on_idle_output(self) -> OutputHandler:
        """Gets what threads and timers print while nothing is asked; must not call the board."""
        return self._wire.on_idle_output

    @on_idle_output.setter
    def on_idle_output(self, handler: OutputHandler) -> None:
        self._wire.on_idle_output = handler

    @property
    def on_news(self) -> NewsHandler:
        """Gets the events and logs that the board sends unasked; must not call the board."""
        return self._wire.on_news

    @on_news.setter
    def on_news(self, handler: NewsHandler) -> None:
        self._wire.on_news = handler

    @property
    def last_seen(self) -> bytes:
        """The last bytes that came from the board, for messages."""
        return self._wire.last_seen

    def take_back(self) -> None:
        """The last program or request is known to have changed nothing: it does not count as begun."""
        self.begun -= 1

    @property
    def lost(self) -> bool:
        """Whether it is known that the other side is gone, or the link was closed; asks nobody."""
        return self._closed or self._wire.lost

    @property
    def synchronised(self) -> bool:
        """Whether the board waits for us, as far as is known."""
        return mode_of(self._wire) in (Mode.RAW, Mode.AGENT)

    def listen(self) -> None:
        """From now on read also while nobody asks, in a thread of its own, until the link is closed."""
        with self._starting:
            if self._listener is None and not self._closed:
                self._listener = IdleReader(self._wire, self._queue, self._look_for_reset)

    @property
    def longest_put(self) -> int:
        """Bytes of the longest path that :meth:`put_file` takes; 0 where there is nothing like it."""
        putter = file_putter(self.transport)
        return putter.longest_path if putter else 0

    def put_file(self, path: str, data: bytes) -> None:
        """Write a file on the board by a protocol of the connection's own.

        Whether all of it is there must be looked at.

        Args:
            path: Where, in a folder that is there.
            data: The content.

        Raises:
            ReplEntryError: The last call left the board in an unknown state, and no prompt came.
            BoardResetError: The board was reset since the last call; nothing was sent.
            ConnectionLost: The link is gone, perhaps since the board cannot write there.
        """
        self._in_turn(lambda: self._put_file(path, data))

    def leave(self) -> None:
        """Leave the board at its friendly prompt, as other tools expect to find it.

        Never raises. Does nothing where a call is under way in another thread, or something else runs.
        """
        with suppress(BelayException, OSError, Late):
            # A TimeoutError, where somebody else has the turn, is an OSError too.
            self._in_turn(self._leave, LEAVE_TIMEOUT)

    def lend(self, use: Callable[[Lent], T]) -> T:
        """Let somebody else speak to the board; all others wait for their turn meanwhile.

        The board is left at its friendly prompt before, unless something else runs or nothing is known of it:
        then nothing is sent.

        Args:
            use: Gets the transport.

        Returns:
            What ``use`` returns. Afterwards nothing is known of the board.

        Raises:
            ConnectionLost: The link is gone.
        """
        return self._in_turn(lambda: self._lend(use))

    def close(self) -> None:
        """Close the transport, also while a call is under way. Never raises; a second call does nothing."""
        with self._starting:
            self._closed = True
        self.transport.close()
        self._wire.end_reading(STOP_LISTENING)
        if self._listener:
            self._listener.stop(STOP_LISTENING)

    # --------------------------------------------------------------------------------------------

    def _in_turn(self, work: Callable[[], T], wait: float | None = None) -> T:
        """Do something while nobody else talks to the board."""

        def open_work() -> T:
            if self._closed:
                raise ConnectionLost("the connection is closed")
            return work()

        return self._queue.do(open_work, wait)

    def _run(
        self,
        program: Program,
        on_output: OutputHandler | None,
        timeout: float | None,
        on_ask: Replier | None,
        harmless: bool,
    ) -> Outcome:
        self._ready()
        self._wire.last_seen = b""
        self.begun += not harmless
        with self._guarded() as step:
            step.begin("sending the code", ANSWER_TIMEOUT)
            self._wire.agent_runs = False
            send(self._wire, program)
            # The board's OK is no news.
            self._wire.last_seen = b""
            step.begin("the program", timeout, on_output)
            return follow(self._wire, Deadline(timeout), on_output, on_ask)

    def _put_file(self, path: str, data: bytes) -> None:
        putter = file_putter(self.transport)
        assert putter is not None
        # The board must be reading: at its prompt, or in the agent.
        agent = mode_of(self._wire) is Mode.AGENT
        self._ready(Mode.AGENT if agent else Mode.RAW)
        self.begun += 1
        try:
            putter.put_file(path, data, PUT_SECONDS + len(data) / PUT_SLOWEST)
        except BaseException as error:
            # What is typed now might become part of the file.
            self.transport.close()
            self._wire.repl.abandon()
            if isinstance(error, TimeoutError):
                raise ConnectionLost(str(error)) from error
            raise

    def _tidy(self) -> None:
        self._ready()
        try:
            reenter(self._wire, ANSWER_TIMEOUT)
        except Late:
            enter(self._wire, ENTER_TIMEOUT)

    def _knows_paste(self) -> bool:
        if self._wire.paste is None:
            self._ready()
            with self._guarded() as step:
                step.begin("asking for raw paste", ANSWER_TIMEOUT)
                if paste(self._wire, b"pass"):
                    follow(self._wire, Deadline(ANSWER_TIMEOUT), None)
        return bool(self._wire.paste)

    def _soft_reset(self) -> None:
        with self._resetting(), self._guarded() as step:
            step.begin("the soft reset", RESET_TIMEOUT)
            self._wire.write(self._wire.repl.soft_reset())
            self._wire.until(Prompt, Deadline(RESET_TIMEOUT), self.on_idle_output)

    def _reboot(self, on_output: OutputHandler | None, timeout: float | None) -> bool:
        with self._resetting(), self._guarded() as step:
            step.begin("the soft reset", RESET_TIMEOUT)
            self._wire.write(self._wire.repl.reboot())
            self._wire.until(Accepted, Deadline(RESET_TIMEOUT), on_output)
            step.begin("main.py", timeout, on_output)
            try:
                follow(self._wire, Deadline(timeout), on_output)
            except Late:
                return False
            return True

    def _exchange(self, function: int, terms: Exchanging) -> Reply:
        self._ready(Mode.AGENT)
        self._wire.last_seen = b""
        self._sequence = (self._sequence + len(terms.before)) % 26 + 1
        self.begun += not terms.harmless
        with self._guarded() as step:
            step.begin("the call", terms.timeout, terms.on_output)
            exchange = Exchange(
                self._wire, function, chr(64 + self._sequence), terms, on_news=self._take_news
            )
            # To leave raw mode loses what threads print meanwhile: not for the few bytes of most requests.
            self._wire.cluttered = bool(terms.blob or terms.before)
            try:
                reply = exchange.run(Deadline(terms.timeout))
                if reply.interrupted:
                    self._was_reset |= depart(self._wire)
                else:
                    self._wire.cluttered = False
                return reply
            except AgentEnded as ended:
                # A request that came too late may be on the prompt's line: start from scratch.
                self._wire.repl.abandon()
                if ended.echoed:
                    self.begun -= not terms.harmless
                    raise BoardResetError("the board was reset since the last call", sent=False) from None
                if ended.rebooted:
                    raise BoardResetError("the board was reset while the call ran", sent=True) from None
                raise

    def _lend(self, use: Callable[[Lent], T]) -> T:
        with suppress(BoardTimeoutError, Late):
            # What cannot be stopped is for the other one to deal with.
            self._leave()
        try:
            return use(Lent(self._wire))
        finally:
            self._wire.repl.abandon()
            self._wire.agent_runs = self._wire.left = self._was_reset = False

    def _leave(self) -> None:
        if mode_of(self._wire) in (Mode.RAW, Mode.AGENT):
            go(self._wire, Mode.FRIENDLY)

    def _take_news(self, answer: Answer) -> None:
        """Take a frame that nobody asked for."""
        self._wire.take_news(answer)

    def _ready(self, mode: Mode = Mode.RAW, *, reset_matters: bool = True) -> None:
        """Be in a mode, with everything read that came meanwhile."""
        wire = self._wire
        if mode_of(wire) is not Mode.AGENT:
            go(wire, Mode.RAW)
        self._look_for_reset()
        if not self._was_reset or not reset_matters:
            self._was_reset |= go(wire, mode)
        was_reset, self._was_reset = self._was_reset, False
        if was_reset and reset_matters:
            raise BoardResetError("the board was reset since the last call", sent=False)

    def _look_for_reset(self) -> None:
        """Read what came while nobody asked, with or without the idle reader."""
        looking = Deadline(SETTLE)
        more = True
        # A thread that prints without end must not keep the next call from being sent.
        while more and not looking.expired:
            more = self._wire.receive(0)
            if not more and self._wire.repl.quiet:
                return
            for event in self._wire.events():
                if isinstance(event, Candidate) and self._wire.agent_runs:
                    # What the agent's functions left behind may have printed it, or the board was reset.
                    self._was_reset |= confirm(self._wire)
                elif isinstance(event, Answer):
                    self._take_news(event)
                self._was_reset |= isinstance(event, Rebooted)
                show(event, self.on_idle_output)

    @contextmanager
    def _resetting(self) -> Iterator[None]:
        """Be at the raw prompt; whether the board was reset before does not matter, nor that it is now."""
        self._ready(reset_matters=False)
        try:
            yield
        finally:
            self._was_reset = False

    @contextmanager
    def _guarded(self) -> Iterator[_Step]:
        """Leave the board at its prompt whatever goes wrong within."""
        step = _Step()
        try:
            yield step
        except Late:
            seen = self._wire.last_seen
            stopped = self._stop(step.on_output)
            raise BoardTimeoutError(
                step.doing,
                step.seconds or 0.0,
                seen,
                hint="it was interrupted" if stopped else "it could not be interrupted: reset the board",
            ) from None
        except ConnectionLost:
            self._wire.repl.abandon()
            raise
        except BaseException:
            self._stop(None)
            raise

    def _stop(self, on_output: OutputHandler | None) -> bool:
        """Stop the program; if that fails, the next call starts from scratch.

        Returns:
            Whether it was stopped.
        """
        try:
            self._was_reset |= stop(self._wire, on_output)
        except (BoardTimeoutError, ConnectionLost):
            self._wire.repl.abandon()
            return False
        except Exception:
            # The caller's output handler failed.
            self._stop(None)
            raise
        except BaseException:
            # Ctrl-C for the second time: whoever presses it does not want to wait.
            self._wire.repl.abandon()
            raise
        return True


class _Step:
    """What is being done, should the time run out."""

    def __init__(self) -> None:
        self.begin("the call", None)

    def begin(self, doing: str, seconds: float | None, on_output: OutputHandler | None = None) -> None:
        self.doing = doing
        self.seconds = seconds
        self.on_output = on_output
