from __future__ import annotations

import json
import os
import random
from array import array
from base64 import b64decode
from binascii import b2a_base64, crc32
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belay import Device
from belay.board.agent import Fixed
from belay.board.bulk import GIVE, MOST, PIECE, TAKE, Piece, batches, pieces
from belay.board.calls import Terms
from belay.exceptions import BelayException, BoardTimeoutError
from belay.transports.base import READ_SIZE, Transport
from belay.transports.trace import CountingTransport

RANDOM = random.Random(3).randbytes(64 * 1024)


def put_together(requests: list[Piece]) -> bytes:
    """What the board makes of them."""
    whole = bytearray()
    for request in requests:
        name, total, at, *rest = json.loads(request.payload)
        assert (name, at) == (7, len(whole))
        if request.function == GIVE:
            data = bytearray(b64decode(rest[0]))
        else:
            size, check, gaps = rest
            assert not set(b"\x02\x03\x04\x05") & set(request.blob)
            data, place = bytearray(request.blob), -1
            for gap in map(ord, gaps):
                place += gap - ord("#")
                if gap < ord("|"):
                    data[place] -= 64
            assert (len(data), crc32(data)) == (size, check)
        whole += data
    assert len(whole) == total
    return bytes(whole)


@given(
    st.binary(min_size=1, max_size=300) | st.lists(st.sampled_from([3, 3, 2, 0, 9]), min_size=1).map(bytes),
    st.integers(1, 100),
    st.sampled_from([512, 4096]),
)
def test_pieces_hold_no_orders_and_make_the_whole(data: bytes, size: int, largest: int) -> None:
    cut = list(pieces(7, memoryview(data), size=size, largest=largest))
    assert put_together(cut) == data
    assert all(len(piece.payload) <= largest for piece in cut)
    assert not any(b"\x03" in piece.payload for piece in cut)


@pytest.mark.parametrize(
    ("data", "most", "function"),
    [
        (RANDOM, 1.03, TAKE),
        (bytes(65536), 1.01, TAKE),
        (b"\3" * 65536, 1.38, GIVE),
        ((b"\3" + b"x" * 10) * 6000, 1.1, TAKE),
        ((b"\3" + b"x" * 8) * 6000, 1.38, GIVE),
    ],
)
def test_what_a_byte_costs(data: bytes, most: float, function: int) -> None:
    cut = list(pieces(7, memoryview(data), size=PIECE, largest=6000))
    assert put_together(cut) == data
    assert {piece.function for piece in cut} == {function}
    assert sum(piece.size + 8 for piece in cut) < most * len(data)


def test_a_list_of_places_that_is_too_long_for_the_board_goes_as_base64() -> None:
    data = (b"\3" + b"x" * 19) * 500
    assert {piece.function for piece in pieces(7, memoryview(data), size=PIECE, largest=512)} == {GIVE}


def test_batches_are_full_but_not_too_full() -> None:
    requests = [Piece(TAKE, b"", bytes(10))] * 7
    assert [len(batch) for batch in batches(iter(requests), 30)] == [3, 3, 1]
    assert [len(batch) for batch in batches(iter(requests), 0)] == [1] * 7
    assert list(batches(iter([]), 30)) == []
    assert [len(batch) for batch in batches(iter([Piece(GIVE, b"")] * 60), 30)] == [MOST, MOST, 60 - 2 * MOST]
    # One letter for each, and one that is not that of the last request before.
    assert MOST + 2 <= 26


# --- on a board ----------------------------------------------------------------------------------


START = "ran = 0\nfrom binascii import crc32"


class Meter:
    """A device, and what went over its wire."""

    def __init__(
        self,
        address: str,
        wrap: Callable[[Transport], Transport] = lambda inner: inner,
        timeout: float | None = None,
    ) -> None:
        def count(inner: Transport) -> CountingTransport:
            self.wire = CountingTransport(wrap(inner))
            return self.wire

        self.device = Device(address, agent=True, wrap=count, timeout=timeout)
        self.device(START)

        @self.device.task
        def look(*data):
            global ran  # noqa: PLW0603 - it runs on the board
            ran += 1
            return [(type(one).__name__, len(one), crc32(one)) for one in data]

        @self.device.task
        def give(size):
            return os.urandom(size)

        self.look: Any = look
        self.give: Any = give
        # What is sent when it is first used.
        look(bytes(100))
        give(100)

    def turns(self, work: Callable[[], Any]) -> tuple[int, int, Any]:
        """Turns and bytes of some work, and its result."""
        self.wire.reset()
        result = work()
        return self.wire.turns, self.wire.bytes_in + self.wire.bytes_out, result


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    meter = Meter("virtual:?heap=131072")
    yield meter
    meter.device.close()


def seen(data: bytes, kind: str = "bytes") -> tuple[str, int, int]:
    return (kind, len(data), crc32(data))


