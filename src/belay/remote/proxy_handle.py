"""What a proxy knows of its object, and how it asks the board about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from belay.board.calls import Calls, Terms
from belay.board.objects import MOST_ITEMS, Held, Instead, OnBoard, Target, reference_of
from belay.exceptions import BoardError, BoardResetError
from belay.remote.caller import DEFAULT, Caller, Default
from belay.remote.failure import Origin, at_home

FEW_ITEMS = 4
"""So many items of an iterator are asked for at first, then twice as many each time."""

_GONE = object()
"""In place of an answer: there is another way to the board now."""

Question = Callable[[Calls, Terms], Any]
Make = Callable[["Reference"], Any]


class Holding:
    """An object that the board holds for the host, until nobody wants it any more.

    Letting go of it talks to nobody: the board is told along with the next call, whichever thread makes it.

    Args:
        caller: Asks the board.
        calls: The way to the board by which the object was made; there is another one after a reset.
        key: The object's key.
        name: A global variable that is deleted on the board, too, if it is still that object then.
    """

    def __init__(self, caller: Caller, calls: Calls, key: int, name: str = "") -> None:
        self.caller = caller
        self.calls = calls
        self.key = key
        self.methods: set[str] = set()
        self._name = name

    def __del__(self) -> None:
        self.calls.release(self.key, self._name)


class Reference(NamedTuple):
    """An object that is held, or a method of it, which is found again by its name.

    Attributes:
        holding: The object.
        name: The method's name; None for the object itself.
    """

    holding: Holding
    name: str | None = None

    @property
    def calls(self) -> Calls:
        """The way to the board by which it was made."""
        return self.holding.calls

    @property
    def target(self) -> Target:
        """As the board knows it."""
        return Target(self.holding.key, self.name)

    @property
    def is_gone(self) -> bool:
        """Whether the board was reset since, as far as is known without asking it."""
        return self.holding.caller.latest is not self.holding.calls

    def get(self, name: str) -> Any:
        """An attribute; a method that was found before is not asked for again."""
        if self.name is None and name in self.holding.methods:
            return made(Reference(self.holding, name))
        return self._ask(lambda calls, terms: calls.get(self.target, name, terms), name)

    def set(self, name: str, value: object) -> None:
        """Set an attribute."""
        self.holding.methods.discard(name)
        self.operate("setattr(a,b,c)", name, value)

    def delete(self, name: str) -> None:
        """Delete an attribute."""
        self.holding.methods.discard(name)
        self.operate("delattr(a,b)", name)

    def call(self, args: Sequence[object], kwargs: Mapping[str, object]) -> Any:
        """Call it."""
        return self._ask(lambda calls, terms: calls.apply(self.target, args, kwargs, terms))

    def operate(self, body: str, *args: object, copied: bool = False) -> Any:
        """Do something with it, see :meth:`belay.board.objects.ObjectCalls.operate`."""
        return self._ask(
            lambda calls, terms: calls.operate(body, self.target, args, terms, copied=copied), copied=copied
        )

    def hold(self, body: str, *args: object) -> Holding:
        """Have the board hold what comes of it, see :meth:`belay.board.objects.ObjectCalls.hold`."""

        def ask(calls: Calls, terms: Terms) -> Holding:
            [key] = calls.hold(body, self.target, args, 1, terms)
            return Holding(self.holding.caller, calls, key)

        holding: Holding = asked(self.holding, ask)
        return holding

    def _ask(self, question: Question, name: str = "", *, copied: bool = False) -> Any:
        answer = asked(self.holding, question)
        if copied:
            return answer
        if isinstance(answer, Held):
            return made(Reference(Holding(self.holding.caller, self.holding.calls, answer.key)))
        if answer is Instead.ITSELF:
            return made(Reference(self.holding))
        if answer is Instead.METHOD:
            # What is no object of its own on the board, but a method, has none.
            self.holding.methods.add(name)
            return made(Reference(self.holding, name))
        return answer


def asked(holding: Holding, question: Question) -> Any:
    """Ask the board about an object.

    Raises:
        BatchError: A batch gathers the calls of this thread.
        BoardError: The board raised.
        BoardResetError: The object is gone: the board was reset since it was made.
        BoardTimeoutError: It took too long.
        ConnectionLost: The board is gone.
        UntransferableError: An argument cannot travel.
    """

    def ask(calls: Calls, terms: Terms) -> Any:
        return question(calls, terms) if calls is holding.calls else _GONE

    holding.caller.refuse_in_batch("an operation on a proxy")
    try:
        answer = holding.caller.ask(ask)
    except BoardError as error:
        raise at_home(error) from None
    if answer is _GONE:
        raise BoardResetError(
            "the proxy's object is gone: the board was reset since it was made",
            sent=False,
            hint="make a new proxy",
        )
    return answer


def calling(caller: Caller, function: str, args: Sequence[object], kwargs: Mapping[str, object]) -> Question:
    """A question that calls a global function; its answer is a value or a proxy."""

    def ask(calls: Calls, terms: Terms) -> Any:
        answer = calls.operate("return names[b](*c,**d)", Target(), [function, [*args], {**kwargs}], terms)
        return made(Reference(Holding(caller, calls, answer.key))) if isinstance(answer, Held) else answer

    return ask


def held(
    caller: Caller,
    body: str,
    args: Sequence[object] = (),
    *,
    count: int = 1,
    name: str = "",
    timeout: float | Default | None = DEFAULT,
    origin: Callable[[], Origin] | None = None,
) -> list[Holding]:
    """Have the board hold new objects, whatever they are.

    Args:
        caller: Asks the board.
        body: What makes them, see :meth:`belay.board.objects.ObjectCalls.hold`.
        args: Its arguments.
        count: How many.
        name: A global variable that is deleted along with the object.
        timeout: Seconds that it may take.
        origin: Where the code came from.

    Raises:
        BoardError: The board raised.
        BoardTimeoutError: It took too long.
        ConnectionLost: The board is gone.
        UntransferableError: An argument cannot travel.
    """

    def ask(calls: Calls, terms: Terms) -> list[Holding]:
        return [Holding(caller, calls, key, name) for key in calls.hold(body, Target(), args, count, terms)]

    try:
        return caller.ask(ask, timeout=timeout, origin=origin)
    except BoardError as error:
        raise at_home(error) from None


class Items(Iterator[Any]):
    """The items of something on the board, asked for as they are wanted.

    Where nothing happens by that (the items of a list), several come at once.

    Args:
        holding: The iterator on the board.
    """

    def __init__(self, holding: Holding) -> None:
        self._holding: Holding | None = holding
        self._waiting: list[Any] = []
        self._most = FEW_ITEMS

    def __next__(self) -> Any:
        if not self._waiting:
            self._waiting = self._more()[::-1]
        item = self._waiting.pop()
        if item is Instead.END:
            # Nothing is held any longer than it is wanted.
            self._holding = None
            raise StopIteration
        return item

    def _more(self) -> list[Any]:
        holding = self._holding
        if holding is None:
            raise StopIteration
        try:
            items = asked(holding, lambda calls, terms: calls.take(holding.key, self._most, terms))
        except StopIteration as stop:
            self._holding = None
            raise StopIteration(stop.value) from None
        self._most = min(2 * self._most, MOST_ITEMS)
        return [
            made(Reference(Holding(holding.caller, holding.calls, item.key)))
            if isinstance(item, Held)
            else item
            for item in items
        ]


def handle(value: OnBoard) -> Reference:
    """What a proxy stands for."""
    found: Reference = reference_of(value)
    return found


def made(reference: Reference) -> Any:
    """The proxy for an object."""
    from belay.remote.proxy import Proxy

    return Proxy(reference)
