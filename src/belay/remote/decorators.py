"""``device.task``, ``device.setup``, …: decorators that also remember what they decorated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, ParamSpec, TypeVar, overload

from belay.exceptions import NoMatchingExecuterError
from belay.remote.caller import Caller
from belay.remote.functions import Options, RemoteFunction

P = ParamSpec("P")
R = TypeVar("R")

MARK = "__belay_marks__"
"""Functions in the body of a device class carry what was asked for them under this name."""


@dataclass(frozen=True)
class Mark:
    """What a decorator in a class body asks for.

    Attributes:
        name: The decorator's name, as ``task``.
        options: What it was told.
    """

    name: str
    options: Options


class ClassDecorator:
    """``Device.task`` in a class body: marks the function, which is sent when a device is made.

    Args:
        name: The decorator's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @overload
    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]: ...

    @overload
    def __call__(self, /, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options, returns the decorator.

        Raises:
            ValueError: ``autoinit`` was asked for a function with parameters.
        """
        made = _options(self._name, options)

        def mark(function: Any) -> Any:
            if made.autoinit:
                refuse_parameters(function)
            setattr(function, MARK, Mark(self._name, made))
            return function

        return mark if function is None else mark(function)


class Decorator(Generic[P, R]):
    """``device.task`` and its like on a device.

    What was decorated is found again by its name, as ``device.task.set_led``.

    Args:
        name: The decorator's name.
        kind: What a decorated function becomes.
        caller: Asks the board.
    """

    def __init__(self, name: str, kind: type[RemoteFunction[Any, Any]], caller: Caller) -> None:
        self._name = name
        self._kind = kind
        self._caller = caller
        self._registered: dict[str, Any] = {}

    @overload
    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]: ...

    @overload
    def __call__(self, /, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options, returns the decorator.

        Args:
            function: A function written with ``def``.
            options: See :class:`belay.remote.functions.Options`.

        Raises:
            TypeError: An option that there is not.
            UnsupportedFunctionError: The function cannot run on a board.
            SpecialFunctionNameError: Its name is reserved.
            BoardError: The board refuses the definition.
        """
        made = _options(self._name, options)
        return self.decorate(function, made) if function else lambda f: self.decorate(f, made)

    def decorate(self, function: Callable[..., Any], options: Options) -> Any:
        """Make the remote function, unless it is meant for another implementation."""
        name = function.__name__
        wanted = options.implementation
        if wanted and wanted != self._caller.session.implementation.name:
            return self._registered.get(name) or _unavailable(name, wanted)
        made = self._kind(self._caller, function, options)
        if options.register:
            self._registered[name] = made
        return made

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_registered"][name]
        except KeyError:
            raise AttributeError(f"no {self.__dict__.get('_name')} is called {name!r}") from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._registered]

    def __iter__(self) -> Any:
        """What was decorated and registered, in order."""
        return iter(list(self._registered.values()))


def refuse_parameters(function: Callable[..., Any]) -> None:
    """Refuse parameters where nobody could give the arguments.

    Raises:
        ValueError: The function has parameters.
    """
    code = function.__code__
    if code.co_argcount or code.co_kwonlyargcount or code.co_flags & 0x0C:
        raise ValueError(f"{function.__name__}: a setup with autoinit=True cannot have parameters")


def _options(name: str, options: dict[str, Any]) -> Options:
    try:
        return Options(**options)
    except TypeError:
        known = Options.__dataclass_fields__
        wrong = ", ".join(key for key in options if key not in known)
        raise TypeError(f"{name} has no option {wrong}; it has {', '.join(known)}") from None


def _unavailable(name: str, wanted: str) -> Callable[..., NoReturn]:
    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise NoMatchingExecuterError(f"{name} is for {wanted} boards only")

    refuse.__name__ = name
    return refuse
