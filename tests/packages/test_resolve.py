from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belay.exceptions import PackageNotFoundError, ResolutionError
from belay.packages.model import Candidate, FromIndex, FromUrl, Requirement
from belay.packages.resolve import Resolution, describe, identify, resolve
from belay.packages.version import allowed, parse_wanted


class Shelf:
    """Offers out of ``{name: {version: [needs]}}``, where a need is ``"name wanted"``."""

    def __init__(self, packages: dict[str, dict[str, list[str]]]) -> None:
        self.packages = {
            name: {
                version: Candidate(name, version, "shelf", (), tuple(map(need, needs)))
                for version, needs in versions.items()
            }
            for name, versions in packages.items()
        }
        self.asked: list[str] = []

    def candidates(self, name: str, needs: Sequence[Requirement]) -> Iterator[Candidate]:
        if name not in self.packages:
            raise PackageNotFoundError(name, f"there is no {name}", hint="none")
        found: Sequence[object] = list(self.packages[name])
        for each in needs:
            found = allowed(map(str, found), wanted(each))
        for version in found:
            self.asked.append(f"{name} {version}")
            yield self.packages[name][str(version)]

    def accepts(self, need: Requirement, candidate: Candidate) -> bool:
        return wanted(need).allows(candidate.version)

    def explain(self, name: str, needs: Sequence[Requirement]) -> tuple[str, str]:
        return f"there are {', '.join(self.packages[name])}", "think"


def wanted(requirement: Requirement):  # type: ignore[no-untyped-def]
    [source] = requirement.sources
    assert isinstance(source, FromIndex)
    return parse_wanted(source.wanted)


def need(text: str, group: str = "main", where: str = "") -> Requirement:
    name, _, versions = text.partition(" ")
    return Requirement(name, (FromIndex(name, versions or "*"),), group, where=where)


def chosen(resolution: Resolution) -> dict[str, str]:
    return {name: candidate.version for name, candidate in resolution.packages.items()}


def test_the_newest_that_suits_all_is_chosen() -> None:
    shelf = Shelf(
        {
            "a": {"1.0": ["c <2"], "1.1": ["c <2"]},
            "b": {"1.0": ["c >=1.1"]},
            "c": {"1.0": [], "1.1": [], "1.2": [], "2.0": []},
        }
    )
    resolution = resolve([need("a"), need("b")], shelf)
    assert chosen(resolution) == {"a": "1.1", "b": "1.0", "c": "1.2"}
    assert resolution.needs == {"a": ("c",), "b": ("c",), "c": ()}


def test_an_older_version_is_taken_where_the_newer_suits_nobody() -> None:
    shelf = Shelf(
        {
            "a": {"1.0": ["c <2"], "2.0": ["c >=2"]},
            "b": {"1.0": ["c <2"]},
            "c": {"1.0": [], "2.0": []},
        }
    )
    assert chosen(resolve([need("a"), need("b")], shelf)) == {"a": "1.0", "b": "1.0", "c": "1.0"}


def test_cycles() -> None:
    shelf = Shelf({"a": {"1": ["b"]}, "b": {"1": ["c", "b"]}, "c": {"1": ["a"]}})
    resolution = resolve([need("a")], shelf)
    assert chosen(resolution) == {"a": "1", "b": "1", "c": "1"}
    assert resolution.needs == {"a": ("b",), "b": ("c",), "c": ("a",)}


def test_groups_are_those_that_need_a_package() -> None:
    shelf = Shelf({"a": {"1": ["c"]}, "b": {"1": ["c", "d"]}, "c": {"1": ["a"]}, "d": {"1": []}})
    resolution = resolve([need("a"), need("b", "dev"), need("d", "test")], shelf)
    assert resolution.groups == {
        "a": ("dev", "main"),
        "b": ("dev",),
        "c": ("dev", "main"),
        "d": ("dev", "test"),
    }


def test_nothing_is_needed() -> None:
    assert resolve([], Shelf({})) == Resolution({}, {}, {})


