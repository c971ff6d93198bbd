"""``belay stubs``: what an editor and a type checker know of a board's modules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from belay.cli.board import Port, WrongUse, connected
from belay.cli.packages import this_project
from belay.cli.settings import Settings, board_options, examples, pass_settings
from belay.exceptions import BoardError, DeviceNotFoundError

if TYPE_CHECKING:
    from belay.device import Device
    from belay.project import Project
    from belay.project.stubs import Wanted
    from belay.project.stubs_checkers import Configured
    from belay.project.stubs_install import Installed

EXAMPLES = examples(
    "belay stubs",
    "belay stubs /dev/ttyACM0 --dry-run",
    "belay stubs --platform rp2 --version 1.24",
    "belay stubs --platform circuitpython --version 10.0.3 --board raspberry_pi_pico",
    "belay stubs --package micropython-rp2-rpi_pico_w-stubs",
)


def _complete_platform(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a port that stubs are published for."""
    from belay.project.stubs import CIRCUITPYTHON, PORTS

    return [CompletionItem(name) for name in (*PORTS, CIRCUITPYTHON) if name.startswith(incomplete)]


class Options(NamedTuple):
    """What the options say."""

    port: str | None
    platform: str | None
    version: str | None
    board_id: str | None
    package: str | None
    view: str
    configure: bool
    dry_run: bool
    as_json: bool

    def check(self) -> None:
        """Refuse what excludes each other.

        Raises:
            WrongUse: It does.
        """
        if (self.platform or self.package) and self.port:
            raise WrongUse("PORT excludes --platform and --package, which ask no board.")
        if self.package and (self.platform or self.version):
            raise WrongUse("--package excludes --platform and --version; NAME==VERSION has both.")


