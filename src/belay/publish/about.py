"""What a project says of itself, for those who find it in an index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from belay.exceptions import ConfigError, PublishError, RequirementError
from belay.packages.requirement import check_key
from belay.packages.version import MAX_LENGTH
from belay.project.config import Project, parse

_VERSION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+!-]*[A-Za-z0-9])?")
"""It becomes the name of a file, and a part of an address."""
_TAKEN = {"latest", "index"}


@dataclass(frozen=True)
class About:
    """What is published of a project, beside its files.

    Attributes:
        name: The package's name.
        version: Its version.
        description: One line.
        license: As the project says it, at best an SPDX identifier.
        author: One line.
    """

    name: str
    version: str
    description: str = ""
    license: str = ""
    author: str = ""


def read_about(project: Project, version: str = "") -> About:
    """What a project says of itself in ``[project]``.

    Args:
        project: The project; without a name in ``[project]`` it is published by that in ``[tool.belay]``.
        version: The version, if it is not that of ``[project]``.

    Raises:
        ConfigError: Something in ``[project]`` is not what it has to be.
        PublishError: There is no name, or no version.
        OSError: The pyproject.toml cannot be read.
    """
    document, _ = parse(project.file)
    table = document.get("project", {})
    if not isinstance(table, dict):
        raise ConfigError(str(project.file), "must be a table", key="project")
    name = _text(project, table, "name") or project.name
    if not name:
        raise PublishError(
            f"{project.file} has no name to publish by", hint='write name = "my-project" into [project]'
        )
    try:
        check_key(name)
    except RequirementError as error:
        raise ConfigError(str(project.file), error.reason, key="project.name") from error
    return About(
        name,
        _version(project, table, version),
        " ".join(_text(project, table, "description").split()),
        _license(table),
        _authors(table),
    )


def check_version(version: str) -> str:
    """Refuse what cannot be the name of a page, or would be another one.

    Returns:
        The version.

    Raises:
        PublishError: It is none.
    """
    if not _VERSION.fullmatch(version) or len(version) > MAX_LENGTH or version.lower() in _TAKEN:
        raise PublishError(f"{version!r:.120} is no version to publish", hint="write one as 1.2.3")
    return version


def _version(project: Project, table: Mapping[str, Any], given: str) -> str:
    if given:
        return check_version(given)
    if version := _text(project, table, "version"):
        return check_version(version)
    dynamic = table.get("dynamic", [])
    if isinstance(dynamic, list) and "version" in dynamic:
        raise PublishError(
            f"{project.file} leaves the version to another tool (dynamic)",
            hint="say it with --version, as whatever builds the project knows it",
        )
    raise PublishError(
        f"{project.file} has no version",
        hint='write version = "1.0.0" into [project], or say it with --version',
    )


def _text(project: Project, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or not "".join(value.split()).isprintable():
        raise ConfigError(str(project.file), f"must be a text, not {value!r:.50}", key=f"project.{key}")
    return value.strip()


def _license(table: Mapping[str, Any]) -> str:
    """An SPDX expression, or the beginning of a text; a file's name says nothing."""
    found = table.get("license", "")
    if isinstance(found, dict):
        found = found.get("text", "")
    return _line(str(found).strip().partition("\n")[0])


def _authors(table: Mapping[str, Any]) -> str:
    found = table.get("authors", [])
    people = [person for person in found if isinstance(person, dict)] if isinstance(found, list) else []
    said = []
    for person in people:
        name, mail = (_line(str(person.get(key, ""))) for key in ("name", "email"))
        said.append(f"{name} <{mail}>" if name and mail else name or mail)
    return ", ".join(filter(None, said))


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()
