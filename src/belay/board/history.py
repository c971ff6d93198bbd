"""What a fresh interpreter must be told again: definitions after a reset, everything after a loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from belay.board.calls import BoardFailure, Calls, Terms
from belay.exceptions import MaxHistoryLengthError

Step = Callable[[Calls, Terms], object]
"""What can be done again."""

T = TypeVar("T")


@dataclass(frozen=True)
class Steps(Generic[T]):
    """Several steps, of which not all may be carried out.

    Attributes:
        most: At most so many.
        done: Gets the answer, and says which of them were.
    """

    most: int
    done: Callable[[T], Sequence[Step]]


class History:
    """What a fresh interpreter must be told again.

    Args:
        limit: At most so many steps are remembered.

    Attributes:
        missing: The names of definitions that the board does not have (any more).
    """

    def __init__(self, limit: int) -> None:
        self.missing: list[str] = []
        self._limit = limit
        self._definitions: dict[str, Step] = {}
        self._sources: dict[str, str] = {}
        self._lasting: set[str] = set()
        self._steps: list[Step] = []
        self._overflowed = False

    def check_room(self, steps: int = 1) -> None:
        """Raise if so many more steps would be too many.

        Raises:
            MaxHistoryLengthError: They would.
        """
        if len(self._steps) + steps > self._limit:
            raise MaxHistoryLengthError(
                f"more than {self._limit} steps to remember for a reconnect",
                hint="pass record=False for what does not change the board's state, or make it a task",
            )

    def check_complete(self) -> None:
        """Raise if not all could be done again.

        Raises:
            MaxHistoryLengthError: There were more steps than are remembered.
        """
        if self._overflowed:
            raise MaxHistoryLengthError(
                f"there were more than {self._limit} steps, so what the board knew cannot be restored",
                hint="pass record=False for what does not change the board's state, or make it a task",
            )

    def add(self, step: Step) -> None:
        """Remember a step; without room, forget all rather than replay a part."""
        if len(self._steps) >= self._limit:
            self._overflowed = True
            self._steps.clear()
        if not self._overflowed:
            self._steps.append(step)

    def knows(self, name: str, source: str) -> bool:
        """Whether this very definition is remembered."""
        return self._sources.get(name) == source

    def define(self, name: str, source: str, step: Step) -> None:
        """Remember a definition, in its place among the steps."""
        if not self.knows(name, source):
            self.add(step)
        self._sources[name] = source
        self._definitions[name] = step

    def establish(self, name: str, step: Step) -> None:
        """Remember what lasts until it is abolished, in its place among the steps."""
        self.add(step)
        self._definitions[name] = step
        self._lasting.add(name)

    def abolish(self, name: str, step: Step) -> bool:
        """Forget what was established; what was done in between may need it, so it is replayed, and undone.

        Returns:
            Whether it was there.
        """
        if name not in self._lasting:
            return False
        self._lasting.remove(name)
        made = self._definitions.pop(name)
        if self._steps and self._steps[-1] is made:
            self._steps.pop()
        elif made in self._steps:
            self.add(step)
        return True

    def forget_lasting(self) -> None:
        """The board lacks what was established, and has all else."""
        self.missing += [name for name in self._definitions if name in self._lasting - {*self.missing}]

    def forget_steps(self) -> None:
        """Forget all but the definitions, which the board now lacks."""
        self._steps = list(self._definitions.values())
        self._overflowed = False
        self.missing = list(self._definitions)

    def replay(self, calls: Calls, terms: Terms) -> None:
        """Do all again, in order.

        Raises:
            BoardFailure: A step failed.
        """
        for step in self._steps:
            step(calls, terms)
        self.missing.clear()

    def define_missing(self, calls: Calls, terms: Terms) -> None:
        """Define again what can be defined.

        What needs a name that is not there yet, as the default of an argument does, waits for the next time.
        """
        waiting = []
        for name in filter(self._definitions.__contains__, self.missing):
            try:
                self._definitions[name](calls, terms)
            except BoardFailure:
                waiting.append(name)
        self.missing = waiting
