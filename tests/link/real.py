"""A real MicroPython with functions that count their runs, behind a line of the test's."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from belay import Device
from belay.board.calls import Item, Terms
from belay.board.requests import Fixed
from belay.exceptions import BoardResetError
from belay.transports.base import Transport
from belay.transports.virtual import VirtualTransport

from .conftest import Wrapper
from .noise import FUNCTIONS, OPERATIONS, SHOWN, Fault, answering, is_honest, small

TIMEOUT = 6.0
PATIENCE = 40.0
"""Seconds in which an operation of several calls is over, with all that is tried to get the board back, on a
machine that does other things too."""
RAN = "def ran(tag):\n with open('/runs','a') as f: f.write(str(tag)+'\\n')"


class Real:
    """A board with all functions defined.

    Args:
        wrap: Makes the line.
    """

    def __init__(self, wrap: type[Wrapper]) -> None:
        def wrapped(transport: Transport) -> Transport:
            assert isinstance(transport, VirtualTransport)
            self.board = transport.board
            self.line: Any = wrap(transport)
            return self.line

        self.device = Device("virtual:", agent=True, wrap=wrapped)
        self._session = self.device._session
        self._shown: Any = None
        self.terms = Terms(timeout=TIMEOUT)
        self.define("ran", RAN)
        for name, source in FUNCTIONS.items():
            self.define(name, source)
        self.runs_file = Path(self.board.root) / "runs"
        self.warm_up()

    def warm_up(self) -> None:
        """The parts of the agent are on the board before there is noise."""
        for operation in OPERATIONS.values():
            operation(self, 0)
        self.forget_runs()

    def define(self, name: str, source: str) -> None:
        self._session.define(name, source)

    def call(self, name: str, *args: object) -> Any:
        return self._session.ask(lambda calls: calls.call(name, args, {}, self.terms))

    def items(self, name: str, *args: object) -> Iterator[Any]:
        key = self._session.ask(lambda calls: calls.start(name, args, {}, self.terms))
        while True:
            item = self._session.ask(lambda calls: calls.send(key, None, self.terms))
            if not isinstance(item, Item):
                return
            yield item.value

    def ask(self, name: str, *args: object) -> Any:
        terms = replace(self.terms, on_ask=answering())

        def question(calls: Any) -> Any:
            calls._need("part_input", self.terms)
            if calls is not self._shown:
                calls._ask(Fixed.PART, [SHOWN], self.terms)
                self._shown = calls
            return calls.call(name, args, {}, terms)

        return self._session.ask(question)

    def printed(self, name: str, *args: object) -> tuple[Any, str]:
        output = bytearray()
        terms = replace(self.terms, on_output=output.extend)
        value = self._session.ask(lambda calls: calls.call(name, args, {}, terms))
        return value, output.decode(errors="replace")

    @property
    def runs(self) -> Counter[int]:
        return Counter(map(int, self.runs_file.read_text().split()))

    def forget_runs(self) -> None:
        self.runs_file.write_text("")

    def suffer(self, name: str, tag: int, *faults: Fault) -> str:
        """Do one thing while bytes are spoiled, then another on a good line."""
        start = time.monotonic()
        self.line.arm(*faults)
        ended = "right"
        try:
            OPERATIONS[name](self, tag)
        except Exception as error:
            if not is_honest(error):
                raise
            ended = type(error).__name__
        self.line.arm()
        self.is_right(tag + 1)
        assert time.monotonic() - start < PATIENCE
        runs = self.runs
        assert runs[tag] <= 1
        assert runs[tag] == 1 or ended != "right"
        assert runs[tag + 1] == 1
        self.forget_runs()
        return ended

    def is_right(self, tag: int) -> None:
        """The board is there, or it was reset and says so before anything was sent."""
        try:
            small(self, tag)
        except BoardResetError as error:
            if error.sent:
                raise
            small(self, tag)
