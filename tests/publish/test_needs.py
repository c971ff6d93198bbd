from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from belay.exceptions import PublishError, UnsafePathError
from belay.packages.lock import Lock
from belay.packages.lockfile import read_lock
from belay.packages.model import FromHost, LockedPackage, Requirement
from belay.packages.requirement import parse_requirement
from belay.project import Project
from belay.project.config import DEFAULT_INDEX, Group
from belay.project.upkeep import Talk
from belay.publish.needs import Deps, Needs, read_needs, together, where_mip_does_not_look
from belay.publish.pieces import Piece

from .conftest import Make

LOCKED = (
    LockedPackage("scaling", "1.5.0", "index+https://example.com/pi", ("main",), (), ()),
    LockedPackage("copy", "3.3.3-4", "index+https://example.com/pi", ("main",), (), ()),
)


def needs(project: Project, how: Deps) -> Needs:
    lock = read_lock(project.lock_file)
    assert lock
    return read_needs(project, lock, how, Talk())


def named(key: str, value: object) -> Needs:
    project = Project(Path("/p/pyproject.toml"), groups=(Group("main", (parse_requirement(key, value),)),))
    return read_needs(project, Lock(LOCKED), Deps.NAMED, Talk())


@pytest.mark.parametrize(
    ("key", "value", "dependency"),
    [
        ("scaling", "*", ("scaling", "latest")),
        ("scaling", "latest", ("scaling", "latest")),
        ("scaling", "1.5", ("scaling", "1.5.0")),
        ("scaling", ">=1,<2", ("scaling", "1.5.0")),
        ("copy", "3.3.3.post4", ("copy", "3.3.3-4")),
        ("s", "mip:scaling@1.5.0", ("scaling", "1.5.0")),
        ("scaling", {"version": "^1.2", "index": "lab"}, ("scaling", "1.5.0")),
        ("drivers", "github:o/drivers", ("github:o/drivers", "HEAD")),
        ("drivers", "github:o/drivers/a/b@v1", ("github:o/drivers/a/b", "v1")),
        ("drivers", "https://github.com/o/drivers/tree/main/a", ("github:o/drivers/a", "main")),
        ("drivers", "gitlab:g/drivers/a@v1", ("gitlab:g/drivers/a", "v1")),
        ("button", "codeberg:o/r/button.py", ("codeberg:o/r/button.py", "HEAD")),
        (
            "thermo",
            "https://example.com/thermo/package.json",
            ("https://example.com/thermo/package.json", "latest"),
        ),
        ("my-button", "https://example.com/my_button.py", ("https://example.com/my_button.py", "latest")),
    ],
)
def test_names(key: str, value: object, dependency: tuple[str, str]) -> None:
    assert named(key, value) == Needs(named=(dependency,))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("../x", "key is on this computer: ../x"),
        ({"uri": "../x", "develop": True}, "key is a develop dependency"),
        (["github:o/r/a.py", "github:o/r/b.py"], "key is put together of several places"),
        ({"git": "https://example.com/o/r.git"}, "key comes by git"),
        ("https://example.com/other.py", "would be imported as other"),
        ("github:o/r/other.py", "would be imported as other"),
        ("gitlab:g/h/drivers//a@v1", "key is of a group in a group"),
    ],
)
def test_what_others_cannot_have(value: object, reason: str) -> None:
    with pytest.raises(PublishError, match=reason) as caught:
        named("key", value)
    assert "--deps bundled" in str(caught.value.hint)


def test_a_host_that_only_the_project_knows() -> None:
    need = Requirement("key", (FromHost("lab", "o", "r"),))
    project = Project(Path("/p/pyproject.toml"), groups=(Group("main", (need,)),))
    with pytest.raises(PublishError, match="key comes from lab, a name that only this project knows"):
        read_needs(project, Lock(), Deps.NAMED, Talk())


