"""Tells pyright and mypy where a project's stubs are.

Their own settings, in pyproject.toml, are for one kind of code, since neither can look for ``time`` at one
place for one folder and at another place for another one. Settings for the code on the board are written
beside the stubs, for a run of its own: ``pyright -p FILE``, ``mypy --config-file FILE``.

See https://github.com/microsoft/pyright/blob/main/docs/configuration.md, and
https://mypy.readthedocs.io/en/stable/config_file.html.
"""

from __future__ import annotations

import json
import re
import tomllib
from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from belay.exceptions import ConfigError
from belay.packages.writing import replace_file
from belay.project.config import FILE, Project
from belay.project.edit import drop_value, rewrite, set_value
from belay.project.environment import group_names
from belay.project.stubs_install import FOLDER
from belay.project.stubs_views import BOARD, HOST, STDLIB

PYRIGHT_FILE = "pyrightconfig.json"
"""What pyright reads instead of a pyproject.toml."""
MYPY_FILES = ("mypy.ini", ".mypy.ini")
"""What mypy reads instead of a pyproject.toml."""
PYRIGHT_BOARD = "pyright-board.json"
MYPY_BOARD = "mypy-board.ini"

_HERE = "$MYPY_CONFIG_FILE_DIR"


@dataclass(frozen=True)
class Configured:
    """What was done.

    Attributes:
        changed: The settings that were changed or added, as ``tool.pyright.extraPaths``.
        notes: What is left for the user to do, as sentences.
        board_files: The settings for code on the board, relative to the project's folder.
    """

    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    board_files: tuple[str, ...] = ()


@dataclass
class _Settings:
    """What a checker's table shall have.

    Attributes:
        items: By key, what a list shall have.
        others: By key, what was for the other view, and is to go if the first of it is there.
        values: By key, a value, if there is none yet but one of ours.
    """

    items: dict[str, list[str]] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    @property
    def as_dict(self) -> dict[str, object]:
        return {**self.items, **self.values}


def configure(project: Project, view: str, *, has_stdlib: bool, write: bool = True) -> Configured:
    """Let the checkers' settings in a project's pyproject.toml name its stubs.

    Args:
        project: The project.
        view: For which code they are: ``"host"`` or ``"board"``.
        has_stdlib: Whether the stubs have a typeshed of their own.
        write: Whether to write; if not, only what would change is told.

    Raises:
        ConfigError: The file is written in a way that cannot be changed.
        OSError: A file cannot be read or written.
    """
    root, notes = project.root, []
    pyright, mypy = _pyright(project, view, has_stdlib), _mypy(project, view, has_stdlib)
    old = (root / FILE).read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    tables: list[tuple[str, _Settings]] = []
    if (root / PYRIGHT_FILE).is_file():
        notes.append(f"pyright reads {PYRIGHT_FILE} here: it should have {json.dumps(pyright.as_dict)[1:-1]}")
    else:
        tables.append(("pyright", pyright))
    if other := _other_file_of_mypy(root, tomllib.loads(old)):
        notes.append(f"mypy reads {other} here: it should have {_as_ini(mypy)}")
    else:
        tables.append(("mypy", mypy))
    new = old
    for name, settings in tables:
        new, said = _applied(new, name, settings)
        notes += said
    if write:
        rewrite(project.file, lambda _: new)
    return Configured(_differences(old, new), tuple(notes))


def write_for_board(project: Project) -> tuple[str, ...]:
    """Write the settings for the code on the board beside the stubs.

    Returns:
        The files, relative to the project's folder; none if the project has no folder with its name.

    Raises:
        OSError: They cannot be written.
    """
    if not project.name or not (project.root / project.name).is_dir():
        return ()
    folder = project.root / FOLDER
    up = "/".join([".."] * len(FOLDER.parts))
    has_stdlib = (folder / BOARD / STDLIB).is_dir()
    imported = [BOARD, *(f"{up}/{path}" for path in _vendored(project)), up]
    pyright = {
        "include": [f"{up}/{project.name}"],
        "typeshedPath" if has_stdlib else "stubPath": BOARD,
        "extraPaths": imported,
        # A stub without a module: that is on the board.
        "reportMissingModuleSource": False,
    }
    lines = [
        "[mypy]",
        f"files = {_HERE}/{up}/{project.name}",
        f"mypy_path = {', '.join(f'{_HERE}/{path}' for path in imported)}",
        *([f"custom_typeshed_dir = {_HERE}/{BOARD}"] if has_stdlib else []),
        "follow_imports = silent",
        f"cache_dir = {_HERE}/.mypy_cache",
        "explicit_package_bases = true",
    ]
    replace_file(folder / PYRIGHT_BOARD, (json.dumps(pyright, indent=2) + "\n").encode())
    replace_file(folder / MYPY_BOARD, ("\n".join(lines) + "\n").encode())
    return tuple((FOLDER / name).as_posix() for name in (PYRIGHT_BOARD, MYPY_BOARD))


