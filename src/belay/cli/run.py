"""``belay run``: a script on the board, or a program of this computer with the project's packages."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from belay.cli.board import WrongUse, complete_port_or_file, connected, names_board, split_port
from belay.cli.program import MICROPYTHON, Program, find_program, give_way
from belay.cli.script import mount_option, mounted, read_script
from belay.cli.settings import BOARD_OPTIONS, Settings, board_options, examples, pass_settings
from belay.exceptions import BoardError

if TYPE_CHECKING:
    from belay.device import Device

EXAMPLES = examples(
    "belay run blink.py",
    "belay run /dev/ttyACM0 blink.py",
    "belay run src/main.py --mount src",
    "belay run micropython my_script.py",
    "belay run micropython -m unittest",
)


class RunCommand(click.Command):
    """A command whose options end where a program is named: what follows is the program's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find out which options are belay's."""
        ctx.allow_interspersed_args = False
        found = self.make_parser(ctx).parse_args(args=list(args))[0].get("words")
        words = found if isinstance(found, tuple) else ()  # click has more than one value for nothing
        ctx.allow_interspersed_args = not is_program(words)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption:
            if words and not names_board(words[0]) and not _may_be_script(words[0]):
                raise _unknown(words[0]) from None
            raise

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete options, of belay's command line only."""
        return [] if is_program(ctx.params.get("words") or ()) else super().shell_complete(ctx, incomplete)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a port, the interpreter's name, or leave it to the shell to complete a file."""
    words = ctx.params.get(str(param.name)) or ()
    known = [] if words or not MICROPYTHON.startswith(incomplete) else [CompletionItem(MICROPYTHON)]
    return [*known, *complete_port_or_file(ctx, param, incomplete)]


@click.command(cls=RunCommand, epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[PORT] SCRIPT | PROGRAM [ARGS]...", shell_complete=_complete)
@mount_option
@board_options
@click.pass_context
@pass_settings
def run(settings: Settings, ctx: click.Context, words: tuple[str, ...], folder: Path | None) -> int:
    """Run a script on a board, or a program of this computer with the project's packages.

    SCRIPT is a file on this computer, or - for standard input. It runs on the board without being put there;
    what it prints is printed as it comes, and its input() reads standard input here. Ctrl-C stops it on the
    board. If it raises, the traceback leads into the file; its exit code is that of `belay run`. It imports
    what is on the board, and with --mount first of all what is in FOLDER.

    PROGRAM is found on PATH or a path to one, and no .py. It gets ARGS as they are, and MICROPYPATH in its
    environment: the project's folder, develop dependencies as they are now, the vendored files of all groups,
    and what the interpreter has by default. Without a micropython on PATH that of the extra [virtual] is run.
    """
    what = understand(words)
    if isinstance(what, Program):
        _refuse_board_options(ctx)
        return run_program(settings, what)
    program = read_script(what.script)
    name = "<stdin>" if what.script == "-" else what.script
    settings.sources[name] = program
    with connected(settings, what.port, stdin=sys.stdin) as device, mounted(device, folder):
        run_script(device, program, name)
    return 0


def run_script(device: Device, program: str, name: str) -> None:
    """Run a script on a board.

    Args:
        device: The board.
        program: Its text.
        name: Its path.

    Raises:
        BoardError: It raised.
        BoardTimeoutError: It took longer than it may.
        ConnectionLost: The board is gone.
    """
    try:
        device.run(program, file=name)
    except BoardError as error:
        if error.board_type == "ImportError":
            _note_neighbour(error, name)
        raise


def _note_neighbour(error: BoardError, script: str) -> None:
    """Say why a module is not found that lies beside the script."""
    found = re.search(r"no module named '([^']+)'", str(error))
    module = found[1].partition(".")[0] if found else ""
    folder = Path(script).parent
    if module and any((folder / name).exists() for name in (f"{module}.py", f"{module}.mpy", module)):
        error.add_note(f"{module} is here, and not on the board: `--mount {folder}` lets it import from here")


def run_program(settings: Settings, program: Program) -> int:
    """Give way to a program that finds the project's packages.

    Returns:
        Its exit code, where this process has not become the program.

    Raises:
        PackageError: There is no project, or something is wrong with it.
        FeatureUnavailableError: There is no interpreter, or the project is where it cannot find it.
        OSError: The program cannot be run, or a file not be read or written.
    """
    from belay.cli.packages import talking, this_project
    from belay.project.environment import VARIABLE, concerns, import_folders, search_path

    project = this_project()
    for concern in concerns(project):
        settings.say(f"warning: {concern.reason}")
        settings.say(f"hint: {concern.hint}")
    with talking(settings) as talk:
        folders = import_folders(project, talk)
    path = search_path(folders, os.environ.get(VARIABLE))
    settings.say(f"{VARIABLE}={path}", at=1)
    return give_way(program, {**os.environ, VARIABLE: path})


def _refuse_board_options(ctx: click.Context) -> None:
    if ctx.get_parameter_source("folder") is ParameterSource.COMMANDLINE:
        raise WrongUse("--mount is for scripts on a board.", "options of the program come behind its name")
    for where in filter(None, (ctx, ctx.parent)):
        for name in BOARD_OPTIONS:
            if where.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise WrongUse(
                    f"--{name} is for scripts on a board.", "options of the program come behind its name"
                )


class BoardScript(NamedTuple):
    """A script that is to run on a board: its path or ``-``, and the board's address, if one is named."""

    port: str | None
    script: str


def understand(words: tuple[str, ...]) -> BoardScript | Program:
    """Find out what is to be run where; the one place that knows.

    The first word decides: an address is the board, the name or path of a program is one, anything else is
    the script for the board that is meant when none is named.

    Raises:
        WrongUse: It makes no sense.
    """
    if is_program(words):
        return Program(find_program(words[0]), words)
    if len(words) > 1 and not names_board(words[0]):
        raise _unknown(words[0])
    port, script = split_port(words, "SCRIPT")
    if port is None and can_only_be_board(script):
        raise WrongUse(f"Missing argument 'SCRIPT': {script!r} names a board.")
    return BoardScript(port, script)


def is_program(words: tuple[str, ...]) -> bool:
    """Whether a command line begins with a program of this computer.

    What has the form of an address is none, even if there is a program of this name on PATH; but the path of
    a program is one, although serial ports are paths, too. The interpreter is known also where there is none.
    A script has no arguments: a lone name that is that of a file here is a script, unless that can be run.
    """
    if not words:
        return False
    word = words[0]
    if names_board(word) and not word.startswith("/"):
        return False
    if len(words) == 1 and _is_file(word) and find_program(os.path.join(os.curdir, word)) is None:  # noqa: PTH118
        return False
    return word in _INTERPRETER or find_program(word) is not None


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def _may_be_script(word: str) -> bool:
    try:
        return word == "-" or word.endswith(".py") or Path(word).exists()
    except (OSError, ValueError):
        return False


def _unknown(word: str) -> WrongUse:
    return WrongUse(
        f"{word!r} is neither a program nor the address of a board.",
        "a program is found on PATH, or is a path to one; a script comes last",
    )


_INTERPRETER = (MICROPYTHON, f"{MICROPYTHON}.exe") if os.name == "nt" else (MICROPYTHON,)


def can_only_be_board(word: str) -> bool:
    """Whether a word that is an address is no script: a path may be either."""
    if word == "-" or word.endswith(".py") or not names_board(word):
        return False
    try:
        return stat.S_ISCHR(Path(word).stat().st_mode)
    except (OSError, ValueError):
        return True
