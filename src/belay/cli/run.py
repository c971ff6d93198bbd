"""``belay run``: a script of the host's, on the board."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import NamedTuple

import click

from belay.cli.board import WrongUse, complete_port_or_file, connected, names_board, split_port
from belay.cli.script import read_script
from belay.cli.settings import Settings, board_options, examples, pass_settings

EXAMPLES = examples(
    "belay run blink.py",
    "belay run /dev/ttyACM0 blink.py",
)


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[PORT] SCRIPT", shell_complete=complete_port_or_file)
@board_options
@pass_settings
def run(settings: Settings, words: tuple[str, ...]) -> None:
    """Run a script on a board, without putting it there. What it prints is printed as it comes.

    SCRIPT is a file on this computer, or - for standard input. Its input() reads standard input here. Ctrl-C
    stops it on the board. If it raises, the traceback leads into the file; its exit code is that of
    `belay run`.
    """
    what = understand(words)
    program = read_script(what.script)
    name = "<stdin>" if what.script == "-" else what.script
    settings.sources[name] = program
    with connected(settings, what.port, stdin=sys.stdin) as device:
        device.run(program, file=name)


class BoardScript(NamedTuple):
    """A script that is to run on a board: its path or ``-``, and the board's address, if one is named."""

    port: str | None
    script: str


def understand(words: tuple[str, ...]) -> BoardScript:
    """Find out what is to be run where; the one place that knows.

    The first word decides: an address is the board, anything else is the script for the board that is meant
    when none is named.

    Raises:
        WrongUse: It makes no sense.
    """
    port, script = split_port(words, "SCRIPT")
    if port is None and _can_only_be_board(script):
        raise WrongUse(f"Missing argument 'SCRIPT': {script!r} names a board.")
    return BoardScript(port, script)


def _can_only_be_board(word: str) -> bool:
    """Whether a word that is an address is no script: a path may be either."""
    if word == "-" or word.endswith(".py") or not names_board(word):
        return False
    try:
        return stat.S_ISCHR(Path(word).stat().st_mode)
    except (OSError, ValueError):
        return True
