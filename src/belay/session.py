"""From an address to a board that takes calls: connect, start afresh, probe, and do so again after a loss.

A session also remembers what a fresh interpreter must be told again: the definitions of tasks after every
reset, and, after a loss, whatever was recorded.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from typing import TypeVar

from belay.board.agent import AgentCalls
from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.examine import LinkFacts, examine
from belay.board.firmware import Implementation
from belay.board.history import History, Step, Steps
from belay.board.memory import has_room
from belay.board.prepare import SETUP_TIMEOUT, install_agent, prepare
from belay.exceptions import (
    BelayException,
    BoardResetError,
    BoardTimeoutError,
    ConnectionFailedError,
    ConnectionLost,
    NotBelayResponseError,
    ReplEntryError,
)
from belay.link import ENTER_TIMEOUT, Dispatcher, Link, OutputHandler, Queue
from belay.transports.base import Transport
from belay.transports.trace import CountingTransport

RECONNECT_PAUSE = 1.0
"""Seconds between two attempts to reconnect."""

T = TypeVar("T")


NewsHandler = Callable[[object], object]
"""Gets what an event or a log of the board's says."""


class State(Enum):
    """What the board knows of us."""

    LOST = auto()
    """The connection is gone."""
    STRANGE = auto()
    """The board was reset behind our back, and may have run a main.py since."""
    EMPTY = auto()
    """The board was reset by us; our functions and the definitions are not there yet."""
    READY = auto()
    """All is there."""


