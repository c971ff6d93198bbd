"""The beginning of a project."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path, PurePosixPath

from belay.exceptions import RequirementError
from belay.packages.journal import check_no_links
from belay.packages.model import MAIN_GROUP
from belay.packages.writing import replace_file
from belay.project.config import DEFAULT_PATH, FILE, Project, load_project, parse
from belay.project.edit import dependencies_place, rewrite, set_table, set_value, with_pytest_paths

_NEW = """\
[tool.belay]
name = "{name}"

[tool.belay.dependencies]
"""
_PYTEST_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""Files that pytest reads instead of a pyproject.toml (https://docs.pytest.org/en/stable/reference/customize.html)."""
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
        notes: What is left for the user to do, as sentences.
    """

    project: Project
    written: tuple[str, ...]
    notes: tuple[str, ...] = ()


def create(folder: Path) -> Created:
    """Make a project, or make one of what is there: nothing that exists is overwritten.

    Args:
        folder: The project's folder, made if there is none. Its name is the project's, with what Python could
            not import replaced.

    Raises:
        RequirementError: No name can be made of the folder's.
        UnsafePathError: One of the files would be written behind a link.
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
        check_no_links(folder, PurePosixPath(path.relative_to(folder).as_posix()))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            written.append(path.relative_to(folder).as_posix())
    # Last: with it, it is a project.
    text, notes = _for_pytest(_NEW.format(name=name), folder)
    replace_file(file, text.encode())
    return Created(load_project(file), tuple(sorted(written)), notes)


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
    notes: tuple[str, ...] = ()

    def change(text: str) -> str:
        nonlocal notes
        text, notes = _for_pytest(_completed(text, file.parent.name), file.parent)
        return text

    project = rewrite(file, change)
    return Created(project, (FILE,) if file.read_bytes() != before else (), notes)


def _completed(text: str, title: str) -> str:
    document = tomllib.loads(text)
    belay = document.get("tool", {}).get("belay", {})
    if "name" not in belay:
        title = document.get("project", {}).get("name") or title
        text = set_value(text, ("tool", "belay", "name"), module_name(str(title)))
    if "dependencies" not in belay:
        text = set_table(text, dependencies_place(MAIN_GROUP))
    return text


def _for_pytest(text: str, folder: Path) -> tuple[str, tuple[str, ...]]:
    """A pyproject.toml with which pytest finds what the project imports, and what is left to do for that."""
    belay = tomllib.loads(text)["tool"]["belay"]
    path = str(belay.get("dependencies_path", DEFAULT_PATH)).rstrip("/")
    paths = [".", *(f"{path}/{group}" for group in (MAIN_GROUP, *belay.get("group", {})))]
    for name in _PYTEST_FILES:
        if (folder / name).is_file():
            said = (folder / name).read_text(encoding="utf-8", errors="replace")
            if all(path in said for path in paths):
                return text, ()
            return text, (f"pytest reads {name} here: its pythonpath should have {' '.join(paths)}",)
    return with_pytest_paths(text, paths), ()
