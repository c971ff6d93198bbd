from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from belay.deploy.install import Goods
from belay.deploy.layout import lay_out
from belay.deploy.supplies import chosen, supplies
from belay.files.folder import HostTree
from belay.project import Project, load_project
from belay.project.upkeep import Talk, update_project

PROJECT = """\
[tool.belay]
name = "app"
{settings}
[tool.belay.dependencies]
sensor = "../sensor"
{dependencies}
[tool.belay.group.dev]
optional = true
[tool.belay.group.dev.dependencies]
probe = "../probe.py"
[tool.belay.group.more.dependencies]
extra = "../extra.py"
"""

FILES = {
    "sensor/__init__.py": "from sensor.chip import VALUE\n",
    "sensor/chip.py": "VALUE = 40\n",
    "probe.py": "PROBE = 1\n",
    "extra.py": "EXTRA = 2\n",
    "app/app/__init__.py": "from sensor import VALUE\nfrom extra import EXTRA\nRESULT = VALUE + EXTRA\n",
    "app/app/data.txt": "data\n",
    "app/main.py": "import app\nprint('main', app.RESULT)\n",
}

Make = Callable[..., Project]


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files, and the folders that they are in."""
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)


def tree_of(
    project: Project, *with_: str, without: tuple[str, ...] = (), main: Path | None = None
) -> HostTree:
    """What goes where."""
    talk = Talk()
    scratch = Path(tempfile.mkdtemp(dir=project.root.parent))
    groups = chosen(project, with_, without)
    return lay_out(project, groups, supplies(project, talk).lock, talk, scratch, main=main)


def goods_of(project: Project, *with_: str) -> Goods:
    """What is to be installed, with its main.py."""
    return Goods(tree_of(project, *with_, main=project.root / "main.py"))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a project that depends on what lies beside it, locks and vendors that."""

    def make(settings: str = "", *dependencies: str, **files: str | bytes) -> Project:
        write(tmp_path, {**FILES, **files})
        file = tmp_path / "app" / "pyproject.toml"
        file.write_text(
            PROJECT.format(settings=settings, dependencies="\n".join(dependencies)), encoding="utf-8"
        )
        project = load_project(file)
        update_project(project, Talk(), offline=True)
        return load_project(file)

    return make
