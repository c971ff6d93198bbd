"""One request and its answer on a bad line, with the agent's own source at the other end."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from belay.board.agent import AgentCalls
from belay.board.calls import Item, Terms
from belay.board.firmware import Implementation
from belay.board.requests import Fixed
from belay.exceptions import BoardResetError
from belay.link import Link

from .noise import FUNCTIONS, KINDS, OPERATIONS, SHOWN, Direction, Fault, Noise, answering, is_honest, small
from .simulated import Clock, SimulatedBoard

TIMEOUT = 20.0
"""Seconds of the simulation's that an operation has: all repairs take less."""
LONGEST = 120.0
"""Seconds of the simulation's after which an operation of several calls must be over, with everything that is
tried then to get the board back."""


class Simulation:
    """A simulated board with all functions defined; the host is the real one.

    Args:
        flow_control: Whether the line has it; if not, there is noise.
    """

    def __init__(
        self, clock: Clock, *, flow_control: bool = False, on_opcode: Callable[[], None] | None = None
    ) -> None:
        self.clock = clock
        self.board = SimulatedBoard(clock)
        self.board.on_opcode = on_opcode
        self.line = Noise(self.board, clock.monotonic)
        self.link = Link(self.board if flow_control else self.line)
        # Where nothing is lost nobody may wait for the end of the time.
        self.terms = Terms(timeout=None if flow_control else TIMEOUT)
        self.output = bytearray()
        self.prepare()

    def prepare(self) -> None:
        """Start anew."""
        self.link.enter()
        self.link.soft_reset()
        self.calls = AgentCalls(self.link, Implementation("micropython", heap=200_000, double=True))
        self.calls.install(self.terms)
        self.calls._need("part_input", self.terms)
        self.calls._ask(Fixed.PART, [SHOWN], self.terms)
        for name, source in FUNCTIONS.items():
            self.define(name, source)
        # The parts of the agent are on the board before there is noise, as are those of every long session.
        for operation in OPERATIONS.values():
            operation(self, 0)
        self.board.runs.clear()

    def define(self, name: str, source: str) -> None:
        self.calls.define(name, source, self.terms)

    def call(self, name: str, *args: object) -> Any:
        return self.calls.call(name, args, {}, self.terms)

    def items(self, name: str, *args: object) -> Iterator[Any]:
        key = self.calls.start(name, args, {}, self.terms)
        while isinstance(item := self.calls.send(key, None, self.terms), Item):
            yield item.value

    def ask(self, name: str, *args: object) -> Any:
        terms = replace(self.terms, on_ask=answering())
        return self.calls.call(name, args, {}, terms)

    def printed(self, name: str, *args: object) -> tuple[Any, str]:
        output = bytearray()
        value = self.calls.call(name, args, {}, replace(self.terms, on_output=output.extend))
        return value, output.decode(errors="replace")

    def suffer(self, name: str, tag: int, *faults: Fault) -> str:
        """Do one thing while bytes are spoiled, then another on a good line.

        Returns:
            How the first ended.
        """
        start = self.clock.now
        self.line.arm(*faults)
        ended = "right"
        try:
            OPERATIONS[name](self, tag)
        except Exception as error:
            if not is_honest(error):
                raise
            ended = type(error).__name__
        self.line.arm()
        assert self.clock.now - start < LONGEST
        self.is_right(tag + 1)
        runs = Counter(self.board.runs)
        assert runs[tag] <= 1
        assert runs[tag] == 1 or ended != "right"
        assert runs[tag + 1] == 1
        self.board.runs.clear()
        return ended

    def is_right(self, tag: int) -> None:
        """The board is there, or it was reset and says so."""
        try:
            small(self, tag)
        except BoardResetError as error:
            if error.sent:
                raise
            self.board.runs[:], runs = [], self.board.runs[:]
            self.prepare()
            self.board.runs[:] = runs
            small(self, tag)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    clock.install(monkeypatch)
    return clock


@pytest.fixture
def simulation(clock: Clock) -> Iterator[Simulation]:
    simulation = Simulation(clock)
    yield simulation
    simulation.link.close()
    simulation.board.turn_off()