class Session:
    """A board that takes calls.

    Many threads may use one session; their questions are asked one after another, in the order in which they
    came.

    Args:
        open_transport: Opens the port anew each time it is called.
        startup: Statements to run on a fresh interpreter; None for the usual imports.
        attempts: How often to try to connect again after a loss, a second apart; negative for ever.
        fresh: Whether to start the interpreter anew when connecting for the first time; None for where a
            program that was stopped has left little memory.
        agent: Whether calls go by the agent; None for wherever it can run.
        listen: Whether to read also while nothing is asked, in a thread of its own; None for as soon as
            :meth:`listen` is called.
        on_output: Gets what the board prints while nothing is asked of it, in whichever thread reads it.
        on_ask: Answers what the board asks, see :class:`belay.board.calls.Terms`; None refuses.
        asks: Whether ``input()`` on the board asks the host.
        dispatcher: Calls the handlers of news; None for one of its own. Closed with this session.
        max_history: At most so many steps are remembered.

    Raises:
        ConnectionFailedError: No connection, or the board cannot be prepared.

    Attributes:
        attempts: As given; may be changed.
        implementation: What runs on the board.
        link: The conversation with the board; another one after each reconnect.
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        *,
        startup: str | None = None,
        attempts: int = 0,
        fresh: bool | None = True,
        agent: bool | None = None,
        listen: bool | None = None,
        on_output: OutputHandler,
        on_ask: Callable[..., object] | None = None,
        asks: bool = False,
        dispatcher: Dispatcher | None = None,
        max_history: int = 1000,
    ) -> None:
        self.attempts = attempts
        self.implementation = Implementation("unknown")
        self._open_transport = open_transport
        self._startup = startup
        self._agent = agent
        self._on_output = on_output
        self._on_ask = on_ask
        self._asks = asks
        self._history = History(max_history)
        self._queue = Queue()
        self._listens = listen
        self._dispatcher = dispatcher or Dispatcher()
        self._news_handlers: dict[str, NewsHandler] = {}
        self._closed = threading.Event()
        self._asked_at = -1
        self._calls: Calls
        self._connect(fresh=fresh)
        self._state = State.READY

    # --- questions ------------------------------------------------------------------------------

    def ask(self, question: Callable[[Calls], T], *, replay: Step | Steps[T] | None = None) -> T:
        """Ask the board something.

        Where a loss is found before anything was sent, and reconnecting was asked for, this reconnects and
        asks then.

        Args:
            question: Gets the way to the board, ready for use.
            replay: To be done again after a loss; remembered once the question is answered. Of several steps
                those that the answer says were done.

        Raises:
            BoardFailure: The code on the board raised.
            ConnectionLost: The connection is gone, and could not be made again. What was asked may have run.
            BoardResetError: The board was reset behind our back; the next question is answered by a fresh
                interpreter.
            MaxHistoryLengthError: Nothing more can be remembered; nothing was asked.
        """
        return self._queue.do(lambda: self._ask_and_remember(question, replay))

    def define(self, name: str, source: str) -> None:
        """Define a function on the board, now and after every reset.

        Raises:
            BoardFailure: The board refuses the definition.
            MaxHistoryLengthError: Nothing more can be remembered.
        """

        def step(calls: Calls, terms: Terms) -> None:
            calls.define(name, source, terms)

        def define() -> None:
            if self.attempts and not self._history.knows(name, source):
                self._history.check_room()
            self._ask(lambda calls: step(calls, self._terms))
            self._history.define(name, source, step)

        self._queue.do(define)

    def establish(self, name: str, step: Step) -> None:
        """Do something now, and again whenever the agent is new, until :meth:`abolish` is called.

        Args:
            name: Tells it from others.
            step: What to do; where it fails with anything but a BoardFailure, the question after it does too.

        Raises:
            BoardFailure: The board refuses it.
            MaxHistoryLengthError: Nothing more can be remembered.
        """

        def establish() -> None:
            if self.attempts:
                self._history.check_room()
            self._ask(lambda calls: step(calls, self._terms))
            self._history.establish(name, step)

        self._queue.do(establish)

    def abolish(self, name: str, step: Step) -> None:
        """Undo what :meth:`establish` did, and do not do it again; a second call does nothing.

        Where the board does not know of it any more, or is gone, it is not told.

        Args:
            name: As given there.
            step: Undoes it on the board.

        Raises:
            BoardFailure: The board refuses.
        """

        def abolish() -> None:
            if not self._history.abolish(name, step) or self.closed:
                return
            if self._state is State.READY and name not in self._history.missing:
                with suppress(ConnectionLost), self._noting_losses():
                    step(self._calls, self._terms)

        self._queue.do(abolish)

    def soft_reset(
        self, *, main: bool, timeout: float | None, on_output: OutputHandler | None = None
    ) -> bool:
        """Start the interpreter anew; definitions come back before the next question.

        Args:
            main: Whether main.py runs.
            timeout: Seconds to wait for main.py's end; None waits for ever.
            on_output: Gets what main.py prints meanwhile; None for whoever gets what is printed unasked.

        Returns:
            Whether main.py ended, if it was to run.

        Raises:
            BoardTimeoutError: The board did not come back.
            ConnectionLost: The connection is gone.
        """
        return self._queue.do(lambda: self._soft_reset(main, timeout, on_output or self._on_output))

    def reconnect(self, attempts: int) -> None:
        """Open the port again, start the interpreter anew and replay what was recorded.

        Args:
            attempts: How often to try, a second apart; negative for ever.

        Raises:
            ConnectionLost: None of the attempts succeeded, or a recorded step failed.
            MaxHistoryLengthError: There was more to be replayed than is remembered.
        """

        def reconnect() -> None:
            self._refuse_if_closed()
            self._history.check_complete()
            self._reconnect(attempts)

        self._queue.do(reconnect)

    def examine(self) -> LinkFacts:
        """Find out what carries the calls.

        To measure what the agent takes, it is put on the board anew: generators on the board end.

        Raises:
            ConnectionLost: The connection is gone.
            BoardTimeoutError: The board did not answer.
            ConnectionFailedError: The board does not take the agent again.
        """
        return self._queue.do(self._examine)

    def lend(self, use: Callable[[Link, Callable[[], Link]], T]) -> T:
        """Let somebody else use the connection: a terminal. What asks meanwhile waits.

        The board is a stranger then: the next question starts its interpreter anew, and what was recorded is
        replayed if reconnecting was asked for.

        Args:
            use: Gets the link and a function that opens the port again, for when the link is lost.

        Returns:
            What ``use`` returns.

        Raises:
            ConnectionLost: The connection is gone.
        """

        def lend() -> T:
            self._reach()
            self._state = State.STRANGE
            try:
                with self._noting_losses():
                    return use(self.link, self._reopen)
            finally:
                self._start_listening()

        return self._queue.do(lend)

    # --- what comes unasked ---------------------------------------------------------------------

    def listen(self) -> None:
        """Something on the board prints by itself from now on: it is read as it comes, if that is wanted."""
        if self._listens is None:
            self._listens = True
            self._start_listening()

    def on_news(self, kind: str, handler: NewsHandler) -> None:
        """Have a handler called with what the board says unasked; it may call the board.

        Args:
            kind: :data:`belay.link.EVENT` or :data:`belay.link.LOG`.
            handler: Called in a thread of its own, in the order in which the news came.
        """
        self._news_handlers[kind] = handler
        self.listen()

    # --- life -----------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed.is_set()

    def close(self) -> None:
        """Leave the board at its friendly prompt and close the port; a second call does nothing.

        A question that another thread is asking ends with ConnectionLost.
        """
        self._closed.set()
        # Somebody, perhaps this very thread, is asking something else.
        with suppress(TimeoutError, BelayException):
            self._queue.do(self.link.leave, timeout=0)
        self.link.close()
        self._dispatcher.close()

    # --- asking ---------------------------------------------------------------------------------

    def _ask_and_remember(self, question: Callable[[Calls], T], replay: Step | Steps[T] | None) -> T:
        if replay and self.attempts:
            self._history.check_room(replay.most if isinstance(replay, Steps) else 1)
        answer = self._ask(question)
        if isinstance(replay, Steps):
            for step in replay.done(answer):
                self._history.add(step)
        elif replay:
            self._history.add(replay)
        return answer

    def _ask(self, question: Callable[[Calls], T]) -> T:
        self._asked_at = -1
        try:
            return self._ask_once(question)
        except ConnectionLost as lost:
            if not self.attempts or self.closed or not self._is_unsent(lost):
                raise
        return self._ask_once(question)

    def _ask_once(self, question: Callable[[Calls], T]) -> T:
        with self._noting_losses():
            calls = self._ready()
            self._asked_at = self._wire.writes
            return question(calls)

    @contextmanager
    def _noting_losses(self) -> Iterator[None]:
        try:
            yield
        except BoardResetError:
            self._state = State.STRANGE
            raise
        except ConnectionLost:
            self._state = State.LOST
            raise

    def _is_unsent(self, lost: ConnectionLost) -> bool:
        if isinstance(lost, BoardResetError):
            return not lost.sent
        return self._wire.writes == self._asked_at

    def _ready(self) -> Calls:
        """The way to the board, which has all that it should have."""
        self._reach()
        if self._state is State.STRANGE:
            self.link.enter(ENTER_TIMEOUT)
            self.link.soft_reset()
            self._prepare()
            if self.attempts:
                self._replay()
            else:
                self._history.forget_steps()
        elif self._state is State.EMPTY:
            self._prepare()
        self._state = State.READY
        if self._history.missing:
            self._history.define_missing(self._calls, self._terms)
        return self._calls

    def _reach(self) -> None:
        """Be connected."""
        self._refuse_if_closed()
        if self._state is State.LOST:
            self._reconnect(self.attempts)

    def _refuse_if_closed(self) -> None:
        if self.closed:
            raise ConnectionLost("the device is closed", hint="make a new Device")

    def _soft_reset(self, main: bool, timeout: float | None, on_output: OutputHandler) -> bool:
        self._reach()
        # Whatever happens now, what the board knew is gone.
        self._state = State.STRANGE
        self._history.forget_steps()
        with self._noting_losses():
            ended = self._reset(main, timeout, on_output)
        self._state = State.EMPTY
        return ended

    def _examine(self) -> LinkFacts:
        with self._noting_losses():
            calls = self._ready()
            # Should it not come to its end, the board is prepared again.
            self._state = State.EMPTY
            facts = examine(self.link, calls, self.implementation, self._terms)
            if facts.agent:
                self._calls = install_agent(
                    self.link, self.implementation, self._on_output, self._on_ask, asks=self._asks
                )
                self._history.forget_lasting()
            self._state = State.READY
            return facts

    def _start_listening(self) -> None:
        if self._listens:
            self._dispatcher.start()
            self.link.listen()

    def _take_news(self, kind: str, body: bytes) -> None:
        if handler := self._news_handlers.get(kind):
            self._dispatcher.post(_tell, handler, body)

    # --- connecting -----------------------------------------------------------------------------

    def _reconnect(self, attempts: int) -> None:
        self.link.close()
        self._state = State.LOST
        made = 0
        last: Exception = ConnectionLost("the connection is gone")
        while attempts < 0 or made < attempts:
            if made and self._closed.wait(RECONNECT_PAUSE):
                break
            made += 1
            try:
                self._connect(fresh=True)
            except (BelayException, OSError) as error:
                last = error
                continue
            self._replay()
            self._state = State.READY
            return
        hint = None if made else "Device(…, attempts=N) tries to connect again"
        raise ConnectionLost(f"the connection to the board is lost: {last}", hint=hint) from last

    def _open(self) -> None:
        """Open the port."""
        self._wire = CountingTransport(self._open_transport())
        self.link = Link(self._wire)
        self.link.on_idle_output = self._on_output
        self.link.on_news = self._take_news

    def _reopen(self) -> Link:
        """Open the port for somebody else."""
        self.link.close()
        self._state = State.LOST
        self._refuse_if_closed()
        self._open()
        self._state = State.STRANGE
        return self.link

    def _connect(self, *, fresh: bool | None) -> None:
        """Open the port and get the board ready; whatever fails, the port is free again."""
        self._open()
        try:
            self._refuse_if_closed()
            self.link.enter(ENTER_TIMEOUT)
            if fresh or (fresh is None and not has_room(self.link)):
                self.link.soft_reset()
            self._prepare()
            self._start_listening()
        except (BoardTimeoutError, NotBelayResponseError) as error:
            self.link.close()
            raise ConnectionFailedError(
                f"the board cannot be prepared: {error}",
                hint="does boot.py take long, use up the memory, or start something that keeps printing?",
            ) from error
        except BaseException as error:
            self.link.close()
            if isinstance(error, ReplEntryError):
                error.add_note(f"port: {self._wire.name}")
            raise

    def _reset(self, main: bool, timeout: float | None, on_output: OutputHandler) -> bool:
        if main:
            return self.link.reboot(on_output=on_output, timeout=timeout)
        self.link.soft_reset()
        return True

    def _prepare(self) -> None:
        """Tell a fresh interpreter what it needs for calls.

        Raises:
            ConnectionFailedError: It refuses, or the startup statements fail.
        """
        # A new way to the board, so that whatever holds the old one notices that its objects are gone.
        self.implementation, self._calls = prepare(
            self.link, self._startup, self._agent, self._on_output, self._on_ask, asks=self._asks
        )

    @property
    def has_agent(self) -> bool:
        """Whether calls go by the agent."""
        return isinstance(self._calls, AgentCalls)

    def _replay(self) -> None:
        """Restore what the board knew.

        Raises:
            ConnectionLost: A step failed; the board is not what it was.
        """
        try:
            self._history.replay(self._calls, self._endless)
        except BoardFailure as failure:
            raise ConnectionLost(
                f"the board is back, but what it knew cannot be restored: {failure.traceback.strip()}"
            ) from None

    @property
    def _terms(self) -> Terms:
        """For code of ours."""
        return Terms(on_output=self._on_output, timeout=SETUP_TIMEOUT)

    @property
    def _endless(self) -> Terms:
        """For the user's code, which takes as long as it takes."""
        return Terms(on_output=self._on_output)


def _tell(handler: NewsHandler, body: bytes) -> None:
    """Call a handler with what the board wrote."""
    handler(ast.literal_eval(body.decode(errors="surrogatepass")))
