"""What a fresh interpreter must be told again: definitions after a reset, everything after a loss."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from belay.board.calls import BoardFailure, Calls, Terms
from belay.exceptions import FeatureUnavailableError, FilesError, MaxHistoryLengthError
from belay.source.effect import Effect, effect_of

Step = Callable[[Calls, Terms], object]
"""What can be done again."""

T = TypeVar("T")

_HINT = "pass record=False for what does not change the board's state, or make it a task"


@dataclass(frozen=True)
class Steps(Generic[T]):
    """Several steps, of which not all may be carried out.

    Attributes:
        most: At most so many.
        done: Gets the answer, and says which of them were.
    """

    most: int
    done: Callable[[T], Sequence[Step]]


@dataclass(frozen=True)
class Quiet:
    """A step that does nothing but bind names; one that is bound anew soon after need not be bound before.

    Attributes:
        step: What is done.
        effect: Which names.
    """

    step: Step
    effect: Effect

    def __call__(self, calls: Calls, terms: Terms) -> object:
        """Do it."""
        return self.step(calls, terms)


@dataclass(frozen=True)
class Newest:
    """A step that stands for all those before it with the same key: a sync to the same folder.

    It is done in the place of the first of them, since what followed that one may need it, and again in its
    own, since others may have changed in between what it makes.

    Attributes:
        key: Which are the same.
        step: What is done.
    """

    key: Hashable
    step: Step

    def __call__(self, calls: Calls, terms: Terms) -> object:
        """Do it."""
        return self.step(calls, terms)


class ReplayFailed(Exception):  # noqa: N818 - what it means is for the caller to say
    """A step failed that was done before without one."""


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
        self._lasting: set[str] = set()
        self._steps: list[Step] = []
        self._overflowed = False

    @property
    def length(self) -> int:
        """How many steps are remembered."""
        return len(self._steps)

    def check_room(self, steps: int = 1) -> None:
        """Raise if so many more steps would be too many.

        Raises:
            MaxHistoryLengthError: They would.
        """
        self._check(len(self._steps) + steps)

    def check_step(self, step: Step) -> None:
        """Raise if this step would be too many.

        Raises:
            MaxHistoryLengthError: It would.
        """
        if len(self._steps) >= self._limit:
            self._check(len(_with(self._steps, step)))

    def check_definition(self, name: str, source: str) -> None:
        """Raise if this definition would be too many.

        Raises:
            MaxHistoryLengthError: It would.
        """
        if len(self._steps) >= self._limit:
            self._check(len(_with(self._steps, _definition(name, source, _nothing))))

    def check_complete(self) -> None:
        """Raise if not all could be done again.

        Raises:
            MaxHistoryLengthError: There were more steps than are remembered.
        """
        if self._overflowed:
            raise MaxHistoryLengthError(
                f"there were more than {self._limit} steps, so what the board knew cannot be restored",
                hint=_HINT,
            )

    def add(self, step: Step) -> None:
        """Remember a step; without room, forget all rather than replay a part."""
        steps = _with(self._steps, step)
        if len(steps) > self._limit:
            self._overflowed = True
        self._steps = [] if self._overflowed else steps

    def define(self, name: str, source: str, step: Step) -> None:
        """Remember a definition, in its place among the steps."""
        made = _definition(name, source, step)
        self.add(made)
        self._definitions[name] = made

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
        """Forget all but the definitions, which the board now lacks, and what outlives a reset: its files."""
        files = {step.key: step for step in self._steps if isinstance(step, Newest)}
        newest = sorted(files.values(), key=lambda step: _last(self._steps, step))
        self._steps = [*newest, *self._definitions.values()]
        self._overflowed = False
        self.missing = list(self._definitions)

    def replay(self, calls: Calls, terms: Terms) -> None:
        """Do all again, in order.

        Raises:
            ReplayFailed: A step failed.
            ConnectionLost: The board is gone again.
        """
        for step in self._steps:
            try:
                step(calls, terms)
            except BoardFailure as failure:
                raise ReplayFailed(failure.traceback.strip()) from None
            except (FilesError, FeatureUnavailableError) as error:
                raise ReplayFailed(str(error)) from error
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

    def _check(self, length: int) -> None:
        if length > self._limit:
            raise MaxHistoryLengthError(
                f"more than {self._limit} steps to remember for a reconnect", hint=_HINT
            )


def _with(steps: list[Step], new: Step) -> list[Step]:
    """Steps and one more, without those that it makes needless."""
    if isinstance(new, Quiet):
        return _with_quiet(steps, new)
    if isinstance(new, Newest):
        return _with_newest(steps, new)
    return [*steps, new]


def _with_quiet(steps: list[Step], new: Quiet) -> list[Step]:
    """Leave out what bound the same names before, where nothing that came between could tell."""
    kept = list(steps)
    read = set(new.effect.reads)
    for at in range(len(steps) - 1, -1, -1):
        step = steps[at]
        if not isinstance(step, Quiet):
            break
        if step.effect.binds <= new.effect.binds and read.isdisjoint(step.effect.binds):
            del kept[at]
        else:
            read |= step.effect.reads
    return [*kept, new]


def _with_newest(steps: list[Step], new: Newest) -> list[Step]:
    """Do it in the place of the first of those with its key, and at the end if that may make a difference."""
    same = [at for at, step in enumerate(steps) if isinstance(step, Newest) and step.key == new.key]
    if not same:
        return [*steps, new]
    first, *others = same
    kept = [step for at, step in enumerate(steps) if at not in others]
    kept[first] = new
    if all(isinstance(step, Quiet) for step in kept[first + 1 :]):
        return kept
    return [*kept, new]


def _definition(name: str, source: str, step: Step) -> Step:
    effect = effect_of(source)
    return step if effect is None else Quiet(step, Effect(effect.binds | {name}, effect.reads))


def _last(steps: list[Step], step: Step) -> int:
    return max(at for at, each in enumerate(steps) if each is step)


def _nothing(_calls: Calls, _terms: Terms) -> None:
    """Do nothing."""