def test_what_a_copy_needs_of_elsewhere_is_named_by_its_place() -> None:
    far = LockedPackage("far", "0123", "github:o/far@v1", ("main",), (), ())
    near = replace(LOCKED[0], dependencies=("far",))
    project = Project(
        Path("/p/pyproject.toml"), groups=(Group("main", (parse_requirement("scaling", "*"),)),)
    )
    [copied] = read_needs(project, Lock((far, near)), Deps.COPIED, Talk()).copied
    assert copied.dependencies == (("github:o/far", "v1"),)


def test_where_mip_does_not_look() -> None:
    def told(index: str) -> list[str]:
        package = replace(LOCKED[0], source=f"index+{index}")
        return list(where_mip_does_not_look(Needs((("scaling", "1"), ("github:o/r", "x"))), Lock((package,))))

    assert told(DEFAULT_INDEX) == []
    assert told("https://example.com/pi")[0].startswith("scaling is in https://example.com/pi: ")
    assert told("file:///srv/pi")[0].startswith("scaling is in an index of this computer: ")


def test_copies(project: Make) -> None:
    made = project('scaling = "<1.5"')
    found = needs(made, Deps.COPIED)
    assert found.named == (("scaling", "1.4.0"),)
    assert [(each.name, each.version, each.dependencies) for each in found.copied] == [
        ("scaling", "1.4.0", (("units", "0.2"),)),
        ("units", "0.2", ()),
    ]
    assert {path for each in found.copied for path in each.files} == {
        "scaling.py",
        "units/__init__.py",
        "units/si.py",
    }
    index = found.copied[0].index
    lock = read_lock(made.lock_file)
    assert lock
    assert read_needs(made, lock, Deps.COPIED, Talk(), but=index).copied == ()


def test_a_copy_has_its_own_file_where_another_is_preferred(project: Make) -> None:
    made = project(
        'scaling = "*"',
        'mine = ["../mine/scaling.py", "../mine/other.py"]',
        **{"mine/scaling.py": "FACTOR = 3\n", "mine/other.py": ""},
    )
    (made.vendored / "main" / "scaling.py").write_text("# of another package\n")
    lock = read_lock(made.lock_file)
    assert lock
    only = Project(made.file, groups=(Group("main", made.groups[0].requirements[:1]),))
    [scaling, _] = read_needs(only, lock, Deps.COPIED, Talk()).copied
    assert scaling.files["scaling.py"].content == b"import units.si\nFACTOR = 3\n"


def test_bundled(project: Make) -> None:
    made = project(
        'scaling = "*"',
        'tool = "../tool.py"',
        'kit = { uri = "../kit", develop = true }',
        **{"tool.py": "T = 1\n", "kit/kit/__init__.py": "K = 1\n"},
    )
    found = needs(made, Deps.BUNDLED)
    assert (found.named, found.copied) == ((), ())
    assert list(found.bundled) == [
        "kit/__init__.py",
        "scaling.py",
        "tool/__init__.py",
        "units/__init__.py",
        "units/si.py",
    ]


def test_only_the_main_group_counts(project: Make) -> None:
    assert needs(project('scaling = "*"'), Deps.NAMED).named == (("scaling", "latest"),)


def test_what_is_locked_compiled_is_nothing_to_publish() -> None:
    need = parse_requirement("scaling", "*")
    project = Project(Path("/p/pyproject.toml"), groups=(Group("main", (need,)),))
    lock = Lock(LOCKED, mpy_version="6")
    assert read_needs(project, lock, Deps.NAMED, Talk()).named
    for how in (Deps.COPIED, Deps.BUNDLED):
        with pytest.raises(PublishError, match="mpy version 6"):
            read_needs(project, lock, how, Talk())


def test_files_that_cannot_be_together() -> None:
    with pytest.raises(PublishError, match=r"a/x\.py is a file of the project, and of a dependency"):
        together({"a/x.py": Piece(b"")}, {"a/x.py": Piece(b"")})
    with pytest.raises(UnsafePathError, match="case"):
        together({"a/x.py": Piece(b"")}, {"a/X.py": Piece(b"")})
    assert list(together({"b.py": Piece(b"")}, {"a.py": Piece(b"")})) == ["a.py", "b.py"]
