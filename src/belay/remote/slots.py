"""``task``, ``setup``, ``teardown`` and ``thread`` of devices, as type checkers and editors see them.

On a device (``device.task``) each is a decorator that sends the function; on a class (``Device.task``) it
marks functions of class bodies, which become the same remote functions on each device of that class. Both
keep the function's own signature.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from typing import Any, Generic, Literal, ParamSpec, Protocol, Required, TypedDict, TypeVar, Unpack, overload

from belay.remote.caller import Default
from belay.remote.decorators import Decorator, Kind, Marker
from belay.remote.functions import Setup, Task, Teardown, Thread
from belay.remote.marks import Marked

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
Y = TypeVar("Y")
D_co = TypeVar("D_co", covariant=True)
M_co = TypeVar("M_co", covariant=True)


class ThreadOptions(TypedDict, total=False):
    """What ``thread`` can be told; see :class:`belay.remote.functions.Options`."""

    minify: bool
    register: bool
    record: bool | None
    implementation: str
    trusted: bool
    timeout: float | Default | None


class TaskOptions(ThreadOptions, total=False):
    """What ``task`` can be told."""

    idempotent: bool
    proxy: bool


class UntimedOptions(TaskOptions, total=False):
    """The same, where results come alone."""

    return_time: Literal[False]


class TimedOptions(TaskOptions, total=False):
    """The same, where results come with their time."""

    return_time: Required[Literal[True]]


class TeardownOptions(ThreadOptions, total=False):
    """What ``teardown`` can be told."""

    ignore_errors: bool


class SetupOptions(TeardownOptions, total=False):
    """What ``setup`` can be told."""

    autoinit: bool


class TimedDecorator(Protocol):
    """``device.task(return_time=True)``."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Generator[Y, S, T]], /
    ) -> Task[P, Generator[tuple[Y, datetime], S, T]]: ...

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Iterator[Y]], /
    ) -> Task[P, Generator[tuple[Y, datetime], Any, Any]]: ...

    @overload
    def __call__(self, function: Callable[P, R], /) -> Task[P, tuple[R, datetime]]: ...


class TimedMarker(Protocol):
    """``Device.task(return_time=True)``."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Generator[Y, S, T]], /
    ) -> Marked[Task[P, Generator[tuple[Y, datetime], S, T]]]: ...

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Iterator[Y]], /
    ) -> Marked[Task[P, Generator[tuple[Y, datetime], Any, Any]]]: ...

    @overload
    def __call__(self, function: Callable[P, R], /) -> Marked[Task[P, tuple[R, datetime]]]: ...


class TaskDecorator(Decorator):
    """``device.task``."""

    @overload
    def __call__(self, function: Callable[P, R], /, **options: Unpack[UntimedOptions]) -> Task[P, R]: ...

    @overload
    def __call__(self, function: Callable[P, object], /, **options: Unpack[TimedOptions]) -> Task[P, Any]: ...

    @overload
    def __call__(self, /, **options: Unpack[TimedOptions]) -> TimedDecorator: ...

    @overload
    def __call__(self, /, **options: Unpack[UntimedOptions]) -> Callable[[Callable[P, R]], Task[P, R]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class TaskMarker(Marker):
    """``Device.task``."""

    @overload
    def __call__(
        self, function: Callable[P, R], /, **options: Unpack[UntimedOptions]
    ) -> Marked[Task[P, R]]: ...

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[TimedOptions]
    ) -> Marked[Task[P, Any]]: ...

    @overload
    def __call__(self, /, **options: Unpack[TimedOptions]) -> TimedMarker: ...

    @overload
    def __call__(
        self, /, **options: Unpack[UntimedOptions]
    ) -> Callable[[Callable[P, R]], Marked[Task[P, R]]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)


class ThreadDecorator(Decorator):
    """``device.thread``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[ThreadOptions]
    ) -> Thread[P, None]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[ThreadOptions]
    ) -> Callable[[Callable[P, object]], Thread[P, None]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class ThreadMarker(Marker):
    """``Device.thread``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[ThreadOptions]
    ) -> Marked[Thread[P, None]]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[ThreadOptions]
    ) -> Callable[[Callable[P, object]], Marked[Thread[P, None]]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)


class SetupDecorator(Decorator):
    """``device.setup``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[SetupOptions]
    ) -> Setup[P, None]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[SetupOptions]
    ) -> Callable[[Callable[P, object]], Setup[P, None]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class SetupMarker(Marker):
    """``Device.setup``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[SetupOptions]
    ) -> Marked[Setup[P, None]]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[SetupOptions]
    ) -> Callable[[Callable[P, object]], Marked[Setup[P, None]]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)


class TeardownDecorator(Decorator):
    """``device.teardown``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[TeardownOptions]
    ) -> Teardown[P, None]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[TeardownOptions]
    ) -> Callable[[Callable[P, object]], Teardown[P, None]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class TeardownMarker(Marker):
    """``Device.teardown``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[TeardownOptions]
    ) -> Marked[Teardown[P, None]]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[TeardownOptions]
    ) -> Callable[[Callable[P, object]], Marked[Teardown[P, None]]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)


class Slot(Generic[M_co, D_co]):
    """An attribute of the class of devices that is one thing on the class and another on a device.

    Args:
        kind: What a decorated function becomes.
        marker: Makes what it is on the class, of its name and the kind.
        decorator: Makes what it is on a device, of these and of what asks the board.
    """

    def __init__(
        self, kind: Kind, marker: Callable[[str, Kind], M_co], decorator: Callable[[str, Kind, Any], D_co]
    ) -> None:
        self.kind = kind
        self.decorator = decorator
        self._marker = marker

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> M_co: ...

    @overload
    def __get__(self, instance: object, owner: type) -> D_co: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._marker(self._name, self.kind)
        return instance._decorators[self._name]


def decorators_of(cls: type, asker: object) -> dict[str, Any]:
    """A device's decorators, by the names of the slots of its class.

    Args:
        cls: The class.
        asker: What each of them asks the board by.
    """
    slots = {name: slot for name, slot in vars(cls).items() if isinstance(slot, Slot)}
    return {name: slot.decorator(name, slot.kind, asker) for name, slot in slots.items()}
