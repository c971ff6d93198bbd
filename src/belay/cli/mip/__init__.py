"""``belay mip``: packages on a board, one by one, without a project."""

from __future__ import annotations

from typing import Any

import click

from belay.cli import exits
from belay.cli.mip.changing import adopt, install, remove, upgrade
from belay.cli.mip.download import download
from belay.cli.mip.looking import list_, outdated, verify
from belay.cli.report import report
from belay.cli.settings import Settings, examples, talk_options
from belay.exceptions import BelayException, BoardError

EXAMPLES = examples(
    "belay mip install umqtt.simple aioble@0.6.0",
    "belay mip install /dev/ttyACM0 github:org/repo@v1.0 --target /lib",
    "belay mip list",
    "belay mip upgrade",
    "belay mip download typings aioble --no-mpy",
)


class Packages(click.Group):
    """A group that lists its commands in the order in which they were added, with exit codes of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BoardError:
            raise
        except BelayException as error:
            code = exits.package_code_of(error)
            if code is None:
                raise
            report(error, ctx.ensure_object(Settings))
            ctx.exit(code)


@click.group(
    cls=Packages, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...", epilog=EXAMPLES
)
@talk_options
@click.pass_context
def mip(ctx: click.Context) -> None:
    """Put packages on a board, one by one, without a project.

    A package is one of the index (`umqtt.simple`, `aioble@0.6.0`), a place at a git host
    (`github:org/repo/path@ref`, likewise gitlab: and codeberg:), the address of a .py, a .mpy or a
    package.json, or a file or folder of this computer (./sensor.py). What it needs comes along.

    All is fetched and verified here before the first byte goes to the board, which keeps a record of what was
    put there: so packages can be listed, verified, upgraded and removed.
    """
    if ctx.invoked_subcommand is None:
        # Nothing was asked for, so this is no answer: it goes to stderr.
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)


for _command in (install, list_, outdated, upgrade, remove, verify, adopt, download):
    mip.add_command(_command)
