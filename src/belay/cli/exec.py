"""``belay exec``: statements from the command line."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import click

from belay.cli.board import WrongUse, complete_port, connected, names_board, split_port
from belay.cli.report import CODE
from belay.cli.script import mount_option, mounted, read_stdin
from belay.cli.settings import Settings, board_options, examples, pass_settings

EXAMPLES = examples(
    'belay exec "print(1 + 1)"',
    'belay exec /dev/ttyACM0 "Pin(25, Pin.OUT).on()"',
    "echo \"print('hello')\" | belay exec virtual: -",
)


@click.command("exec", epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[PORT] CODE", shell_complete=complete_port)
@mount_option
@board_options
@pass_settings
def exec_(settings: Settings, words: tuple[str, ...], folder: Path | None) -> None:
    """Run statements on a board. What they print is printed as it comes.

    CODE is Python as the board knows it, or - to read it from standard input. Its input() reads standard
    input here.
    """
    port, code = split_code(words, "CODE")
    settings.sources[CODE] = code
    with connected(settings, port, stdin=sys.stdin) as device, mounted(device, folder):
        device.run(code, file=CODE)


def split_code(words: tuple[str, ...], name: str) -> tuple[str | None, str]:
    """Take ``[PORT] CODE`` apart; a single word is code, unless it can only be a board's address.

    Raises:
        WrongUse: The arguments make no sense.
    """
    port, code = split_port(words, name)
    if code == "-":
        return port, read_stdin()
    if port is None and names_board(code) and not _is_python(code):
        raise WrongUse(f"Missing argument '{name}': {code!r} names a board.")
    return port, code


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True
