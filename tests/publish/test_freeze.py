from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from belay.deploy.supplies import chosen
from belay.exceptions import PublishError
from belay.packages.lockfile import read_lock
from belay.packages.manifestpy import Described, read_manifest_py
from belay.packages.model import FromIndex, LockedPackage
from belay.project import Project
from belay.project.config import DEFAULT_INDEX
from belay.publish.about import About
from belay.publish.freeze import Manifest, check_replaceable, manifest_py
from belay.publish.needs import Deps

from .conftest import Make

ABOUT = About("my-sensor", "1.0.0", 'Reads "a" \\ sensor', "MIT")


class Folder:
    """A folder as the reader of manifests wants it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str) -> bytes | None:
        return (self.root / path).read_bytes() if self.has(path) else None

    def has(self, path: str) -> bool:
        return (self.root / path).is_file()

    def files(self, folder: str) -> Iterable[str]:
        found = (path for path in (self.root / folder).rglob("*") if path.is_file())
        return sorted(path.relative_to(self.root).as_posix() for path in found)


def frozen(project: Project, *with_: str, how: Deps = Deps.NAMED, of_micropython: str = "") -> Manifest:
    lock = read_lock(project.lock_file)
    assert lock

    def as_if(package: LockedPackage) -> LockedPackage:
        return (
            replace(package, source=f"index+{DEFAULT_INDEX}") if package.name == of_micropython else package
        )

    lock = replace(lock, packages=tuple(map(as_if, lock.packages)))
    return manifest_py(project, ABOUT, chosen(project, with_), lock, how)


def read_back(project: Project, manifest: Manifest) -> Described:
    (project.root / "manifest.py").write_bytes(manifest.content)
    found = read_manifest_py(Folder(project.root))
    assert found is not None
    return found


def test_each_locked_file_by_name(project: Make) -> None:
    made = project('scaling = "*"')
    (made.vendored / "main" / "stranger.py").write_text("")
    manifest = frozen(made, "dev")
    assert (
        manifest.content.decode()
        == """\
# Written by `belay build --manifest`, which overwrites it.
metadata(version="1.0.0", description="Reads \\"a\\" \\\\ sensor", license="MIT")
module("scaling.py", base_path=".belay/dependencies/main")
package("units", files=["__init__.py", "si.py"], base_path=".belay/dependencies/main")
package("probe", files=["__init__.py"], base_path=".belay/dependencies/dev")
package("my_sensor", files=["__init__.py", "chip.py"])
"""
    )
    assert manifest.notes == ("my_sensor/deep/table.csv is not frozen: it is no Python file",)
    found = read_back(made, manifest)
    assert found.metadata["description"] == ABOUT.description
    assert dict(found.files) == {
        "scaling.py": ".belay/dependencies/main/scaling.py",
        "units/__init__.py": ".belay/dependencies/main/units/__init__.py",
        "units/si.py": ".belay/dependencies/main/units/si.py",
        "probe/__init__.py": ".belay/dependencies/dev/probe/__init__.py",
        "my_sensor/__init__.py": "my_sensor/__init__.py",
        "my_sensor/chip.py": "my_sensor/chip.py",
    }


def test_packages_of_micropython_are_required(project: Make) -> None:
    made = project('scaling = "*"')
    manifest = frozen(made, of_micropython="units")
    assert b'require("units", version="0.2")\nmodule("scaling.py"' in manifest.content
    assert "--deps bundled" in manifest.notes[-1]
    found = read_back(made, manifest)
    assert found.requires == (FromIndex("units", "0.2"),)
    assert "units/si.py" not in dict(found.files)
    assert "units/si.py" in dict(
        read_back(made, frozen(made, how=Deps.BUNDLED, of_micropython="units")).files
    )


def test_what_cannot_be_frozen(project: Make) -> None:
    made = project('kit = { uri = "../kit", develop = true }', **{"kit/kit/__init__.py": ""})
    with pytest.raises(PublishError, match=r"kit \(pyproject"):
        frozen(made)
    made = project('fast = "../fast.mpy"', **{"fast.mpy": b"M\x06\x00\x1f"})
    with pytest.raises(PublishError, match=r"fast\.mpy is compiled"):
        frozen(made)


def test_a_project_without_a_package_or_a_version(project: Make) -> None:
    made = replace(project('scaling = "*"'), name="")
    lock = read_lock(made.lock_file)
    assert lock
    text = manifest_py(made, None, made.groups[:1], lock, Deps.NAMED).content.decode()
    assert "metadata" not in text
    assert "my_sensor" not in text


def test_a_manifest_of_somebody_is_not_replaced(tmp_path: Path, project: Make) -> None:
    file = tmp_path / "manifest.py"
    check_replaceable(file)
    file.write_bytes(frozen(project('scaling = "*"')).content)
    check_replaceable(file)
    file.write_text('include("$(PORT_DIR)/boards/manifest.py")\n')
    with pytest.raises(PublishError, match="is there already") as caught:
        check_replaceable(file)
    assert "include" in str(caught.value.hint)
