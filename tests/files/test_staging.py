"""The order in which what is replaced is replaced at once."""

from __future__ import annotations

from belay.files.operations import MakeFolder, Move, RemoveFile, RemoveFolder, Send
from belay.files.plan import FRESH, STAGE, plan
from belay.files.staging import staged
from belay.files.tree import File, Tree

OLD: Tree = {
    "boot.py": File(1, 1),
    "lib/a.py": File(1, 1),
    "lib/b.py": File(1, 1),
    "lib/gone.py": File(1, 1),
    "sd/x": File(1, 1),
}
NEW: Tree = {
    "lib/a.py": File(2, 2),
    "lib/b.py": File(2, 2),
    "lib/new.py": File(2, 2),
    "main.py": File(2, 2),
    "sd/x": File(2, 2),
}


def test_the_order() -> None:
    made = plan(NEW, OLD, may_delete=lambda path: path == "lib/gone.py")
    assert staged(made.operations, OLD, here=lambda path: not path.startswith("sd/")) == (
        MakeFolder(STAGE),
        Send("lib/a.py", f"{STAGE}/0"),
        Send("lib/b.py", f"{STAGE}/1"),
        Send("lib/new.py", f"lib/{FRESH}"),
        Move(f"lib/{FRESH}", "lib/new.py"),
        Send("sd/x", f"sd/{FRESH}"),
        Move(f"sd/{FRESH}", "sd/x"),
        Send("main.py", f"{STAGE}/2"),
        Move(f"{STAGE}/0", "lib/a.py"),
        Move(f"{STAGE}/1", "lib/b.py"),
        Move(f"{STAGE}/2", "main.py"),
        RemoveFolder(STAGE),
        RemoveFile("lib/gone.py"),
    )


def test_nothing_that_is_replaced() -> None:
    made = plan(NEW, {}, may_delete=lambda _: True)
    assert staged(made.operations, []) == made.operations
    made = plan({}, OLD, may_delete=lambda _: True)
    assert staged(made.operations, OLD) == made.operations
    assert staged((), OLD) == ()


def test_names_that_differ_by_case_are_replaced_too() -> None:
    made = plan(
        {"MAIN.py": File(2, 2)}, {"main.py": File(1, 1)}, may_delete=lambda _: False, case_sensitive=False
    )
    steps = staged(made.operations, ["main.py"])
    assert Move(f"{STAGE}/0", "MAIN.py") in steps


def test_what_an_earlier_one_left_is_removed_first() -> None:
    found: Tree = {"a": File(1, 1), f"{STAGE}/0": File(1, 1)}
    made = plan({"a": File(2, 2)}, found, may_delete=lambda _: False)
    assert staged(made.operations, found) == (
        RemoveFile(f"{STAGE}/0"),
        RemoveFolder(STAGE),
        MakeFolder(STAGE),
        Send("a", f"{STAGE}/0"),
        Move(f"{STAGE}/0", "a"),
        RemoveFolder(STAGE),
    )


def test_what_would_be_imported_in_place_of_something_else() -> None:
    """A source goes before what was compiled, and a folder before both."""
    old: Tree = {"lib/a.mpy": File(1, 1), "b.py": File(1, 1)}
    new: Tree = {
        "lib/a.py": File(2, 2),
        "b/__init__.mpy": File(2, 2),
        "b/c/d.py": File(2, 2),
        "e.py": File(2, 2),
    }
    made = plan(new, old, may_delete=lambda _: True)
    assert staged(made.operations, old) == (
        MakeFolder(STAGE),
        MakeFolder(f"{STAGE}/0"),
        Send("b/__init__.mpy", f"{STAGE}/0/__init__.mpy"),
        MakeFolder(f"{STAGE}/0/c"),
        Send("b/c/d.py", f"{STAGE}/0/c/d.py"),
        Send("e.py", FRESH),
        Move(FRESH, "e.py"),
        Send("lib/a.py", f"{STAGE}/1"),
        Move(f"{STAGE}/0", "b"),
        Move(f"{STAGE}/1", "lib/a.py"),
        RemoveFolder(STAGE),
        RemoveFile("lib/a.mpy"),
        RemoveFile("b.py"),
    )
    assert staged(made.operations, old, here=lambda _: False) == made.operations
