"""``belay mount``: run code on a board that imports from a folder of this computer."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from belay.cli.board import Port, WrongUse, connected, names_board, split_port
from belay.cli.report import CODE
from belay.cli.script import read_script, read_stdin
from belay.cli.settings import Settings, board_options, examples, pass_settings

EXAMPLES = examples(
    "belay mount src --run main.py",
    "belay mount /dev/ttyACM0 src --exec 'import main'",
    "belay mount . --writable --exec \"open('/remote/log.txt', 'a').write('hello')\"",
)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a port, or leave it to the shell to complete a folder."""
    ports = [] if ctx.params.get(str(param.name)) else Port().shell_complete(ctx, param, incomplete)
    return [*ports, CompletionItem(incomplete, type="dir")]


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[PORT] FOLDER", shell_complete=_complete)
@click.option("--at", default="/remote", show_default=True, metavar="PATH", help="Where it is on the board.")
@click.option("--writable", is_flag=True, help="Let the board change what is in the folder.")
@click.option("--run", "script", type=click.Path(), metavar="SCRIPT", help="Run a script of this computer.")
@click.option("--exec", "codes", multiple=True, metavar="CODE", help="Run statements; several, one by one.")
@board_options
@pass_settings
def mount(
    settings: Settings,
    *,
    words: tuple[str, ...],
    at: str,
    writable: bool,
    script: str | None,
    codes: tuple[str, ...],
) -> None:
    """Run code on a board that imports from a folder of this computer, and opens its files, without a copy.

    The board has FOLDER for as long as the code runs, and looks there first for what it imports. It cannot
    leave the folder, and only reads it unless --writable is given. SCRIPT or CODE is - for standard input.
    What the code prints is printed as it comes; Ctrl-C stops it.
    """
    port, folder = _split(words)
    programs = _programs(script, codes)
    settings.sources |= programs
    with (
        connected(settings, port, stdin=sys.stdin) as device,
        device.mount(folder, at=_point(at), writable=writable),
    ):
        for name, program in programs.items():
            device.run(program, file=name)


def _split(words: tuple[str, ...]) -> tuple[str | None, str]:
    """Take ``[PORT] FOLDER`` apart.

    Raises:
        WrongUse: The arguments make no sense, or there is no such folder.
    """
    port, folder = split_port(words, "FOLDER")
    if not Path(folder).is_dir():
        if port is None and names_board(folder):
            raise WrongUse(f"Missing argument 'FOLDER': {folder!r} names a board.")
        raise WrongUse(f"There is no folder {folder!r}.")
    return port, folder


def _point(at: str) -> str:
    from belay.files.mount import check_point

    try:
        return check_point(at)
    except ValueError as error:
        raise WrongUse(f"{error}.") from None


def _programs(script: str | None, codes: tuple[str, ...]) -> dict[str, str]:
    """What is to be run, by the names that it has in tracebacks.

    Raises:
        WrongUse: There is nothing, or too much.
    """
    if script is not None and codes:
        raise WrongUse("--run and --exec exclude each other.")
    if script is not None:
        return {"<stdin>" if script == "-" else script: read_script(script)}
    if not codes:
        raise WrongUse(
            "There is nothing to run: the board has the folder only while code of this command runs.",
            "--run main.py, or --exec 'import main'",
        )
    names = [CODE if len(codes) == 1 else f"<code {number}>" for number in range(1, len(codes) + 1)]
    return {name: read_stdin() if code == "-" else code for name, code in zip(names, codes, strict=True)}
