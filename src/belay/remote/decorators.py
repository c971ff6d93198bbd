"""``device.task``, ``device.setup``, …: decorators that also remember what they decorated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, NoReturn

from belay.exceptions import NoMatchingExecuterError
from belay.remote.caller import Caller
from belay.remote.functions import Options, RemoteFunction
from belay.remote.marks import Marked, overloads_before
from belay.remote.refusing import refuse_class_method, refuse_parameters
from belay.source import check
from belay.source.extract import plain_function

Kind = type[RemoteFunction[Any, Any]]


class Marker:
    """``Device.task`` in a class body: marks the function, which is sent when a device is made.

    Args:
        name: The decorator's name.
        kind: What a decorated function becomes.
    """

    def __init__(self, name: str, kind: Kind) -> None:
        self._name = name
        self._kind = kind

    def _apply(self, function: Any, options: dict[str, Any]) -> Any:
        """Mark a function; with options alone, returns the decorator.

        Raises:
            TypeError: An option that there is not.
            DecorationError: It does not go with others of its name, it has a parameter ``self``, or
                ``autoinit`` was asked for and it has parameters.
            UnsupportedFunctionError: It cannot run on a board.
            SpecialFunctionNameError: Its name is reserved.
        """
        made = options_of(self._name, self._kind, options)

        def mark(function: Any) -> Marked[Any]:
            refuse_class_method(function)
            function = getattr(function, "__func__", function)
            if made.autoinit:
                refuse_parameters(function)
            marked: Marked[Any] = Marked(self._name, function, made, overloads_before(function))
            # Here the traceback ends at the function; it is checked again when it is sent.
            check(function, purpose=self._kind.purpose)
            return marked

        return mark if function is None else mark(function)


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
        self._specific: dict[str, str] = {}

    def _apply(self, function: Any, options: dict[str, Any]) -> Any:
        """Decorate a function; with options alone, returns the decorator.

        Several functions of one name in one file may each be for another implementation, and one of them for
        all others; the name then stands for the one that fits the board.

        Args:
            function: A function written with ``def``; None for the decorator.
            options: See :class:`belay.remote.functions.Options`.

        Raises:
            TypeError: An option that there is not.
            DecorationError: ``autoinit`` was asked for a function with parameters.
            UnsupportedFunctionError: The function cannot run on a board.
            SpecialFunctionNameError: Its name is reserved.
            BoardError: The board refuses the definition.
        """
        made = options_of(self._name, self._kind, options)

        def decorate(function: Any) -> Any:
            plain_function(function)
            if made.autoinit:
                refuse_parameters(function)
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

    def make(self, marked: Marked[Any], *, hidden: bool = False) -> Any:
        """What a function in a class body becomes on this device; what is hidden is not found by its name."""
        function, options = marked.__wrapped__, marked.options
        if hidden and self._fits(options):
            return self._kind(self._caller, function, options)
        # It was chosen among those of its name already: neither another one, of a base class, is a rival,
        # nor one that is decorated later.
        self._specific.pop(marked.board_name, None)
        made = self._decorate(function, options)
        self._specific.pop(marked.board_name, None)
        return made

    @property
    def _running(self) -> str:
        return self._caller.session.implementation.name

    def _fits(self, options: Options) -> bool:
        return options.implementation in ("", self._running)

    def _decorate(self, function: Callable[..., Any], options: Options) -> Any:
        """Make the remote function, unless there is a better one for this board."""
        name = function.__name__
        if not self._fits(options):
            return self._made.get(name) or Missing(self._caller, function, options)
        # In another file, as another cell of a notebook is, it replaces what was there.
        file = function.__code__.co_filename if hasattr(function, "__code__") else ""
        if not options.implementation and self._specific.get(name) == file:
            return self._made[name]
        self._made[name] = self._kind(self._caller, function, options)
        self._specific.pop(name, None)
        if options.implementation:
            self._specific[name] = file
        if options.register:
            self._registered.add(name)
        return self._made[name]


class Missing:
    """Stands for a function that is for other boards only.

    Args:
        caller: Asks the board.
        function: The function.
        options: What its decorator was told.
    """

    def __init__(self, caller: Caller, function: Callable[..., Any], options: Options) -> None:
        self.__name__: str = function.__name__
        self._caller = caller
        self._wanted = options.implementation

    def __call__(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            NoMatchingExecuterError: Always.
        """
        running = self._caller.session.implementation.name
        raise NoMatchingExecuterError(
            f"{self.__name__} is for {self._wanted} boards only, and this one runs {running}",
            hint=f"write another {self.__name__} with implementation={running!r}, or without for all others",
        )

    def map(self, *args: Any) -> NoReturn:
        """As a call."""
        self(*args)

    def entry(self, *args: Any) -> NoReturn:
        """As a call, in a batch."""
        self(*args)


def options_of(name: str, kind: Kind, options: dict[str, Any]) -> Options:
    """What a decorator was told.

    Raises:
        TypeError: An option that it has not.
    """
    known = [option.name for option in fields(Options) if option.name not in kind.without]
    wrong = ", ".join(key for key in options if key not in known)
    if wrong:
        raise TypeError(f"{name} has no option {wrong}; it has {', '.join(known)}")
    return Options(**options)
