"""Objects on a board that the host holds: how they are named, and what may be asked about them.

The host gives each a number of its own, a key, before it asks for it: should the answer be lost, it can let
go of the object all the same. What travels is in ``onboard/part_objects.py``.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from belay.board.foreign import Refused

if TYPE_CHECKING:
    from belay.board.calls import Terms

MOST_ITEMS = 32
"""At most so many items of an iterator come at once."""


class Target(NamedTuple):
    """What is asked: an object that is held, or a method of it; without a key, nobody.

    Attributes:
        key: The object's key.
        name: The method's name; None for the object itself.
    """

    key: int | None = None
    name: str | None = None

    @property
    def written(self) -> list[object]:
        """As it travels."""
        return [part for part in self if part is not None]

    @property
    def source(self) -> str:
        """As it is written in code."""
        return f"_belay_o({','.join(map(repr, self.written))})"


class Held(NamedTuple):
    """An answer: the board holds the object.

    Attributes:
        key: Its key.
    """

    key: int


class Instead(Enum):
    """An answer in place of a value, numbered as it travels."""

    METHOD = 1
    """It is a method, or a function that stays: it is found again by its name, and nothing is held."""
    ITSELF = 2
    """It is the very object that was asked, or whose method was."""
    END = 3
    """There are no more items."""


HELD = 0
"""The number of an answer that says: the board holds it."""


def understood(stands: object, key: int) -> object:
    """What an answer means: a list in it stands for an object, all else is a value.

    Args:
        stands: What came.
        key: Under which key the object is held, if it is.
    """
    if not isinstance(stands, list):
        return stands
    [what] = stands
    return Held(key) if what == HELD else Instead(what)


class ObjectCalls(Protocol):
    """What may be asked about objects on a board, as a part of :class:`belay.board.calls.Calls`.

    An answer is a value, if it is one that cannot be changed; else it is :class:`Held` or :class:`Instead`.
    """

    def get(self, target: Target, name: str, terms: Terms) -> object:
        """An attribute."""
        ...

    def apply(
        self, target: Target, args: Sequence[object], kwargs: Mapping[str, object], terms: Terms
    ) -> object:
        """Call it; buffers among the arguments are filled as the board fills them."""
        ...

    def operate(
        self, body: str, target: Target, args: Sequence[object], terms: Terms, *, copied: bool = False
    ) -> object:
        """Do something with it.

        Args:
            body: The body of a function on the board, whose parameters are ``k``, the key for the result,
                ``a``, the object, and ``b`` to ``e``, the arguments. It is compiled once.
            target: The object.
            args: The arguments, at most four.
            terms: The terms of the call.
            copied: Whether the result is wanted as a value, whatever it is.
        """
        ...

    def hold(
        self, body: str, target: Target, args: Sequence[object], count: int, terms: Terms
    ) -> Sequence[int]:
        """Have new objects held, also such that cannot be changed; the answer is their keys.

        Args:
            body: As for :meth:`operate`. It puts the objects in ``held``, the first as ``held[k]``.
            target: What it is about.
            args: The arguments.
            count: How many objects.
            terms: The terms of the call.
        """
        ...

    def take(self, key: int, most: int, terms: Terms) -> list[object]:
        """The next items of an iterator, at least one, at most so many; an END is the last if they ended.

        Raises:
            BoardFailure: It is a StopIteration where there were none.
        """
        ...

    def release(self, key: int, name: str = "") -> None:
        """Let go of an object along with the next call; talks to nobody now.

        Args:
            key: The object's key.
            name: A global variable that is deleted, too, if it is still that object.
        """
        ...


# --- what stands for them here -------------------------------------------------------------------


class Reference(Protocol):
    """What is known of an object on a board."""

    @property
    def calls(self) -> object:
        """The way to the board by which it was made."""
        ...

    @property
    def target(self) -> Target:
        """The object there."""
        ...

    @property
    def is_gone(self) -> bool:
        """Whether the board was reset since."""
        ...


class OnBoard:
    """Stands for an object on a board.

    Args:
        reference: Which object.
    """

    __slots__ = ("__reference", "__weakref__")

    def __init__(self, reference: Reference) -> None:
        object.__setattr__(self, "_OnBoard__reference", reference)


def reference_of(value: OnBoard) -> Any:
    """What a stand-in stands for."""
    return object.__getattribute__(value, "_OnBoard__reference")


def source_of(value: OnBoard, calls: object = None) -> str:
    """An object on the board as it is written in code.

    Args:
        value: What stands for it.
        calls: The way to the board that the code will go; None where that is seen to later.

    Raises:
        Refused: It is on another board, or gone.
    """
    reference: Reference = reference_of(value)
    if calls is not None and reference.calls is not calls:
        if reference.is_gone:
            raise Refused("Proxy (its object is gone: the board was reset since)", "make a new proxy")
        raise Refused("Proxy (of another device)", "device(proxy) has its value, if that can travel")
    return reference.target.source


def going(calls: object) -> Callable[[object], str | None]:
    """What writes the objects on a board, for :func:`belay.board.literal.encode`.

    Args:
        calls: The way to the board that the code will go.
    """
    return lambda value: source_of(value, calls) if isinstance(value, OnBoard) else None


def stand_ins(value: object) -> list[OnBoard]:
    """The objects on boards among arguments, nested ones too."""
    if isinstance(value, OnBoard):
        return [value]
    if isinstance(value, Mapping):
        return [found for pair in value.items() for found in stand_ins(pair)]
    if isinstance(value, tuple | list | set | frozenset):
        return [found for item in value for found in stand_ins(item)]
    return []


# --- buffers that a call fills -------------------------------------------------------------------


class Buffers:
    """The buffers among the arguments of a call, which the board gets as copies, and changes.

    Args:
        args: The arguments.
        kwargs: The named arguments.

    Attributes:
        places: Where they are: by number or name.
        args: The arguments as they are sent.
        kwargs: The named arguments as they are sent.
    """

    def __init__(self, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        named: list[tuple[int | str, object]] = [*enumerate(args), *kwargs.items()]
        found = {place: value for place, value in named if _is_buffer(value)}
        self._buffers = list(found.values())
        self.places = list(found)
        self.args = [_sent(value) for value in args]
        self.kwargs = {name: _sent(value) for name, value in kwargs.items()}

    def fill(self, contents: Sequence[bytes | None]) -> None:
        """Make them what they are on the board.

        Args:
            contents: The bytes of each; None for one that was not changed.
        """
        for buffer, data in zip(self._buffers, contents, strict=True):
            if data is None:
                continue
            if isinstance(buffer, bytearray):
                buffer[:] = data
            else:
                memoryview(buffer).cast("B")[:] = data  # type: ignore[arg-type]


def _is_buffer(value: object) -> bool:
    if isinstance(value, memoryview):
        return not value.readonly and value.c_contiguous
    return isinstance(value, bytearray | array)


def _sent(value: object) -> object:
    """A view goes as bytes that can be changed."""
    return bytearray(value) if isinstance(value, memoryview) and _is_buffer(value) else value
