"""``belay fs``: a board's files."""

from __future__ import annotations

from typing import Any

import click

from belay.cli import exits
from belay.cli.fs.change import mkdir, mv, rm, rmdir, touch
from belay.cli.fs.copying import cp, get, put
from belay.cli.fs.edit import edit
from belay.cli.fs.listing import df, ls, tree
from belay.cli.fs.reading import cat, sha256
from belay.cli.settings import examples, talk_options
from belay.exceptions import (
    BelayException,
    BoardFileNotFoundError,
    BoardFolderNotEmptyError,
    BoardIsAFolderError,
    NoRoomError,
)

EXAMPLES = examples(
    "belay fs ls :lib",
    "belay fs cp main.py :",
    "belay fs cp -r /dev/ttyACM0 :data backup/",
    "belay fs rm ':*.log'",
)


_HINTS: tuple[tuple[type[BelayException], str], ...] = (
    (BoardFileNotFoundError, "`belay fs tree` shows what there is"),
    (BoardIsAFolderError, "`belay fs ls` shows what is in it; rm, cp, get and put take folders with -r"),
    (BoardFolderNotEmptyError, "`belay fs rm -r` removes it with all that is in it"),
    (NoRoomError, "`belay fs df` says how much room there is"),
)
"""What helps where an error itself does not say."""


_ALIASES = {"sha256sum": "sha256"}


class Files(click.Group):
    """A group that lists its commands in the order in which they were added, and knows what helps."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, or of another one that people know it by."""
        return super().get_command(ctx, _ALIASES.get(cmd_name, cmd_name))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BelayException as error:
            if error.advice is None:
                error.hint = next((hint for kind, hint in _HINTS if isinstance(error, kind)), None)
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)


@click.group(cls=Files, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...", epilog=EXAMPLES)
@talk_options
@click.pass_context
def fs(ctx: click.Context) -> None:
    """See, copy and change the files of a board.

    A path with a colon before it, as :lib/x.py, is the board's, from the top of its files; others are this
    computer's. Where only the board's can be meant the colon may be left out. In paths of the board *, ? and
    [...] stand for what a shell has them stand for, and ** for any folders; quotes keep them from the shell.

    Connecting stops what runs on the board. It starts the interpreter anew only where the program that ran
    has left it little memory.
    """
    if ctx.invoked_subcommand is None:
        # Nothing was asked for, so this is no answer: it goes to stderr.
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)


for _command in (ls, tree, cat, cp, get, put, mv, rm, mkdir, rmdir, touch, sha256, df, edit):
    fs.add_command(_command)
