"""Functions in the bodies of device classes: what is asked for them there, and what becomes of them.

A decorator in a class body cannot send anything, since there is no device yet. It leaves a :class:`Marked` in
the function's place, which is fulfilled when a device is made.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar, overload

from belay.exceptions import DecorationError
from belay.remote.functions import Options
from belay.remote.refusing import refuse_above, refuse_clash, refuse_self
from belay.source.extract import plain_function

F_co = TypeVar("F_co", covariant=True)
M = TypeVar("M", bound="Marked[Any]")

ON_BOARD = frozenset({"task", "thread"})
"""The decorators of functions that are on the board under their own names."""


class Marked(Generic[F_co]):
    """A function in the body of a device class, to be sent when a device is made.

    On a device its name stands for the remote function. On the class it stands for this object; the function
    as it was written is its ``__wrapped__``.

    Args:
        decorator: The decorator's name, as ``task``.
        function: What it decorates.
        options: What it was told.
        others: What an earlier function of the same name in that class body was marked as, for other
            implementations.

    Raises:
        DecorationError: They do not go together, or the function is a method.
        UnsupportedFunctionError: It is no function.

    Attributes:
        decorator: As given.
        options: As given.
        overloads: All of this name in that class body, in their order; this one is the last.
    """

    def __init__(
        self,
        decorator: str,
        function: Callable[..., Any],
        options: Options,
        others: Sequence[Marked[Any]] = (),
    ) -> None:
        functools.update_wrapper(self, plain_function(function))
        self.__wrapped__: Callable[..., Any] = getattr(function, "__func__", function)
        self.decorator = decorator
        self.options = options
        self.overloads: tuple[Marked[Any], ...] = (*others, self)
        self.__isabstractmethod__: bool = bool(getattr(function, "__isabstractmethod__", False))
        refuse_self(self)
        for other in others:
            refuse_clash(self, other)

    @property
    def board_name(self) -> str:
        """The function's name, also on the board."""
        return str(self.__wrapped__.__name__)

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> F_co: ...

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """On a device that has no attribute of its own for it, as with ``super()``: the remote function."""
        if instance is None:
            return self
        remotes = vars(instance).get(REMOTES)
        if remotes is None:
            raise AttributeError(
                f"{self.board_name} runs on a board, and {type(instance).__name__} is connected to none yet: "
                "call super().__init__() before"
            )
        return remotes.inherited(instance, self)

    def __call__(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """There is no board here.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self.__wrapped__.__qualname__} runs on a board: call it on a device of this class")

    def __repr__(self) -> str:
        return f"<{self.decorator} {self.__wrapped__.__qualname__} of a device class>"


REMOTES = "_remotes"
"""The attribute in which a device keeps its :class:`Remotes`."""


class Maker(Protocol):
    """A device's own ``task``, ``setup``, …"""

    def make(self, marked: Marked[Any], *, hidden: bool = False) -> Any:
        """What a function becomes on this device; what is hidden is not found by its name."""
        ...


class Remotes:
    """What the functions that a device's class marks became on that device.

    Args:
        implementation: The name of what runs on the board.
        makers: The device's decorators, by their names.
    """

    def __init__(self, implementation: str, makers: Mapping[str, Maker]) -> None:
        self._implementation = implementation
        self._makers = makers
        self._made: dict[Marked[Any], Any] = {}

    def begin(self, device: object) -> list[Callable[[], Any]]:
        """Send all, and set them as attributes of the device.

        Returns:
            What is to run when a device is made, in order.

        Raises:
            DecorationError: A name is that of an attribute of the device.
            BoardError: The board refuses a definition.
        """
        for marked in hidden_in(type(device)):
            # Other functions on the board may call it.
            self._fulfil(marked, hidden=True)
        runs = []
        for name, marked in marked_in(type(device)).items():
            if name in vars(device):
                raise DecorationError(name, "devices have an attribute of this name", hint=RENAME)
            known = marked in self._made
            chosen, remote = self._fulfil(marked)
            setattr(device, name, remote)
            if chosen and chosen.options.autoinit and not known:
                runs.append(remote)
        return runs

    def inherited(self, device: object, marked: Marked[Any]) -> Any:
        """What a function of a base became, although a subclass has another one of that name.

        Raises:
            AttributeError: On the board, too, that one has its place.
        """
        if marked not in self._made:
            for other in marked_in(type(device)).values():
                if other.board_name == marked.board_name and {other.decorator, marked.decorator} & ON_BOARD:
                    raise AttributeError(
                        f"{marked.board_name} of the base is not on the board: {other!r} replaces it"
                    )
        return self._fulfil(marked, hidden=True)[1]

    def _fulfil(self, marked: Marked[Any], *, hidden: bool = False) -> tuple[Marked[Any] | None, Any]:
        chosen = choose(marked.overloads, self._implementation)
        if marked not in self._made:
            self._made[marked] = self._makers[marked.decorator].make(chosen or marked, hidden=hidden)
        return chosen, self._made[marked]


def choose(overloads: Sequence[M], implementation: str) -> M | None:
    """The one for a board; one that is for that implementation goes before the one for all."""
    for wanted in (implementation, ""):
        for marked in overloads:
            if marked.options.implementation == wanted:
                return marked
    return None


def overloads_before(function: Callable[..., Any]) -> Sequence[Marked[Any]]:
    """What has a function's name so far in the class body that is being run."""
    body = _class_body(plain_function(function), sys._getframe(1))
    earlier = body.f_locals.get(function.__name__) if body else None
    return earlier.overloads if isinstance(earlier, Marked) else ()


def marked_in(cls: type) -> dict[str, Marked[Any]]:
    """What a class and its bases mark, by attributes: bases first, the method resolution order backwards.

    What a subclass redefines counts once, in the subclass's place.
    """
    found: dict[str, Marked[Any]] = {}
    for owner in reversed(cls.__mro__):
        for name, value in vars(owner).items():
            found.pop(name, None)
            if marked := _marked(value):
                found[name] = marked
    return found


def hidden_in(cls: type) -> list[Marked[Any]]:
    """What is on the board only: tasks and threads of bases that subclasses have plain methods for."""
    visible = marked_in(cls).values()
    names = {marked.board_name for marked in visible}
    found: dict[str, Marked[Any]] = {}
    for owner in reversed(cls.__mro__):
        for marked in filter(None, map(_marked, vars(owner).values())):
            if marked not in visible and marked.board_name not in names and marked.decorator in ON_BOARD:
                found[marked.board_name] = marked
    return list(found.values())


def _marked(value: object) -> Marked[Any] | None:
    inner = value.__func__ if isinstance(value, staticmethod) else value
    return inner if isinstance(inner, Marked) else None


RENAME = "give the function another name"


def check_class(cls: type, root: type) -> None:
    """Refuse a device class whose functions cannot all have their names.

    Args:
        cls: The class.
        root: The class of devices, whose attributes are its own.

    Raises:
        DecorationError: A name is that of an attribute of devices, two functions have one on the board, or
            one is a class method or a property, too.
    """
    for owner in cls.__mro__:
        for value in vars(owner).values():
            refuse_above(value, Marked)
    on_board: dict[str, Marked[Any]] = {}
    for name, marked in marked_in(cls).items():
        # A setup may be called setup: it is called once, and found as device.setup.
        if hasattr(root, name) and name != marked.decorator:
            raise DecorationError(name, f"{root.__name__}.{name} has this name already", hint=RENAME)
        other = on_board.setdefault(marked.board_name, marked)
        if other is not marked and {marked.decorator, other.decorator} <= ON_BOARD:
            raise DecorationError(
                marked.board_name, f"{other!r} has the same name on the board as {marked!r}", hint=RENAME
            )


def calls_post_init(cls: type) -> bool:
    """Whether a class calls its ``__post_init__`` itself, as the ``__init__`` of a dataclass does."""
    parameters = getattr(cls, "__dataclass_params__", None)
    return parameters is not None and bool(parameters.init)


def _class_body(function: Callable[..., Any], frame: FrameType | None) -> FrameType | None:
    """The frame of the class body that a function is written in, if it is being run."""
    owner = function.__qualname__.rpartition(".")[0]
    name = owner.rpartition(".")[2]
    while name and frame:
        if frame.f_code.co_name == name and frame.f_locals.get("__qualname__") == owner:
            return frame
        frame = frame.f_back
    return None