def test_a_conflict_says_who_asked_for_what_through_whom() -> None:
    shelf = Shelf(
        {
            "a": {"1.0": ["b"]},
            "b": {"2.0": ["c <2"]},
            "c": {"1.0": [], "2.0": []},
            "d": {"3.0": ["c >=2"]},
        }
    )
    roots = [need("a", where="pyproject.toml, line 7"), need("d", where="pyproject.toml, line 8")]
    with pytest.raises(ResolutionError) as caught:
        resolve(roots, shelf)
    assert str(caught.value).splitlines() == [
        "no version of c suits all who need it",
        "  c <2 is needed by b 2.0, that by a 1.0, that by pyproject.toml, line 7",
        "  c >=2 is needed by d 3.0, that by pyproject.toml, line 8",
        "  there are 1.0, 2.0",
    ]
    assert caught.value.hint == "think"


def test_two_lines_of_the_project_that_do_not_agree() -> None:
    roots = [need("a <2", where="line 1"), need("a >=2", "dev", where="line 2")]
    with pytest.raises(ResolutionError) as caught:
        resolve(roots, Shelf({"a": {"1.0": [], "2.0": []}}))
    assert caught.value.chains[:2] == ("a <2 is needed by line 1", "a >=2 is needed by line 2")


def test_a_version_that_there_is_not() -> None:
    with pytest.raises(ResolutionError, match="there is no a >5") as caught:
        resolve([need("a >5")], Shelf({"a": {"1.0": []}}))
    assert caught.value.chains == ("a >5 is needed by the project", "there are 1.0")


def test_a_package_that_there_is_not_says_who_needs_it() -> None:
    with pytest.raises(PackageNotFoundError, match="x \\* is needed by a 1, that by the project") as caught:
        resolve([need("a")], Shelf({"a": {"1": ["x"]}}))
    assert caught.value.hint == "none"


def test_a_conflict_in_a_cycle_ends() -> None:
    shelf = Shelf({"a": {"1": ["b"]}, "b": {"1": ["a >1"]}})
    # That the project takes any version is no part of the conflict.
    with pytest.raises(ResolutionError, match=r"there is no a >1\n  a >1 is needed by b 1, that by a 1"):
        resolve([need("a")], shelf)


def test_versions_that_come_to_nothing_are_not_looked_at() -> None:
    shelf = Shelf({"a": {f"1.{i}": [] for i in range(50)}})
    resolve([need("a >=1")], shelf)
    assert set(shelf.asked) == {"a 1.49"}


def test_names_and_words() -> None:
    at = Requirement("key", (FromUrl("https://x/y.py"), FromUrl("https://x/z.py")))
    assert identify(at) == "key"
    assert identify(Requirement("key", (FromIndex("name"),))) == "name"
    assert describe(at) == "key (https://x/y.py) + key (https://x/z.py)"
    assert describe(Requirement("key", (FromIndex("name", ">=1", "mine"),))) == "name >=1 (of mine)"


NAMES = st.sampled_from("abcdef")
NEEDS = st.lists(st.builds("{} {}".format, NAMES, st.sampled_from(["*", "<2", ">=2", "1", "^2"])), max_size=3)
SHELVES = st.dictionaries(
    NAMES, st.dictionaries(st.sampled_from(["1", "1.5", "2", "3"]), NEEDS, min_size=1), min_size=6
)


@settings(max_examples=80, deadline=None)
@given(SHELVES, NEEDS, st.randoms(use_true_random=False))
def test_a_choice_suits_all_and_is_always_the_same(
    packages: dict[str, dict[str, list[str]]], texts: list[str], chance: random.Random
) -> None:
    def run(roots: list[Requirement]) -> dict[str, str] | str:
        try:
            resolution = resolve(roots, Shelf(packages))
        except ResolutionError as error:
            return str(error)
        for root in roots:
            assert wanted(root).allows(resolution.packages[identify(root)].version)
        for candidate in resolution.packages.values():
            for each in candidate.dependencies:
                assert wanted(each).allows(resolution.packages[identify(each)].version)
        return chosen(resolution)

    roots = [need(text) for text in texts]
    first = run(roots)
    chance.shuffle(roots)
    again = run(roots)
    assert again == first


def test_a_circle_that_was_left_is_no_riddle() -> None:
    # c is tried first, and stands in a circle with b; when it is given up, the circle hangs on nothing.
    shelf = Shelf({"a": {"2": ["c >=2"], "1": []}, "b": {"2": ["c >=2"]}, "c": {"2": ["a <2", "b 2"]}})
    assert chosen(resolve([need("a")], shelf)) == {"a": "1"}
