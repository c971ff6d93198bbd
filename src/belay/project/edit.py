"""Changes of a pyproject.toml that leave all else as it is: comments, order, style, line ends."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from belay.exceptions import ConfigError, PackageError, PackageNotFoundError
from belay.packages.lines import dotted, find_lines, last_lines, line_of, suggest
from belay.packages.model import MAIN_GROUP
from belay.packages.writing import replace_file
from belay.project.config import DEFAULT_PATH, FILE, Project, load_project

Value = str | dict[str, object]
Place = tuple[str, ...]

_BELAY = ("tool", "belay")


def add_dependencies(file: Path, values: Mapping[str, Value], *, group: str = MAIN_GROUP) -> Project:
    """Write dependencies into a pyproject.toml; those of the same name in the same group are replaced.

    Args:
        file: The pyproject.toml.
        values: What stands there, by name.
        group: Their group, made if there is none; pytest finds it then, if it finds the main one.

    Returns:
        What the file says now.

    Raises:
        ConfigError: The result would not be understood, or the file cannot be changed as it is written.
        OSError: It cannot be read or written.
    """

    def change(text: str) -> str:
        is_new = group not in tomllib.loads(text)["tool"]["belay"].get("group", {})
        for key, value in values.items():
            text = set_value(text, (*dependencies_place(group), key), value)
        return _with_group_for_pytest(text, group) if is_new and group != MAIN_GROUP else text

    load_project(file)
    return rewrite(file, change)


def remove_dependencies(
    file: Path, keys: Iterable[str], *, group: str | None = None
) -> list[tuple[str, str]]:
    """Take dependencies out of a pyproject.toml.

    Args:
        file: The pyproject.toml.
        keys: Their names.
        group: The group to take them out of; all groups if None.

    Returns:
        Group and name of each that is gone.

    Raises:
        PackageNotFoundError: No such group has one of them; none has been removed.
        PackageError: There is no such group.
        ConfigError: The file is not understood, or cannot be changed as it is written.
        OSError: It cannot be read or written.
    """
    project = load_project(file)
    groups = [each for each in project.groups if group in {None, each.name}]
    if not groups:
        names = tuple(each.name for each in project.groups)
        raise PackageError(f"the project has no group {group!r}", hint=suggest(str(group), names))
    known = {(each.name, need.key) for each in groups for need in each.requirements}
    gone = []
    for key in dict.fromkeys(keys):
        having = [(each.name, key) for each in groups if (each.name, key) in known]
        if not having:
            names = tuple(sorted(name for _, name in known))
            where = f"the group {group!r}" if group else "the project"
            hint = suggest(key, names) if names else f"{where} has none"
            raise PackageNotFoundError(key, f"{where} has no dependency {key!r}", hint=hint)
        gone += having

    def change(text: str) -> str:
        for name, key in gone:
            text = drop_value(text, (*dependencies_place(name), key))
        return text

    rewrite(file, change)
    return gone


def dependencies_of(file: Path, group: str) -> Mapping[str, object]:
    """What stands in a pyproject.toml that is understood, by name; nothing if there is no such group.

    Raises:
        OSError: It cannot be read.
    """
    return _at(tomllib.loads(file.read_text(encoding="utf-8-sig")), dependencies_place(group)) or {}


def entry(key: str, value: object) -> str:
    """A key and its value as they stand in TOML, in one line."""
    return f"{_key(key)} = {_inline(value)}"


def dependencies_place(group: str) -> Place:
    """Where a group's dependencies stand."""
    below = () if group == MAIN_GROUP else ("group", group)
    return (*_BELAY, *below, "dependencies")


