"""Objects on a board over the plain raw REPL; see :class:`belay.board.objects.ObjectCalls`."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from belay.board.calls import Terms
from belay.board.literal import encode
from belay.board.objects import Buffers, Target, going, understood

PART = "part_objects"


class PlainObjects(ABC):
    """Asks about objects by short programs."""

    def __init__(self) -> None:
        self._keys = itertools.count(1)
        self._released: deque[object] = deque()

    @abstractmethod
    def _brought(self, function: tuple[str, str], terms: Terms) -> str:
        """A function of ours on the board, which is brought there if it is not."""

    @abstractmethod
    def _called(self, function: str, arguments: Sequence[str], terms: Terms) -> Any:
        """What a function on the board returns."""

    def get(self, target: Target, name: str, terms: Terms) -> object:
        """An attribute."""
        return self._asked("_belay_get", [repr(target.written), repr(name)], terms)

    def apply(
        self, target: Target, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call it; buffers among the arguments are filled as the board fills them."""
        buffers = Buffers(args, kwargs)
        positional = "(" + "".join(f"{text}," for text in self._positional(buffers.args)) + ")"
        named = ",".join(self._named(buffers.kwargs, "{0!r}:{1}"))
        written = [repr(target.written), positional, f"{{{named}}}"]
        if not buffers.places:
            return self._asked("_belay_do_call", written, terms)
        return self._asked("_belay_filled", [*written, repr(buffers.places)], terms, buffers)

    def operate(
        self, body: str, target: Target, args: Sequence[object], terms: Terms, *, copied: bool = False
    ) -> object:
        """Do something with it."""
        written = self._written(body, target, args)
        if copied:
            return self._called(self._brought((PART, "_belay_operate"), terms), ["0", *written], terms)
        return self._asked("_belay_operate", written, terms)

    def hold(
        self, body: str, target: Target, args: Sequence[object], count: int, terms: Terms
    ) -> Sequence[int]:
        """Have new objects held."""
        written = self._written(body, target, args)
        there = self._brought((PART, "_belay_operate"), terms)
        with self._new_keys(count) as keys:
            self._called(there, [str(keys[0]), *written], terms)
        return keys

    def take(self, key: int, most: int, terms: Terms) -> list[object]:
        """The next items of an iterator."""
        there = self._brought((PART, "_belay_take_items"), terms)
        with self._new_keys(most) as keys:
            items = self._called(there, [str(keys[0]), f"[{key}]", str(most)], terms)
        return [understood(item, at) for at, item in zip(keys, items, strict=False)]

    def release(self, key: int, name: str = "") -> None:
        """Let go of an object along with the next call; talks to nobody now."""
        self._released.append([key, name] if name else key)

    def _asked(
        self, function: str, arguments: Sequence[str], terms: Terms, buffers: Buffers | None = None
    ) -> object:
        """Ask with a new key for the result."""
        there = self._brought((PART, function), terms)
        with self._new_keys(1) as [key]:
            value = self._called(there, [str(key), *arguments], terms)
        if buffers:
            value, *contents = value
            buffers.fill(contents)
        return understood(value, key)

    @contextmanager
    def _new_keys(self, count: int) -> Iterator[Sequence[int]]:
        """Keys for what may be held; whatever goes wrong, that is let go of."""
        keys = list(itertools.islice(self._keys, count))
        try:
            yield keys
        except BaseException:
            self._released.extend(keys)
            raise

    def _written(self, body: str, target: Target, args: Sequence[object]) -> list[str]:
        arguments = "(" + "".join(f"{text}," for text in self._positional(args)) + ")"
        return [repr(body), repr(target.written), arguments]

    def _positional(self, args: Sequence[object]) -> list[str]:
        return [encode(value, f"argument {at}", going(self)) for at, value in enumerate(args, 1)]

    def _named(self, kwargs: Mapping[str, object], form: str = "{0}={1}") -> list[str]:
        return [
            form.format(name, encode(value, f"argument {name!r}", going(self)))
            for name, value in kwargs.items()
        ]