def _pyright(project: Project, view: str, has_stdlib: bool) -> _Settings:
    host, board = _place(HOST), _place(BOARD)
    code = [project.name] if project.name and (project.root / project.name).is_dir() else []
    if view == HOST:
        return _Settings(
            # Of code on the board it would say that CPython's time has no sleep_ms.
            items={"extraPaths": [host], **({"ignore": code} if code else {})},
            others={"extraPaths": [board, *_vendored(project)], "typeshedPath": [board], "stubPath": [board]},
            values={"reportMissingModuleSource": False},
        )
    return _Settings(
        items={"extraPaths": [board, *_vendored(project)]},
        others={"extraPaths": [host], "ignore": code},
        values={"typeshedPath" if has_stdlib else "stubPath": board, "reportMissingModuleSource": False},
    )


def _mypy(project: Project, view: str, has_stdlib: bool) -> _Settings:
    # Else relative to the current folder.
    host, board = f"{_HERE}/{_place(HOST)}", f"{_HERE}/{_place(BOARD)}"
    vendored = [f"{_HERE}/{path}" for path in _vendored(project)]
    code = [f"^{re.escape(project.name)}/"] if project.name and (project.root / project.name).is_dir() else []
    if view == HOST:
        return _Settings(
            items={"mypy_path": [host], **({"exclude": code} if code else {})},
            # CPython's logging would be the vendored one.
            others={"mypy_path": [board, *vendored], "custom_typeshed_dir": [board]},
        )
    return _Settings(
        items={"mypy_path": [board, *vendored]},
        others={"mypy_path": [host], "exclude": code},
        values={"custom_typeshed_dir": board} if has_stdlib else {},
    )


def _place(view: str) -> str:
    return (FOLDER / view).as_posix()


def _vendored(project: Project) -> list[str]:
    return [(project.dependencies_path / name).as_posix() for name in group_names(project)]


def _other_file_of_mypy(root: Path, document: dict[str, Any]) -> str:
    """The file that mypy reads instead of the pyproject.toml, or empty."""
    for name in MYPY_FILES:
        if (root / name).is_file():
            return name
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(root / "setup.cfg", encoding="utf-8")
    except (IniError, UnicodeDecodeError):
        return ""
    # With a table for mypy in the pyproject.toml it would not be read any more.
    return "setup.cfg" if "mypy" in parser and "mypy" not in document.get("tool", {}) else ""


def _as_ini(settings: _Settings) -> str:
    lists = [f"{key} = {', '.join(items)}" for key, items in settings.items.items()]
    return "; ".join([*lists, *(f"{key} = {value}" for key, value in settings.values.items())])


# --- the text --------------------------------------------------------------------------------------


def _applied(text: str, name: str, settings: _Settings) -> tuple[str, list[str]]:
    """A pyproject.toml with a checker's settings in it, and what the user has to see to."""
    notes = []
    table = ("tool", name)
    for key in {**settings.items, **settings.others}:
        items, others = settings.items.get(key, []), settings.others.get(key, [])
        known = _table(text, name).get(key)
        if known is None:
            text = set_value(text, (*table, key), items) if items else text
        elif isinstance(known, list):
            text = _with_items(text, (*table, key), items, others)
        elif key not in settings.items:
            text = drop_value(text, (*table, key)) if known in others else text
        elif key == "mypy_path" and isinstance(known, str):
            paths = [path for path in re.split(r"\s*[,:]\s*", known) if path]
            going = others if others[0] in paths else []
            paths = [path for path in paths if path not in going]
            paths += [path for path in items if path not in paths]
            text = set_value(text, (*table, key), ", ".join(paths)) if ", ".join(paths) != known else text
        elif not all(item in str(known) for item in items):
            notes.append(f"tool.{name}.{key} should also have {', '.join(items)}")
    for key, value in settings.values.items():
        known = _table(text, name).get(key)
        if known is None:
            text = set_value(text, (*table, key), value)
        elif known != value and isinstance(value, str):
            notes.append(f"tool.{name}.{key} should be {value}")
    return text, notes


def _table(text: str, name: str) -> dict[str, Any]:
    """A checker's table; an empty one where there is none."""
    table = tomllib.loads(text).get("tool", {}).get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(FILE, "must be a table", key=f"tool.{name}")
    return table


def _with_items(text: str, place: tuple[str, ...], items: list[str], others: list[str]) -> str:
    """A TOML text in which a list has some items more and others no more; comments in it stay."""
    document: Any = tomlkit.parse(text)
    array: Any = document
    for part in place:
        array = array[part]
    try:
        for other in others if others and others[0] in array else ():
            if other in array:
                array.remove(other)
        for item in items:
            if item not in array:
                array.append(item)
        if others and not array:
            return drop_value(text, place)
        new = tomlkit.dumps(document)
        tomllib.loads(new)
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            FILE, "is written in a way that belay cannot change; please edit it", key=".".join(place)
        ) from error
    return new


def _differences(old: str, new: str) -> tuple[str, ...]:
    """The keys of the checkers' tables in which two texts differ."""
    found = []
    for name in ("pyright", "mypy"):
        one, other = _table(old, name), _table(new, name)
        found += [
            f"tool.{name}.{key}" for key in {**one, **other} if one.get(key, ...) != other.get(key, ...)
        ]
    return tuple(found)
