"""From an address to a board that takes calls: connect, start afresh, probe, and do so again after a loss.

A session also remembers what a fresh interpreter must be told again: the definitions of tasks after every
reset, and, after a reconnect, whatever was recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from belay.board import onboard
from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.firmware import Implementation
from belay.board.plain import PlainCalls
from belay.exceptions import (
    BelayException,
    BoardResetError,
    ConnectionFailedError,
    ConnectionLost,
    MaxHistoryLengthError,
    ReplEntryError,
)
from belay.link import ENTER_TIMEOUT, Link, OutputHandler
from belay.transports.base import Transport

SETUP_TIMEOUT = 10.0
"""Seconds in which a board takes our functions and answers what it is."""

RECONNECT_PAUSE = 1.0
"""Seconds between two attempts to reconnect."""


class Session:
    """A board that takes calls.

    Args:
        open_transport: Opens the port anew each time it is called.
        startup: Statements to run on a fresh interpreter; None for the usual imports.
        attempts: How often to try to connect again after a loss, a second apart; negative for ever.
        fresh: Whether to start the interpreter anew when connecting.
        on_output: Gets what the board prints while nothing is asked of it.
        max_history: At most so many steps are remembered for a reconnect.

    Raises:
        ConnectionFailedError: No connection.
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        *,
        startup: str | None = None,
        attempts: int = 0,
        fresh: bool = True,
        on_output: OutputHandler,
        max_history: int = 1000,
    ) -> None:
        self.attempts = attempts
        self.implementation = Implementation("unknown")
        self._open_transport = open_transport
        self._startup = startup
        self._on_output = on_output
        self._max_history = max_history
        self._definitions: dict[str, str] = {}
        self._history: list[Callable[[Calls], None]] = []
        self._closed = False
        self._connect(fresh=fresh)

    # --- life -----------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    def calls(self) -> Calls:
        """The way to the board, connected and prepared.

        Raises:
            ConnectionLost: The connection is gone, and could not be made again.
            BoardResetError: The board was reset behind our back. Nothing was sent; the next call works, on a
                fresh interpreter.
        """
        if self._closed:
            raise ConnectionLost("the device is closed", hint="make a new Device")
        if self._lost:
            self.reconnect(self.attempts)
        elif not self._prepared:
            self._prepare()
            self._define_again()
        return self._calls

    def noticed(self, error: ConnectionLost) -> None:
        """Take note that the board or the connection is gone."""
        if isinstance(error, BoardResetError):
            self._prepared = False
        else:
            self._lost = True

    def reconnect(self, attempts: int) -> None:
        """Open the port again, start the interpreter anew and replay what was recorded.

        Args:
            attempts: How often to try, a second apart; negative for ever.

        Raises:
            ConnectionLost: None of the attempts succeeded.
        """
        self.link.close()
        made = 0
        last: Exception = ConnectionLost("the connection is gone")
        while attempts < 0 or made < attempts:
            if made:
                time.sleep(RECONNECT_PAUSE)
            made += 1
            try:
                self._connect(fresh=True)
            except (BelayException, OSError) as error:
                last = error
                continue
            self._define_again()
            for replay in self._history:
                replay(self._calls)
            return
        hint = None if made else "Device(…, attempts=N) tries to connect again"
        raise ConnectionLost(f"the connection to the board is lost: {last}", hint=hint) from last

    def soft_reset(self, *, main: bool, timeout: float | None) -> bool:
        """Start the interpreter anew; definitions come back before the next call.

        Args:
            main: Whether main.py runs.
            timeout: Seconds to wait for main.py's end; None waits for ever.

        Returns:
            Whether main.py ended, if it was to run.
        """
        self.calls()
        self._prepared = False
        if main:
            return self.link.reboot(on_output=self._on_output, timeout=timeout)
        self.link.soft_reset()
        return True

    def close(self) -> None:
        """Leave the board at its friendly prompt and close the port; a second call does nothing."""
        if not self._closed:
            self._closed = True
            if not self._lost:
                self.link.leave()
            self.link.close()

    # --- memory ---------------------------------------------------------------------------------

    def define(self, name: str, source: str) -> None:
        """Define a function on the board, now and after every reset.

        Raises:
            BoardFailure: The board refuses the definition.
        """
        self.calls().execute(source, self._terms)
        self._definitions.pop(name, None)
        self._definitions[name] = source

    def record(self, replay: Callable[[Calls], None]) -> None:
        """Remember a step for a reconnect.

        Raises:
            MaxHistoryLengthError: More steps than are kept; only where reconnecting was asked for.
        """
        if not self.attempts:
            return
        if len(self._history) >= self._max_history:
            raise MaxHistoryLengthError(
                f"more than {self._max_history} steps to remember for a reconnect",
                hint="pass record=False for what does not change the board's state, or make it a task",
            )
        self._history.append(replay)

    # --------------------------------------------------------------------------------------------

    @property
    def _terms(self) -> Terms:
        return Terms(on_output=self._on_output, timeout=SETUP_TIMEOUT)

    def _connect(self, *, fresh: bool) -> None:
        """Open the port and get the board ready; whatever fails, the port is free again."""
        transport = self._open_transport()
        self.link = Link(transport)
        self.link.on_idle_output = self._on_output
        self._lost = self._prepared = False
        try:
            self.link.enter(ENTER_TIMEOUT)
            if fresh:
                self.link.soft_reset()
            self._prepare()
        except BoardFailure as failure:
            self.link.close()
            raise ConnectionFailedError(
                f"the board cannot be prepared: {failure.traceback.strip()}",
                hint="is there too little memory left? Try a board that was just powered up",
            ) from failure
        except BaseException as error:
            self.link.close()
            if isinstance(error, ReplEntryError):
                error.add_note(f"port: {transport.name}")
            raise

    def _prepare(self) -> None:
        """Tell a fresh interpreter what it needs for calls."""
        # A new way to the board, so that whatever holds the old one notices that its objects are gone.
        calls = PlainCalls(self.link)
        usual = onboard.read("startup") if self._startup is None else ""
        self.implementation = calls.install(self._terms, first=usual)
        self._calls: Calls = calls
        if self._startup:
            self._calls.execute(self._startup, self._terms)
        self._prepared = True

    def _define_again(self) -> None:
        for source in self._definitions.values():
            self._calls.execute(source, self._terms)
