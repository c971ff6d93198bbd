"""A device for asyncio programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    ParamSpec,
    Self,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

from belay.aio.batch import AsyncBatch
from belay.aio.slots import (
    AsyncSetupDecorator,
    AsyncSetupMarker,
    AsyncTaskDecorator,
    AsyncTaskMarker,
    AsyncTeardownDecorator,
    AsyncTeardownMarker,
    AsyncThreadDecorator,
    AsyncThreadMarker,
)
from belay.aio.timing import AsyncTellsTime
from belay.aio.worker import Worker
from belay.board.firmware import Implementation
from belay.device import Device
from belay.exceptions import BelayException
from belay.remote.caller import Default
from belay.remote.functions import Setup, Task, Teardown, Thread
from belay.remote.marks import Remotes, calls_post_init, check_class
from belay.remote.output import TextStream
from belay.remote.slots import Slot, decorators_of

if TYPE_CHECKING:
    from array import array
    from types import ModuleType

    from belay.files.keep import Keep
    from belay.files.plan import Plan
    from belay.files.sync import SyncSummary
    from belay.remote.answers import TextSource
    from belay.remote.proxy import Proxy
    from belay.transports import UsbSpecifier
    from belay.transports.base import Transport
    from belay.virtual import VirtualBoard

P = ParamSpec("P")
R = TypeVar("R")


class DeviceOptions(TypedDict, total=False):
    """What a device can be told, see :class:`belay.Device`."""

    startup: str | None
    attempts: int
    baudrate: int
    user: str | None
    password: str | Callable[[], str] | None
    exclusive: bool
    timeout: float | None
    fresh: bool | None
    agent: bool | None
    listen: bool | None
    stdin: TextSource | None
    arrays: Callable[[array[Any]], object] | None
    wrap: Callable[[Transport], Transport] | None
    auto_sync_time: bool | None
    on_reconnect: Callable[[Device], object] | None


class CallOptions(TypedDict, total=False):
    """What a call can be told, see :meth:`belay.Device.__call__`."""

    proxy: bool
    delete: bool
    minify: bool
    stream_out: TextStream | Default | None
    record: bool | None
    trusted: bool
    timeout: float | Default | None
    return_time: bool


class RunOptions(TypedDict, total=False):
    """What the run of a program can be told, see :meth:`belay.Device.run`."""

    file: str
    minify: bool
    stream_out: TextStream | Default | None
    timeout: float | Default | None


class SyncOptions(TypedDict, total=False):
    """What a sync can be told, see :meth:`belay.Device.sync`."""

    keep: Keep
    ignore: Sequence[str] | str | None
    minify: bool
    mpy_cross_binary: str | os.PathLike[str] | None
    progress_update: Callable[..., object] | None
    mpy: bool
    outside_links: bool


class AsyncDevice(AsyncTellsTime):
    """A MicroPython or CircuitPython board for asyncio programs: a :class:`belay.Device` to be awaited.

    ``async with AsyncDevice("virtual:") as device`` connects, and closes the connection at the end. There are
    the decorators ``task``, ``setup``, ``teardown`` and ``thread``, whose functions are awaited when they are
    called; calls of generator tasks are for ``async for``.

    Several tasks may use one device; what they ask is asked in its order, in one thread of the device's own.
    A task that is cancelled while it waits for the board, by a time-out for example, interrupts what it asked
    for, and goes on once the board is at its prompt; nothing of that disturbs the other tasks. What it asked
    for and was not begun is not done at all. Handlers (``on_reconnect``, ``arrays``, ``stream_out``) are
    called by the device's thread.

    Args:
        address: Where the board is, as for :class:`belay.Device`.
        options: As for :class:`belay.Device`; ``on_reconnect`` gets :attr:`blocking`.
    """

    blocking_class: ClassVar[type[Device]] = Device
    """The class of :attr:`blocking`."""

    task: Slot[AsyncTaskMarker, AsyncTaskDecorator] = Slot(Task, AsyncTaskMarker, AsyncTaskDecorator)
    setup: Slot[AsyncSetupMarker, AsyncSetupDecorator] = Slot(Setup, AsyncSetupMarker, AsyncSetupDecorator)
    teardown: Slot[AsyncTeardownMarker, AsyncTeardownDecorator] = Slot(
        Teardown, AsyncTeardownMarker, AsyncTeardownDecorator
    )
    thread: Slot[AsyncThreadMarker, AsyncThreadDecorator] = Slot(
        Thread, AsyncThreadMarker, AsyncThreadDecorator
    )

    def __init__(
        self,
        address: str | UsbSpecifier | Mapping[str, Any] | None = None,
        **options: Unpack[DeviceOptions],
    ) -> None:
        self._address = address
        self._options = options
        self._worker = Worker("belay")
        self._device: Device | None = None
        self._begun = False
        self._decorators = decorators_of(AsyncDevice, self._worker)

    # --- calls ----------------------------------------------------------------------------------

    @property
    def blocking(self) -> Device:
        """The device for programs that block, for :meth:`to_thread`.

        Raises:
            BelayException: It is not connected.
        """
        if self._device is None:
            raise BelayException(
                "the device is not connected",
                hint="use it in an `async with` block, or await device.connect()",
            )
        return self._device

    async def to_thread(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do something that blocks, in the device's own thread and in its turn.

        ``await device.to_thread(device.blocking.files.joinpath("main.py").read_text)`` reads a file. Where
        the task is cancelled, it is interrupted as soon as it waits for the board.

        Args:
            work: What to do; methods of :attr:`blocking` and what they returned, mostly.
            args: Its arguments.
            kwargs: Its named arguments.

        Returns:
            What it returns; what it raises is raised.

        Raises:
            BelayException: The device is not connected.
            ConnectionLost: The device is closed.
        """
        self.blocking  # noqa: B018 - raises where there is none
        return await self._worker.do(lambda: work(*args, **kwargs))

    async def __call__(self, code: str | Proxy, **options: Unpack[CallOptions]) -> Any:
        """Run a statement or evaluate an expression in the board's global scope.

        A proxy blocks when it is used: use it in :meth:`to_thread`.

        Args:
            code: Python source, as the board understands it; or a proxy, whose value is copied.
            options: As for :meth:`belay.Device.__call__`.

        Returns:
            The value of an expression; None for statements.

        Raises:
            BoardError: The code raised; also as the builtin of the board's type.
            BoardTimeoutError: It took longer than ``timeout``; it was interrupted.
            ConnectionLost: The board is gone.
            UntransferableError: The value cannot travel.
        """
        return await self.to_thread(self.blocking, code, **options)

    async def run(self, program: str, **options: Unpack[RunOptions]) -> None:
        """Run a whole program in the board's global scope, see :meth:`belay.Device.run`.

        Args:
            program: Python source, as the board understands it.
            options: As there.

        Raises:
            BoardError: It raised.
            BoardTimeoutError: It took longer than ``timeout``; it was interrupted.
            ConnectionLost: The board is gone.
        """
        await self.to_thread(self.blocking.run, program, **options)

    def batch(self) -> AsyncBatch:
        """Gather calls, to send them in few turns: ``async with device.batch() as batch: …``.

        Returns:
            What takes the calls; what was gathered is sent at the end of the block.
        """
        return AsyncBatch(self._worker, lambda: self.blocking)

    # --- files ----------------------------------------------------------------------------------

    @overload
    async def sync(
        self,
        folder: str | os.PathLike[str],
        dst: str = "/",
        *,
        dry_run: Literal[False] = False,
        **options: Unpack[SyncOptions],
    ) -> SyncSummary: ...

    @overload
    async def sync(
        self,
        folder: str | os.PathLike[str],
        dst: str = "/",
        *,
        dry_run: Literal[True],
        **options: Unpack[SyncOptions],
    ) -> Plan: ...

    async def sync(
        self, folder: str | os.PathLike[str], dst: str = "/", *, dry_run: bool = False, **options: Any
    ) -> SyncSummary | Plan:
        """Make a folder on the board hold what a folder here holds, see :meth:`belay.Device.sync`.

        Args:
            folder: A folder, or a file, which goes into ``dst``.
            dst: The folder on the board.
            dry_run: Whether to find out only what would be done.
            options: As there.

        Returns:
            What was done, or the plan.

        Raises:
            FilesError: Something here or on the board cannot be read or written, or there is no room.
            FeatureUnavailableError: There is no compiler.
            ConnectionLost: The board is gone.
        """
        blocking = self.blocking
        if dry_run:
            return await self._worker.do(lambda: blocking.sync(folder, dst, dry_run=True, **options))
        return await self._worker.do(lambda: blocking.sync(folder, dst, **options))

    async def sync_dependencies(
        self,
        package: ModuleType | str,
        *subfolders: str | os.PathLike[str],
        dst: str = "/lib",
        **options: Any,
    ) -> SyncSummary | Plan:
        """Sync folders that a Python package here brings along, see :meth:`belay.Device.sync_dependencies`.

        Args:
            package: The imported package, or its name.
            subfolders: Folders in it, which are put together.
            dst: The folder on the board.
            options: As for :meth:`sync`.

        Returns:
            What was done; what would be, with ``dry_run=True``.

        Raises:
            FilesError: There is no such package or folder; and as :meth:`sync`.
        """
        return await self.to_thread(self.blocking.sync_dependencies, package, *subfolders, dst=dst, **options)

    # --- what it is -----------------------------------------------------------------------------

    @property
    def implementation(self) -> Implementation:
        """What runs on the board."""
        return self.blocking.implementation

    @property
    def address(self) -> str:
        """Where the board is, as the transport names it."""
        return self.blocking.address

    @property
    def virtual(self) -> VirtualBoard:
        """The virtual board behind this device.

        Raises:
            FeatureUnavailableError: This is not a virtual board.
        """
        return self.blocking.virtual

    @property
    def connected(self) -> bool:
        """Whether the connection is there, as far as is known; see :attr:`belay.Device.connected`."""
        return self._device is not None and self._device.connected

    if not TYPE_CHECKING:  # It would have every name for them.

        def __getattr__(self, name: str) -> Any:
            blocks = getattr(self.blocking_class, name, None)
            if blocks is None or name.startswith("_") or hasattr(type(self), name):
                # As without this method.
                return object.__getattribute__(self, name)
            work = name if callable(blocks) else f"{name}.…"
            raise AttributeError(
                f"{type(self).__name__} has no {name}, which blocks: "
                f"await device.to_thread(device.blocking.{work}, …)",
                name=name,
                obj=self,
            )

    def __repr__(self) -> str:
        state = "not connected" if self._device is None else repr(self._device)
        return f"<{type(self).__name__}: {state}>"

    # --- life -----------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect, send what is decorated, and run what is to run then; ``async with`` does it.

        A task that is cancelled meanwhile leaves nothing connected.

        Raises:
            BelayException: It was connected before.
            DeviceNotFoundError: There is no such board, or no board at all.
            InsufficientSpecifierError: Several boards fit.
            ConnectionFailedError: The port cannot be opened, is in use, or no REPL answers.
            BoardError: What is decorated was refused, or raised.
        """
        if self._begun:
            raise BelayException("a device is connected once only", hint="make a new AsyncDevice")
        self._begun = True
        try:
            autoinit = await self._worker.do(self._connect)
            await self.__pre_autoinit__()
            for function in autoinit:
                await function()
            if not calls_post_init(type(self)):
                await self.__post_init__()
        except BaseException:
            # Whatever comes of the closing, this is on its way.
            await self._worker.end(self._device._session.close if self._device else None)
            raise

    async def soft_reset(
        self,
        *,
        main: bool = True,
        timeout: float | None = 2.0,
        stream_out: TextStream | None = None,
    ) -> bool:
        """Start the board's interpreter anew, see :meth:`belay.Device.soft_reset`.

        Args:
            main: Whether main.py runs, as after a power-up.
            timeout: Seconds to wait for main.py to end; None waits for ever.
            stream_out: Where main.py's output goes meanwhile; None for ``sys.stdout``.

        Returns:
            Whether main.py ended, or was not to run.

        Raises:
            BoardTimeoutError: The board did not come back.
            ConnectionLost: The board is gone.
        """
        more: dict[str, Any] = {} if stream_out is None else {"stream_out": stream_out}
        return await self.to_thread(self.blocking.soft_reset, main=main, timeout=timeout, **more)

    async def reconnect(self, attempts: int | None = None) -> None:
        """Connect anew and replay what was recorded, see :meth:`belay.Device.reconnect`.

        Args:
            attempts: How often to try, a second apart; negative for ever. None for what the device was
                made with, and at least once.

        Raises:
            ConnectionLost: None of the attempts succeeded, or what was recorded cannot be done again.
            MaxHistoryLengthError: More was done than is remembered, so that it cannot be done again.
        """
        await self.to_thread(self.blocking.reconnect, attempts)

    async def close(self) -> None:
        """Run the teardowns and close the connection; a second call does nothing.

        It waits for what other tasks asked for before. It is not interrupted where its task is cancelled.

        Raises:
            BoardError: A teardown raised; the others ran, and the connection is closed all the same.
            ConnectionLost: The teardowns could not run.
        """
        await self._worker.end(self._device.close if self._device else None)

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        except Exception as problem:
            if error is None:
                raise
            # The error that is on its way matters more.
            error.add_note(f"and at the device's end: {problem}")

    # --- subclassing ----------------------------------------------------------------------------

    async def __pre_autoinit__(self) -> None:
        """Called in a subclass before its setups with ``autoinit=True`` run."""

    async def __post_init__(self) -> None:
        """Called in a subclass once it is connected, and they ran."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_class(cls, AsyncDevice)

    def _connect(self) -> list[Callable[[], Any]]:
        """Connect, and send what is decorated; what is to run then."""
        options: dict[str, Any] = {**self._options}
        self._device = device = self.blocking_class(self._address, **options)
        for name, decorator in self._decorators.items():
            decorator.connect(device._decorators[name])
        self._remotes = Remotes(device.implementation.name, self._decorators)
        return self._remotes.begin(self)
