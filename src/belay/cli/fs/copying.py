"""``belay fs cp``, ``get`` and ``put``: files between a board and this computer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from belay.cli.board import WrongUse, connected
from belay.cli.fs.places import (
    Place,
    complete_port_or_host,
    complete_port_or_path,
    expanded,
    is_port,
    on_board,
    place,
    take_port,
)
from belay.cli.progress import Show, showing
from belay.cli.settings import Settings, examples, file_options, pass_settings

if TYPE_CHECKING:
    from belay.cli.fs.copies import Job

_CP = examples(
    "belay fs cp main.py :",
    "belay fs cp /dev/ttyACM0 ':logs/*.csv' logs",
    "belay fs cp -r src/. :lib",
    "belay fs cp :main.py :main.bak",
)
_GET = examples("belay fs get :log.csv", "belay fs get -r /dev/ttyACM0 : backup")
_PUT = examples("belay fs put main.py", "belay fs put -r lib config.json :")

_OTHERWISE = "./{} would be a file of this computer"


_recursive = click.option(
    "-r", "-R", "--recursive", is_flag=True, help="Copy folders, with all that is in them."
)
_force = click.option(
    "-f", "--force", is_flag=True, help="Send files of a folder also if the board has them already."
)


@click.command(epilog=_CP, short_help="Copy files from or to a board, or on it.")
@click.argument("words", nargs=-1, metavar="[PORT] SOURCE... TARGET", shell_complete=complete_port_or_host)
@_recursive
@_force
@file_options
@pass_settings
def cp(settings: Settings, words: tuple[str, ...], recursive: bool, force: bool) -> None:
    """Copy files from or to a board, or on it: the board's have a colon before their path.

    Their bytes stay as they are. They go into TARGET if that is a folder. A folder goes into it as a whole,
    or only what is in it if its path ends with a dot, as src/. does. A file that is there is replaced once
    the new one is whole. Of a folder that goes to the board only what differs is sent, and links in it are
    followed unless they lead out of it.
    """
    port, paths = take_port(words, "SOURCE TARGET", least=2, otherwise=_OTHERWISE)
    _refuse_ports(paths)
    *sources, target = map(place, paths)
    if not target.on_board and not all(source.on_board for source in sources):
        raise WrongUse(
            "Both sides are this computer's; a path of the board begins with a colon.",
            f"to the board: belay fs cp {paths[0]} :{paths[-1] if len(paths) > 2 else ''}",
        )
    _copy(settings, port, sources, target, recursive=recursive, force=force)


@click.command(epilog=_GET, short_help="Copy files of a board to this computer.")
@click.argument("words", nargs=-1, metavar="[PORT] SOURCE... [TARGET]", shell_complete=complete_port_or_path)
@_recursive
@file_options
@pass_settings
def get(settings: Settings, words: tuple[str, ...], recursive: bool) -> None:
    """Copy files of a board to this computer: to the current folder, if no TARGET is named.

    The last of several paths is TARGET, unless it has the colon of the board's. Otherwise as `belay fs cp`.
    """
    port, paths = take_port(words, "SOURCE")
    target = Place(".", on_board=False)
    if len(paths) > 1 and not paths[-1].startswith(":"):
        _refuse_ports(paths[-1:])
        *paths_of_board, last = paths
        paths, target = tuple(paths_of_board), Place(last, on_board=False)
    _copy(settings, port, list(map(on_board, paths)), target, recursive=recursive)


@click.command(epilog=_PUT, short_help="Copy files of this computer to a board.")
@click.argument("words", nargs=-1, metavar="[PORT] SOURCE... [:TARGET]", shell_complete=complete_port_or_host)
@_recursive
@_force
@file_options
@pass_settings
def put(settings: Settings, words: tuple[str, ...], recursive: bool, force: bool) -> None:
    """Copy files of this computer to a board: to the top, if no TARGET is named.

    TARGET is the last path, if it has the colon of the board's. Otherwise as `belay fs cp`.
    """
    port, paths = take_port(words, "SOURCE", otherwise=_OTHERWISE)
    _refuse_ports(paths)
    target = Place("")
    if paths[-1].startswith(":"):
        paths, target = paths[:-1], place(paths[-1])
    if not paths or any(path.startswith(":") for path in paths):
        raise WrongUse(
            "The files that are put on a board are this computer's, and have no colon.",
            "belay fs cp copies on the board",
        )
    sources = [Place(path, on_board=False) for path in paths]
    _copy(settings, port, sources, target, recursive=recursive, force=force)


def _refuse_ports(paths: Sequence[str]) -> None:
    """Refuse a board's address that is not the first word: it would be read, or written to, as a file.

    Raises:
        WrongUse: There is one.
    """
    for path in paths:
        if not path.startswith(":") and path != os.devnull and is_port(path):
            hint = None if path.startswith("/") else _OTHERWISE.format(path)
            raise WrongUse(f"{path!r} names a board: that is the first word.", hint)


def _copy(
    settings: Settings,
    port: str | None,
    sources: Sequence[Place],
    target: Place,
    *,
    recursive: bool,
    force: bool = False,
) -> None:
    from belay.cli.fs.copies import Copier

    with connected(settings, port, fresh=None) as device:
        copier = Copier(device, recursive=recursive, force=force)
        jobs = copier.jobs(expanded(device.filesystem, sources), target)
        total, done = sum(job.size for job in jobs), 0
        with showing(settings, "copying") as show:
            for job in jobs:
                job.run(partial(_advance, show, job, done, total))
                done += job.size
    for job in jobs:
        settings.say(f"copied: {job.what}", at=1)


def _advance(show: Show, job: Job, before: int, total: int, size: int) -> None:
    show(job.what, before + min(size, job.size), total)
