"""``device.task``, ``device.setup``, …: decorators that also remember what they decorated."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NoReturn, ParamSpec, TypeVar, overload

from belay.exceptions import NoMatchingExecuterError
from belay.remote.caller import Caller
from belay.remote.functions import Options, RemoteFunction, Task

P = ParamSpec("P")
R = TypeVar("R")

Kind = type[RemoteFunction[Any, Any]]

MARK = "__belay_marks__"
"""Functions in the body of a device class carry what was asked for them under this name."""


@dataclass(frozen=True)
class Mark:
    """What a decorator in a class body asks for.

    Attributes:
        name: The decorator's name, as ``task``.
        options: What it was told.
        function: What it decorates.
        before: What an earlier function of the same name in that body asks for, for another implementation.
    """

    name: str
    options: Options
    function: Callable[..., Any]
    before: Mark | None = None

    def chain(self) -> list[Mark]:
        """All marks of this name in that class body, in order."""
        return [*(self.before.chain() if self.before else ()), self]


class ClassDecorator:
    """``Device.task`` in a class body: marks the function, which is sent when a device is made.

    Args:
        name: The decorator's name.
        kind: What a decorated function becomes.
    """

    def __init__(self, name: str, kind: Kind) -> None:
        self._name = name
        self._kind = kind

    @overload
    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]: ...

    @overload
    def __call__(self, /, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options, returns the decorator.

        Raises:
            TypeError: An option that there is not.
            ValueError: ``autoinit`` was asked for a function with parameters.
        """
        made = _options(self._name, self._kind, options)
        if function is None:
            return lambda marked: self._mark(marked, made, sys._getframe(1).f_locals)
        return self._mark(function, made, sys._getframe(1).f_locals)

    def _mark(self, function: Any, options: Options, body: Mapping[str, Any]) -> Any:
        if options.autoinit:
            refuse_parameters(function)
        # What has this name in the class body so far: the same function for another implementation.
        before = getattr(body.get(function.__name__), MARK, None)
        setattr(function, MARK, Mark(self._name, options, function, before))
        return function


class Decorator:
    """``device.task`` and its like on a device.

    What was decorated is found again by its name, as ``device.task.set_led``.

    Args:
        name: The decorator's name.
        kind: What a decorated function becomes.
        caller: Asks the board.
    """

    def __init__(self, name: str, kind: Kind, caller: Caller) -> None:
        self._name = name
        self._kind = kind
        self._caller = caller
        self._made: dict[str, Any] = {}
        self._registered: set[str] = set()

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
            ValueError: ``autoinit`` was asked for a function with parameters.
            UnsupportedFunctionError: The function cannot run on a board.
            SpecialFunctionNameError: Its name is reserved.
            BoardError: The board refuses the definition.
        """
        made = _options(self._name, self._kind, options)

        def decorate(function: Any) -> Any:
            remote = self._decorate(function, made)
            if made.autoinit and self._fits(made):
                # The device is there already.
                remote()
            return remote

        return decorate if function is None else decorate(function)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("_registered", ()):
            return self._made[name]
        raise AttributeError(f"no {self.__dict__.get('_name')} is called {name!r}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._registered]

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        """What was decorated for this board, in order."""
        return iter(list(self._made.values()))

    def _fits(self, options: Options) -> bool:
        return options.implementation in ("", self._caller.session.implementation.name)

    def _decorate(self, function: Callable[..., Any], options: Options) -> Any:
        """Make the remote function, unless it is meant for another implementation."""
        if options.autoinit:
            refuse_parameters(function)
        name = function.__name__
        if not self._fits(options):
            return self._made.get(name) or _unavailable(name, options.implementation)
        self._made[name] = self._kind(self._caller, function, options)
        if options.register:
            self._registered.add(name)
        return self._made[name]


class TaskDecorator(Decorator):
    """``device.task``: a type checker sees that what it makes has ``map``, too."""

    @overload
    def __call__(self, function: Callable[P, R], /) -> Task[P, R]: ...

    @overload
    def __call__(self, /, **options: Any) -> Callable[[Callable[P, R]], Task[P, R]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function, see :class:`Decorator`."""
        return super().__call__(function, **options)


def fulfil(decorator: Decorator, mark: Mark) -> tuple[Any, bool]:
    """Do what a class body asks for.

    Returns:
        What the function became, and whether it is to run when the device is made.
    """
    made = decorator._decorate(mark.function, mark.options)
    return made, mark.options.autoinit and decorator._fits(mark.options)


def refuse_parameters(function: Callable[..., Any]) -> None:
    """Refuse parameters where nobody could give the arguments.

    Raises:
        ValueError: The function has parameters.
    """
    if inspect.signature(function).parameters:
        raise ValueError(f"{function.__name__}: a setup with autoinit=True cannot have parameters")


def _options(name: str, kind: Kind, options: dict[str, Any]) -> Options:
    known = [option.name for option in fields(Options) if option.name not in kind.without]
    wrong = ", ".join(key for key in options if key not in known)
    if wrong:
        raise TypeError(f"{name} has no option {wrong}; it has {', '.join(known)}")
    return Options(**options)


def _unavailable(name: str, wanted: str) -> Callable[..., NoReturn]:
    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise NoMatchingExecuterError(f"{name} is for {wanted} boards only")

    refuse.__name__ = name
    return refuse
