"""How we stand with a board: connected or not, and whether it has what it should have; and getting there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto

from belay.board.calls import Calls
from belay.board.history import History, ReplayFailed
from belay.exceptions import (
    BelayException,
    BoardResetError,
    ConnectionFailedError,
    ConnectionLost,
    ReplEntryError,
)
from belay.link import Link
from belay.session.connection import Connection, closed
from belay.session.reconnecting import keep_trying


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


class Standing:
    """How we stand with a board. Used by one thread at a time, but for :meth:`give_up`.

    Args:
        connection: The way to the board, connected.
        history: What it must be told again.
        attempts: How often to try to connect again after a loss; negative for ever.
        on_reconnect: Called whenever the history was replayed.

    Attributes:
        state: What the board knows of us.
        attempts: As given; may be changed.
    """

    def __init__(
        self,
        connection: Connection,
        history: History,
        attempts: int,
        on_reconnect: Callable[[], object] | None,
    ) -> None:
        self.state = State.READY
        self.attempts = attempts
        self._connection = connection
        self._history = history
        self._on_reconnect = on_reconnect
        self._hooked: int | None = None
        self._connecting = False

    @property
    def hooked(self) -> bool:
        """Whether the hook runs."""
        return self._hooked is not None

    @property
    def mine(self) -> bool:
        """Whether it is the hook, in its thread, that asks."""
        return self._hooked == threading.get_ident()

    def give_up(self) -> None:
        """Do not reconnect any more; whoever does so in another thread ends at once, with ConnectionLost."""
        self.attempts = 0
        self._connection.given_up.set()
        if self._connecting:
            self._connection.link.close()

    def may_go_on(self, losses: int) -> bool:
        """Whether another attempt is made after so many losses in a row."""
        attempts = 0 if self.hooked else self.attempts
        return not self._connection.closed.is_set() and (attempts < 0 or losses < attempts)

    @contextmanager
    def noting_losses(self) -> Iterator[None]:
        """Take note of how a question ends."""
        try:
            yield
        except BoardResetError:
            self.state = State.STRANGE
            raise
        except ConnectionLost:
            self.state = State.LOST
            raise
        except ReplEntryError:
            # The port is there and the board is not: opening it anew may help, if that is wanted.
            if self.attempts:
                self.state = State.LOST
            raise

    def ready(self) -> Calls:
        """The way to the board, which has all that it should have.

        Raises:
            ConnectionLost: It cannot be had.
        """
        losses = 0
        while True:
            self.reach()
            try:
                with self.noting_losses():
                    self._complete()
                return self._connection.calls
            except ReplayFailed as failed:
                raise _unrestorable(failed) from None
            except (ConnectionLost, ReplEntryError):
                if not self.may_go_on(losses):
                    raise
            losses += 1

    def _complete(self) -> None:
        """Give the board what it lacks."""
        while self.state is not State.READY:
            if self.state is State.EMPTY:
                self._connection.prepare()
                self.state = State.READY
                continue
            if self.attempts:
                self._restore()
                self._call_hook()
            else:
                self._connection.restart()
                self._history.forget_steps()
                self.state = State.READY
        if self._history.missing:
            self._history.define_missing(self._connection.calls, self._connection.terms)

    def _restore(self) -> None:
        """Start the interpreter anew, and have it know again what it knew.

        Raises:
            ConnectionLost: The board is gone, or not what it was a moment ago.
            ReplayFailed: A step failed.
        """
        try:
            self._connection.restart()
            self._history.replay(self._connection.calls, self._connection.endless)
        except ConnectionLost:
            raise
        except BelayException as error:
            # It was reset once more, in the middle of this.
            self.lose()
            raise ConnectionLost(f"the board did not come back as it should: {error}") from error

    def reach(self) -> None:
        """Be connected.

        Raises:
            ConnectionLost: That cannot be.
        """
        self.refuse_if_closed()
        if self.state is State.LOST:
            self.reconnect(0 if self.hooked else self.attempts)

    def refuse_if_closed(self) -> None:
        """Refuse what comes after the end.

        Raises:
            ConnectionLost: The connection was closed.
        """
        if self._connection.closed.is_set():
            raise closed()

    # --- after a loss ---------------------------------------------------------------------------

    def reopen(self) -> Link:
        """Open the port for somebody else."""
        self.lose()
        self.refuse_if_closed()
        self._connection.open()
        self.state = State.STRANGE
        return self._connection.link

    def reconnect(self, attempts: int) -> None:
        """Connect anew and restore what the board knew.

        Raises:
            ConnectionLost: None of the attempts succeeded, or what the board knew cannot be restored.
            Exception: What the hook raised.
        """
        self.lose()
        self._connecting = True
        try:
            keep_trying(
                self._connect_again, attempts, self._connection.given_up, self._connection.link.transport.name
            )
        except ReplayFailed as failed:
            self.lose()
            raise _unrestorable(failed) from None
        finally:
            self._connecting = False

    def _connect_again(self) -> Exception | None:
        """Try once; why it failed, if it did."""
        try:
            self._connection.connect(fresh=True)
            with self.noting_losses():
                self._history.replay(self._connection.calls, self._connection.endless)
        except (BelayException, OSError) as error:
            self.lose()
            return error
        try:
            self._call_hook()
        except ConnectionFailedError as error:
            # Anything else that it raises is for the user.
            return error
        return None

    def lose(self) -> None:
        """Close the port: the connection counts as lost."""
        self._connection.link.close()
        self.state = State.LOST

    def _call_hook(self) -> None:
        """The board knows again what it knew: tell whoever wants to know.

        Raises:
            ConnectionLost: The connection was lost meanwhile.
            Exception: What the hook raised.
        """
        self.state = State.READY
        if self._on_reconnect is None:
            return
        self._hooked = threading.get_ident()
        try:
            self._on_reconnect()
        except BaseException:
            self.lose()
            raise
        finally:
            self._hooked = None
        self.refuse_if_closed()
        if self.state is State.LOST:
            raise ConnectionLost("the connection was lost again while on_reconnect ran")


def _unrestorable(failed: ReplayFailed) -> ConnectionLost:
    return ConnectionLost(
        f"the board is back, but what it knew cannot be restored: {failed}",
        hint="make a new Device to begin afresh",
    )
