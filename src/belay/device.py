"""The user's object: a board, connected."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from belay.board.examine import LinkFacts
from belay.board.firmware import Implementation
from belay.exceptions import FeatureUnavailableError
from belay.files.syncing import SyncsFolders
from belay.link import Dispatcher
from belay.remote.answers import Answers, TextSource
from belay.remote.caller import DEFAULT, Caller, Default
from belay.remote.clock import BoardClock
from belay.remote.functions import Setup, Task, Teardown, Thread
from belay.remote.marks import Remotes, calls_post_init, check_class
from belay.remote.output import IdleOutput, TextOutput, TextStream
from belay.remote.running import RunsCode
from belay.remote.slots import (
    SetupDecorator,
    SetupMarker,
    Slot,
    TaskDecorator,
    TaskMarker,
    TeardownDecorator,
    TeardownMarker,
    ThreadDecorator,
    ThreadMarker,
    decorators_of,
)
from belay.remote.timing import TellsTime
from belay.session import Session
from belay.source import LineMap
from belay.transports import UsbSpecifier
from belay.transports.reopening import BoardOpener

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from belay.files.filesystem import Filesystem
    from belay.files.mount import Mount, Mounts
    from belay.files.path import BoardPath
    from belay.mip.mip import Mip
    from belay.transports.base import Transport
    from belay.virtual import VirtualBoard

BOOT_PATIENCE = 2.0
"""Seconds that a soft reset waits for main.py before it lets it run on."""


class Device(RunsCode, SyncsFolders, TellsTime):
    """A MicroPython or CircuitPython board.

    Connecting interrupts what the board runs and starts its interpreter anew (a soft reset: boot.py runs,
    main.py does not), so a program finds the same board each time. A device is a context manager; leaving it
    closes the connection.

    Args:
        address: Where the board is: a port (``"/dev/ttyACM0"``, ``"COM3"``), the name that the user gave it
            (``"@bench-left"``), ``"virtual:"``, a :class:`~belay.UsbSpecifier` or one of the other forms of
            :mod:`belay.transports.address`. Without one: the environment variable ``BELAY_DEVICE`` (an
            address, or USB fields as JSON), else the only board connected.
        startup: Statements to run after every start of the interpreter; None for the usual imports
            (``os``, ``time``, ``machine``, ``sleep``, ``const``, ``ADC``, ``I2C``, ``Pin``, ``PWM``, ``SPI``,
            ``Timer``, each if the firmware has it).
        attempts: How often to try to connect again after a loss, a second apart; negative for ever. See
            :doc:`reconnect`.
        baudrate: Bits per second of a serial port that is a UART.
        user: For connections with a login.
        password: For connections with a login; a function is called when the other side asks. None: what the
            environment variable ``BELAY_PASSWORD`` says.
        exclusive: Whether to lock the port for this program.
        timeout: Seconds that a call may take if it does not say otherwise; None for as long as it likes.
        fresh: Whether connecting starts the interpreter anew. If not, what is defined on the board stays.
            None: only where a program that was stopped has left little memory. Over WebREPL and telnet, where
            the connection would end with the interpreter, names and modules that were added since the last
            reset are removed instead.
        agent: Whether calls go by a small program of ours on the board, which is what makes them quick. None:
            as the environment variable ``BELAY_AGENT`` says (``1`` or ``0``), else wherever it can run.
        listen: Whether to read what the board prints also while no call is under way, in a thread of its own:
            it appears at once, and the board never waits for somebody to read it. None: from the first call
            of a ``thread`` on; until then such output appears with the next call. True: from the beginning,
            for boards whose timers, interrupts or own threads print. False: never.
        stdin: Where ``input()`` on the board reads, as ``sys.stdin``: the board asks in the middle of a call
            or of a program. After the last line it raises EOFError. None: ``input()`` does what the firmware
            makes of it, as it always does where calls do not go by the agent. Whatever else on the board
            reads its standard input is not changed.
        arrays: Gets each :class:`array.array` in a result, and returns what is to stand for it; with
            ``numpy.asarray`` arrays come as arrays of numpy's. None: they come as they are.
        wrap: Gets each transport that was opened, and returns the one to use in its place: for traces and
            counts of the wire (:mod:`belay.transports.trace`).
        auto_sync_time: When :meth:`sync_time` is done of itself. None: when a time is first wanted, and again
            after a reset. True: also when connecting. False: never; until somebody calls it, wanting the time
            of a result is ClockNotSynchronizedError.
        on_reconnect: Called with this device whenever the board was connected anew and has again what was
            recorded, before anything else is asked of it; by the thread whose call found the loss. It may
            call the board; nothing of that is recorded. What it raises, that call raises, of which nothing
            was sent, and the next one connects anew.

    Raises:
        DeviceNotFoundError: There is no such board, or no board at all.
        InsufficientSpecifierError: Several boards fit.
        ConnectionFailedError: The port cannot be opened, is in use, or no REPL answers.
        AuthenticationError: The board refused the password, or asks for one and there is none.
        AddressError: The address is of no known form, or nobody has this name.
        AliasFileError: The file with the names of boards cannot be understood.

    Attributes:
        task: Decorator: the function runs on the board, its result comes back.
        setup: Decorator: the function's body runs in the board's global scope.
        teardown: As ``setup``, and it runs when the device is closed.
        thread: Decorator: the function runs in a thread of the board's.
    """

    MAX_CMD_HISTORY_LEN: ClassVar[int] = 1000
    """At most so many steps are remembered for a reconnect."""

    task: Slot[TaskMarker, TaskDecorator] = Slot(Task, TaskMarker, TaskDecorator)
    setup: Slot[SetupMarker, SetupDecorator] = Slot(Setup, SetupMarker, SetupDecorator)
    teardown: Slot[TeardownMarker, TeardownDecorator] = Slot(Teardown, TeardownMarker, TeardownDecorator)
    thread: Slot[ThreadMarker, ThreadDecorator] = Slot(Thread, ThreadMarker, ThreadDecorator)

    def __init__(
        self,
        address: str | UsbSpecifier | Mapping[str, Any] | None = None,
        *,
        startup: str | None = None,
        attempts: int = 0,
        baudrate: int = 115200,
        user: str | None = None,
        password: str | Callable[[], str] | None = None,
        exclusive: bool = True,
        timeout: float | None = None,
        fresh: bool | None = True,
        agent: bool | None = None,
        listen: bool | None = None,
        stdin: TextSource | None = None,
        arrays: Callable[[array[Any]], object] | None = None,
        wrap: Callable[[Transport], Transport] | None = None,
        auto_sync_time: bool | None = None,
        on_reconnect: Callable[[Self], object] | None = None,
    ) -> None:
        if isinstance(address, Mapping):
            address = UsbSpecifier(**address)
        opener = BoardOpener(address, baudrate=baudrate, exclusive=exclusive, user=user, password=password)

        dispatcher = Dispatcher()
        idle = IdleOutput(dispatcher)
        answers = Answers(stdin)
        self._session = Session(
            opener if wrap is None else lambda: wrap(opener()),
            startup=startup,
            attempts=attempts,
            fresh=fresh,
            agent=_agent_wanted(os.environ) if agent is None else agent,
            listen=listen,
            on_output=idle,
            on_ask=answers,
            asks=stdin is not None,
            on_reconnect=partial(on_reconnect, self) if on_reconnect else None,
            dispatcher=dispatcher,
            max_history=self.MAX_CMD_HISTORY_LEN,
        )
        self._answers = answers
        clock = BoardClock(auto=auto_sync_time is not False)
        self._caller = Caller(self._session, timeout, LineMap(), idle, arrays, clock=clock)
        self._decorators = decorators_of(Device, self._caller)
        try:
            if auto_sync_time:
                self.sync_time()
            self._begin()
        except BaseException:
            self._session.close()
            raise

    # --- files ----------------------------------------------------------------------------------

    @property
    def files(self) -> BoardPath:
        """The board's files: its top as a path, to be used like those of :mod:`pathlib`."""
        from belay.files.path import BoardPath

        return BoardPath(self.filesystem)

    @cached_property
    def filesystem(self) -> Filesystem:
        """The same by their names as text, and what paths have no methods for."""
        from belay.files.filesystem import Filesystem

        return Filesystem(partial(self._caller.ask, timeout=None))

    def mount(self, folder: str | os.PathLike[str], *, at: str = "/remote", writable: bool = False) -> Mount:
        """Let the board import from a folder of this computer and open its files, without copying them.

        The board asks for what it needs in the middle of a call, so that only calls and programs of this
        device find the folder: a main.py that runs by itself, threads and timers get OSError. Imports look
        there first (``sys.path``). After a soft reset, an interrupt or a reconnect the next call finds it
        again.

        Args:
            folder: The folder. The board cannot leave it, nor by links.
            at: Where it is on the board, as an absolute path. A folder that is there is hidden meanwhile.
            writable: Whether the board may change what is in the folder; if not, that is
                ``OSError(EROFS)`` there.

        Returns:
            A context manager: at its end, or by its method ``unmount``, the folder is taken off the board.

        Raises:
            BatchError: A batch gathers the calls of this thread.
            BoardFileExistsError: There is a file of this name on the board, or something is mounted there.
            BoardTimeoutError: The board did not answer.
            ConnectionLost: The board is gone.
            FeatureUnavailableError: This board cannot: calls to it go over the plain REPL, or its firmware
                lacks something, or there is no memory left.
            FileNotFoundError: There is no such folder here.
            NotADirectoryError: It is no folder.
            ValueError: ``at`` is no place on a board.
        """
        self._caller.refuse_in_batch("mounting a folder")
        return self._mounts.mount(folder, at=at, writable=writable)

    @cached_property
    def mip(self) -> Mip:
        """Installs packages on the board, as ``mip`` does that runs there, through this computer."""
        from belay.mip.mip import Mip

        def path() -> list[str]:
            return [str(place) for place in self._evaluate("__import__('sys').path")]

        return Mip(self.filesystem, lambda: self.implementation, path)

    @cached_property
    def _mounts(self) -> Mounts:
        from belay.files.mount import Mounts

        mounts = Mounts(self._session)
        self._answers.serve("mount", mounts.answer)
        return mounts

    # --- what it is -----------------------------------------------------------------------------

    @property
    def implementation(self) -> Implementation:
        """What runs on the board."""
        return self._session.implementation

    def examine(self) -> LinkFacts:
        """Find out what carries the calls to this board, and what it takes there.

        To measure its memory, the agent is put on the board anew: generators on the board end, and proxies
        lose their objects.

        Returns:
            What is known of the link, and what was measured.

        Raises:
            BoardTimeoutError: The board did not answer.
            ConnectionFailedError: The board does not take the agent again.
            ConnectionLost: The board is gone.
        """
        return self._session.examine()

    @property
    def address(self) -> str:
        """Where the board is, as the transport names it."""
        return self._session.link.transport.name

    @property
    def virtual(self) -> VirtualBoard:
        """The virtual board behind this device: its pins and readings, as the outside world has them.

        Raises:
            FeatureUnavailableError: This is not a virtual board.
        """
        transport: Any = self._session.link.transport
        while hasattr(transport, "inner"):
            transport = transport.inner
        board: VirtualBoard | None = getattr(transport, "board", None)
        if board is None:
            raise FeatureUnavailableError(f"{self.address} is not a virtual board")
        return board

    # --- life -----------------------------------------------------------------------------------

    def soft_reset(
        self,
        *,
        main: bool = True,
        timeout: float | None = BOOT_PATIENCE,
        stream_out: TextStream | Default | None = DEFAULT,
    ) -> bool:
        """Start the board's interpreter anew.

        What was defined by ``device(…)`` and setups is gone; tasks and threads are defined again before the
        next call.

        Args:
            main: Whether main.py runs, as after a power-up.
            timeout: Seconds to wait for main.py to end; one that takes longer runs on, until the next call
                interrupts it. None waits for ever.
            stream_out: Where main.py's output goes meanwhile; None drops it, the default is ``sys.stdout``.

        Returns:
            Whether main.py ended, or was not to run.

        Raises:
            BoardTimeoutError: The board did not come back.
            ConnectionLost: The board is gone.
        """
        self._caller.refuse_in_batch("a reset")
        if isinstance(stream_out, Default):
            return self._session.soft_reset(main=main, timeout=timeout)
        output = TextOutput(stream_out) if stream_out else None
        ended = self._session.soft_reset(main=main, timeout=timeout, on_output=output or _drop)
        if output:
            output.finish()
        return ended

    def terminal(self, *, exit_char: str = "\x1d") -> None:
        """Put the board's own prompt on this program's terminal, until the user leaves.

        What is typed goes to the board, but for the key that leaves and Ctrl-T, which opens a menu. Calls of
        other threads wait. The next call starts the board's interpreter anew, whatever was typed: tasks are
        there then, with ``attempts=`` also all that was recorded. If standard input is no terminal, its lines
        are typed, and the prompt after the last ends this.

        Args:
            exit_char: What the key that leaves sends; Ctrl-] if nothing else is given.

        Raises:
            BatchError: A batch gathers the calls of this thread.
            ConnectionLost: The board is gone, and standard input is no terminal: nobody waits for it.
            FeatureUnavailableError: The standard streams are none of the system's, as in a notebook.
            ValueError: ``exit_char`` is empty.
        """
        from belay.terminal import Terminal, dimmed, open_console

        self._caller.refuse_in_batch("a terminal")
        if not exit_char:
            raise ValueError("exit_char is empty: nobody could leave")
        with open_console() as console:
            self._session.lend(Terminal(console, leave=exit_char.encode(), dim=dimmed).run)

    @property
    def connected(self) -> bool:
        """Whether the connection to the board is there, as far as is known: nothing is sent to find out.

        It is not once the device is closed, or a call or the listening thread (``listen=``) met a loss. A
        board that was reset is connected.
        """
        return self._session.connected

    def reconnect(self, attempts: int | None = None) -> None:
        """Connect anew, to the same board under whatever name, and replay what was recorded.

        Args:
            attempts: How often to try, a second apart; negative for ever. None for what the device was
                made with, and at least once.

        Raises:
            BatchError: A batch gathers the calls of this thread.
            ConnectionLost: None of the attempts succeeded, or what was recorded cannot be done again.
            MaxHistoryLengthError: More was done than :attr:`MAX_CMD_HISTORY_LEN` steps, so that it cannot be
                done again.
        """
        self._caller.refuse_in_batch("connecting")
        wanted = self._session.attempts if attempts is None else attempts
        self._session.reconnect(wanted or 1)

    def close(self) -> None:
        """Run the teardowns and close the connection; a second call does nothing.

        A lost connection is not made again for the teardowns. Without teardowns a call that another thread
        is making ends with ConnectionLost; they wait for its end.

        Raises:
            BoardError: A teardown raised; the others ran, and the connection is closed all the same.
            ConnectionLost: The teardowns could not run.
        """
        if self._session.closed:
            return
        self._session.give_up()
        problem: Exception | None = None
        try:
            for teardown in self._decorators["teardown"]:
                try:
                    with self._caller.at_once():
                        teardown()
                except Exception as error:  # noqa: BLE001 - the others must have their turn
                    problem = problem or error
        finally:
            self._session.close()
        if problem:
            raise problem

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except Exception as problem:
            if error is None:
                raise
            # The error that is on its way matters more.
            error.add_note(f"and at the device's end: {problem}")

    def __repr__(self) -> str:
        state = "closed" if self._session.closed else self.implementation.name
        return f"<{type(self).__name__} {self.address} ({state})>"

    # --- subclassing ----------------------------------------------------------------------------

    def __pre_autoinit__(self) -> None:
        """Called in a subclass before its setups with ``autoinit=True`` run."""

    def __post_init__(self) -> None:
        """Called in a subclass at the end of its making."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_class(cls, Device)

    def _begin(self) -> None:
        """Send what the class body marked, and run what it wants run."""
        self._remotes = Remotes(self.implementation.name, self._decorators)
        autoinit = self._remotes.begin(self)
        self.__pre_autoinit__()
        for function in autoinit:
            function()
        if not calls_post_init(type(self)):
            self.__post_init__()


def _drop(data: bytes) -> None:
    """Show nothing of it."""


def _agent_wanted(environment: Mapping[str, str]) -> bool | None:
    """What ``BELAY_AGENT`` says."""
    return {"1": True, "0": False}.get(environment.get("BELAY_AGENT", ""))
