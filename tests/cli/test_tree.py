from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from belay.cli import exits
from belay.packages.lock import Lock, LockedRequirement
from belay.packages.lockfile import write_lock
from belay.packages.model import LockedPackage

from .conftest import BELAY, Belay

PROJECT = """\
[tool.belay]
package_indices = ["https://example.com/pi"]

[tool.belay.dependencies]
top = "*"
"umqtt.simple" = ">=1,<2"
both = ["left", "right"]
sensor = {uri = "../sensor", develop = true}

[tool.belay.group.dev.dependencies]
top = "*"

[tool.belay.group.empty]
"""
TREE = """\
main
├── both [mip:left + mip:right]
│   ├── left 1.0
│   │   └── right 2.0
│   └── right 2.0
├── sensor [../sensor (develop)]
├── top 3.0
│   ├── left 1.0 (*)
│   └── umqtt.simple 1.5 [<3]
└── umqtt.simple 1.5 [>=1,<2]
dev
└── top 3.0
    ├── left 1.0
    │   └── right 2.0
    └── umqtt.simple 1.5 [<3]
"""


def package(
    name: str,
    version: str,
    *needs: str,
    groups: str = "dev main",
    develop: bool = False,
    wants: tuple[tuple[str, str], ...] = (),
) -> LockedPackage:
    place = "index+https://example.com/pi"
    return LockedPackage(name, version, place, tuple(groups.split()), needs, (), develop, wants)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A locked project; its folder is the current one."""
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    packages = (
        package("left", "1.0", "right"),
        package("right", "2.0"),
        package("sensor", "", groups="main", develop=True),
        package("top", "3.0", "left", "umqtt.simple", wants=(("umqtt.simple", "mip:umqtt.simple<3"),)),
        package("umqtt.simple", "1.5"),
    )
    needs = (
        LockedRequirement("dev", "top", "mip:top", ("top",)),
        LockedRequirement("main", "both", "mip:left + mip:right", ("left", "right")),
        LockedRequirement("main", "sensor", "../sensor (develop)", ("sensor",)),
        LockedRequirement("main", "top", "mip:top", ("top",)),
        LockedRequirement("main", "umqtt.simple", "mip:umqtt.simple>=1,<2", ("umqtt.simple",)),
    )
    write_lock(tmp_path / "belay.lock", Lock(packages, needs, indices=("https://example.com/pi",)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tree(belay: Belay, project: Path) -> None:
    result = belay("tree")
    assert (result.code, result.out) == (0, TREE)
    assert result.err == "(*) what it needs is shown above\n"
    result = belay("tree", "--group", "dev")
    assert (result.out, result.err) == (TREE[TREE.index("dev\n") :], "")
    assert belay("tree", "--color").out == TREE.replace("main\n", "\x1b[1mmain\x1b[0m\n").replace(
        "dev\n", "\x1b[1mdev\x1b[0m\n"
    )


def test_a_tree_for_who_knows_ascii_only(project: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*BELAY, "tree", "-q"], capture_output=True, env=environment, check=True)
    expected = TREE.replace("│", "|").replace("├──", "|--").replace("└──", "`--")
    assert done.stdout.decode().splitlines() == expected.splitlines()


def test_a_tree_as_json(belay: Belay, project: Path) -> None:
    page = json.loads(belay("tree", "--json", "--group", "dev").out)
    assert page["requirements"] == [{"group": "dev", "name": "top", "wanted": "mip:top", "leads_to": ["top"]}]
    assert [each["name"] for each in page["packages"]] == ["left", "right", "top", "umqtt.simple"]
    assert page["packages"][0] == {
        "name": "left",
        "version": "1.0",
        "source": "index+https://example.com/pi",
        "groups": ["dev", "main"],
        "develop": False,
        "needs": [{"name": "right", "wanted": None}],
    }
    assert page["packages"][2]["needs"][1] == {"name": "umqtt.simple", "wanted": "mip:umqtt.simple<3"}
    page = json.loads(belay("tree", "--json").out)
    assert [each["name"] for each in page["packages"] if each["develop"]] == ["sensor"]
    assert len(page["requirements"]) == 5


def test_why(belay: Belay, project: Path) -> None:
    result = belay("tree", "--why", "right")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "main: both [mip:left + mip:right] -> right 2.0",
        "main: both [mip:left + mip:right] -> left 1.0 -> right 2.0",
        "main: top 3.0 -> left 1.0 -> right 2.0",
        "dev: top 3.0 -> left 1.0 -> right 2.0",
    ]
    assert belay("tree", "--why", "umqtt.simple", "--group", "main").out.splitlines() == [
        "main: umqtt.simple 1.5 [>=1,<2]",
        "main: top 3.0 -> umqtt.simple 1.5 [<3]",
    ]
    # The name of a dependency that is no package's.
    assert belay("tree", "--why", "both").out == "main: both [mip:left + mip:right]\n"


def test_why_as_json(belay: Belay, project: Path) -> None:
    page = json.loads(belay("tree", "--why", "left", "--json", "--group", "dev").out)
    way = [{"name": "top", "version": "3.0"}, {"name": "left", "version": "1.0"}]
    chain = {"group": "dev", "requirement": "top", "wanted": "mip:top", "way": way}
    assert page == {"name": "left", "chains": [chain], "more": False}


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["--why", "umqt.simple"], "no package 'umqt.simple' is locked", "did you mean umqtt.simple?"),
        (["--why", "xyz"], "no package 'xyz' is locked", "`belay tree` prints all that is locked"),
        (["--why", "sensor", "--group", "dev"], "the group dev does not need sensor", "it is there for main"),
        (["--why", "lost"], "lost is locked, but nothing needs it", "`belay update` mends the lock"),
        (["--group", "dve"], "the project has no group 'dve'", "did you mean 'dev'?"),
    ],
)
def test_what_is_not_there(belay: Belay, project: Path, words: list[str], error: str, hint: str) -> None:
    file = project / "belay.lock"
    text = file.read_text(encoding="utf-8")
    lost = 'name = "lost"\nversion = "1"\nsource = "x"\ngroups = ["main"]\ndependencies = []\nfiles = []\n'
    file.write_text(f"{text}[[package]]\n{lost}", encoding="utf-8")
    for more in ([], ["--json"]):
        result = belay("tree", *words, *more)
        assert (result.code, result.out) == (exits.PACKAGES, "")
        assert result.err == f"error: {error}\nhint: {hint}\n"


def test_more_chains_than_are_printed(belay: Belay, project: Path) -> None:
    floors = [package(f"{side}{i}", "1", f"a{i + 1}", f"b{i + 1}") for i in range(9) for side in "ab"]
    packages = (*floors, package("a9", "1", "end"), package("b9", "1", "end"), package("end", "1"))
    needs = (LockedRequirement("main", "a0", "mip:a0", ("a0",)),)
    write_lock(project / "belay.lock", Lock(packages, needs))
    result = belay("tree", "--why", "end")
    assert len(result.out.splitlines()) == 50
    assert "these are the 50 shortest; there are more\n" in result.err
    assert json.loads(belay("tree", "--why", "end", "--json").out)["more"]


def test_nothing_is_locked(belay: Belay, project: Path) -> None:
    assert belay("tree", "--group", "empty").err == "nothing is locked\n"
    (project / "belay.lock").unlink()
    result = belay("tree")
    assert result.code == exits.PACKAGES
    assert "is missing\nhint: `belay update` makes it\n" in result.err


def test_a_stale_lock_is_told(belay: Belay, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(">=1,<2", ">=2"), encoding="utf-8")
    result = belay("tree")
    assert (result.code, result.out) == (0, TREE)
    assert "note: umqtt.simple (main) was locked as mip:umqtt.simple>=1,<2" in result.err
    assert "hint: the lockfile does not fit pyproject.toml any more" in result.err
    assert "note: umqtt.simple" in belay("tree", "--why", "top").err


def test_a_lock_steers_no_terminal(belay: Belay, project: Path) -> None:
    packages = (package("a", "1\x1b[2J"),)
    write_lock(
        project / "belay.lock", Lock(packages, (LockedRequirement("main", "a", "mip:a\x1b]0;x\x07", ("a",)),))
    )
    assert "\x1b" not in belay("tree").out + belay("tree", "--why", "a").out


def test_a_dependency_that_bears_another_name(belay: Belay, project: Path) -> None:
    needs = (LockedRequirement("main", "mqtt", "mip:umqtt.simple@1.5", ("umqtt.simple",)),)
    write_lock(project / "belay.lock", Lock((package("umqtt.simple", "1.5"),), needs))
    assert belay("tree").out == "main\n└── mqtt: umqtt.simple 1.5 [1.5]\n"
    assert belay("tree", "--why", "umqtt.simple").out == "main: mqtt: umqtt.simple 1.5 [1.5]\n"
    assert belay("tree", "--why", "mqtt").out == "main: mqtt [mip:umqtt.simple@1.5]\n"
