"""Requests to the agent: with the parts of it, and the bulk, that must be on the board before."""

from __future__ import annotations

import ast
import itertools
import json
import zlib
from binascii import b2a_base64
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from belay.board import onboard
from belay.board.arguments import Source, as_json, blob_number
from belay.board.asking import reply_to
from belay.board.bulk import AT_ONCE, PIECE, SLOW_PIECE, Piece, batches, pieces
from belay.board.calls import BoardFailure, Item, Return, Stamped, Terms
from belay.board.firmware import Implementation
from belay.board.plain import error_args
from belay.board.results import read_result, read_stamped
from belay.exceptions import BoardResetError, NotBelayResponseError
from belay.link import AgentEnded, Exchanging, Link, Replier, Reply
from belay.source import parse_traceback

PART_TIMEOUT = 10.0
"""Seconds in which a board takes a part of the agent, or some pieces of bulk."""

MAX_ATTEMPTS = 3
"""So often bulk is sent piece by piece until it has arrived whole."""

MUCH = 8
"""Bulk that takes more than one byte in so many of a board's heap is much: room is made for it."""

PADDING = 64
"""Bytes that a request may grow by, so that its header holds no control byte."""

_PART_WINDOW = 10
"""Bits of the window with which parts are compressed: the board needs as many bytes, for a moment."""

_UNPACK = (
    "import deflate,io,binascii\n"
    "exec(deflate.DeflateIO(io.BytesIO(binascii.a2b_base64('%s')),deflate.RAW,%d).read(),globals())"
)
"""The program that runs a part."""

_PACKED_HEAP = 160 * 1024
"""Bytes of heap with which a board gets parts compressed: to inflate one takes several KB and leaves gaps."""

_TOGETHER = 2048
"""Bytes of a part's statements that a board with little memory compiles at once."""

_DROPPED_AT_ONCE = 100
"""So many generators or objects at most are let go of along with one request; more take a turn."""

_NOTHING = 0
"""In place of a function's number: to let go is all."""

_NOT_DONE = {"KeyboardInterrupt", "MemoryError"}
"""What a request may raise before all that it brings along was let go of."""

NO_BULK: Mapping[int, memoryview] = {}

_MIN_REQUEST, _MAX_REQUEST = 512, 16384


class Fixed(IntEnum):
    """The numbers of the agent's own functions, see ``onboard/agent.py`` and the parts."""

    DEFINE = 35
    PART = 36
    NAMED = 37
    WRITTEN = 38
    KEPT = 39
    EXEC = 40
    EVAL = 41
    MEM_FREE = 42
    START = 43
    START_WRITTEN = 44
    STEP = 45
    STEP_WRITTEN = 46
    DROP = 47
    TAKE = 48
    GIVE = 49
    LONG = 50
    FORGET = 51
    MANY = 52
    MANY_EXEC = 53
    MANY_EVAL = 54
    SPAWN = 55
    SPAWN_WRITTEN = 56
    SO_FAR = 57
    LOOK = 58
    MORE = 59
    APPLY = 60
    READ = 61
    STAT = 62
    HASH = 63
    COPY = 64
    TOUCH = 65
    ROOM = 66
    MOUNT = 70
    UNMOUNT = 71
    OBJECT_GET = 72
    OBJECT_CALL = 73
    OBJECT_CALL_WRITTEN = 74
    OBJECT_DO = 75
    OBJECT_DO_WRITTEN = 76
    OBJECT_ITEMS = 77
    RELEASE = 78
    OBJECT_PLACED = 79
    CLOCK = 80
    TIMED = 81
    TICKS = 82
    USER = 84
    """The first number of the user's functions."""


_LOOKS_FIRST = frozenset(
    {
        Fixed.WRITTEN,
        Fixed.START_WRITTEN,
        Fixed.STEP_WRITTEN,
        Fixed.SPAWN_WRITTEN,
        Fixed.LONG,
        Fixed.APPLY,
        Fixed.OBJECT_CALL_WRITTEN,
        Fixed.OBJECT_DO_WRITTEN,
        Fixed.OBJECT_PLACED,
        Fixed.TIMED,
    }
)
"""These look for the bulk that they name before anything else: they may be sent along with it."""

