"""A board that takes calls, has what it should have for each, and is found again after a loss.

A session also remembers what a fresh interpreter must be told again: the definitions of tasks after every
reset, and, after a loss, whatever was recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from belay.board.calls import Calls, Terms
from belay.board.examine import LinkFacts, examine
from belay.board.firmware import Implementation
from belay.board.history import History, Step, Steps
from belay.exceptions import (
    BelayException,
    ConnectionLost,
    ReplEntryError,
)
from belay.link import Dispatcher, Link, OutputHandler, Queue
from belay.session.connection import Connection, NewsHandler
from belay.session.standing import Standing, State
from belay.transports.base import Transport

T = TypeVar("T")


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
        on_reconnect: Called whenever what was recorded has been replayed, before anything else is asked, by
            the thread that asks. It may ask the board; nothing of that is recorded. If it raises, so does
            what was being asked, and the next question connects anew.
        dispatcher: Calls the handlers of news; None for one of its own. Closed with this session.
        max_history: At most so many steps are remembered.

    Raises:
        ConnectionFailedError: No connection, or the board cannot be prepared.
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
        on_reconnect: Callable[[], object] | None = None,
        dispatcher: Dispatcher | None = None,
        max_history: int = 1000,
    ) -> None:
        self._history = History(max_history)
        self._queue = Queue()
        self._connection = Connection(
            open_transport,
            startup=startup,
            agent=agent,
            listens=listen,
            on_output=on_output,
            on_ask=on_ask,
            asks=asks,
            dispatcher=dispatcher or Dispatcher(),
        )
        self._connection.connect(fresh=fresh)
        self._standing = Standing(self._connection, self._history, attempts, on_reconnect)

    @property
    def attempts(self) -> int:
        """How often to try to connect again after a loss, a second apart; negative for ever."""
        return self._standing.attempts

    @attempts.setter
    def attempts(self, attempts: int) -> None:
        self._standing.attempts = attempts

    @property
    def implementation(self) -> Implementation:
        """What runs on the board."""
        return self._connection.implementation

    @property
    def link(self) -> Link:
        """The conversation with the board; another one after each reconnect."""
        return self._connection.link

    @property
    def has_agent(self) -> bool:
        """Whether calls go by the agent."""
        return self._connection.has_agent

    # --- questions ------------------------------------------------------------------------------

    def ask(
        self,
        question: Callable[[Calls], T],
        *,
        replay: Step | Steps[T] | None = None,
        repeatable: Callable[[], bool] | None = None,
    ) -> T:
        """Ask the board something.

        Where reconnecting was asked for, and a loss is found before anything was sent that could change the
        board, this reconnects and asks then.

        Args:
            question: Gets the way to the board, ready for use.
            replay: To be done again after a loss; remembered once the question is answered. Of several steps
                those that the answer says were done.
            repeatable: Says, after a loss, whether it may be asked again though it may have run; None if
                never.

        Raises:
            BoardFailure: The code on the board raised.
            ConnectionLost: The connection is gone, and could not be made again. What was asked may have run.
            BoardResetError: The board was reset behind our back; the next question is answered by a fresh
                interpreter.
            MaxHistoryLengthError: Nothing more can be remembered; nothing was asked.
        """
        return self._in_turn(lambda: self._ask_and_remember(question, replay, repeatable))

    def define(self, name: str, source: str) -> None:
        """Define a function on the board, now and after every reset.

        Raises:
            BoardFailure: The board refuses the definition.
            MaxHistoryLengthError: Nothing more can be remembered.
        """

        def step(calls: Calls, terms: Terms) -> None:
            calls.define(name, source, terms)

        def define() -> None:
            if self.attempts:
                self._history.check_definition(name, source)
            self._ask(lambda calls: step(calls, self._connection.terms), _always)
            self._history.define(name, source, step)

        self._in_turn(define)

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
            self._ask(lambda calls: step(calls, self._connection.terms), _always)
            self._history.establish(name, step)

        self._in_turn(establish)

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
            if self._standing.state is State.READY and name not in self._history.missing:
                with suppress(ConnectionLost), self._standing.noting_losses():
                    step(self._calls, self._connection.terms)

        self._in_turn(abolish)

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
        return self._in_turn(lambda: self._soft_reset(main, timeout, on_output))

    def reconnect(self, attempts: int) -> None:
        """Open the port again, start the interpreter anew and replay what was recorded.

        Args:
            attempts: How often to try, a second apart; negative for ever.

        Raises:
            ConnectionLost: None of the attempts succeeded, or a recorded step failed.
            MaxHistoryLengthError: There was more to be replayed than is remembered.
        """

        def reconnect() -> None:
            self._standing.refuse_if_closed()
            if self._standing.hooked:
                raise BelayException("the device is being reconnected already")
            self._history.check_complete()
            self._standing.reconnect(attempts)

        self._in_turn(reconnect)

    def examine(self) -> LinkFacts:
        """Find out what carries the calls.

        To measure what the agent takes, it is put on the board anew: generators on the board end.

        Raises:
            ConnectionLost: The connection is gone.
            BoardTimeoutError: The board did not answer.
            ConnectionFailedError: The board does not take the agent again.
        """
        return self._in_turn(self._examine)

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
            self._standing.reach()
            self._standing.state = State.STRANGE
            try:
                with self._standing.noting_losses():
                    return use(self.link, self._standing.reopen)
            finally:
                self._connection.start_listening()

        return self._in_turn(lend)

    # --- what comes unasked ---------------------------------------------------------------------

    def listen(self) -> None:
        """Something on the board prints by itself from now on: it is read as it comes, if that is wanted."""
        self._connection.listen()

    def on_news(self, kind: str, handler: NewsHandler) -> None:
        """Have a handler called with what the board says unasked; it may call the board.

        Args:
            kind: :data:`belay.link.EVENT` or :data:`belay.link.LOG`.
            handler: Called in a thread of its own, in the order in which the news came.
        """
        self._connection.on_news(kind, handler)

    # --- life -----------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._connection.closed.is_set()

    @property
    def connected(self) -> bool:
        """Whether the connection is there, as far as is known; asks nobody."""
        return not self.closed and self._standing.state is not State.LOST and not self.link.lost

    def give_up(self) -> None:
        """Do not reconnect any more; whoever does so in another thread ends at once, with ConnectionLost."""
        self._standing.give_up()

    def close(self) -> None:
        """Leave the board at its friendly prompt and close the port; a second call does nothing.

        A question that another thread is asking ends with ConnectionLost.
        """
        self.give_up()
        self._connection.closed.set()
        # Somebody, perhaps this very thread, is asking something else.
        with suppress(TimeoutError, BelayException):
            self._queue.do(self.link.leave, timeout=0)
        self._connection.close()

    # --- asking ---------------------------------------------------------------------------------

    @property
    def _calls(self) -> Calls:
        return self._connection.calls

    def _in_turn(self, work: Callable[[], T]) -> T:
        """Do something in one's turn; the hook has it already."""
        return work() if self._standing.mine else self._queue.do(work)

    def _ask_and_remember(
        self,
        question: Callable[[Calls], T],
        replay: Step | Steps[T] | None,
        repeatable: Callable[[], bool] | None,
    ) -> T:
        if self._standing.hooked:
            # The hook does this again after the next loss.
            replay = None
        if replay and self.attempts:
            if isinstance(replay, Steps):
                self._history.check_room(replay.most)
            else:
                self._history.check_step(replay)
        answer = self._ask(question, repeatable)
        if isinstance(replay, Steps):
            for step in replay.done(answer):
                self._history.add(step)
        elif replay:
            self._history.add(replay)
        return answer

    def _ask(self, question: Callable[[Calls], T], repeatable: Callable[[], bool] | None = None) -> T:
        repeats = 0
        while True:
            calls = self._standing.ready()
            link, begun = self.link, self.link.begun
            try:
                with self._standing.noting_losses():
                    return question(calls)
            except (ConnectionLost, ReplEntryError):
                harmless = link.begun == begun or (repeatable is not None and repeatable())
                if not harmless or not self._standing.may_go_on(repeats):
                    raise
            repeats += 1

    def _soft_reset(self, main: bool, timeout: float | None, on_output: OutputHandler | None) -> bool:
        self._standing.reach()
        # Whatever happens now, what the board knew is gone.
        self._standing.state = State.STRANGE
        self._history.forget_steps()
        with self._standing.noting_losses():
            ended = self._connection.reset(
                main=main, timeout=timeout, on_output=on_output or self.link.on_idle_output
            )
        self._standing.state = State.EMPTY
        return ended

    def _examine(self) -> LinkFacts:
        calls = self._standing.ready()
        with self._standing.noting_losses():
            # Should it not come to its end, the board is prepared again.
            self._standing.state = State.EMPTY
            facts = examine(self.link, calls, self.implementation, self._connection.terms)
            if facts.agent:
                self._connection.renew_agent()
                self._history.forget_lasting()
            self._standing.state = State.READY
            return facts


def _always() -> bool:
    """Whether something may be asked again that may have been done: it makes no difference."""
    return True
