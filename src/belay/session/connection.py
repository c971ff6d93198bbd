"""A port that is open, and the board behind it made ready for calls; the same again after a loss."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable

from belay.board.afresh import clean, remember
from belay.board.agent import AgentCalls
from belay.board.calls import Calls, Terms
from belay.board.firmware import Implementation
from belay.board.memory import has_room
from belay.board.prepare import SETUP_TIMEOUT, install_agent, prepare
from belay.exceptions import (
    BoardTimeoutError,
    ConnectionFailedError,
    ConnectionLost,
    NotBelayResponseError,
    ReplEntryError,
)
from belay.link import ENTER_TIMEOUT, Dispatcher, Link, OutputHandler
from belay.session.returning import await_return
from belay.transports.base import Transport

NewsHandler = Callable[[object], object]
"""Gets what an event or a log of the board's says."""


class Connection:
    """A way to a board.

    Args:
        open_transport: Opens the port anew each time it is called.
        startup: Statements to run on a fresh interpreter; None for the usual imports.
        agent: Whether calls go by the agent; None for wherever it can run.
        listens: Whether to read also while nothing is asked; None for as soon as :meth:`listen` is called.
        on_output: Gets what the board prints while nothing is asked of it.
        on_ask: Answers what the board asks; None refuses.
        asks: Whether ``input()`` on the board asks the host.
        dispatcher: Calls the handlers of news. Closed with this.

    Attributes:
        link: The conversation with the board; another one whenever the port is opened.
        calls: The way to the board; another one whenever its interpreter is fresh.
        implementation: What runs on the board.
        closed: Set for good by :meth:`close`.
        given_up: Once this is set, the port is not opened again.
    """

    link: Link
    calls: Calls

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        *,
        startup: str | None,
        agent: bool | None,
        listens: bool | None,
        on_output: OutputHandler,
        on_ask: Callable[..., object] | None,
        asks: bool,
        dispatcher: Dispatcher,
    ) -> None:
        self.implementation = Implementation("unknown")
        self.closed = threading.Event()
        self.given_up = threading.Event()
        self.open_transport = open_transport
        self._startup = startup
        self._agent = agent
        self._listens = listens
        self._on_output = on_output
        self._on_ask = on_ask
        self._asks = asks
        self._dispatcher = dispatcher
        self._news_handlers: dict[str, NewsHandler] = {}

    # --- the port -------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the port; a link that there was must be closed.

        Raises:
            ConnectionLost: It was given up meanwhile; the port is free again.
        """
        link = Link(self.open_transport())
        link.on_idle_output = self._on_output
        link.on_news = self._take_news
        self.link = link
        # Whoever gives up from now on closes this link; who did before has not.
        if self.given_up.is_set():
            link.close()
            raise closed()

    def connect(self, *, fresh: bool | None) -> None:
        """Open the port and get the board ready; whatever fails, the port is free again.

        Args:
            fresh: Whether to start the interpreter anew; None for where there is little memory left.

        Raises:
            ConnectionFailedError: No connection, or the board cannot be prepared.
        """
        self.open()
        try:
            self.link.enter(ENTER_TIMEOUT)
            if fresh or (fresh is None and not has_room(self.link)):
                self._begin_afresh()
            self.prepare()
            self.start_listening()
        except (BoardTimeoutError, NotBelayResponseError) as error:
            self.link.close()
            raise ConnectionFailedError(
                f"the board cannot be prepared: {error}",
                hint="does boot.py take long, use up the memory, or start something that keeps printing?",
            ) from error
        except BaseException as error:
            self.link.close()
            if isinstance(error, ReplEntryError):
                error.add_note(f"port: {self.link.transport.name}")
            raise

    def restart(self) -> None:
        """Start the interpreter anew, whatever the board is doing, and get it ready.

        Raises:
            ConnectionFailedError: It cannot be prepared.
            ConnectionLost: The link is gone.
            BoardTimeoutError: The board did not come back.
        """
        self.link.enter(ENTER_TIMEOUT)
        self._begin_afresh()
        self.prepare()

    def reset(self, *, main: bool, timeout: float | None, on_output: OutputHandler) -> bool:
        """Start the interpreter anew; where that ends the connection, connect anew as soon as possible.

        Args:
            main: Whether main.py runs.
            timeout: Seconds to wait for main.py's end; None waits for ever.
            on_output: Gets what is printed meanwhile.

        Returns:
            Whether main.py has ended, if it was to run; False also where that is not known.

        Raises:
            BoardTimeoutError: The board did not come back.
            ConnectionLost: The connection is gone, and the board cannot be reached any more.
        """
        ends = not self.link.transport.survives_reset
        try:
            if main:
                return self.link.reboot(on_output=on_output, timeout=timeout)
            self.link.soft_reset()
        except (ConnectionLost, BoardTimeoutError) as error:
            if not ends or self.given_up.is_set():
                raise
            await_return(self._reopen, self.given_up, self.link.transport.name, error)
            return not main
        return True

    def _begin_afresh(self) -> None:
        """Start the interpreter anew, or, where the connection would end with it, clean it up."""
        if self.link.transport.survives_reset:
            self.link.soft_reset()
        else:
            clean(self.link)

    def _reopen(self) -> None:
        self.link.close()
        self.open()

    def prepare(self) -> None:
        """Tell a fresh interpreter what it needs for calls.

        Raises:
            ConnectionFailedError: It refuses, or the startup statements fail.
        """
        if not self.link.transport.survives_reset:
            remember(self.link)
        # A new way to the board, so that whatever holds the old one notices that its objects are gone.
        self.implementation, self.calls = prepare(
            self.link, self._startup, self._agent, self._on_output, self._on_ask, asks=self._asks
        )

    def renew_agent(self) -> None:
        """Put the agent on the board anew.

        Raises:
            ConnectionFailedError: The board refuses it.
        """
        self.calls = install_agent(
            self.link, self.implementation, self._on_output, self._on_ask, asks=self._asks
        )

    @property
    def has_agent(self) -> bool:
        """Whether calls go by the agent."""
        return isinstance(self.calls, AgentCalls)

    @property
    def terms(self) -> Terms:
        """For code of ours."""
        return Terms(on_output=self._on_output, timeout=SETUP_TIMEOUT)

    @property
    def endless(self) -> Terms:
        """For the user's code, which takes as long as it takes."""
        return Terms(on_output=self._on_output)

    def close(self) -> None:
        """Close the port, whatever is under way there, and open none any more."""
        self.closed.set()
        self.given_up.set()
        self.link.close()
        self._dispatcher.close()

    # --- what comes unasked ---------------------------------------------------------------------

    def listen(self) -> None:
        """Something on the board prints by itself from now on: it is read as it comes, if that is wanted."""
        if self._listens is None:
            self._listens = True
            self.start_listening()

    def start_listening(self) -> None:
        """Read what comes by itself, if that is wanted."""
        if self._listens:
            self._dispatcher.start()
            self.link.listen()

    def on_news(self, kind: str, handler: NewsHandler) -> None:
        """Have a handler called with what the board says unasked."""
        self._news_handlers[kind] = handler
        self.listen()

    def _take_news(self, kind: str, body: bytes) -> None:
        if handler := self._news_handlers.get(kind):
            self._dispatcher.post(_tell, handler, body)


def closed() -> ConnectionLost:
    """What is raised once the user has closed the device."""
    return ConnectionLost("the device is closed", hint="make a new Device")


def _tell(handler: NewsHandler, body: bytes) -> None:
    """Call a handler with what the board wrote."""
    handler(ast.literal_eval(body.decode(errors="surrogatepass")))