def rewrite(file: Path, change: Callable[[str], str]) -> Project:
    """Change the text of a pyproject.toml, if what comes out of it is understood.

    Args:
        file: The file; if it is a link, what it points to is changed.
        change: Makes the new text out of the old one; both have line feeds only.

    Returns:
        What it says now.

    Raises:
        ConfigError: The old or the new text is not understood, or is written in a way that cannot be changed.
        OSError: It cannot be read or written.
    """
    old = file.read_bytes()
    text = old.decode("utf-8-sig")
    new = change(text.replace("\r\n", "\n"))
    mark = b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b""
    data = mark + _with_line_ends(new, text).encode()
    project = load_project(file, text=new)
    if data != old:
        replace_file(file.resolve(), data)
    return project


def _with_line_ends(new: str, old: str) -> str:
    """A text with line feeds only, with the line ends of the text that it was made of."""
    ends = ["\r\n" if line.endswith("\r") else "\n" for line in old.split("\n")[:-1]]
    usual = "\r\n" if ends.count("\r\n") * 2 > len(ends) else "\n"
    if len(set(ends)) < 2:
        return new.replace("\n", usual)
    before, after = old.replace("\r\n", "\n").split("\n"), new.split("\n")
    made = [usual] * (len(after) - 1)
    for one, other, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        for count in range(size):
            if one + count < len(ends) and other + count < len(made):
                made[other + count] = ends[one + count]
    return "".join(line + end for line, end in zip(after, [*made, ""], strict=True))


def set_value(text: str, place: Place, value: Any) -> str:
    """A TOML text with one more key, or another value for it.

    Raises:
        ConfigError: It is written in a way that cannot be changed.
    """
    document = tomllib.loads(text)
    wanted = _with(document, place, value)
    if wanted == document:
        return text
    last = last_lines(text).get(place[:-1])
    if last is not None and place not in find_lines(text):
        new = _inserted(text, last, entry(place[-1], value))
    else:
        new = _by_tomlkit(text, place, value)
    return _checked(new, wanted, text, place)


def set_table(text: str, place: Place) -> str:
    """A TOML text with one more table, which is empty.

    Raises:
        ConfigError: It is written in a way that cannot be changed.
    """
    # An empty table is a table that has lost its only key.
    return drop_value(set_value(text, (*place, "key"), ""), (*place, "key"))


def drop_value(text: str, place: Place) -> str:
    """A TOML text without a key.

    Raises:
        ConfigError: It is written in a way that cannot be changed.
    """
    wanted = _without(tomllib.loads(text), place)
    try:
        document: Any = tomlkit.parse(text)
        table = document
        for part in place[:-1]:
            table = table[part]
        del table[place[-1]]
        new = tomlkit.dumps(document)
        if isinstance(table, InlineTable):
            new = _without_gap(new, text)
    except TOMLKitError as error:
        raise _unchangeable(text, place) from error
    # A table that was made by its keys only is gone with the last of them.
    for end in range(len(place) - 1, 0, -1):
        if not _at(wanted, place[:end]) and _at(tomllib.loads(new), place[:end]) is None:
            wanted = _without(wanted, place[:end])
    return _checked(new, wanted, text, place)


def _without_gap(new: str, old: str) -> str:
    """A text with one blank where there are two because something was taken out between them."""
    at = next((at for at, (one, other) in enumerate(zip(new, old, strict=False)) if one != other), len(new))
    for place in (at - 1, at):
        if new[place : place + 2] == "  ":
            return new[:place] + new[place + 1 :]
    return new


def _without(document: dict[str, Any], place: Place) -> dict[str, Any]:
    document = copy.deepcopy(document)
    table = document
    for part in place[:-1]:
        table = table[part]
    del table[place[-1]]
    return document


def _at(document: Any, place: Place) -> Any:
    for part in place:
        document = document.get(part) if isinstance(document, dict) else None
    return document


