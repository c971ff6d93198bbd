"""Ctrl-C: when it interrupts, when it is a byte like any other, and when that is not yet known.

The rule is that of a board: while code runs, and has not switched it off, Ctrl-C interrupts; at the prompt
it is input. Between the two stands code that was handed over and is not running yet. A board takes a Ctrl-C
that comes then for input, which leaves a program running that its user has just stopped; here it waits for
the program.
"""

from __future__ import annotations

import time
from enum import Enum, auto

from belay.virtual.native import Native, Poker

SUBMIT = b"\r\n\x04"
"""Bytes upon which a prompt may run what it was given."""

_HOLD = 0.25
"""Seconds that what follows a Ctrl-C waits for the interrupt, so that the interrupted code cannot read it."""
_RISE, _RISE_CPU = 0.003, 0.0005
"""Seconds, by the clock and of the interpreter's own time, in which an exception has risen to its handler."""
_COMPILE = 1.0
"""Seconds that a Ctrl-C waits for code that is being compiled, to interrupt it once it runs."""


class Interrupt:
    """An interrupt on its way: posted, taken by the interpreter, raised. One at a time.

    All interrupts are one object inside the interpreter, and posting it again empties it. So the next one has
    to wait until the last one has risen.

    Args:
        native: The library.
        poker: Makes blocking calls of the interpreter return.
    """

    def __init__(self, native: Native, poker: Poker) -> None:
        self._native, self._poker = native, poker
        self._posted = 0.0
        self._on_its_way = False
        self._taken, self._taken_cpu = 0.0, 0.0

    def post(self) -> None:
        """Interrupt the code that runs; an interrupt that is still waiting to be taken stands for both."""
        if not self._native.pending:
            self._native.post_interrupt()
            self._posted = time.monotonic()
        self.look()

    def look(self) -> None:
        """Poke until the interrupt is taken; withdraw it when the code has ended meanwhile."""
        if self._native.pending:
            self._on_its_way = True
            if self._native.armed:
                self._poker.poke()
            else:
                self._native.withdraw_interrupt()
        if self._on_its_way and not self._native.pending:
            self._on_its_way = False
            self._taken, self._taken_cpu = time.monotonic(), self._poker.ran()

    @property
    def awaited(self) -> bool:
        """Whether what follows it has to wait for it."""
        return self._native.pending and time.monotonic() - self._posted < _HOLD

    @property
    def rising(self) -> bool:
        """Whether it may be on its way to its handler, so that it must not be posted again."""
        if time.monotonic() - self._taken < _RISE:
            return True
        # On a busy machine the interpreter may have waited for its turn all that time.
        return self._poker.ran() - self._taken_cpu < _RISE_CPU and not self._poker.asleep()


class Meaning(Enum):
    """What a Ctrl-C is."""

    INTERRUPT = auto()
    INPUT = auto()
    OPEN = auto()
    """It will turn out: code was handed over, and may be about to run."""


class Handed:
    """What MicroPython was given to read, as far as a Ctrl-C behind it has to know.

    Args:
        native: The library.
        poker: Tells whether the interpreter sleeps.
    """

    def __init__(self, native: Native, poker: Poker) -> None:
        self._native, self._poker = native, poker
        # Of everything that was ever put into the pipe; more than zero if the last start left something.
        self._written = poker.unread()
        self._code_ends = -1
        self._open_since: float | None = None
        self._deaf = False

    def expect_code(self) -> None:
        """Code will run that was not typed: ``boot.py``."""
        self._code_ends = self._written

    def add(self, data: bytes) -> None:
        """Take note of bytes that were just put into the pipe."""
        submit = max(map(data.rfind, (SUBMIT[at : at + 1] for at in range(len(SUBMIT)))))
        if submit >= 0:
            self._code_ends = self._written + submit + 1
        self._written += len(data)

    def meaning(self) -> Meaning:
        """What a Ctrl-C is that comes next."""
        is_input = self._is_input()
        # Asked after that: what was seen may have been code that began to run, and to read, in between.
        if self._native.armed:
            return self._known(Meaning.INTERRUPT)
        return self._known(Meaning.INPUT) if is_input else self._open()

    def _is_input(self) -> bool:
        """Whether, if no code runs, the prompt waits for more, or has read past the last code."""
        unread = self._poker.unread()
        return (unread == 0 and self._poker.asleep()) or self._written - unread > self._code_ends

    def _known(self, meaning: Meaning) -> Meaning:
        self._open_since, self._deaf = None, False
        return meaning

    def _open(self) -> Meaning:
        """Not known yet, for some time.

        Code that has switched Ctrl-C off and does not read looks as if it was still being compiled; to wait
        for it once is enough.
        """
        now = time.monotonic()
        self._open_since = self._open_since or now
        self._deaf = self._deaf or now - self._open_since > _COMPILE
        return Meaning.INPUT if self._deaf else Meaning.OPEN
