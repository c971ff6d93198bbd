"""What leads to what in a lock: as trees, and as the chains that end at one package."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from belay.packages.lock import Lock, LockedRequirement
from belay.packages.model import LockedPackage

MOST_STEPS = 100_000
"""How far a search for chains goes: packages that need each other may have more than anybody can count."""


@dataclass(frozen=True)
class Row:
    """A line of a tree.

    Attributes:
        lasts: For each level, from a requirement's down to this row's, whether it is the last there.
        need: What the project asks for, where the row is that.
        package: What was chosen; None for a requirement that leads to several packages, which are below it.
        wanted: Which versions who stands above it wants, in canonical words; empty where any will do.
        repeated: Whether what is below it has been shown already.
    """

    lasts: tuple[bool, ...]
    need: LockedRequirement | None
    package: LockedPackage | None
    wanted: str = ""
    repeated: bool = False


@dataclass(frozen=True)
class Chain:
    """A way from what the project asks for to a package.

    Attributes:
        need: What the project asks for.
        packages: The packages on the way, the one that it leads to last.
    """

    need: LockedRequirement
    packages: tuple[LockedPackage, ...]


@dataclass(frozen=True)
class Chains:
    """Ways to a package, the shortest first.

    Attributes:
        found: The ways, which go through no package twice.
        more: Whether there may be others.
    """

    found: tuple[Chain, ...]
    more: bool = False


def rows(lock: Lock, needs: Sequence[LockedRequirement]) -> Iterator[Row]:
    """What requirements lead to, from the top; below each package is shown once what it needs.

    Args:
        lock: The lock.
        needs: Requirements of it.
    """
    packages = _by_name(lock)
    shown: set[str] = set()
    # No recursion: a chain may be longer than Python's stack.
    todo: list[tuple[tuple[bool, ...], LockedRequirement | None, str, str]] = []
    todo += [((number == 0,), need, "", need.wanted) for number, need in enumerate(reversed(needs))]
    while todo:
        lasts, need, name, wanted = todo.pop()
        if need is not None and len(need.packages) == 1:
            name = need.packages[0]
        package = packages[name] if name else None
        below = package.dependencies if package else need.packages if need else ()
        repeated = package is not None and name in shown and bool(below)
        yield Row(lasts, need, package, wanted, repeated)
        if package is not None:
            shown.add(name)
        if not repeated:
            limits = dict(package.constraints) if package else {}
            for number, inner in enumerate(reversed(below)):
                todo.append(((*lasts, number == 0), None, inner, limits.get(inner, "")))


def chains(lock: Lock, needs: Iterable[LockedRequirement], name: str, *, most: int) -> Chains:
    """The ways from requirements to a package, the shortest first.

    Args:
        lock: The lock.
        needs: Requirements of it.
        name: The package's name.
        most: How many are enough.
    """
    packages = _by_name(lock)
    far = _distances(packages, name)
    # Ordered by length: that so far, and at least so many more steps to the end.
    ways: list[tuple[int, int, tuple[str, ...]]] = []
    asked = list(needs)
    for number, need in enumerate(asked):
        for start in far.keys() & need.packages:
            heappush(ways, (far[start], number, (start,)))
    found: list[Chain] = []
    steps = 0
    while ways and len(found) < most and steps < MOST_STEPS:
        _, number, way = heappop(ways)
        if way[-1] == name:
            found.append(Chain(asked[number], tuple(packages[each] for each in way)))
            continue
        for inner in packages[way[-1]].dependencies:
            if inner in far and inner not in way:
                heappush(ways, (len(way) + far[inner], number, (*way, inner)))
                steps += 1
    return Chains(tuple(found), more=bool(ways))


def _by_name(lock: Lock) -> dict[str, LockedPackage]:
    return {package.name: package for package in lock.packages}


def _distances(packages: Mapping[str, LockedPackage], name: str) -> dict[str, int]:
    """How many steps it is at least from each package that leads to one."""
    needed_by: dict[str, list[str]] = {}
    for package in packages.values():
        for inner in package.dependencies:
            needed_by.setdefault(inner, []).append(package.name)
    far = {name: 0}
    todo = deque([name])
    while todo:
        at = todo.popleft()
        for above in needed_by.get(at, ()):
            if above not in far:
                far[above] = far[at] + 1
                todo.append(above)
    return far
