"""``task``, ``setup``, ``teardown`` and ``thread`` for asyncio programs, as type checkers see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, ParamSpec, Protocol, TypeVar, Unpack, overload

from belay.aio.decorators import AsyncDecorator
from belay.aio.functions import AsyncFunction, AsyncItems, AsyncTask
from belay.remote.decorators import Marker
from belay.remote.marks import Marked
from belay.remote.slots import SetupOptions, TeardownOptions, ThreadOptions, TimedOptions, UntimedOptions

P = ParamSpec("P")
R = TypeVar("R")
Y = TypeVar("Y")


class AsyncTimedDecorator(Protocol):
    """``device.task(return_time=True)``."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Iterator[Y]], /
    ) -> AsyncItems[P, tuple[Y, datetime]]: ...

    @overload
    def __call__(self, function: Callable[P, R], /) -> AsyncTask[P, tuple[R, datetime]]: ...


class AsyncTimedMarker(Protocol):
    """``AsyncDevice.task(return_time=True)``."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Iterator[Y]], /
    ) -> Marked[AsyncItems[P, tuple[Y, datetime]]]: ...

    @overload
    def __call__(self, function: Callable[P, R], /) -> Marked[AsyncTask[P, tuple[R, datetime]]]: ...


class AsyncTaskDecorator(AsyncDecorator):
    """``device.task``."""

    @overload
    def __call__(  # type: ignore[overload-overlap] # the first that fits is meant
        self, function: Callable[P, Iterator[Y]], /, **options: Unpack[UntimedOptions]
    ) -> AsyncItems[P, Y]: ...

    @overload
    def __call__(self, function: Callable[P, R], /, **options: Unpack[UntimedOptions]) -> AsyncTask[P, R]: ...

    @overload
    def __call__(self, /, **options: Unpack[TimedOptions]) -> AsyncTimedDecorator: ...

    @overload
    def __call__(self, /, **options: Unpack[UntimedOptions]) -> AsyncTaskDecorator: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class AsyncTaskMarker(Marker):
    """``AsyncDevice.task``."""

    @overload
    def __call__(  # type: ignore[overload-overlap] # the first that fits is meant
        self, function: Callable[P, Iterator[Y]], /, **options: Unpack[UntimedOptions]
    ) -> Marked[AsyncItems[P, Y]]: ...

    @overload
    def __call__(
        self, function: Callable[P, R], /, **options: Unpack[UntimedOptions]
    ) -> Marked[AsyncTask[P, R]]: ...

    @overload
    def __call__(self, /, **options: Unpack[TimedOptions]) -> AsyncTimedMarker: ...

    @overload
    def __call__(self, /, **options: Unpack[UntimedOptions]) -> AsyncTaskMarker: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)


class AsyncThreadDecorator(AsyncDecorator):
    """``device.thread``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[ThreadOptions]
    ) -> AsyncFunction[P, None]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[ThreadOptions]
    ) -> Callable[[Callable[P, object]], AsyncFunction[P, None]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class AsyncThreadMarker(Marker):
    """``AsyncDevice.thread``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[ThreadOptions]
    ) -> Marked[AsyncFunction[P, None]]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[ThreadOptions]
    ) -> Callable[[Callable[P, object]], Marked[AsyncFunction[P, None]]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)


class AsyncSetupDecorator(AsyncDecorator):
    """``device.setup``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[SetupOptions]
    ) -> AsyncFunction[P, None]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[SetupOptions]
    ) -> Callable[[Callable[P, object]], AsyncFunction[P, None]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class AsyncSetupMarker(Marker):
    """``AsyncDevice.setup``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[SetupOptions]
    ) -> Marked[AsyncFunction[P, None]]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[SetupOptions]
    ) -> Callable[[Callable[P, object]], Marked[AsyncFunction[P, None]]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)


class AsyncTeardownDecorator(AsyncDecorator):
    """``device.teardown``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[TeardownOptions]
    ) -> AsyncFunction[P, None]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[TeardownOptions]
    ) -> Callable[[Callable[P, object]], AsyncFunction[P, None]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function; with options alone, return the decorator."""
        return self._apply(function, options)


class AsyncTeardownMarker(Marker):
    """``AsyncDevice.teardown``."""

    @overload
    def __call__(
        self, function: Callable[P, object], /, **options: Unpack[TeardownOptions]
    ) -> Marked[AsyncFunction[P, None]]: ...

    @overload
    def __call__(
        self, /, **options: Unpack[TeardownOptions]
    ) -> Callable[[Callable[P, object]], Marked[AsyncFunction[P, None]]]: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Mark a function; with options alone, return the decorator."""
        return self._apply(function, options)
