"""``belay eval``: the value of an expression."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import click

from belay.cli.board import WrongUse, complete_port, connected
from belay.cli.exec import split_code
from belay.cli.report import CODE
from belay.cli.script import mount_option, mounted
from belay.cli.settings import Settings, board_options, examples, pass_settings
from belay.exceptions import UntransferableError

EXAMPLES = examples(
    'belay eval "2 ** 100"',
    'belay eval /dev/ttyACM0 "ADC(26).read_u16()"',
    'belay eval --json virtual: "os.listdir()"',
)


@click.command("eval", epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[PORT] EXPR", shell_complete=complete_port)
@click.option("--json", "as_json", is_flag=True, help="Print the value as JSON, if it has such a form.")
@mount_option
@board_options
@pass_settings
def eval_(settings: Settings, words: tuple[str, ...], as_json: bool, folder: Path | None) -> None:
    """Print the value of an expression, as the board's repr() writes it.

    EXPR is Python as the board knows it, or - to read it from standard input.
    """
    port, expression = split_code(words, "EXPR")
    expression = expression.strip()
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError) as error:
        raise WrongUse(f"{expression!r} is no expression.", "belay exec runs statements") from error
    settings.sources[CODE] = expression
    with connected(settings, port) as device, mounted(device, folder):
        if as_json:
            value = device(expression, record=False)
            print(_to_json(value))
        else:
            # The board writes it: so every value can be shown, also one that cannot travel.
            device.run(f"print(repr(({expression}\n)))", file=CODE)


def _to_json(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UntransferableError(
            "as JSON", type(value).__name__, hint="without --json it is printed as Python writes it"
        ) from error