def _with(document: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(document)
    table = document
    for part in place[:-1]:
        table = table.setdefault(part, {})
    table[place[-1]] = value
    return document


def _checked(new: str, wanted: dict[str, Any], old: str, place: Place) -> str:
    try:
        if tomllib.loads(new) == wanted:
            return new
    except tomllib.TOMLDecodeError:
        pass  # as bad as another wrong result
    raise _unchangeable(old, place)


def _unchangeable(text: str, place: Place) -> ConfigError:
    line = line_of(find_lines(text), place)
    return ConfigError(
        FILE, "is written in a way that belay cannot change; please edit it", key=dotted(place), line=line
    )


def _inserted(text: str, after: int, entry: str) -> str:
    """A text with a line more, indented as the one before it."""
    lines = text.split("\n")
    before = lines[after - 1]
    # The end of a value of several lines says nothing of how keys are indented.
    indent = (
        before[: len(before) - len(before.lstrip())] if "=" in before or before.lstrip()[:1] == "[" else ""
    )
    return "\n".join([*lines[:after], indent + entry, *lines[after:]]) + ("" if after < len(lines) else "\n")


def _by_tomlkit(text: str, place: Place, value: Any) -> str:
    is_inline = is_made = False
    try:
        document = tomlkit.parse(text)
        table: Any = document
        for count, part in enumerate(place[:-1], start=1):
            if part not in table:
                is_made = not is_inline
                is_last = count == len(place) - 1
                made = tomlkit.inline_table() if is_inline else tomlkit.table(is_super_table=not is_last)
                _put(table, part, made)
            table = table[part]
            is_inline = is_inline or isinstance(table, InlineTable)
        _put(table, place[-1], _item(value))
        if is_made:
            table.add(tomlkit.nl())
        new = tomlkit.dumps(document)
    except TOMLKitError as error:
        raise _unchangeable(text, place) from error
    return _set_off(new.rstrip("\n") + "\n", place[:-1]) if is_made else new


def _put(table: Any, key: str, item: Any) -> None:
    if isinstance(table, InlineTable) and key not in table:
        table.append(key, item)  # with a blank before it, which an assignment leaves out
    else:
        table[key] = item


def _set_off(text: str, table: Place) -> str:
    """A text with an empty line before the header of a table."""
    lines = text.split("\n")
    header = find_lines(text)[table] - 1
    if header > 0 and lines[header - 1]:
        lines.insert(header, "")
    return "\n".join(lines)


def _item(value: Any) -> Any:
    if not isinstance(value, dict):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("-", "").replace("_", "x").isalnum()
    return key if is_bare else json.dumps(key, ensure_ascii=False)


# --- pytest ----------------------------------------------------------------------------------------


def with_pytest_paths(text: str, paths: list[str]) -> str:
    """A pyproject.toml whose ``pythonpath`` for pytest has these folders too.

    Raises:
        ConfigError: It is written in a way that cannot be changed.
    """
    place, known = _pytest_paths(tomllib.loads(text))
    words = known.split() if isinstance(known, str) else known
    missing = [path for path in paths if path not in words]
    if not missing:
        return text
    is_text = isinstance(known, str) and known
    return set_value(text, place, " ".join([*words, *missing]) if is_text else [*words, *missing])


def _pytest_paths(document: dict[str, Any]) -> tuple[Place, str | list[str]]:
    """Where pytest's ``pythonpath`` stands, and what it is; ``[tool.pytest]`` is known since pytest 9."""
    options = document.get("tool", {}).get("pytest", {})
    place: Place = ("tool", "pytest")
    if not options or set(options) == {"ini_options"}:
        place, options = (*place, "ini_options"), options.get("ini_options", {})
    known = options.get("pythonpath", [])
    return (*place, "pythonpath"), known if isinstance(known, str | list) else []


def _with_group_for_pytest(text: str, group: str) -> str:
    document = tomllib.loads(text)
    _, known = _pytest_paths(document)
    folder = document["tool"]["belay"].get("dependencies_path", DEFAULT_PATH).rstrip("/")
    finds_main = f"{folder}/{MAIN_GROUP}" in (known.split() if isinstance(known, str) else known)
    return with_pytest_paths(text, [f"{folder}/{group}"]) if finds_main else text