_TIMED = frozenset(
    {
        Fixed.NAMED,
        Fixed.WRITTEN,
        Fixed.EXEC,
        Fixed.EVAL,
        Fixed.STEP,
        Fixed.STEP_WRITTEN,
        *range(Fixed.USER, 256),
    }
)
"""What these return may be wanted with the board's time."""

_HARMLESS = frozenset(
    {
        Fixed.PART,
        Fixed.KEPT,
        Fixed.MEM_FREE,
        Fixed.DROP,
        Fixed.RELEASE,
        Fixed.TAKE,
        Fixed.GIVE,
        Fixed.FORGET,
        Fixed.SO_FAR,
        Fixed.LOOK,
        Fixed.MORE,
        Fixed.READ,
        Fixed.STAT,
        Fixed.HASH,
        Fixed.ROOM,
        Fixed.CLOCK,
        Fixed.TICKS,
    }
)
"""These look, or bring what a fresh board lacks: to ask for them again makes no difference."""

_NO_FUNCTION = ("IndexError", "TypeError")
"""What a request for a function raises that the agent does not have."""

_LOST = ("_belay_lost",)
"""The arguments of the exception for bulk that is not there, see ``onboard/part_take.py``."""

_PART_OF = {
    **dict.fromkeys(range(Fixed.START, Fixed.TAKE), "part_items"),
    **dict.fromkeys(range(Fixed.TAKE, Fixed.MANY), "part_take"),
    **dict.fromkeys(range(Fixed.MANY, Fixed.SPAWN), "part_many"),
    **dict.fromkeys(range(Fixed.SPAWN, Fixed.SO_FAR), "part_thread"),
    Fixed.SO_FAR: "part_many",
    **dict.fromkeys(range(Fixed.LOOK, Fixed.READ), "part_files"),
    **dict.fromkeys(range(Fixed.READ, Fixed.MOUNT), "part_filing"),
    **dict.fromkeys(range(Fixed.MOUNT, Fixed.UNMOUNT + 1), "part_mount"),
    **dict.fromkeys(range(Fixed.OBJECT_GET, Fixed.CLOCK), "part_objects"),
    **dict.fromkeys(range(Fixed.CLOCK, Fixed.USER), "part_clock"),
}

_STANDS_ON = {"part_input": "part_ask", "part_mount": "part_ask"}
"""Parts that need another one before."""