@click.command(epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option(
    "--platform",
    metavar="NAME",
    shell_complete=_complete_platform,
    help="Stubs for this port of MicroPython, or circuitpython; no board is asked.",
)
@click.option(
    "--version", metavar="X.Y[.Z]", help="Stubs for this version of the firmware; else what the board has."
)
@click.option(
    "--board", "board_id", metavar="ID", help="Pins of this CircuitPython board, as board.board_id."
)
@click.option("--package", metavar="NAME[==VERSION]", help="This distribution of stubs; no board is asked.")
@click.option(
    "--view",
    type=click.Choice(["host", "board"]),
    default="host",
    help="Which code the project's settings are for: code of this computer with tasks in it, the default, "
    "or code that is on the board as it is.",
)
@click.option(
    "--configure/--no-configure",
    default=True,
    help="Change the settings of pyright and mypy in pyproject.toml, the default, or leave them.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done, or would be, as JSON.")
@board_options
@pass_settings
def stubs(settings: Settings, /, **given: Any) -> None:
    """Install type stubs that fit a board, and let pyright, mypy and editors find them.

    The stubs are those that PyPI has for the board's port and version; the installer is your own: pip, or uv.
    They go to the project's .belay/.local/stubs, which version control ignores, in two views: `host` has what
    CPython lacks (machine, network, utime, ...), `board` has everything, also the board's own time and os.
    """
    options = Options(**given)
    options.check()
    project = this_project()
    chosen = _choose(settings, options)
    done = _plan(project, chosen, options) if options.dry_run else _do(settings, project, chosen, options)
    if options.as_json:
        print(json.dumps(_page(chosen, done, options), indent=2))
    _tell(settings, chosen, done, options)


@dataclass(frozen=True)
class _Choice:
    """Which stubs, and whose pins."""

    wanted: Wanted
    board_id: str


@dataclass(frozen=True)
class _Done:
    """What was done; nothing is installed in a dry run."""

    installed: Installed | None
    configured: Configured | None
    board_files: tuple[str, ...] = ()


def _choose(settings: Settings, options: Options) -> _Choice:
    from belay.project.stubs import CIRCUITPYTHON, read_version, stubs_for, stubs_named

    numbers = read_version(options.version) if options.version else ()
    pins = options.board_id or ""
    if options.package:
        return _Choice(stubs_named(options.package), pins)
    if options.platform:
        return _Choice(stubs_for(options.platform, numbers), pins)
    with _hinting_at_platforms(options.port), connected(settings, options.port) as device:
        about = device.implementation
        wanted = stubs_for(about.platform, numbers or about.version, name=about.name)
        settings.say(f"the board has {about.name} {'.'.join(map(str, about.version))} for {about.platform}")
        return _Choice(wanted, pins or (_board_id(device) if about.name == CIRCUITPYTHON else ""))


@contextmanager
def _hinting_at_platforms(port: str | None) -> Iterator[None]:
    """If there is no board, and none was named, say that none is needed."""
    try:
        yield
    except DeviceNotFoundError as error:
        if port is None:
            error.hint = f"{_NO_BOARD}; or {error.hint}" if error.hint else _NO_BOARD
        raise


_NO_BOARD = "--platform NAME, as rp2 or esp32, needs no board"


def _board_id(device: Device) -> str:
    try:
        return str(device("__import__('board').board_id", record=False))
    except BoardError:
        return ""


def _plan(project: Project, chosen: _Choice, options: Options) -> _Done:
    from belay.project.stubs import CIRCUITPYTHON
    from belay.project.stubs_checkers import configure

    has_stdlib = not chosen.wanted.distribution.startswith(CIRCUITPYTHON)
    if not options.configure:
        return _Done(None, None)
    return _Done(None, configure(project, options.view, has_stdlib=has_stdlib, write=False))


def _do(settings: Settings, project: Project, chosen: _Choice, options: Options) -> _Done:
    from belay.project.stubs_checkers import configure, write_for_board
    from belay.project.stubs_install import FOLDER, install_stubs
    from belay.project.stubs_views import BOARD, STDLIB

    def waiting() -> None:
        settings.say("waiting for another belay that changes this project")

    settings.say(f"installing {chosen.wanted.distribution}")
    installed = install_stubs(project.root, chosen.wanted, board_id=chosen.board_id, waiting=waiting)
    files = write_for_board(project)
    has_stdlib = (project.root / FOLDER / BOARD / STDLIB).is_dir()
    if not options.configure:
        return _Done(installed, None, files)
    return _Done(installed, configure(project, options.view, has_stdlib=has_stdlib), files)


def _page(chosen: _Choice, done: _Done, options: Options) -> dict[str, object]:
    installed, configured = done.installed, done.configured
    return {
        "done": installed is not None,
        "distribution": chosen.wanted.distribution,
        "requirements": list(chosen.wanted.requirements),
        "version": installed.version if installed else None,
        "view": options.view,
        "board": chosen.board_id or None,
        "changed": list(configured.changed) if configured else [],
        "notes": list(_notes(chosen, done)),
        "board_files": list(done.board_files),
    }


def _tell(settings: Settings, chosen: _Choice, done: _Done, options: Options) -> None:
    from belay.project.stubs_install import FOLDER
    from belay.project.stubs_views import HOST

    if done.installed is None:
        first, *others = chosen.wanted.requirements
        settings.say(f"would install {first}{''.join(f', else {each}' for each in others)}")
    else:
        settings.say(f"installed {done.installed.distribution} {done.installed.version} in {FOLDER}")
    if done.configured is not None:
        word = "would change" if done.installed is None else "changed"
        changed = ", ".join(done.configured.changed)
        settings.say(f"{word} in pyproject.toml: {changed or 'nothing'}")
    for note in _notes(chosen, done):
        settings.say(f"note: {note}")
    if done.board_files and options.view == HOST:
        pyright, mypy = done.board_files
        settings.say(f"hint: code on the board: pyright -p {pyright}; mypy --config-file {mypy}")


def _notes(chosen: _Choice, done: _Done) -> tuple[str, ...]:
    notes = [chosen.wanted.caution] if chosen.wanted.caution else []
    notes += done.configured.notes if done.configured else ()
    if done.installed is not None:
        if near := chosen.wanted.how_near(done.installed.version):
            notes.insert(0, near)
        if chosen.board_id and not done.installed.pins:
            notes.append(f"the stubs do not know the pins of {chosen.board_id}")
    return tuple(notes)
