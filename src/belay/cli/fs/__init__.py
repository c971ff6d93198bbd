"""``belay fs``: a board's files."""

from __future__ import annotations

import click

from belay.cli import exits
from belay.cli.fs.change import mkdir, mv, rm, rmdir, touch
from belay.cli.fs.copying import cp, get, put
from belay.cli.fs.edit import edit
from belay.cli.fs.listing import df, ls, tree
from belay.cli.fs.reading import cat, sha256
from belay.cli.settings import examples, talk_options

EXAMPLES = examples(
    "belay fs ls :lib",
    "belay fs cp main.py :",
    "belay fs cp -r /dev/ttyACM0 :data backup/",
    "belay fs rm ':*.log'",
)


class InOrder(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)


@click.group(
    cls=InOrder, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...", epilog=EXAMPLES
)
@talk_options
@click.pass_context
def fs(ctx: click.Context) -> None:
    """See, copy and change the files of a board.

    A path with a colon before it, as :lib/x.py, is the board's, from the top of its files; others are this
    computer's. Where only the board's can be meant the colon may be left out. In paths of the board *, ? and
    [...] stand for what a shell has them stand for, and ** for any folders; quotes keep them from the shell.

    Connecting stops what runs on the board, and does not start its interpreter anew.
    """
    if ctx.invoked_subcommand is None:
        # Nothing was asked for, so this is no answer: it goes to stderr.
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)


for _command in (ls, tree, cat, cp, get, put, mv, rm, mkdir, rmdir, touch, sha256, df, edit):
    fs.add_command(_command)
