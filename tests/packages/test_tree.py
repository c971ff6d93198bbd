from __future__ import annotations

from collections.abc import Iterator, Mapping

from hypothesis import given
from hypothesis import strategies as st

from belay.packages import tree
from belay.packages.lock import Lock, LockedRequirement
from belay.packages.model import LockedPackage


def lock(packages: Mapping[str, str], *needs: str) -> Lock:
    """A lock of packages with what each needs, and of requirements: ``"group:key"``, ``"group:key=a b"``."""
    made = []
    for need in needs:
        group, _, rest = need.partition(":")
        key, _, names = rest.partition("=")
        made.append(LockedRequirement(group, key, "", tuple((names or key).split())))
    return Lock(
        tuple(
            LockedPackage(name, "1", "", ("main",), tuple(inner.split()), ())
            for name, inner in packages.items()
        ),
        tuple(made),
    )


def drawn(of: Lock) -> list[str]:
    """A tree in the shortest way: a sign for each level, ``.`` where it is the last of its siblings."""
    lines = []
    for row in tree.rows(of, of.requirements):
        before = "".join("." if last else "|" for last in row.lasts)
        name = row.package.name if row.package else row.need.key if row.need else ""
        lines.append(f"{before}{name}{'*' if row.repeated else ''}")
    return lines


def ways(of: Lock, name: str, most: int = 50) -> list[str]:
    found = tree.chains(of, of.requirements, name, most=most)
    return [f"{way.need.group}: {' '.join(package.name for package in way.packages)}" for way in found.found]


def test_a_tree() -> None:
    found = lock({"a": "b c", "b": "c", "c": "d", "d": "", "e": "d"}, "main:a", "main:e")
    assert drawn(found) == ["|a", "||b", "||.c", "||..d", "|.c*", ".e", "..d"]


def test_what_needs_nothing_is_never_marked() -> None:
    assert drawn(lock({"a": "b", "b": ""}, "main:a", "main:b")) == ["|a", "|.b", ".b"]


def test_cycles() -> None:
    assert drawn(lock({"a": "b", "b": "a", "c": "c"}, "main:a", "main:c")) == [
        "|a",
        "|.b",
        "|..a*",
        ".c",
        "..c*",
    ]


def test_a_requirement_of_several_packages() -> None:
    found = lock({"a": "c", "b": "", "c": ""}, "main:both=a b")
    assert drawn(found) == [".both", ".|a", ".|.c", "..b"]
    [first, *_] = tree.rows(found, found.requirements)
    assert (first.need, first.package) == (found.requirements[0], None)


def test_no_requirement() -> None:
    assert drawn(lock({"a": ""})) == []


def test_a_chain_longer_than_the_stack() -> None:
    long = {f"p{i}": f"p{i + 1}" for i in range(3000)} | {"p3000": ""}
    rows = list(tree.rows(lock(long, "main:p0"), lock(long, "main:p0").requirements))
    assert [row.package and row.package.name for row in rows] == list(long)
    assert [len(row.lasts) for row in rows] == list(range(1, 3002))
    [way] = ways(lock(long, "main:p0"), "p3000")
    assert way.split()[1:] == list(long)


def test_chains_come_by_length_and_end_at_the_package() -> None:
    found = lock({"a": "b c", "b": "c", "c": "d", "d": "", "e": ""}, "dev:c", "main:a", "main:e")
    assert ways(found, "c") == ["dev: c", "main: a c", "main: a b c"]
    assert ways(found, "e") == ["main: e"]
    assert ways(found, "nosuch") == []


def test_chains_go_through_no_package_twice() -> None:
    found = lock({"a": "b", "b": "a c", "c": "a b"}, "main:a", "main:c")
    assert ways(found, "a") == ["main: a", "main: c a", "main: c b a"]
    assert ways(found, "c") == ["main: c", "main: a b c"]


def test_one_requirement_may_lead_there_in_several_ways() -> None:
    found = lock({"a": "c", "b": "c", "c": ""}, "main:both=a b", "main:c=c c")
    assert ways(found, "c") == ["main: c", "main: a c", "main: b c"]


def test_there_may_be_more_chains_than_anybody_wants() -> None:
    # Each of 40 floors has two packages that both need both of the next: 2 ** 40 ways.
    floors = {f"{side}{i}": f"a{i + 1} b{i + 1}" for i in range(40) for side in "ab"}
    found = lock({**floors, "a40": "end", "b40": "end", "end": ""}, "main:a0")
    result = tree.chains(found, found.requirements, "end", most=7)
    assert len({way.packages for way in result.found}) == 7
    assert result.more
    assert not tree.chains(found, found.requirements, "a0", most=7).more


def test_a_search_for_chains_ends() -> None:
    # All need all: nearly every step is one that leads no further.
    names = [f"p{i}" for i in range(300)]
    everybody = {name: " ".join({*names} - {name}) for name in names}
    result = tree.chains(
        lock(everybody, "main:p0"), lock(everybody, "main:p0").requirements, "p299", most=10**9
    )
    assert result.more
    assert 1 < len(result.found) <= tree.MOST_STEPS


NAMES = "abcde"
GRAPHS = st.fixed_dictionaries(
    {name: st.sets(st.sampled_from(NAMES)).map(sorted).map(" ".join) for name in NAMES}
)


def all_ways(graph: Mapping[str, str], name: str, way: str) -> Iterator[str]:
    if way[-1] == name:
        yield way
        return
    for inner in graph[way[-1]].split():
        if inner not in way:
            yield from all_ways(graph, name, way + inner)


@given(GRAPHS)
def test_all_chains_of_any_graph(graph: dict[str, str]) -> None:
    of = lock(graph, "main:a", "main:b")
    for name in NAMES:
        found = tree.chains(of, of.requirements, name, most=1000)
        ways = ["".join(package.name for package in chain.packages) for chain in found.found]
        assert sorted(ways) == sorted([*all_ways(graph, name, "a"), *all_ways(graph, name, "b")])
        assert [len(way) for way in ways] == sorted(map(len, ways))
        assert not found.more


@given(GRAPHS)
def test_the_tree_of_any_graph(graph: dict[str, str]) -> None:
    of = lock(graph, "main:a", "main:b")
    below: dict[str, list[str]] = {}
    path: list[str] = []
    for row in tree.rows(of, of.requirements):
        assert row.package is not None
        depth = len(row.lasts) - 1
        path[depth:] = [row.package.name]
        if depth:
            below.setdefault(path[depth - 1], []).append(path[depth])
    # Whatever is needed is there, once below whoever needs it.
    needed = {name for start in "ab" for name in NAMES if any(all_ways(graph, name, start))}
    assert below == {name: graph[name].split() for name in sorted(needed) if graph[name]}
