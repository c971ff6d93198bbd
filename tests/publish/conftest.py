from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from servers.index_recipes import of
from servers.repositories import isolate

from belay.project import Project, load_project
from belay.project.upkeep import Talk, update_project
from belay.publish.build import Order, Product, make
from belay.publish.index import publish

PROJECT = """\
[project]
name = "my-sensor"
version = "{version}"
description = "Reads a\\n sensor"
license = "MIT"
authors = [{{ name = "Ada", email = "ada@example.com" }}, {{ name = "Bob" }}]

[tool.belay]
name = "my_sensor"
package_indices = ["../lab"]
{settings}

[tool.belay.dependencies]
{dependencies}
[tool.belay.group.dev]
optional = true
[tool.belay.group.dev.dependencies]
probe = "../probe.py"
"""

FILES: dict[str, str | bytes] = {
    "probe.py": "PROBE = 1\n",
    "sensor/my_sensor/__init__.py": "from .chip import VALUE\nimport scaling\n",
    "sensor/my_sensor/chip.py": "VALUE = 40\n",
    "sensor/my_sensor/deep/table.csv": "1,2\n",
}
LAB: dict[str, dict[str, dict[str, object]]] = {
    "scaling": {
        "1.4.0": {"files": {"scaling.py": "import units.si\nFACTOR = 2\n"}, "deps": [["units", "0.2"]]},
        "1.5.0": {"files": {"scaling.py": "import units.si\nFACTOR = 3\n"}, "deps": [["units", "0.2"]]},
    },
    "units": {"0.2": {"files": {"units/__init__.py": "", "units/si.py": "M = 1\n"}}},
}

Make = Callable[..., Project]


def write_files(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files, and the folders that they are in."""
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)


def files_in(folder: Path) -> dict[str, bytes]:
    """What the files in a folder hold, by path."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def project_in(
    root: Path, *dependencies: str, settings: str = "", version: str = "1.0.0", **files: str | bytes
) -> Project:
    """A project in a folder, locked and vendored; its index is beside it."""
    of(LAB).write(root / "lab")
    write_files(root, {**FILES, **files})
    wanted = dependencies or ('scaling = "*"',)
    text = PROJECT.format(version=version, settings=settings, dependencies="\n".join(wanted))
    write_files(root, {"sensor/pyproject.toml": text})
    project = load_project(root / "sensor" / "pyproject.toml")
    update_project(project, Talk(), offline=True)
    return project


def published(project: Project, folder: Path, **order: object) -> Product:
    """Publish a project in an index."""
    wanted = Order(index=folder, **order)  # type: ignore[arg-type]
    product = make(project, wanted, Talk())
    publish(folder, product.releases, replace=wanted.replace)
    return product


@pytest.fixture(autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no git configuration of the user's is in the way, nor a date for builds."""
    isolate(tmp_path_factory.getbasetemp() / "git", monkeypatch)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Make:
    """Makes a project, locked and vendored."""

    def make(*dependencies: str, **more: object) -> Project:
        return project_in(tmp_path, *dependencies, **more)  # type: ignore[arg-type]

    return make
