"""What of a project goes where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from belay.deploy.layout import package_folder
from belay.exceptions import FilesError, PackageError, SourceMissingError
from belay.files.folder import HostFile, HostTree
from belay.project import load_project

from .conftest import Make, tree_of, write

LIBRARY = {"lib/sensor/__init__.py", "lib/sensor/chip.py", "lib/extra/__init__.py"}
PACKAGE = {"app/__init__.py", "app/data.txt"}


def files(tree: HostTree) -> set[str]:
    return {path for path, entry in tree.items() if isinstance(entry, HostFile)}


def test_groups(make: Make) -> None:
    project = make()
    assert files(tree_of(project)) == LIBRARY | PACKAGE
    probe = "lib/probe/__init__.py"
    assert files(tree_of(project, "dev")) == LIBRARY | PACKAGE | {probe}
    assert files(tree_of(project, "dev", without=("main", "more"))) == PACKAGE | {probe}


def test_main(make: Make) -> None:
    project = make()
    tree = tree_of(project, main=project.root / "main.py")
    assert files(tree) == LIBRARY | PACKAGE | {"main.py"}
    with pytest.raises(SourceMissingError, match="there is no such file"):
        tree_of(project, main=project.root / "none.py")
    with pytest.raises(SourceMissingError, match="is a folder"):
        tree_of(project, main=project.root / "app")


def test_ignored_files_of_the_package_and_of_dependencies(make: Make) -> None:
    project = make('ignore = ["*.txt", "sensor/"]', **{"app/app/__pycache__/x.pyc": "", "app/app/s/x.md": ""})
    assert files(tree_of(project)) == {"lib/extra/__init__.py", "app/__init__.py", "app/s/x.md"}


def test_develop_dependencies_are_read_as_they_are_now(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"live/__init__.py": "NOW = 1\n"})
    project = make("", 'live = {uri="../live", develop=true}')
    write(tmp_path, {"live/__init__.py": "NOW = 2\n", "live/new.py": ""})
    tree = tree_of(project)
    assert files(tree) == LIBRARY | PACKAGE | {"lib/live/__init__.py", "lib/live/new.py"}
    entry = tree["lib/live/__init__.py"]
    assert isinstance(entry, HostFile)
    assert entry.path.read_text() == "NOW = 2\n"


@pytest.mark.parametrize("path", ["app/deps", "app"])
def test_vendored_files_inside_the_package_go_to_lib_alone(make: Make, path: str) -> None:
    project = make(f'dependencies_path = "{path}"')
    assert (project.vendored / "dev" / "probe" / "__init__.py").exists()
    assert files(tree_of(project)) == LIBRARY | PACKAGE
    assert files(tree_of(project, without=("more",))) == (LIBRARY | PACKAGE) - {"lib/extra/__init__.py"}


def test_a_package_with_a_hyphen(make: Make) -> None:
    project = make()
    file = project.file
    file.write_text(file.read_text().replace('"app"', '"my-app"'))
    (project.root / "app").rename(project.root / "my_app")
    assert package_folder(load_project(file)) == project.root / "my_app"
    (project.root / "my_app").rename(project.root / "my-app")
    assert package_folder(load_project(file)) == project.root / "my-app"


def test_a_package_that_is_not_there(make: Make) -> None:
    project = make()
    shutil.rmtree(project.root / "app")
    with pytest.raises(PackageError, match="there is no folder") as caught:
        tree_of(project)
    assert "`name`" in str(caught.value.hint)


def test_dependencies_only(make: Make) -> None:
    project = make()
    project.file.write_text(project.file.read_text().replace('name = "app"\n', ""))
    assert files(tree_of(load_project(project.file))) == LIBRARY


def test_a_package_of_the_librarys_name(make: Make, tmp_path: Path) -> None:
    project = make(**{"app/lib/sensor/chip.py": "OTHER = 1\n"})
    project.file.write_text(project.file.read_text().replace('name = "app"\n', 'name = "lib"\n'))
    with pytest.raises(FilesError, match=r"lib/sensor/chip.py: .* are not the same"):
        tree_of(load_project(project.file))
