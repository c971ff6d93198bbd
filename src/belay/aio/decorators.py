"""``device.task`` and its like for asyncio programs: they send functions without blocking the loop."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from belay.aio.functions import AsyncFunction, AsyncItems, AsyncRemote, AsyncTask
from belay.aio.worker import Worker
from belay.remote.decorators import Decorator, Kind, options_of
from belay.remote.functions import Options
from belay.remote.marks import Marked
from belay.remote.refusing import refuse_parameters
from belay.source import check


class AsyncDecorator:
    """``device.task`` and its like on a device for asyncio programs.

    A function is sent to the board before the next call of the device; if the board refuses it, that is
    raised by the first call of the function.

    Args:
        name: The decorator's name.
        kind: What a decorated function becomes for programs that block.
        worker: Asks the board.
    """

    def __init__(self, name: str, kind: Kind, worker: Worker) -> None:
        self._name = name
        self._kind = kind
        self._worker = worker
        self._decorator: Decorator | None = None
        self._waiting: list[_Definition] = []
        self._made: dict[str, Any] = {}

    def _apply(self, function: Any, options: dict[str, Any]) -> Any:
        """Decorate a function; with options alone, returns the decorator.

        Raises:
            TypeError: An option that there is not.
            DecorationError: ``autoinit`` was asked for a function with parameters.
            UnsupportedFunctionError: The function cannot run on a board.
            SpecialFunctionNameError: Its name is reserved.
        """
        made = options_of(self._name, self._kind, options)
        return (
            (lambda decorated: self._decorate(decorated, made, options))
            if function is None
            else (self._decorate(function, made, options))
        )

    def _decorate(self, function: Any, made: Options, options: dict[str, Any]) -> Any:
        if made.autoinit:
            refuse_parameters(function)
        check(function, purpose=self._kind.purpose)
        definition = _Definition(function, options)
        if self._decorator is None:
            self._waiting.append(definition)
        else:
            decorator = self._decorator
            self._worker.soon(lambda: definition.make(decorator))
        return self._wrapped(function, definition.remote, register=made.register)

    def _wrapped(self, function: Callable[..., Any], remote: Callable[[], Any], *, register: bool) -> Any:
        form: type[AsyncRemote[Any]] = AsyncFunction
        if self._name == "task":
            form = AsyncItems if inspect.isgeneratorfunction(inspect.unwrap(function)) else AsyncTask
        wrapped = form(self._worker, function, remote)
        if register:
            self._made[function.__name__] = wrapped
        return wrapped

    def connect(self, decorator: Decorator) -> None:
        """Be there, and send what was decorated before; called by the worker."""
        self._decorator = decorator
        for definition in self._waiting:
            definition.make(decorator)
        self._waiting.clear()

    def make(self, marked: Marked[Any], *, hidden: bool = False) -> Any:
        """What a function in a class body becomes on this device; called by the worker."""
        assert self._decorator is not None
        remote = self._decorator.make(marked, hidden=hidden)
        register = marked.options.register and not hidden
        return self._wrapped(marked.__wrapped__, lambda: remote, register=register)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("_made", ()):
            return self._made[name]
        raise AttributeError(f"no {self.__dict__.get('_name')} is called {name!r}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._made]


class _Definition:
    """A function that is to be sent, and what became of that.

    Args:
        function: The function.
        options: What its decorator was told.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self._function = function
        self._options = options
        self._remote: Any = None
        self._error: BaseException | None = None

    def make(self, decorator: Decorator) -> None:
        """Send it."""
        try:
            self._remote = decorator._apply(self._function, self._options)
        except Exception as error:  # noqa: BLE001 - raised by the first call, which somebody waits for
            self._error = error

    def remote(self) -> Any:
        """What it became for programs that block; raises what the sending raised."""
        if self._error is not None:
            raise self._error
        return self._remote