class Requests:
    """Sends requests to the agent, one after another, with all that must be on the board before.

    Args:
        link: The conversation to use.
        implementation: What runs on the board.
        on_ask: Answers what the board asks where the terms of a call name nobody else.

    Attributes:
        largest: Bytes of the largest payload that the agent takes.
    """

    def __init__(
        self, link: Link, implementation: Implementation, on_ask: Callable[..., object] | None = None
    ) -> None:
        self._link = link
        self._on_ask = on_ask
        self._implementation = implementation
        self._forgotten: deque[object] = deque()
        self._released: deque[object] = deque()
        self._left: list[int] = []
        self._parts: set[str] = set()
        room = (implementation.heap or 0) // 16
        self.largest = max(_MIN_REQUEST, min(_MAX_REQUEST, room))

    def _ask(
        self, function: int, payload: list[object], terms: Terms, source: Source | None = None
    ) -> Answer:
        return self._send(function, json_of(payload), terms, source.blobs if source else {})

    def _send(
        self, function: int, payload: bytes, terms: Terms, blobs: Mapping[int, memoryview] = NO_BULK
    ) -> Answer:
        """Send a request, and what must be there before it."""
        if function in _PART_OF:
            self._need(_PART_OF[function], terms)
        if terms.timed and function in _TIMED:
            self._need(_PART_OF[Fixed.TIMED], terms)
            function, payload = timed(function, payload)
        if len(payload) > self.largest - PADDING:
            number = blob_number()
            blobs = {**blobs, number: memoryview(payload)}
            function, payload = Fixed.LONG, b"[%d,%d]" % (function, number)
        if len(self._forgotten) + len(self._released) > _DROPPED_AT_ONCE:
            self._let_go(terms, most=_DROPPED_AT_ONCE)
        if not blobs:
            return self._answer(self._exchange_letting_go(function, payload, terms), terms)
        # What this frees may be the room that the bulk needs.
        self._let_go(terms, most=0)
        return self._answer(self._send_after(blobs, function, payload, terms), terms)

    def _let_go(self, terms: Terms, most: int) -> None:
        """Let go of what nobody wants any more, until no more than so many are left."""
        while len(self._forgotten) + len(self._released) > most:
            if self._exchange_letting_go(_NOTHING, b"[]", terms).kind == "e":
                break

    def _exchange_letting_go(self, function: int, payload: bytes, terms: Terms) -> Reply:
        """Send a request that also lets go of what nobody wants any more, as far as there is room for it.

        The board does that first, and nothing where it was done before: what is not certain is said again.
        """
        if not self._forgotten and not self._released:
            return self._exchange(function, payload, terms)
        harmless = function in _HARMLESS or function == _NOTHING
        taken: list[tuple[deque[object], list[object]]] = []
        for drop, queue in ((Fixed.DROP, self._forgotten), (Fixed.RELEASE, self._released)):
            if _PART_OF[drop] not in self._parts:
                # The board has no such thing: there was no room for the part.
                queue.clear()
            if keys := _taken(queue, self.largest - 2 * PADDING - len(payload)):
                taken.append((queue, keys))
                function, payload = drop, b"[%b,%d,%b]" % (json_of(keys), function, payload)
        if function == _NOTHING:
            return Reply("r", b"None")
        try:
            reply = self._exchange(function, payload, terms, harmless=harmless)
        except BaseException:
            _give_back(taken)
            raise
        if reply.kind == "e" and not _NOT_DONE.isdisjoint(failure_of(reply.body).types):
            _give_back(taken)
        return reply

    def _answer(self, reply: Reply, terms: Terms) -> Answer:
        """What a reply says; a result that is kept on the board is asked for."""
        if reply.kind == "m":
            # The result is more than a number or a short text, which only a part of the agent can write.
            kind, reply = reply.body.decode(), self._fetch(terms)
            reply = replace(reply, kind=kind if reply.kind == "r" else reply.kind)
        if reply.kind == "e":
            raise failure_of(reply.body)
        return Answer(reply, terms)

    def _look(self, function: int, payload: bytes, terms: Terms) -> Answer | None:
        """Ask something that changes nothing, with the part that knows the answer in the same turn.

        Returns:
            None if the part cannot go along, or did not arrive.
        """
        ahead = self._ahead(function)
        if not ahead or self._forgotten or self._released or len(payload) > self.largest - PADDING:
            return None
        answer = self._exchange(function, payload, terms, before=ahead)
        if answer.kind == "e":
            failure = failure_of(answer.body)
            if failure.types[0] in _NO_FUNCTION:
                return None
            self._parts.add(_PART_OF[function])
            raise failure
        self._parts.add(_PART_OF[function])
        return self._answer(answer, terms)

    def _fetch(self, terms: Terms) -> Reply:
        """Ask for a result that is kept on the board."""
        try:
            self._need("part_values", terms)
            return self._exchange(Fixed.KEPT, b"[]", terms)
        except BoardResetError as error:
            # Nothing of this was sent, but the call itself was, and it ran.
            raise BoardResetError(
                "the board was reset before the result could be fetched", sent=True
            ) from error

    def _need(self, part: str, terms: Terms) -> None:
        """Have a part of the agent on the board."""
        if part in self._parts:
            return
        if part in _STANDS_ON:
            self._need(_STANDS_ON[part], terms)
        source = onboard.read(part)
        if not any(
            self._runs_inside(payload, terms) for payload in (self._packed(source), json_of([source]))
        ):
            # What a board cannot compile at once it may compile bit by bit.
            for some in _gathered(onboard.statements(source), min(_TOGETHER, self.largest - PADDING)):
                if self._runs_inside(json_of(["\n".join(some)]), terms):
                    continue
                if not all(self._runs_inside(json_of([statement]), terms) for statement in some):
                    raise BoardFailure(["MemoryError"], (), f"MemoryError: no room for {part} of the agent")
        self._parts.add(part)

    def _ahead(self, function: int) -> list[Piece]:
        """The part with a function, to be sent directly before a request that may be asked for again."""
        part = _PART_OF.get(function, "")
        if not part or part in self._parts or not self._link.transport.flow_control:
            return []
        if "part_mount" in self._parts:
            # What it imports the board may ask the host for: nothing else must be under way then.
            return []
        payload = self._packed(onboard.read(part))
        return [Piece(Fixed.PART, payload)] if len(payload) <= self.largest - PADDING else []

    def _packed(self, source: str) -> bytes:
        """The request for a part, compressed if the board can inflate."""
        if "inflate" not in self._implementation.features or (self._implementation.heap or 0) < _PACKED_HEAP:
            return json_of([source])
        packer = zlib.compressobj(9, zlib.DEFLATED, -_PART_WINDOW)
        packed = packer.compress(source.encode()) + packer.flush()
        return json_of([_UNPACK % (b2a_base64(packed, newline=False).decode(), _PART_WINDOW)])

    def _runs_inside(self, payload: bytes, terms: Terms) -> bool:
        """Run statements among the agent's own names; False if there is no room for them."""
        if len(payload) > self.largest - PADDING:
            return False
        answer = self._exchange(Fixed.PART, payload, replace(terms, timeout=PART_TIMEOUT))
        if answer.kind != "e":
            return True
        failure = failure_of(answer.body)
        if "MemoryError" not in failure.types:
            raise failure
        return False

    def _send_after(
        self, blobs: Mapping[int, memoryview], function: int, payload: bytes, terms: Terms
    ) -> Reply:
        """Send a request and the bulk that it names: in one turn where that can be, else piece by piece."""
        self._need("part_take", terms)
        # Twice: what looks like a pointer keeps garbage alive, and the next time it may be gone.
        quick = [(PIECE, AT_ONCE)] * 2 if self._link.transport.flow_control else []
        numbers, left = [*self._left, *blobs], bool(self._left)
        self._left.clear()
        make_room = Piece(Fixed.FORGET, json.dumps(numbers).encode())
        is_much = sum(map(len, blobs.values())) * MUCH > (self._implementation.heap or 0)
        lacking: BoardFailure | None = None
        try:
            for attempt, (size, at_once) in enumerate([*quick, *[(SLOW_PIECE, 0)] * MAX_ATTEMPTS]):
                cut = [pieces(name, data, size=size, largest=self.largest) for name, data in blobs.items()]
                first = [make_room] if is_much or left or attempt or not at_once else []
                groups = list(batches(itertools.chain(first, *cut), at_once))
                before = groups.pop() if at_once and function in _LOOKS_FIRST else []
                try:
                    arrived = all(self._arrives(group, terms) for group in groups)
                except BoardFailure as error:
                    if "MemoryError" not in error.types:
                        raise
                    arrived, lacking = False, error
                if arrived:
                    answer = self._exchange(function, payload, terms, before=before)
                    if answer.kind != "e" or function not in _LOOKS_FIRST:
                        return answer
                    if (failure := failure_of(answer.body)).board_args != _LOST:
                        raise failure
            if lacking:
                raise lacking
        except BaseException as error:
            # What is there of it goes with the next bulk, or at once if there is no room for anything else.
            self._left += numbers
            if isinstance(error, BoardFailure) and "MemoryError" in error.types:
                self._exchange(*make_room[:2], replace(terms, timeout=PART_TIMEOUT))
                self._left.clear()
            raise
        raise NotBelayResponseError("the bytes of an argument never arrived whole")

    def _arrives(self, group: list[Piece], terms: Terms) -> bool:
        """Bring pieces of bulk to the board; whether they arrived whole."""
        *before, last = group
        terms = replace(terms, timeout=PART_TIMEOUT)
        answer = self._exchange(last.function, last.payload, terms, last.blob, before)
        if answer.kind != "e":
            return answer.body == b"True"
        if (failure := failure_of(answer.body)).board_args != _LOST:
            raise failure
        return False

    def _exchange(
        self,
        function: int,
        payload: bytes,
        terms: Terms,
        blob: bytes = b"",
        before: Sequence[Piece] = (),
        *,
        harmless: bool | None = None,
    ) -> Reply:
        exchanging = Exchanging(
            payload,
            self._replier(terms),
            blob,
            terms.timeout,
            terms.on_output,
            before,
            harmless=function in _HARMLESS if harmless is None else harmless,
        )
        try:
            return self._link.exchange(function, exchanging)
        except AgentEnded as ended:
            text = ended.error.decode(errors="replace").replace("\r\n", "\n")
            found = parse_traceback(text)
            if found.type_name:
                failure = BoardFailure([found.type_name], (found.message,) if found.message else (), text)
                raise failure from None
            raise NotBelayResponseError(
                "the call was interrupted on the board, not by this program"
            ) from None

    def _replier(self, terms: Terms) -> Replier:
        """What answers the board's questions in a call."""
        on_ask = terms.on_ask or self._on_ask
        return lambda asked: reply_to(asked, on_ask, self.largest - PADDING)


