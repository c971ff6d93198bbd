"""Objects on a board by the agent; see :class:`belay.board.objects.ObjectCalls`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from belay.board.arguments import Source, as_json
from belay.board.calls import Terms
from belay.board.firmware import Implementation
from belay.board.objects import Buffers, Target, understood
from belay.board.requests import Answer, Fixed, Requests
from belay.link import Link

_PART = "part_objects"


class ObjectRequests(Requests):
    """Asks the agent about objects; its arguments are those of :class:`belay.board.requests.Requests`."""

    def __init__(
        self, link: Link, implementation: Implementation, on_ask: Callable[..., object] | None = None
    ) -> None:
        super().__init__(link, implementation, on_ask)
        self._keys = itertools.count(1)

    def get(self, target: Target, name: str, terms: Terms) -> object:
        """An attribute."""
        return self._asked(lambda key: self._ask(Fixed.OBJECT_GET, [key, target.written, name], terms), terms)

    def apply(
        self, target: Target, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call it; buffers among the arguments are filled as the board fills them."""
        payload = as_json([target.written, list(args), dict(kwargs)])
        if payload is not None:
            return self._asked(lambda key: self._send(Fixed.OBJECT_CALL, _after(key, payload), terms), terms)
        buffers, source = Buffers(args, kwargs), Source(self)
        text = source.write(buffers.args, buffers.kwargs)
        arguments = [target.written, text]
        if not buffers.places:
            function = Fixed.OBJECT_CALL_WRITTEN
            return self._asked(lambda key: self._ask(function, [key, *arguments], terms, source), terms)
        arguments.append(buffers.places)
        return self._asked(
            lambda key: self._ask(Fixed.OBJECT_FILL, [key, *arguments], terms, source), terms, buffers
        )

    def operate(
        self, body: str, target: Target, args: Sequence[object], terms: Terms, *, copied: bool = False
    ) -> object:
        """Do something with it."""

        def ask(key: int) -> Answer:
            return self._do(key, body, target, args, terms)

        return ask(0).value if copied else self._asked(ask, terms)

    def hold(
        self, body: str, target: Target, args: Sequence[object], count: int, terms: Terms
    ) -> Sequence[int]:
        """Have new objects held."""
        with self._new_keys(count, terms) as keys:
            self._do(keys[0], body, target, args, terms)
        return keys

    def take(self, key: int, most: int, terms: Terms) -> list[object]:
        """The next items of an iterator."""
        with self._new_keys(most, terms) as keys:
            items: Any = self._ask(Fixed.OBJECT_ITEMS, [keys[0], [key], most], terms).value
        return [understood(item, at) for at, item in zip(keys, items, strict=False)]

    def release(self, key: int, name: str = "") -> None:
        """Let go of an object along with the next call; talks to nobody now."""
        self._released.append([key, name] if name else key)

    def _asked(self, ask: Callable[[int], Answer], terms: Terms, buffers: Buffers | None = None) -> object:
        """Ask with a new key for the result."""
        with self._new_keys(1, terms) as [key]:
            answer = ask(key)
            value = answer.value
        if answer.is_instead:
            return understood([value], key)
        if buffers:
            stands, *contents = value
            buffers.fill(contents)
            return understood(stands, key)
        return value

    def _do(self, key: int, body: str, target: Target, args: Sequence[object], terms: Terms) -> Answer:
        payload = as_json([body, target.written, list(args)])
        if payload is not None:
            return self._send(Fixed.OBJECT_DO, _after(key, payload), terms)
        source = Source(self)
        text = source.positional(args)
        return self._ask(Fixed.OBJECT_DO_WRITTEN, [key, body, target.written, text], terms, source)

    @contextmanager
    def _new_keys(self, count: int, terms: Terms) -> Iterator[Sequence[int]]:
        """Keys for what may be held; whatever goes wrong, that is let go of."""
        # First of all: what cannot be held need not be let go of.
        self._need(_PART, terms)
        keys = list(itertools.islice(self._keys, count))
        try:
            yield keys
        except BaseException:
            self._released.extend(keys)
            raise


def _after(key: int, payload: bytes) -> bytes:
    """Arguments as JSON with a key in front."""
    return b"[%d,%b" % (key, payload[1:])
