"""``belay add``: dependencies of a project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from belay.cli.names import complete_group
from belay.cli.packages import edit_alone, edit_and_update, this_project, update_option
from belay.cli.settings import Settings, examples, pass_settings, talk_options

if TYPE_CHECKING:
    from belay.packages.requirement import Addition
    from belay.project import Project

EXAMPLES = examples(
    "belay add aiohttp",
    'belay add "requests>=0.9,<1" umqtt.simple --group dev',
    "belay add github:user/my-sensor@v1.0",
    "belay add sensor ../my-sensor --develop",
)


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, required=True, metavar="[NAME] URI...")
@click.option(
    "--group",
    default="main",
    metavar="NAME",
    show_default=True,
    shell_complete=complete_group,
    help="Add to this group.",
)
@click.option(
    "--develop", is_flag=True, help="Read it afresh each time; for files and folders of this computer."
)
@click.option(
    "--rename-to-init/--no-rename-to-init",
    default=True,
    help="Make a single .py file the __init__.py of a package, which is the default, or leave its name.",
)
@update_option
@talk_options
@pass_settings
def add(
    settings: Settings,
    *,
    words: tuple[str, ...],
    group: str,
    develop: bool,
    rename_to_init: bool,
    and_update: bool,
) -> None:
    """Add dependencies to the project.

    URI is a package of an index with or without versions (`aiohttp`, `aiohttp@1.0`, `"aiohttp>=1,<2"`), a
    place at a git host (`github:owner/repository/path@ref`, likewise gitlab: and codeberg:), a web address,
    or a path. Its name is inferred; to give another one, write that before it: two words are a NAME and a
    URI, unless both are packages of an index (for these, write mip: before the second).
    """
    from belay.packages.destination import check_group
    from belay.packages.requirement import parse_additions, parse_requirement
    from belay.project.edit import add_dependencies, dependencies_of, entry

    project = this_project()
    check_group(group)
    _check_case(group, project)
    additions = parse_additions([_from_project(word, project) for word in words], project.hosts)
    values = {
        addition.key: addition.value(develop=develop, rename_to_init=rename_to_init) for addition in additions
    }
    for addition in additions:
        _check_there(addition, project)
        parse_requirement(addition.key, values[addition.key], group=group, own=project.hosts)

    def edit() -> None:
        before = dependencies_of(project.file, group)
        add_dependencies(project.file, values, group=group)
        for key, value in values.items():
            if key not in before:
                settings.say(f"added {entry(key, value)} to {group}")
            elif value != before[key]:
                settings.say(f"changed {entry(key, value)} in {group}; it was {entry(key, before[key])}")
            else:
                settings.say(f"{group} has {entry(key, value)} already")

    if and_update:
        edit_and_update(settings, project, edit, tuple(values))
    else:
        edit_alone(settings, project, edit)


def _check_case(group: str, project: Project) -> None:
    from belay.exceptions import PackageError

    for each in project.groups:
        if each.name != group and each.name.casefold() == group.casefold():
            raise PackageError(
                f"the project has a group {each.name!r}, and on some systems {group!r} is the same folder",
                hint=f"--group {each.name}",
            )


def _from_project(word: str, project: Project) -> str:
    """A word with a path in it that leads from here, written as one that leads from the project."""
    from belay.exceptions import RequirementError
    from belay.packages.model import FromPath
    from belay.packages.requirement import parse_source

    if os.name == "nt" and ":" not in word[2:]:
        word = word.replace("\\", "/")
    try:
        source = parse_source(word, "name")
    except RequirementError:
        return word
    if not isinstance(source, FromPath) or word.startswith(("~", "file:")) or Path(source.path).is_absolute():
        return word
    try:
        path = Path(os.path.relpath(source.path, project.root)).as_posix()
    except ValueError:
        return Path(source.path).absolute().as_posix()  # on another drive of Windows
    return path if path.startswith("..") else f"./{path}"


def _check_there(addition: Addition, project: Project) -> None:
    from belay.exceptions import RequirementError
    from belay.packages.local import locate
    from belay.packages.model import FromPath

    if isinstance(addition.source, FromPath) and not (path := locate(addition.source, project.root)).exists():
        raise RequirementError(addition.text, "there is no such file or folder", hint=f"it would be {path}")
