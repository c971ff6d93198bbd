from __future__ import annotations

import pytest

from belay.exceptions import PackageNotFoundError, ResolutionError, UnsafePathError
from belay.files.tree import File
from belay.mip.installed import Installed
from belay.mip.planning import Aim, Packages, with_chosen, without


def package(
    name: str, version: str = "1", needs: str = "", asked: str | None = None, **wants: str
) -> Installed:
    number = sum(map(ord, version))
    files = {f"{name}/__init__.py": File(number, number)}
    named = {key: f"mip:{key}{want}" for key, want in wants.items()}
    return Installed(name, version, "s", files, name if asked is None else asked, tuple(needs.split()), named)


def by_name(*packages: Installed) -> Packages:
    return {each.name: each for each in packages}


def said(aim: Aim) -> list[str]:
    return [str(change) for change in aim.changes]


OLD = by_name(package("a", needs="b"), package("b", asked=""), package("c"))


def test_what_comes_takes_the_place_of_its_name() -> None:
    aim = with_chosen(OLD, by_name(package("a", "2", needs="d"), package("d", asked="")))
    assert said(aim) == ["a 1 -> 2", "b 1: removed", "d 1: added"]
    assert set(aim.packages) == {"a", "c", "d"}
    assert said(with_chosen(OLD, OLD)) == []


def test_what_was_asked_for_stays_so() -> None:
    aim = with_chosen(OLD, by_name(package("e", needs="c"), package("c", asked="")))
    assert aim.packages["c"].asked == "c"
    aim = with_chosen(OLD, by_name(package("b")))
    assert said(aim) == ["b 1: asked for as b"]
    assert aim.packages["b"].asked == "b"
    assert set(without(aim.packages, ["a"]).packages) == {"b", "c"}


def test_removing_takes_along_what_nobody_needs() -> None:
    assert said(without(OLD, ["a"])) == ["a 1: removed", "b 1: removed"]
    shared = {**OLD, "c": package("c", needs="b")}
    assert said(without(shared, ["a"])) == ["a 1: removed"]
    assert said(without(OLD, ["a", "b"])) == ["a 1: removed", "b 1: removed"]
    with pytest.raises(ResolutionError, match=r"a on the board needs b"):
        without(OLD, ["b"])
    with pytest.raises(PackageNotFoundError) as caught:
        without({"sensor": package("sensor")}, ["sensr"])
    assert caught.value.hint == "did you mean sensor?"


def test_packages_that_need_each_other_are_removed_together() -> None:
    circle = by_name(package("a", needs="b"), package("b", needs="a", asked=""))
    assert set(with_chosen({}, circle).packages) == {"a", "b"}
    assert without(circle, ["a", "b"]).packages == {}


@pytest.mark.parametrize(
    ("wanted", "suits"),
    [
        ("@1", False),
        ("@2", True),
        (">=1,<2", False),
        (">=2", True),
        ("", True),
        ("^1", False),
        # Of a record that somebody else has written.
        ("@\x1b", True),
    ],
)
def test_what_stays_has_a_say(wanted: str, suits: bool) -> None:
    old = by_name(package("a", needs="b", b=wanted), package("b", asked=""))
    chosen = by_name(package("b", "2"))
    if suits:
        assert said(with_chosen(old, chosen)) == ["b 1 -> 2"]
    else:
        with pytest.raises(ResolutionError, match="a 1 on the board wants"):
            with_chosen(old, chosen)
    # Whoever goes has none.
    assert with_chosen(old, {**chosen, "a": package("a", "2", needs="b")}).packages["b"].version == "2"


def test_a_file_that_packages_share_is_the_newest() -> None:
    one, other = File(1, 1), File(2, 2)
    old = by_name(Installed("a", "1", "s", {"x.py": one, "a.py": one}, "a"))
    aim = with_chosen(old, by_name(Installed("b", "1", "s", {"x.py": other}, "b")))
    assert aim.packages["a"].files == {"x.py": other, "a.py": one}
    assert "x.py of a 1" in aim.notes[0]
    assert aim.spared({"x.py"}) == {"a.py"}
    assert without(aim.packages, ["a"]).spared(()) == {"x.py"}


def test_what_is_one_file_on_some_systems() -> None:
    old = by_name(Installed("a", "1", "s", {"sensor.py": File(1, 1)}, "a"))
    with pytest.raises(UnsafePathError, match=r"b and what is on the board: .* differ by"):
        with_chosen(old, by_name(Installed("b", "1", "s", {"Sensor.py": File(1, 1)}, "b")))


def test_folders_of_what_stays_stay() -> None:
    aim = with_chosen(OLD, {})
    assert aim.spared(()) >= {"a", "a/__init__.py", "c", "c/__init__.py"}