def lengths(simulation: Simulation, name: str) -> dict[Direction, int]:
    """How many bytes an operation sends, and gets."""
    simulation.line.arm()
    OPERATIONS[name](simulation, 1)
    lengths = dict(simulation.line.passed)
    simulation.board.runs.clear()
    return lengths


def exhaust(simulation: Simulation, name: str, step: int, start: int = 0) -> Counter[str]:
    """Spoil each byte, or some of them, in each way."""
    ended: Counter[str] = Counter()
    cases = [
        Fault(direction, at, kind)
        for direction, length in lengths(simulation, name).items()
        for at in range(length)
        for kind in KINDS
    ]
    for case in cases[start::step]:
        try:
            ended[simulation.suffer(name, 10, case)] += 1
        except BaseException as error:
            error.add_note(str(case))
            raise
    return ended


SAMPLE = {"bulk": 1597, "define": 31, "small": 7, "nested": 19, "some_bytes": 61, "fetching": 127}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_byte_spoiled(simulation: Simulation, name: str) -> None:
    ended = exhaust(simulation, name, SAMPLE.get(name, 41))
    # Most noise is mended; else nothing was tested but errors.
    assert ended["right"] > sum(ended.values()) / 2


@pytest.mark.long
@pytest.mark.parametrize("part", range(40))
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_byte_spoiled_in_every_way(simulation: Simulation, name: str, part: int) -> None:
    """In 40 parts of some 3000 cases for the bulk, and a hundred for the others."""
    exhaust(simulation, name, 40, part)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_several_bytes_spoiled(simulation: Simulation, seed: int) -> None:
    several(simulation, seed, 2500)


def test_some_bytes_spoiled(simulation: Simulation) -> None:
    several(simulation, 99, 200)


def several(simulation: Simulation, seed: int, cases: int) -> None:
    """Spoil up to five bytes of an operation, also of what is sent to repair it."""
    chance = random.Random(seed)
    names = [name for name in OPERATIONS if name != "bulk"]
    known = {name: lengths(simulation, name) for name in names}
    for _ in range(cases):
        name = chance.choice(names)
        faults = [
            Fault(direction, int(known[name][direction] * chance.random() * 1.5), chance.choice(KINDS[1:]))
            for direction in chance.choices(("out", "in"), k=chance.randint(1, 5))
        ]
        try:
            simulation.suffer(name, 10, *faults)
        except BaseException as error:
            error.add_note(f"{name}: {faults}")
            raise


class Interrupts:
    """Raises KeyboardInterrupt at one of the opcodes of the agent."""

    def __init__(self) -> None:
        self.count = 0
        self.at = -1

    def __call__(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("sample", [True, pytest.param(False, marks=pytest.mark.long)], ids=["some", "all"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_interrupt_at_any_opcode(clock: Clock, name: str, sample: bool) -> None:
    """Nobody but the board knows of it, and the line has flow control, so nothing else wakes the host."""
    interrupts = Interrupts()
    simulation = Simulation(clock, flow_control=True, on_opcode=interrupts)
    interrupts.count = 0
    OPERATIONS[name](simulation, 1)
    simulation.board.runs.clear()
    total = interrupts.count
    assert total > 100
    ended: Counter[str] = Counter()
    for at in range(1, total, (3 if total < 1000 else 31) if sample else 1):
        # What an interrupted one left behind is dropped along with the next.
        OPERATIONS[name](simulation, 1)
        simulation.board.runs.clear()
        interrupts.count, interrupts.at = 0, at
        try:
            ended[simulation.suffer(name, 10)] += 1
        except BaseException as error:
            error.add_note(f"at opcode {at} of {total}")
            raise
    # In the reading of a request and the sending of an answer it is mended.
    assert ended["right"]
    assert ended["BoardFailure"]
    simulation.board.turn_off()


def test_a_lost_request_is_not_taken_for_an_earlier_one(simulation: Simulation) -> None:
    """The letters of requests come again after 26, and the agent repeats what it has answered already."""
    assert simulation.call("double", 1, 4) == 8
    # As if 25 had been sent since and none had arrived, nor had any interrupt ended the agent.
    simulation.link._sequence -= 1
    simulation.link._wire.unanswered = True
    assert simulation.call("double", 2, 5) == 10
    assert not simulation.link._wire.unanswered
    assert simulation.board.runs == [1, 2]
