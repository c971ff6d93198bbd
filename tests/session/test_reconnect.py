# ruff: noqa: F821, F841, PLW0603, PTH123, UP031 - functions that run on the board
"""The connection is cut at any moment of a workload: no call runs twice, none is lost silently."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

from belay import ConnectionLost, Device
from belay.exceptions import NotRunError

from .relay import Cut, Relay

WAYS = [("tcp", True), ("tcp", False), ("pty", True), ("pty", False)]

HANG = 60.0
"""Seconds after which a call hangs."""


class Workload:
    """Calls to a board, what they must have done, and what the board itself says that they did.

    Each call of a task leaves its number in a file on the board, which no reset touches: this is what the
    board did, whatever this program believes. The board's globals are those of a model that begins anew
    with each reconnect, and is replayed.

    Args:
        relay: The board.
        chance: Chooses the calls.
        cut: Chooses where the next connection that is ready is cut.
    """

    def __init__(self, relay: Relay, chance: random.Random, cut: Callable[[], Cut], **options: Any) -> None:
        self.relay = relay
        self.chance = chance
        self._cut = cut
        self.reconnects = 0
        self.lost = 0
        self.once: set[int] = set()
        self.at_most_once: set[int] = set()
        self.never: set[int] = set()
        self.at_least_once: set[int] = set()
        self._number = 0
        self._counted = 0
        self._total = 0
        self._plain = 0
        address = relay.side.address
        self.device = Device(address, attempts=-1, timeout=HANG, on_reconnect=self._reconnected, **options)

    def _reconnected(self, device: Device) -> None:
        self.reconnects += 1
        self._counted = 0
        # It may call the board.
        assert device("total") == self._total
        self.relay.arm(self._cut())

    def prepare(self, folder: Path) -> None:
        """Define the calls, and put a folder on the board."""
        device = self.device

        def define() -> None:
            @device.setup
            def start():
                counted = 0
                total = 0
                plain = 0

                def note(number):
                    with open("/log", "a") as log:
                        log.write("%d\n" % number)

            @device.task
            def bump(number, data=b""):
                global counted
                note(number)
                counted += 1
                return counted, len(data)

            @device.task(idempotent=True)
            def look(number):
                note(number)
                return counted

            @device.task
            def items(numbers):
                for number in numbers:
                    note(number)
                    yield number

            self._bump, self._look, self._items = bump, look, items
            start()

        device.sync(folder)
        define()

    def number(self) -> int:
        self._number += 1
        return self._number

    # --- the calls ------------------------------------------------------------------------------

    def bump(self) -> None:
        number = self.number()
        size = self.chance.choice([0, 0, 10, 3000])
        self.at_most_once.add(number)
        assert self._bump(number, bytes(size)) == (self._counted + 1, size)
        self._counted += 1
        self.once.add(number)

    def look(self) -> None:
        number = self.number()
        assert self._look(number) == self._counted
        self.at_least_once.add(number)

    def add(self) -> None:
        number = self.number()
        if number % 4:
            return
        self.device(f"total += {number}")
        self._total += number

    def assign(self) -> None:
        number = self.number()
        # Nobody can tell whether this was done twice: it is never lost.
        self.device(f"plain = {number}")
        self._plain = number

    def read(self) -> None:
        # So is this.
        assert self.device("(total, plain)") == (self._total, self._plain)

    def generate(self) -> None:
        numbers = [self.number() for _ in range(3)]
        self.at_most_once.update(numbers)
        for number in self._items(numbers):
            self.once.add(number)

    def map(self) -> None:
        numbers = [self.number() for _ in range(self.chance.choice([2, 60]))]
        self.at_most_once.update(numbers)
        before, reconnects = self._counted, self.reconnects
        counts = [count for count, _ in self._bump.map(numbers)]
        anew = sum(count != last + 1 for last, count in pairwise([before, *counts]))
        # Between two requests the board may be another one, but within one it is not.
        assert anew <= self.reconnects - reconnects
        assert set(counts) <= {*range(before + 1, before + len(numbers) + 1), *range(1, len(numbers) + 1)}
        self._counted = counts[-1]
        self.once.update(numbers)

    def batch(self) -> None:
        numbers = [self.number() for _ in range(5)]
        self.at_most_once.update(numbers)
        futures = []
        reconnects, before = self.reconnects, self._counted
        looked = self.number()
        try:
            with self.device.batch() as batch:
                futures += [batch.submit(self._bump, number) for number in numbers]
                look = batch.submit(self._look, looked)
        finally:
            for number, future in zip(numbers, futures, strict=False):
                error = future.exception()
                if error is None:
                    self.once.add(number)
                elif isinstance(error, NotRunError) and not error.may_have_run:
                    self.never.add(number)
        self.at_least_once.add(looked)
        self._counted = look.result()
        if self.reconnects == reconnects:
            assert self._counted == before + len(numbers)

    # --- all of them ----------------------------------------------------------------------------

    def run(self, cuts: int) -> None:
        """Make calls until there were so many cuts, and then one of each kind."""
        calls: list[Callable[[], None]] = [
            *(self.bump, self.look, self.add, self.assign, self.read, self.generate, self.map, self.batch)
        ]
        never_lost = {self.look, self.assign, self.read}
        self.relay.spare = False
        self.relay.arm(self._cut())
        while self.relay.cuts < cuts:
            call = self.chance.choice(calls)
            try:
                call()
            except ConnectionLost:
                assert call not in never_lost
                self.lost += 1
        self.relay.spare = True
        self.relay.cut()
        self.device.reconnect()
        for call in calls:
            call()

    def check(self, log: Path) -> None:
        """Compare what the board did with what its calls said."""
        did = Counter(int(line) for line in log.read_text().split())
        assert {number: did[number] for number in self.once if did[number] != 1} == {}
        assert {number: did[number] for number in self.at_most_once if did[number] > 1} == {}
        assert {number: did[number] for number in self.never if did[number]} == {}
        assert {number for number in self.at_least_once if not did[number]} == set()


def drop(root: Path, way: Literal["tcp", "pty"], many: int, seed: int, **options: Any) -> Workload:
    """Cut the connection many times: while connecting, in the replay, in a frame, between two calls."""
    folder = root.parent / "folder"
    folder.mkdir()
    (folder / "module.py").write_text("'A module.'\n")
    chance = random.Random(seed)
    where = random.Random(seed)

    def cut(most: int) -> Cut:
        after = int(2 ** where.uniform(0, most))
        return Cut(after, upward=where.random() < 0.5, abruptly=where.random() < 0.5)

    # The first KB of a connection prepare the board.
    relay = Relay(root, way, lambda: cut(13) if where.random() < 0.4 else None)
    patch = pytest.MonkeyPatch()
    patch.setattr("belay.session.reconnecting.PAUSE", 0.001)
    patch.setattr("belay.transports.reopening.comports", relay.side.ports)
    try:
        work = Workload(relay, chance, lambda: cut(14), **options)
        try:
            work.prepare(folder)
            work.run(many)
        finally:
            work.device.close()
    finally:
        patch.undo()
        relay.close()
    work.check(root / "log")
    return work


@pytest.mark.parametrize(("way", "agent"), WAYS)
def test_some_drops(tmp_path: Path, way: Literal["tcp", "pty"], agent: bool) -> None:
    work = drop(tmp_path / "root", way, 15, seed=1, agent=agent)
    assert work.reconnects
    assert work.once


@pytest.mark.long
@pytest.mark.parametrize(("way", "agent"), WAYS)
@pytest.mark.parametrize("seed", range(10, 13))
def test_many_drops(tmp_path: Path, way: Literal["tcp", "pty"], agent: bool, seed: int) -> None:
    work = drop(tmp_path / "root", way, 200, seed=seed, agent=agent)
    assert work.lost > 10
    assert work.reconnects > 50
    assert len(work.once) > 1000
