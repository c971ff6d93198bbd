"""Plans, carried out on a model of a file system, whole and cut short anywhere."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given, settings
from hypothesis import strategies as st

from belay.files.operations import MakeFolder, Move, RemoveFile, RemoveFolder, Send
from belay.files.plan import ASIDE, FRESH, Plan, plan
from belay.files.tree import FOLDER, Entry, File, Folder, is_inside, parents, with_folders

from .model import Disk, do_all

A, B = File(1, 10), File(2, 20)
OURS = (FRESH, ASIDE)

files = st.builds(File, st.integers(0, 2), st.integers(0, 1))
names = st.sampled_from(["a", "b", "lib", "main.py", "boot.py"])


def trees(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Entry]]:
    nested = st.recursive(files, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8)
    return st.dictionaries(names, nested, max_size=4).map(flat)


def flat(nested: object, path: str = "") -> dict[str, Entry]:
    if isinstance(nested, File):
        return {path: nested}
    assert isinstance(nested, dict)
    tree: dict[str, Entry] = {path: FOLDER} if path else {}
    for name, inner in nested.items():
        tree |= flat(inner, f"{path}/{name}" if path else name)
    return tree


def only(tree: Collection[str]) -> set[str]:
    """Without what a plan has for itself."""
    return {path for path in tree if not any(name in OURS for name in path.split("/"))}


def make(
    wanted: dict[str, Entry],
    found: dict[str, Entry],
    deletable: bool | Collection[str] = (),
    **system: bool,
) -> Plan:
    allowed = (lambda _: deletable) if isinstance(deletable, bool) else (lambda path: path in deletable)
    return plan(wanted, found, may_delete=allowed, **system)


def test_nothing_to_do() -> None:
    tree: dict[str, Entry] = {"lib": FOLDER, "lib/a": A, "main.py": B}
    made = make(tree, tree)
    assert made == Plan((), ("lib/a", "main.py"), (), (), ())


def test_a_new_file_in_a_new_folder() -> None:
    made = make({"main.py": B, "lib/x/a": A}, {})
    assert made.operations == (
        MakeFolder("lib"),
        MakeFolder("lib/x"),
        Send("lib/x/a", "lib/x/.belay.new"),
        Move("lib/x/.belay.new", "lib/x/a"),
        Send("main.py", ".belay.new"),
        Move(".belay.new", "main.py"),
    )
    assert made.sent == ("lib/x/a", "main.py")


def test_a_changed_file_where_the_file_system_cannot_rename_over_it() -> None:
    steps = make({"a": A}, {"a": B}, replaces=False).operations
    assert steps == (Send("a", ".belay.new"), RemoveFile("a"), Move(".belay.new", "a"))


def test_deletion_is_last_and_only_of_what_may_go() -> None:
    found: dict[str, Entry] = {"old/x": A, "old/y": A, "gone/z": A, "main.py": A, "mine": A}
    made = make({"new": B}, found, ["old", "old/x", "gone", "gone/z", "main.py"])
    assert made.operations[:2] == (Send("new", ".belay.new"), Move(".belay.new", "new"))
    # What runs by itself goes before what it needs.
    assert made.operations[2:] == (
        RemoveFile("main.py"),
        RemoveFile("old/x"),
        RemoveFile("gone/z"),
        RemoveFolder("gone"),
    )
    assert made.deleted == ("main.py", "old/x", "gone/z", "gone")
    assert made.left == ("old/y", "mine")


def test_what_an_interrupted_plan_left_goes_first() -> None:
    found: dict[str, Entry] = {".belay.new/x": A, "lib/.belay.old": B}
    made = make({"a": A}, found)
    assert made.operations[:3] == (
        RemoveFile("lib/.belay.old"),
        RemoveFile(".belay.new/x"),
        RemoveFolder(".belay.new"),
    )
    assert made.left == ()


def test_the_only_copy_of_a_file_is_put_in_its_place() -> None:
    found: dict[str, Entry] = {"lib/.belay.new": A, "b": A, ".belay.new": B}
    made = make({"lib/a": A, "b": B, "c": A}, found)
    assert made.operations[:2] == (Move("lib/.belay.new", "lib/a"), RemoveFile(".belay.new"))
    assert made.sent == ("b", "c")
    assert made.unchanged == ("lib/a",)


def test_a_folder_for_a_file() -> None:
    made = make({"a/b/c": A, "a/d": B}, {"a": A})
    assert made.operations == (
        MakeFolder(".belay.new"),
        MakeFolder(".belay.new/b"),
        Send("a/b/c", ".belay.new/b/c"),
        Send("a/d", ".belay.new/d"),
        Move("a", ".belay.old"),
        Move(".belay.new", "a"),
        RemoveFile(".belay.old"),
    )


def test_a_file_for_a_folder() -> None:
    made = make({"a": A}, {"a/b": B}, ["a", "a/b"])
    assert made.operations == (
        Send("a", ".belay.new"),
        Move("a", ".belay.old"),
        Move(".belay.new", "a"),
        RemoveFile(".belay.old/b"),
        RemoveFolder(".belay.old"),
    )
    assert made.deleted == ("a/b", "a")


def test_a_file_for_a_folder_that_holds_what_must_stay() -> None:
    made = make({"a": A, "x": A}, {"a/b": B}, ["a"])
    assert made.operations == ()
    assert [obstacle.path for obstacle in made.obstacles] == ["a"]
    assert "'a/b' may not be deleted" in made.obstacles[0].reason


def test_names_that_are_needed() -> None:
    made = make({"lib/.belay.new": A}, {})
    assert [obstacle.path for obstacle in made.obstacles] == ["lib/.belay.new"]


def test_case() -> None:
    wanted: dict[str, Entry] = {"A": A, "same": A}
    found: dict[str, Entry] = {"a": B, "SAME": A}
    assert RemoveFile("a") in make(wanted, found, True).operations
    made = make(wanted, found, True, case_sensitive=False)
    assert made.operations == (Send("A", ".belay.new"), Move(".belay.new", "A"))
    assert made.unchanged == ("same",)
    twice = make({"lib/a": A, "Lib/b": A}, {}, case_sensitive=False)
    assert "'Lib' is the same name" in twice.obstacles[0].reason


def check_state(disk: Disk, wanted: dict[str, Entry], found: dict[str, Entry], made: Plan) -> None:
    """What must hold at every moment."""
    for path, entry in found.items():
        now = disk.get(path)
        if path in made.left:
            assert now == entry
        if isinstance(entry, File) and isinstance(wanted.get(path), File):
            assert now in (entry, wanted[path])
    for path, entry in wanted.items():
        now = disk.get(path)
        if isinstance(entry, File) and path not in found:
            assert now in (None, entry)
    if any(isinstance(entry, File) and disk.get(path) != entry for path, entry in wanted.items()):
        replaced = [path for path in found if isinstance(wanted.get(path), File)]
        for path in made.deleted:
            aside = any(path == folder or is_inside(path, folder) for folder in replaced)
            assert aside or disk.get(path) == found[path]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), wanted=trees(names), found=trees(names))
def test_a_plan_cut_short_anywhere_is_safe_and_the_next_one_finishes(
    data: st.DataObject, wanted: dict[str, Entry], found: dict[str, Entry]
) -> None:
    deletable = data.draw(st.sets(st.sampled_from([*found, "-"])))
    made = make(wanted, found, deletable)
    if made.obstacles:
        assert made.operations == ()
        return
    cut = data.draw(st.integers(0, len(made.operations)))
    disk = Disk(found)
    for step in made.operations[:cut]:
        disk.do(step, wanted)
        check_state(disk, wanted, found, made)
    rest = made.operations[cut:]
    if rest and isinstance(rest[0], Send) and data.draw(st.booleans()):
        disk.cut_short(rest[0])
        check_state(disk, wanted, found, made)
    if rest:
        again = make(wanted, dict(disk.tree), deletable)
        assert not again.obstacles
        do_all(disk, again.operations, wanted)
    check_end(disk, wanted, found, deletable)


def check_end(
    disk: Disk, wanted: dict[str, Entry], found: dict[str, Entry], deletable: Collection[str]
) -> None:
    whole = with_folders(wanted)
    assert {path: disk.get(path) for path in whole} == whole
    surplus = set(disk.tree) - set(whole)
    assert only(disk.tree) == set(disk.tree)
    stays = {path for path in found if path not in whole and path not in deletable}
    assert surplus == stays | {parent for path in stays for parent in parents(path)} - set(whole)
    assert make(wanted, dict(disk.tree), deletable).operations == ()


@settings(max_examples=100, deadline=None)
@given(wanted=trees(names), found=trees(names))
def test_all_may_go(wanted: dict[str, Entry], found: dict[str, Entry]) -> None:
    disk = Disk(found, replaces=False)
    made = make(wanted, found, True, replaces=False)
    assert not made.obstacles
    do_all(disk, made.operations, wanted)
    assert disk.tree == with_folders(wanted)


@settings(max_examples=200, deadline=None)
@given(
    wanted=trees(st.sampled_from(["a", "A", "b", "c"])), found=trees(st.sampled_from(["a", "B", "b", "C"]))
)
def test_where_case_does_not_count(wanted: dict[str, Entry], found: dict[str, Entry]) -> None:
    if len({path.casefold() for path in found}) < len(found):
        return
    made = make(wanted, found, True, case_sensitive=False)
    if made.obstacles:
        assert len({path.casefold() for path in wanted}) < len(wanted)
        return
    disk = Disk(found, case_sensitive=False)
    do_all(disk, made.operations, wanted)
    assert {path.casefold(): entry for path, entry in disk.tree.items()} == {
        path.casefold(): entry for path, entry in wanted.items()
    }


@settings(max_examples=100, deadline=None)
@given(wanted=trees(names), found=trees(names))
def test_nothing_may_go(wanted: dict[str, Entry], found: dict[str, Entry]) -> None:
    made = make(wanted, found)
    replaced = [
        path
        for path, entry in found.items()
        if isinstance(entry, Folder) and isinstance(wanted.get(path), File)
    ]
    assert bool(made.obstacles) == bool(replaced)
    assert made.deleted == ()
    if not replaced:
        kept = [path for path, entry in found.items() if isinstance(entry, File) and path not in wanted]
        gone = [path for path in kept if any(is_inside(path, folder) for folder in replaced)]
        assert sorted(made.left) == sorted(set(kept) - set(gone))