def test_64_kib_each_way_with_a_heap_of_128_kib(meter: Meter) -> None:
    # There is no room for the copy that makes bytes of it.
    for _ in range(3):
        turns, size, result = meter.turns(lambda: meter.look(RANDOM))
        assert result == [seen(RANDOM, "bytearray")]
        assert turns == 1
        assert size < 1.06 * len(RANDOM)
        turns, size, result = meter.turns(lambda: meter.give(64 * 1024))
        assert len(result) == 64 * 1024
        assert turns == 1
        assert size < 1.02 * len(result)


def test_64_kib_of_interrupts() -> None:
    data = b"\3" * 65536
    # With room for it wherever the memory of the board has a gap: in less it may go by smaller pieces.
    meter = Meter("virtual:?heap=524288")
    with meter.device:
        turns, size, result = meter.turns(lambda: meter.look(data))
    assert result == [seen(data)]
    assert turns <= 2
    assert size < 1.4 * len(data)


@pytest.mark.parametrize("size", [1, 65, 1000, PIECE, PIECE + 1, 2 * PIECE])
def test_an_argument_goes_along_with_its_call(meter: Meter, size: int) -> None:
    data = RANDOM[:size]
    turns, wire, result = meter.turns(lambda: meter.look(data))
    assert (turns, result) == (1, [seen(data)])
    assert wire < 1.06 * size + 250
    data = data[:PIECE]
    turns, _, result = meter.turns(lambda: meter.look(data, data[:70], bytearray(data)))
    assert (turns, result) == (1, [seen(data), seen(data[:70]), seen(data, "bytearray")])


def test_several_times_what_goes_at_once(meter: Meter) -> None:
    with Device("virtual:", agent=True) as device:

        @device.task
        def size(data):
            return type(data).__name__, len(data)

        assert size(RANDOM * 5) == ("bytes", 5 * 65536)
        assert size([RANDOM.hex()] * 5) == ("list", 5)


def test_a_generator_takes_and_gives_bulk(meter: Meter) -> None:
    @meter.device.task
    def sizes(first):
        while True:
            first = yield len(first), first

    generator = sizes(RANDOM[:5000])
    assert next(generator) == (5000, RANDOM[:5000])
    assert generator.send(RANDOM[:10_000]) == (10_000, RANDOM[:10_000])
    generator.close()


def test_what_finds_no_room_is_a_memory_error_and_leaves_none_taken(meter: Meter) -> None:
    @meter.device.task
    def free():
        import gc

        gc.collect()
        return gc.mem_free()

    def lost(start: int) -> int:
        return start - free()

    start = min(free(), free())
    ran = meter.device("ran")
    for big in [bytes(200_000)], [RANDOM[:40_000], RANDOM[:40_000], RANDOM[:40_000]], ["x" * 200_000]:
        with pytest.raises(MemoryError):
            meter.look(*big)
        assert meter.device("ran") == ran
        assert lost(start) < 2000
        # The next call works, with as much as before.
        assert meter.look(RANDOM) == [seen(RANDOM, "bytearray")]
        ran += 1
    with pytest.raises(MemoryError):
        meter.give(200_000)
    assert len(meter.give(64 * 1024)) == 64 * 1024


def test_what_fills_the_heap_comes_back_though_the_part_that_writes_it_is_not_there_yet() -> None:
    with Device("virtual:?heap=131072", agent=True) as device:
        device("import os\nfrom binascii import crc32\nstuff = os.urandom(65536)")
        check = device("crc32(stuff)")
        assert crc32(device("stuff")) == check
        assert device("[stuff, 0.1]")[1] == 0.1


@pytest.mark.parametrize("agent", [True, False])
def test_a_board_with_very_little_memory(agent: bool) -> None:
    with Device("virtual:?heap=64k", agent=agent) as device:

        @device.task
        def echo(x):
            return x

        for value in [0.1, b"x" * 200], b"x" * 2000, array("H", range(300)), {"k": ("y" * 300,)}:
            try:
                assert echo(value) == value
            except MemoryError:
                # As much as that may happen, but no more.
                assert echo(1) == 1


def test_a_hole_between_pieces_is_noticed(meter: Meter) -> None:
    # As where one request found no memory before its function ran.
    calls: Any = meter.device._session._calls
    terms = Terms(timeout=5)

    def send(at: int, size: int) -> Any:
        payload = json.dumps([-1, 300, at, b2a_base64(bytes(size)).decode()]).encode()
        return calls._exchange(GIVE, payload, terms)

    assert send(0, 100).body == b"True"
    assert send(200, 100).kind == "e"
    # From then on it is gone as a whole.
    assert send(100, 200).kind == "e"
    assert send(0, 100).body == send(100, 100).body == send(200, 100).body == b"True"
    assert calls._exchange(Fixed.FORGET, b"[-1]", terms).body == b"True"


def test_what_a_call_that_ran_out_of_time_left_behind_goes_with_the_next(meter: Meter) -> None:
    @meter.device.task(timeout=0.2)
    def slow(data):
        while True:
            pass

    # What the collector finds on the stack may keep one of them, but not six.
    data = RANDOM[: 24 * 1024]
    for _ in range(6):
        with pytest.raises(BoardTimeoutError):
            slow(data)
        assert meter.look(data) == [seen(data, "bytes")]


