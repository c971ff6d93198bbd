"""The beginning of a project."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path

from belay.exceptions import RequirementError
from belay.packages.model import MAIN_GROUP
from belay.packages.writing import replace_file
from belay.project.config import DEFAULT_PATH, FILE, Project, load_project, parse
from belay.project.edit import dependencies_place, rewrite, set_table, set_value, with_pytest_paths

_NEW = """\
[tool.belay]
name = "{name}"

[tool.belay.dependencies]

[tool.pytest.ini_options]
pythonpath = [".", "{path}/{main}"]
"""
_README = """\
# {title}

A MicroPython project. Its code is in `{name}/`, its dependencies are in `pyproject.toml`.
"""


@dataclass(frozen=True)
class Created:
    """What was done.

    Attributes:
        project: The project.
        written: The files that were made or changed, relative to its folder, sorted.
    """

    project: Project
    written: tuple[str, ...]


def create(folder: Path) -> Created:
    """Make a project, or make one of what is there: nothing that exists is overwritten.

    Args:
        folder: The project's folder, made if there is none. Its name is the project's, with what Python could
            not import replaced.

    Raises:
        RequirementError: No name can be made of the folder's.
        ConfigError: There is a pyproject.toml that is not understood, or cannot be changed.
        OSError: A file cannot be read or written.
    """
    folder = folder.absolute()
    file = folder / FILE
    if file.exists():
        return _adopt(file)
    name = module_name(folder.resolve().name)
    written = [FILE]
    for path, text in (
        (folder / name / "__init__.py", ""),
        (folder / "README.md", _README.format(name=name, title=folder.resolve().name)),
    ):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            written.append(path.relative_to(folder).as_posix())
    # Last: with it, it is a project.
    replace_file(file, _NEW.format(name=name, path=DEFAULT_PATH, main=MAIN_GROUP).encode())
    return Created(load_project(file), tuple(sorted(written)))


def module_name(text: str) -> str:
    """A name that Python can import, made of any text: ``my_project`` of ``my-project``.

    Raises:
        RequirementError: There is nothing in it to make a name of.
    """
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    if not name:
        raise RequirementError(text, "has no letters to make a name of", hint="belay new NAME")
    if iskeyword(name):
        return f"{name}_"
    return f"_{name}" if name[0].isdigit() else name


def _adopt(file: Path) -> Created:
    """Add to a pyproject.toml what is missing."""
    parse(file)
    before = file.read_bytes()
    project = rewrite(file, lambda text: _completed(text, file.parent.name))
    return Created(project, (FILE,) if file.read_bytes() != before else ())


def _completed(text: str, folder: str) -> str:
    document = tomllib.loads(text)
    belay = document.get("tool", {}).get("belay", {})
    if "name" not in belay:
        title = document.get("project", {}).get("name") or folder
        text = set_value(text, ("tool", "belay", "name"), module_name(str(title)))
    if "dependencies" not in belay:
        text = set_table(text, dependencies_place(MAIN_GROUP))
    path = str(belay.get("dependencies_path", DEFAULT_PATH)).rstrip("/")
    return with_pytest_paths(
        text, [".", *(f"{path}/{group}" for group in (MAIN_GROUP, *belay.get("group", {})))]
    )
