"""What the user's decorated functions become: calling one runs it on the board."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, cast

from belay.board.calls import Calls, Terms
from belay.board.literal import encode
from belay.board.many import Call, Way, snapshot
from belay.board.objects import going, stand_ins
from belay.exceptions import BatchError, BoardError, FeatureUnavailableError, UntransferableError
from belay.remote.caller import DEFAULT, Caller, Default
from belay.remote.failure import Origin, at_home
from belay.remote.generator import RemoteGenerator
from belay.remote.proxy_handle import calling
from belay.remote.sending import About, Entry, send_each
from belay.source import FunctionSource, check, extract, minify
from belay.source.effect import Effect, effect_of

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Options:
    """What a decorator was told.

    Attributes:
        minify: Whether the source is made small before it is sent.
        register: Whether the function is found as ``device.task.NAME`` too.
        record: Whether each call is remembered for a reconnect; None for the kind's own default.
        implementation: Run only on boards whose implementation has this name; empty for all.
        ignore_errors: Whether exceptions of the board are dropped (setup and teardown).
        autoinit: Whether a subclass's setup runs when the device is made.
        trusted: Whether a result that is no literal is evaluated on the host. A hostile board can then run
            any code here.
        timeout: Seconds that a call may take.
        idempotent: Whether a call may be made again if the connection is lost while it may have run (task).
        return_time: Whether results come with their time, ``(result, datetime)``; of a generator, its items
            (task).
        proxy: Whether a result that can be changed stays on the board, and the call returns a
            :class:`~belay.Proxy` for it (task). Such calls are not remembered, and none of a batch.
    """

    minify: bool = True
    register: bool = True
    record: bool | None = None
    implementation: str = ""
    ignore_errors: bool = False
    autoinit: bool = False
    trusted: bool = False
    timeout: float | Default | None = DEFAULT
    idempotent: bool = False
    return_time: bool = False
    proxy: bool = False


class RemoteFunction(Generic[P, R]):
    """A function whose code is on the board.

    Args:
        caller: Asks the board.
        function: The function as the user wrote it.
        options: What its decorator was told.

    Raises:
        UnsupportedFunctionError: It cannot run on a board.
        SpecialFunctionNameError: Its name is reserved.
        BoardError: The board refuses its definition.
    """

    purpose: ClassVar[str] = "task"
    way: ClassVar[Way] = Way.CALL
    records: ClassVar[bool] = False
    """Whether calls are remembered for a reconnect unless the decorator was told otherwise."""
    without: ClassVar[frozenset[str]] = frozenset(
        {"ignore_errors", "autoinit", "idempotent", "proxy", "return_time"}
    )
    """The options that this kind of function has not."""
    __name__: str
    __wrapped__: Callable[P, R]
    """The function as it was written."""

    def __init__(self, caller: Caller, function: Callable[P, R], options: Options) -> None:
        check(function, purpose=self.purpose)
        self._caller = caller
        self._options = options
        self._source = extract(function)
        functools.update_wrapper(self, function)
        self._define()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it on the board; in the block of a batch, a future is returned at once."""
        if batch := self._caller.batch:
            return cast("R", batch.add(self.entry(args, kwargs)))
        try:
            return self._run(args, kwargs)
        except BoardError as error:
            raise at_home(error) from None

    def entry(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        """A call of it that is made later, with the arguments as they are now.

        Raises:
            UntransferableError: One of them cannot travel.
        """
        try:
            return self._entry(*snapshot(args, kwargs))
        except UntransferableError as error:
            raise _with_names(error, self._source) from None

    def __repr__(self) -> str:
        return f"<{self.purpose} {self._source.name} on a board>"

    def _define(self) -> None:
        try:
            self._caller.define(self._source, self._text(self._source.source))
        except BoardError as error:
            raise at_home(error) from None

    def _text(self, source: str) -> str:
        return minify(source, keep_last_expression=False) if self._options.minify else source

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        args, kwargs = self._kept(args, kwargs)

        def question(calls: Calls, terms: Terms) -> Any:
            return calls.call(self._source.name, args, kwargs, terms)

        return cast("R", self._ask(question, arguments=(args, kwargs)))

    def _entry(self, args: Sequence[object], kwargs: Mapping[str, object]) -> Entry:
        return Entry(self._call(self._source.name, args, kwargs), self._about_call(args, kwargs))

    def _about_call(self, args: Sequence[object], kwargs: Mapping[str, object]) -> About:
        """What is true of one call. With proxies it is not made again: a fresh board lacks their objects."""
        about = self._about
        if (about.record or about.repeatable) and stand_ins([args, kwargs]):
            about = replace(about, record=False, repeatable=False)
        return about

    def _call(self, text: str, args: Sequence[object], kwargs: Mapping[str, object]) -> Call:
        options = self._options
        timeout = self._caller.seconds(options.timeout)
        return Call(self.way, text, args, kwargs, timeout, options.trusted, options.return_time)

    @functools.cached_property
    def _about(self) -> About:
        return About(
            self._source.name,
            self._recorded,
            translate=self._translated,
            repeatable=self._options.idempotent,
        )

    def _translated(self, error: Exception) -> Exception:
        """What the user sees of an error."""
        return _with_names(error, self._source) if isinstance(error, UntransferableError) else error

    @property
    def _recorded(self) -> bool:
        return self.records if self._options.record is None else self._options.record

    def _kept(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, safe from later changes if they are to be remembered."""
        if self._recorded:
            # What cannot be copied cannot travel either, which is told when it is to be sent.
            with suppress(Exception):
                return copy.deepcopy((args, kwargs))
        return args, kwargs

    def _ask(
        self,
        question: Callable[[Calls, Terms], Any],
        origin: Callable[[], Origin] | None = None,
        effect: Effect | None = None,
        *,
        arguments: object = (),
    ) -> Any:
        """Ask the board. A call with proxies is not made again: a fresh board lacks their objects."""
        options = self._options
        try:
            return self._caller.ask(
                question,
                timeout=options.timeout,
                trusted=options.trusted,
                record=self._recorded and not stand_ins(arguments),
                effect=effect,
                repeatable=lambda: (options.idempotent or effect is not None) and not stand_ins(arguments),
                origin=origin,
                return_time=options.return_time and not self._source.is_generator,
            )
        except UntransferableError as error:
            raise _with_names(error, self._source) from None


class Task(RemoteFunction[P, R]):
    """A function on the board whose result comes back.

    Raises:
        ValueError: A generator is to be idempotent; or what returns a proxy, to be remembered or timed.
    """

    without: ClassVar[frozenset[str]] = frozenset({"ignore_errors", "autoinit"})

    def _define(self) -> None:
        if self._options.idempotent and self._source.is_generator:
            raise ValueError(
                f"{self._source.name}: a generator cannot be idempotent: its state is lost with the board"
            )
        if self._options.proxy and self._options.return_time:
            raise ValueError(f"{self._source.name}: a result that comes as a proxy comes without its time")
        if self._options.proxy and self._options.record:
            raise ValueError(
                f"{self._source.name}: a call that returns a proxy cannot be remembered for a reconnect"
            )
        if self._options.proxy and self._options.return_time:
            raise ValueError(f"{self._source.name}: a proxy comes without its time")
        super()._define()

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        if self._options.proxy:
            question = calling(self._caller, self._source.name, args, kwargs)
            return cast("R", self._ask(question, arguments=(args, kwargs)))
        if not self._source.is_generator:
            return super()._run(args, kwargs)
        clock = self._caller.clock if self._options.return_time else None
        return cast("R", RemoteGenerator(self._ask, self._source.name, args, kwargs, clock))

    def map(self, items: Iterable[Any], /, *more: Iterable[Any]) -> list[R]:
        """Call it for each item, in as few turns as fit, and wait for all.

        Args:
            items: The first argument of each call.
            more: The second of each, and so on; the shortest decides how many calls there are.

        Returns:
            The results, in their order.

        Raises:
            BatchError: It is a generator, or a batch gathers the calls of this thread.
            BoardError: A call raised; a note names the item. Those before it ran, those behind it did not.
            BoardTimeoutError: A call took too long and was interrupted.
            ConnectionLost: The board is gone.
            UntransferableError: An argument cannot travel, so nothing was sent; or a result cannot, and all
                calls ran.
        """
        self._refuse_generator()
        self._caller.refuse_in_batch(f"{self._source.name}.map")
        entries = [self._entry(args, {}) for args in zip(items, *more, strict=False)]
        try:
            return send_each(self._caller, entries)
        except BoardError as error:
            raise at_home(error) from None

    def entry(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        """A call of it that is made later, with the arguments as they are now.

        Raises:
            BatchError: It is a generator.
            UntransferableError: An argument cannot travel.
        """
        self._refuse_generator()
        return super().entry(args, kwargs)

    def _refuse_generator(self) -> None:
        if self._options.proxy:
            raise BatchError(
                f"{self._source.name} returns a proxy, of which there is none before the batch is sent"
            )
        if self._source.is_generator:
            raise BatchError(
                f"{self._source.name} is a generator, whose items come one by one",
                hint="a task that returns a list can be one of many calls",
            )

    @property
    def _recorded(self) -> bool:
        # The steps of a generator mean nothing without the ones before.
        return super()._recorded and not self._source.is_generator


class Thread(RemoteFunction[P, R]):
    """A function that runs in a thread of the board; calling it returns at once, with nothing."""

    purpose = "thread"
    records = True
    way = Way.SPAWN

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        args, kwargs = self._kept(args, kwargs)
        try:
            self._ask(
                lambda calls, terms: calls.spawn(self._source.name, args, kwargs, terms),
                arguments=(args, kwargs),
            )
        except BoardError as error:
            if (translated := self._translated(error)) is error:
                raise
            raise translated from error
        self._caller.session.listen()
        return cast("R", None)

    @functools.cached_property
    def _about(self) -> About:
        return replace(super()._about, ran=self._caller.session.listen)

    def _translated(self, error: Exception) -> Exception:
        if not isinstance(error, BoardError) or not isinstance(error, ImportError):
            return super()._translated(error)
        return FeatureUnavailableError(
            "this board's firmware has no threads", hint="use a timer, or asyncio on the board"
        )


class Setup(RemoteFunction[P, R]):
    """A function whose body runs in the board's global scope, its arguments being globals."""

    purpose = "setup"
    records = True
    way = Way.EXECUTE
    without: ClassVar[frozenset[str]] = frozenset({"idempotent", "proxy", "return_time"})

    def _define(self) -> None:
        # The body is sent with each call; nothing needs to wait on the board. It is taken apart now, so
        # that a body that cannot run in a global scope is refused when it is decorated.
        self._body = self._text(self._source.body)
        self._caller.lines.add(self._source)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        program = self._program(args, kwargs)

        def question(calls: Calls, terms: Terms) -> None:
            # Whether proxies may go this way is known now.
            calls.execute(self._program(args, kwargs, calls) if stand_ins([args, kwargs]) else program, terms)

        try:
            self._ask(question, self._origin, effect_of(program), arguments=(args, kwargs))
        except BoardError:
            if not self._options.ignore_errors:
                raise
        return cast("R", None)

    def _entry(self, args: Sequence[object], kwargs: Mapping[str, object]) -> Entry:
        call = self._call(self._program(args, kwargs), args, kwargs)
        return Entry(call, self._about_call(args, kwargs))

    @functools.cached_property
    def _about(self) -> About:
        return replace(super()._about, origin=self._origin, ignore_errors=self._options.ignore_errors)

    def _origin(self) -> Origin:
        return Origin(self._source.file, self._source.first_line, self._source.name)

    def _program(self, args: Sequence[Any], kwargs: Mapping[str, Any], calls: Calls | None = None) -> str:
        """The arguments as assignments, then the body, each of its lines where it was."""
        bound = self._source.parameters.bind(*args, **kwargs)
        bound.apply_defaults()
        assigned = [
            f"{name}={encode(value, f'{self._source.name}: argument {name!r}', going(calls))}"
            for name, value in bound.arguments.items()
        ]
        first, newline, rest = self._body.partition("\n")
        return ";".join(filter(None, [*assigned, first])) + newline + rest


class Teardown(Setup[P, R]):
    """A setup that runs when the device is closed."""

    purpose = "teardown"
    without: ClassVar[frozenset[str]] = frozenset({"autoinit", "idempotent", "proxy", "return_time"})


def _with_names(error: UntransferableError, source: FunctionSource) -> UntransferableError:
    """Name an argument that cannot travel as the function's author did."""
    where = error.where
    number = where.removeprefix("argument ")
    names = [
        name
        for name, parameter in source.parameters.parameters.items()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if number.isdecimal() and int(number) <= len(names):
        where = f"argument {names[int(number) - 1]!r}"
    return UntransferableError(f"{source.name}: {where}", error.type_name, hint=error.hint)
