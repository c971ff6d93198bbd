"""Objects on a board by the agent; see :class:`belay.board.objects.ObjectCalls`."""

from __future__ import annotations

import itertools
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from belay.board.arguments import INLINE, Source, as_json
from belay.board.calls import Terms
from belay.board.firmware import Implementation
from belay.board.literal import encode
from belay.board.objects import Buffers, OnBoard, Target, going, reference_of, understood
from belay.board.requests import NO_BULK, Answer, Fixed, Requests, json_of
from belay.link import Link

_PART = "part_objects"

_Call = tuple[Fixed, list[object], Mapping[int, memoryview]]
"""The function of a request, its arguments but for key and object, and the bulk that they name."""


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
        buffers = Buffers(args, kwargs)
        function, arguments, blobs = self._placed(buffers) or self._written(buffers)
        request = json_of([target.written, *arguments])
        return self._asked(
            lambda key: self._send(function, _after(key, request), terms, blobs), terms, buffers
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
        if buffers and buffers.places:
            stands, *contents = value
            buffers.fill(contents)
            return understood(stands, key)
        return value

    def _placed(self, buffers: Buffers) -> _Call | None:
        """Arguments as JSON, with notes on what stands for objects and bytes; None if that is not enough."""
        notes: list[object] = []
        args = [self._noted(value, at, notes) for at, value in enumerate(buffers.args)]
        kwargs = {name: self._noted(value, name, notes) for name, value in buffers.kwargs.items()}
        if as_json([args, kwargs]) is None:
            return None
        return Fixed.OBJECT_PLACED, [args, kwargs, notes], NO_BULK

    def _noted(self, value: object, place: int | str, notes: list[object]) -> object:
        """What stands for an argument, if that is needed and can be."""
        if isinstance(value, OnBoard):
            # It says if this object cannot go there.
            encode(value, f"argument {place + 1 if isinstance(place, int) else repr(place)}", going(self))
            notes.append([place, 2])
            return reference_of(value).target.written
        if type(value) in (bytes, bytearray) and len(value) <= INLINE:  # type: ignore[arg-type]
            notes.append([place, int(type(value) is bytearray)])
            return b2a_base64(value, newline=False).decode()  # type: ignore[arg-type]
        return value

    def _written(self, buffers: Buffers) -> _Call:
        """Arguments as source."""
        source = Source(self)
        text = source.write(buffers.args, buffers.kwargs)
        if not buffers.places:
            return Fixed.OBJECT_CALL_WRITTEN, [text], source.blobs
        return Fixed.OBJECT_PLACED, [text, None, [[place, 1] for place in buffers.places]], source.blobs

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