class Keeping:
    """Keeps what is written."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.name = inner.name
        self.flow_control = inner.flow_control
        self.survives_reset, self.transparent = inner.survives_reset, inner.transparent
        self.written = bytearray()

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, timeout)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self.inner.write(data, timeout)
        self.written += data

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize(
    ("data", "ends"), [(RANDOM, True), (RANDOM, False), (b"x", False)], ids=["over", "bulk", "small"]
)
def test_bulk_that_may_have_met_the_prompt_is_not_left_on_its_line(data: bytes, ends: bool) -> None:
    lines: list[Keeping] = []

    def keep(inner: Transport) -> Keeping:
        lines.append(Keeping(inner))
        return lines[0]

    meter = Meter("virtual:?heap=131072", keep)
    with meter.device:

        @meter.device.task(timeout=10 if ends else 0.01)
        def taking(data, ends):
            while not ends:
                pass
            return len(data)

        if ends:
            assert taking(data, True) == len(data)
        else:
            with pytest.raises(BoardTimeoutError):
                taking(data, False)
        lines[0].written.clear()
        assert meter.look(b"x") == [seen(b"x")]
        # The prompt forgets its line when raw mode is left.
        assert (b"\x02" in lines[0].written) is (data == RANDOM and not ends)


def test_bulk_leaves_nothing_behind(meter: Meter) -> None:
    @meter.device.task
    def free():
        import gc

        gc.collect()
        return gc.mem_free()

    def used(times: int) -> None:
        for _ in range(times):
            meter.look(RANDOM[:100], RANDOM[:100])

    used(30)
    before = free()
    used(300)
    assert before - free() < 1000


# --- on a bad link -------------------------------------------------------------------------------


def harmless(byte: int) -> int:
    """A bit whose flipping makes no control byte of this one, which might end the agent."""
    return next(bit for bit in (0x40, 0x20, 0x01) if byte ^ bit >= 0x20)


class Flipping:
    """Flips bits of one byte of what is written, once it is told to."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.name = inner.name
        self.flow_control = inner.flow_control
        self.survives_reset, self.transparent = inner.survives_reset, inner.transparent
        self.at: int | None = None
        self.bits = 0

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, timeout)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if self.at is not None:
            if self.at < len(data):
                changed = bytearray(data)
                changed[self.at] ^= self.bits or harmless(changed[self.at])
                data, self.at = bytes(changed), None
            else:
                self.at -= len(data)
        self.inner.write(data, timeout)

    def close(self) -> None:
        self.inner.close()


class Bad(Meter):
    """A board behind a link that changes a byte now and then."""

    def __init__(self) -> None:
        # A size that was made larger keeps the board waiting; the link has flow control, so nobody asks.
        super().__init__("virtual:", self._keep, timeout=0.5)

    def _keep(self, inner: Transport) -> Transport:
        self.link = Flipping(inner)
        return self.link

    def look_once(self, at: int, bits: int, *data: bytes) -> Any:
        """Make a call with a byte changed; it must not run twice."""
        before = self.device("ran")
        self.link.at, self.link.bits = at, bits
        try:
            return self.look(*data)
        finally:
            self.link.at = None
            # Where an 0x03 ended the agent, an 0x04 behind it may have reset the board.
            assert self.device("globals().get('ran', 0)") - before <= 1


@pytest.fixture(scope="module")
def bad() -> Iterator[Bad]:
    bad = Bad()
    yield bad
    bad.device.close()


def test_bytes_that_arrive_torn_are_sent_again(bad: Bad) -> None:
    data = RANDOM[:3000]
    assert bad.look_once(500, 0, data) == [seen(data)]
    assert bad.look_once(1000, 0, data, data[:100]) == [seen(data), seen(data[:100])]


def test_a_torn_request_for_bytes_is_made_up_for(bad: Bad) -> None:
    data = RANDOM[:3000]
    # In its payload, and in its check.
    assert bad.look_once(15, 0, data) == [seen(data)]
    assert bad.look_once(6, 0, data) == [seen(data)]


def test_a_request_whose_size_was_torn_ends_with_the_time_that_the_call_has(bad: Bad) -> None:
    # The first request, whose size becomes 4 KiB larger: more than all that is sent.
    with pytest.raises(BoardTimeoutError):
        bad.look_once(1, 0x10, RANDOM[:500])
    assert bad.look(RANDOM[:500]) == [seen(RANDOM[:500])]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(8, 700), st.integers(0, 7))
def test_any_bit_may_flip(bad: Bad, at: int, bit: int) -> None:
    data = RANDOM[:500]
    try:
        assert bad.look_once(at, 1 << bit, data) == [seen(data)]
    except BelayException:
        # An 0x03 that came of it was an interrupt.
        bad.device(START)
    assert bad.look(data) == [seen(data)]
