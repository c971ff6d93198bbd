"""``belay watch``: a script on a board, or the project, again each time that something is saved."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from belay.cli.board import WrongUse, check_port, complete_port_or_file, connected, split_port
from belay.cli.run import can_only_be_board, run_script
from belay.cli.script import read_script
from belay.cli.settings import Settings, board_options, examples, pass_settings
from belay.cli.text import escaped
from belay.cli.watching import Watching, board_files

if TYPE_CHECKING:
    from belay.device import Device
    from belay.project.config import Project
    from belay.watch import Place

EXAMPLES = examples(
    "belay watch main.py",
    "belay watch /dev/ttyACM0 src/main.py --clear",
    "belay watch tests/all.py --mount src",
    "belay watch --main main.py",
)

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[PORT] [SCRIPT]", shell_complete=complete_port_or_file)
@click.option(
    "--mount",
    "folder",
    type=_FOLDER,
    metavar="FOLDER",
    help="Watch this folder, and let the script import from it; else that of the script.",
)
@click.option(
    "--main", type=_FILE, metavar="FILE", help="Put this file on the board as the project's main.py."
)
@click.option("--clear", is_flag=True, help="Clear the screen each time, if there is one.")
@board_options
@pass_settings
def watch(
    settings: Settings, words: tuple[str, ...], folder: Path | None, main: Path | None, clear: bool
) -> None:
    """Run a script on a board, and again each time that something is saved, until Ctrl-C.

    SCRIPT is a file on this computer. It runs as by `belay run --mount`, and imports from its folder here,
    without a copy. When something in there is saved, the run is stopped, the interpreter started anew, and
    the script run again. Errors do not end this, nor does a board that goes away: it is waited for.

    Without SCRIPT the project is installed each time, and its main.py runs, as by `belay install --follow`.

    What lies in folders of version control and in caches does not count, nor do files that editors make
    beside those that are saved. All this takes the extra [watch].
    """
    port, script = _split(words)
    if script is None:
        if folder is not None:
            raise WrongUse("--mount is for scripts; a project is installed.")
        _watch_project(settings, port, main, clear=clear)
        return
    if main is not None:
        raise WrongUse("--main is for projects; a script is run without being put there.")
    _watch_script(settings, port, script, folder or Path(script).parent, clear=clear)


def _split(words: tuple[str, ...]) -> tuple[str | None, str | None]:
    """Take ``[PORT] [SCRIPT]`` apart.

    Raises:
        WrongUse: It makes no sense.
    """
    if not words:
        return None, None
    port, script = split_port(words, "SCRIPT")
    if script == "-":
        raise WrongUse("Standard input cannot be watched.", "name the file of the script")
    if port is None and can_only_be_board(script):
        return check_port(script), None
    return port, script


def _watch_script(settings: Settings, port: str | None, script: str, folder: Path, *, clear: bool) -> None:
    from belay.watch import Place

    # What is wrong already is no reason to wait.
    read_script(script)
    top, file = folder.resolve(), Path(script).resolve()
    places = [Place(top)]
    if not file.is_relative_to(top):
        places.append(Place(file.parent, only=file.name))

    def job(device: Device) -> None:
        program = read_script(script)
        settings.sources[script] = program
        run_script(device, program, script)

    with _watching(settings, port, places, job, clear=clear) as watching, watching.device.mount(folder):
        settings.say(f"watching {escaped(str(folder))}; Ctrl-C ends it")
        watching.forever()


def _watch_project(settings: Settings, port: str | None, main: Path | None, *, clear: bool) -> None:
    from belay.cli.install import install_and_follow
    from belay.cli.packages import this_project

    project = this_project()

    def job(device: Device) -> None:
        install_and_follow(settings, device, main)

    with _watching(settings, port, _places(project, main), job, clear=clear) as watching:
        # What is fetched for an install is no reason for another one; a new lockfile is.
        vendored = {project.vendored / group.name for group in project.groups}
        watching.changes.ignored |= {folder.resolve() for folder in vendored}
        settings.say(f"watching {escaped(str(project.root))}; Ctrl-C ends it")
        watching.forever()


def _places(project: Project, main: Path | None) -> list[Place]:
    """Where a project is: its folder, its main.py and what it develops may lie elsewhere."""
    from belay.packages.model import FromPath
    from belay.watch import Place

    top = project.root.resolve()
    needs = [need for need in project.requirements if need.develop]
    paths = [source.path for need in needs for source in need.sources if isinstance(source, FromPath)]
    others = [(top / path).resolve() for path in paths]
    others += [main.resolve()] if main else []
    found = [Place(path) if path.is_dir() else Place(path.parent, only=path.name) for path in others]
    return [Place(top), *(place for place in found if not place.folder.is_relative_to(top))]


@contextmanager
def _watching(
    settings: Settings,
    port: str | None,
    places: list[Place],
    job: Callable[[Device], None],
    *,
    clear: bool,
) -> Iterator[Watching]:
    """Be connected, and notice what is saved, for as long as the block lasts."""
    from belay.watch import Changes

    changes = Changes(places)
    top = places[0].folder
    with connected(settings, port, stdin=sys.stdin, listen=True) as device:
        changes.ignored = board_files(device, top)
        with changes:
            yield Watching(settings, device, changes, lambda: job(device), top, clear)