def _taken(queue: deque[object], room: int) -> list[object]:
    """The next things that nobody wants any more, as far as they fit into so many bytes."""
    keys: list[object] = []
    while queue and len(keys) < _DROPPED_AT_ONCE:
        room -= len(repr(queue[0])) + 1
        if room < 0:
            break
        keys.append(queue.popleft())
    return keys


def _give_back(taken: Iterable[tuple[deque[object], list[object]]]) -> None:
    """Put into their queues what may not have been let go of."""
    for queue, keys in taken:
        queue.extend(keys)


class Answer:
    """A reply, to be read as what was asked for.

    Args:
        reply: What the agent answered.
        terms: The terms of the call.

    Attributes:
        terms: As given.
    """

    def __init__(self, reply: Reply, terms: Terms) -> None:
        self._reply = reply
        self.terms = terms

    @property
    def text(self) -> str:
        """What the board wrote."""
        return self._reply.body.decode(errors="surrogatepass")

    @property
    def chunks(self) -> tuple[bytes, ...]:
        """The bytes that it speaks of."""
        return self._reply.chunks

    @property
    def value(self) -> Any:
        """The result."""
        read = read_stamped if self.terms.timed else read_result
        return read(self.text, self.chunks, self.terms)

    @property
    def is_instead(self) -> bool:
        """Whether it is the number of what stands for an object, and no value."""
        return self._reply.kind == "o"

    @property
    def step(self) -> Item | Return:
        """What a generator yielded or returned."""
        if self._reply.kind == "y":
            return Item(self.value)
        value = self.value
        return Return(value.value if isinstance(value, Stamped) else value)


def timed(function: int, payload: bytes) -> tuple[int, bytes]:
    """The request for what a function returns and the board's time, from that for what it returns."""
    comma = b"" if payload == b"[]" else b","
    return Fixed.TIMED, b"[%d%b%b" % (function, comma, payload[1:])


def json_of(values: list[object]) -> bytes:
    """The JSON of code and the like; only where it holds half of a surrogate pair, that is escaped."""
    if payload := as_json(values):
        return payload
    try:
        # An escape for a character beyond the first 65536 is two, which a board takes for two characters.
        return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(values, separators=(",", ":")).encode()


def _gathered(statements: Sequence[str], size: int) -> Iterator[list[str]]:
    """Statements that go in one request of so many bytes, or alone."""
    some: list[str] = []
    for statement in statements:
        if some and len(json_of(["\n".join([*some, statement])])) > size:
            yield some
            some = []
        some.append(statement)
    yield some


def failure_of(body: bytes) -> BoardFailure:
    """The exception that an answer tells of."""
    types, args, trace = ast.literal_eval(body.decode(errors="surrogatepass"))
    return BoardFailure(types, error_args(args), trace.replace("\r\n", "\n"))
